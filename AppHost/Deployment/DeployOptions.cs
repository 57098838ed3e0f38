using Analytics.Topology;
using Analytics.Topology.Kubernetes;
using Analytics.Topology.Publishing;

namespace AppHost.Deployment;

/// <summary>What follows <c>aspire deploy --</c>: which cluster, and what deploy.sh is told.</summary>
/// <param name="Size">What is deployed.</param>
/// <param name="DryRun">Check everything, change nothing.</param>
/// <param name="Confirmed">Do not ask before the cluster is touched.</param>
/// <param name="Context">Of the kubeconfig; null: the current one.</param>
/// <param name="Output">Where the files are written; null: the AppHost's own place.</param>
/// <param name="Bucket">Whether one was named for the backups.</param>
/// <param name="Arguments">For deploy.sh, but for those above.</param>
/// <param name="Environment">For deploy.sh: values that must not appear in a list of processes.</param>
internal sealed record DeployOptions(
    PublishSize Size, bool DryRun, bool Confirmed, string? Context, string? Output, bool Bucket, IReadOnlyList<string> Arguments,
    IReadOnlyDictionary<string, string> Environment)
{
    public const string Key = "HUB_S3_KEY", Secret = "HUB_S3_SECRET";

    public const string Help =
        "aspire deploy takes, after --: --dry-run, --yes, --context NAME, --registry HOST/PATH, --version TAG, --size NAME, --cloud NAME, --namespace NAME, --values FILE, --set KEY=VALUE, --cert-manager, " +
        $"--timeout SECONDS, --s3-bucket NAME, --s3-region NAME, --s3-endpoint HOST, --s3-path-style, --s3-ca FILE; {Key} and {Secret} in the environment.";

    /// <summary>Aspire's own, each with a value.</summary>
    private static readonly string[] OfAspire = ["--operation", "--step", "--log-level", "--environment", "--include-exception-details", "--clear-cache"];

    /// <summary>deploy.sh's, each with a value. Files are given as the operator sees them, not as the AppHost's directory does.</summary>
    private static readonly string[] OfScript = ["--timeout", "--set", "--s3-bucket", "--s3-region", "--s3-endpoint"], Files = ["--values", "--s3-ca"];

    /// <param name="arguments">The AppHost's.</param>
    /// <param name="directory">In which relative paths are.</param>
    /// <exception cref="InvalidOperationException">An option is not known: a mistyped --dry-run must not install anything.</exception>
    public static DeployOptions Parse(IReadOnlyList<string> arguments, string directory)
    {
        var given = new Queue<string>(arguments);
        var script = new List<string>();
        string? registry = null, version = null, size = null, cloud = null, space = null, context = null, output = null;
        bool dryRun = false, confirmed = false;
        while (given.TryDequeue(out var option))
        {
            if (OfAspire.Contains(option))
                Value();
            else if (OfScript.Contains(option))
                script.AddRange([option, Value()]);
            else if (Files.Contains(option))
                script.AddRange([option, Path.GetFullPath(Value(), directory)]);
            else if (option is "--cert-manager" or "--s3-path-style")
                script.Add(option);
            else if (option == "--dry-run")
                dryRun = true;
            else if (option == "--yes")
                confirmed = true;
            else if (option == "--context")
                context = Value();
            else if (option == "--output-path")
                output = Path.GetFullPath(Value(), directory);
            else if (option == "--registry")
                registry = Value();
            else if (option == "--version")
                version = Value();
            else if (option == "--size")
                size = Value();
            else if (option == "--cloud")
                cloud = Value();
            else if (option == "--namespace")
                space = Value();
            else if (!IsSetting(option))
                throw new InvalidOperationException($"'{option}' is no option of aspire deploy. {Help}");

            string Value() => given.TryDequeue(out var value) ? value : throw new InvalidOperationException($"{option} needs a value. {Help}");
        }

        return new DeployOptions(Chosen(size, cloud, space).From(Source(registry, version)), dryRun, confirmed, context, output, script.Contains("--s3-bucket"), script, new Dictionary<string, string>());
    }

    /// <summary>The arguments for Aspire: it has a --yes of its own, which would take the next option for its value.</summary>
    public static string[] OfBuilder(string[] arguments) => [.. arguments.Where((argument, i) => argument != "--yes" || arguments.ElementAtOrDefault(i + 1) is "true" or "false")];

    /// <summary>The same with a bucket, which was asked for.</summary>
    public DeployOptions With(IEnumerable<string> bucket, string key, string secret) => this with
    {
        Bucket = true,
        Arguments = [.. Arguments, .. bucket],
        Environment = new Dictionary<string, string> { [Key] = key, [Secret] = secret },
    };

    /// <summary>A setting of the AppHost, such as <c>--HUB_PROFILE=single</c>.</summary>
    private static bool IsSetting(string argument) => argument.Split('=', 2) is [['-', '-', .. var name], _] && name.All(letter => char.IsAsciiLetterUpper(letter) || letter == '_');

    private static ImageSource Source(string? registry, string? version) =>
        (registry is null ? null : ImageSource.RegistryProblem(registry)) is { } problem ? throw new InvalidOperationException($"--registry: {problem} {Help}")
        : (version is null ? null : ImageSource.VersionProblem(version)) is { } other ? throw new InvalidOperationException($"--version: {other} {Help}")
        : new ImageSource(registry, version);

    private static PublishSize Chosen(string? size, string? cloud, string? space)
    {
        try
        {
            var chosen = PublishSize.Named(size ?? PublishSize.DefaultName).On(cloud is null ? null : Enum.Parse<Cloud>(cloud, ignoreCase: true));
            return space is null ? chosen : chosen with { Topology = chosen.Topology.With(cluster => cluster with { Namespace = space }) };
        }
        catch (ArgumentException problem)
        {
            throw new InvalidOperationException($"{problem.Message} {Help}", problem);
        }
    }
}
