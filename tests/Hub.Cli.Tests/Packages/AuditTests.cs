using System.Runtime.CompilerServices;
using System.Text.Json;
using Hub.Cli.Engine;
using Hub.Operations.Processes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Hub.Cli.Tests.Packages;

/// <summary>An advisory stops a build; that none can be read does not. The packages themselves are on this machine already.</summary>
public sealed class AuditTests : IDisposable
{
    /// <summary>Of Analytics.Topology, which is restored here.</summary>
    private const string Package = "yamldotnet";

    private readonly string folder = Directory.CreateTempSubdirectory("hub-audit-").FullName;

    [Theory]
    [InlineData(0, "NU1901")]
    [InlineData(1, "NU1902")]
    [InlineData(2, "NU1903")]
    [InlineData(3, "NU1904")]
    public async Task An_advisory_about_a_package_is_an_error(int severity, string code)
    {
        await using var source = await AdvisoriesAsync(severity);
        var restore = await RestoreAsync(source.Urls.Single() + "/index.json");
        Assert.Equal(1, restore.ExitCode);
        Assert.Contains($"error {code}", restore.Output + restore.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_network_there_is_a_warning_and_a_build()
    {
        // Port 1: nobody listens.
        var restore = await RestoreAsync("http://127.0.0.1:1/index.json");
        Assert.True(restore.ExitCode == 0, restore.Output + restore.Error);
        Assert.Contains("warning NU1900", restore.Output + restore.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("true")]
    [InlineData("false")]
    public async Task Another_version_than_the_one_that_is_asked_for_is_an_error(string aspire)
    {
        var properties = await ProcessRunner.RunAsync("dotnet",
            ["msbuild", Path.Combine(Root(), "AppHost"), "-getProperty:TreatWarningsAsErrors", "-getProperty:WarningsNotAsErrors", "-getProperty:NoWarn", $"-p:HubAspire={aspire}"],
            TestContext.Current.CancellationToken);
        using var document = JsonDocument.Parse(properties.Output);
        var values = document.RootElement.GetProperty("Properties");
        Assert.Equal("true", values.GetProperty("TreatWarningsAsErrors").GetString());
        Assert.Equal("NU1900;NU1905", values.GetProperty("WarningsNotAsErrors").GetString());
        Assert.DoesNotContain("NU", values.GetProperty("NoWarn").GetString()!, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private async Task<ProcessResult> RestoreAsync(string advisories)
    {
        var config = Path.Combine(folder, "nuget.config");
        await File.WriteAllTextAsync(config, $"""
            <configuration>
              <packageSources><clear /></packageSources>
              <auditSources><clear /><add key="advisories" value="{advisories}" allowInsecureConnections="true" /></auditSources>
            </configuration>
            """, TestContext.Current.CancellationToken);
        return await ProcessRunner.RunAsync("dotnet",
            ["restore", Path.Combine(Root(), "Analytics.Topology"), "--configfile", config, $"-p:ArtifactsPath={folder}/artifacts", $"-p:NuGetLockFilePath={folder}/lock.json", "-p:RestoreLockedMode=false", "--force", "-nodeReuse:false"],
            TestContext.Current.CancellationToken);
    }

    /// <summary>A package source that has advisories and nothing else (NuGet's VulnerabilityInfo 6.7.0).</summary>
    private static async Task<WebApplication> AdvisoriesAsync(int severity)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var application = builder.Build();
        string Here(HttpContext context, string file) => $"http://{context.Request.Host}/{file}";
        application.MapGet("/index.json", (HttpContext context) => Results.Json(new Dictionary<string, object>
        {
            ["version"] = "3.0.0",
            ["resources"] = new[] { new Dictionary<string, string> { ["@id"] = Here(context, "vulnerabilities.json"), ["@type"] = "VulnerabilityInfo/6.7.0" } },
        }));
        application.MapGet("/vulnerabilities.json", (HttpContext context) => Results.Json(new[]
        {
            new Dictionary<string, string> { ["@name"] = "base", ["@id"] = Here(context, "base.json"), ["@updated"] = "2026-01-01T00:00:00Z" },
        }));
        application.MapGet("/base.json", () => Results.Json(new Dictionary<string, object>
        {
            [Package] = new[] { new { severity, url = "https://advisories.example.com/1", versions = "(, )" } },
        }));
        await application.StartAsync(TestContext.Current.CancellationToken);
        return application;
    }

    private static string Root([CallerFilePath] string source = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(source)!, "../../.."));
}
