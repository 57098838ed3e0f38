using AppHost.Deployment;

namespace AppHost.Tests;

public class DeployOptionsTests
{
    private static readonly string[] OfAspire = ["--operation", "publish", "--step", "deploy", "--environment", "Production"];

    private static DeployOptions Parse(params string[] arguments) => DeployOptions.Parse([.. OfAspire, .. arguments], "/home/me");

    [Fact]
    public void Without_any_it_is_the_recommended_size_and_asks_first()
    {
        var options = Parse();
        Assert.Equal(("recommended", false, false, false), (options.Size.Name, options.DryRun, options.Confirmed, options.Bucket));
        Assert.Null(options.Context);
        Assert.Empty(options.Arguments);
    }

    [Fact]
    public void What_is_of_the_script_goes_to_the_script()
    {
        var options = Parse("--HUB_PROFILE=single", "--dry-run", "--context", "staging", "--output-path", "out", "--values", "mine.yaml",
            "--s3-ca", "/etc/ca.crt", "--cert-manager", "--set", "a=b", "--timeout", "60");
        Assert.True(options.DryRun);
        Assert.Equal(("staging", "/home/me/out"), (options.Context, options.Output));
        Assert.Equal(["--values", "/home/me/mine.yaml", "--s3-ca", "/etc/ca.crt", "--cert-manager", "--set", "a=b", "--timeout", "60"],
            options.Arguments);
    }

    [Fact]
    public void Size_cloud_and_namespace_choose_what_is_written()
    {
        var options = Parse("--size", "minimum", "--cloud", "gcp", "--namespace", "llm");
        Assert.Equal(("minimum", "llm"), (options.Size.Name, options.Size.Topology.Definition.Namespace));
        Assert.Equal("Gcp", options.Size.Options.Cloud.ToString());
    }

    [Fact]
    public void Registry_and_version_say_where_hubs_own_images_are()
    {
        Assert.False(Parse().Size.CanBePulled);
        var options = Parse("--registry", "registry.example.com/hub", "--version", "1.2.3", "--size", "minimum");
        Assert.True(options.Size.CanBePulled);
        Assert.Equal("registry.example.com/hub/ingest:1.2.3", options.Size.Topology.Images.Ingest);
    }

    [Fact]
    public void A_yes_without_a_value_is_not_for_Aspire() =>
        Assert.Equal(["--step", "deploy", "--context", "staging", "--yes", "true"],
            DeployOptions.OfBuilder(["--step", "deploy", "--yes", "--context", "staging", "--yes", "true"]));

    [Theory]
    [InlineData("'--dryrun' is no option", "--dryrun")]
    [InlineData("'--s3-secret' is no option", "--s3-secret", "shown")]
    [InlineData("'dev' is no option", "dev")]
    [InlineData("'team/hub' is not a registry", "--registry", "team/hub")]
    [InlineData("'latest' is not a version", "--version", "latest")]
    [InlineData("--context needs a value", "--context")]
    [InlineData("'huge' is not a size", "--size", "huge")]
    [InlineData("'moon'", "--cloud", "moon")]
    [InlineData("'--dry-run=true' is no option", "--dry-run=true")]
    public void What_it_does_not_know_is_refused(string message, params string[] arguments)
    {
        var refused = Assert.Throws<InvalidOperationException>(() => Parse(arguments));
        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
        Assert.Contains("aspire deploy takes", refused.Message, StringComparison.Ordinal);
    }
}
