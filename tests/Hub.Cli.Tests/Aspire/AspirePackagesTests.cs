using System.Text.Json;
using System.Xml.Linq;
using Hub.Cli.Engine;
using Hub.Operations.Processes;

namespace Hub.Cli.Tests.Aspire;

/// <summary>What <c>./hub doctor</c> says of Aspire's packages is what builds do.</summary>
public class AspirePackagesTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("", "HubAspire=false")]
    [InlineData("", "HubAspire=false HubAspireNpgsql=true")]
    [InlineData("HubAspireAppHost=false HubAspireKubernetes=true", "")]
    [InlineData("HubAspirePostgreSQL=false", "")]
    [InlineData("HubAspireNpgsql=true HubAspireKubernetes=true", "HubAspire=false")]
    [InlineData("HubAspireTesting=false", "HubAspireTesting=true")]
    public async Task Doctor_and_builds_go_by_the_same_rules(string answers, string environment)
    {
        var root = Directory.CreateTempSubdirectory("hub-aspire-");
        try
        {
            var rules = Directory.CreateDirectory(Path.Combine(root.FullName, "AppHost", "Registry"));
            File.Copy(Path.Combine(HubScript.Repository(), "AppHost", "Registry", "Aspire.props"), Path.Combine(rules.FullName, "Aspire.props"));
            XDocument? written = null;
            if (answers.Length > 0)
            {
                written = new XDocument(new XElement("Project", new XElement("PropertyGroup", Pairs(answers).Select(answer =>
                    new XElement(answer.Key, new XAttribute("Condition", $"'$({answer.Key})' == ''"), answer.Value)))));
                Directory.CreateDirectory(Path.Combine(root.FullName, "artifacts"));
                written.Save(Path.Combine(root.FullName, "artifacts", "aspire.props"));
            }

            var variables = AspirePackages.All.Select(package => package.Property).Append("HubAspire").ToDictionary(name => name, _ => "");
            foreach (var (name, value) in Pairs(environment))
                variables[name] = value;
            var packages = new AspirePackages(written, name => variables.GetValueOrDefault(name));
            var built = await PropertiesAsync(Path.Combine(rules.FullName, "Aspire.props"), variables);
            Assert.Equal(AspirePackages.All.ToDictionary(package => package.Property, package => built[package.Property] == "true"),
                AspirePackages.All.ToDictionary(package => package.Property, package => packages.Has(package.Property)));

            // The AppHost needs two of them; whoever left it out stays without it.
            var whole = variables["HubAspire"] != "false" && packages.Has("HubAspireAppHost") && packages.Has("HubAspirePostgreSQL");
            Assert.Equal(whole ? "true" : "false", built["HubAspire"]);
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }

    private static IEnumerable<KeyValuePair<string, string>> Pairs(string text) =>
        text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('=')).Select(pair => KeyValuePair.Create(pair[0], pair[1]));

    private static async Task<Dictionary<string, string>> PropertiesAsync(string project, Dictionary<string, string> environment)
    {
        var run = (await ProcessRunner.RunAsync("dotnet", ["msbuild", project, $"-getProperty:{string.Join(',', environment.Keys)}"], TestContext.Current.CancellationToken, environment: environment))
            .OrThrow("The rules are not read");
        using var answer = JsonDocument.Parse(run.Output);
        return answer.RootElement.GetProperty("Properties").EnumerateObject().ToDictionary(property => property.Name, property => property.Value.GetString()!);
    }
}
