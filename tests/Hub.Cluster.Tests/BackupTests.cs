using System.Text.Json.Nodes;
using Analytics.Topology;
using Analytics.Topology.Kubernetes;
using Hub.Cluster.Tests.Kubernetes;
using Hub.Operations;
using Hub.Operations.Processes;

namespace Hub.Cluster.Tests;

/// <summary>Backup, restore drills and a restore, as docs/runbooks/lost-cluster.md has them. Needs a bucket that the cluster reaches.</summary>
[Trait(Tiers.Trait, Tiers.Cluster)]
[Collection(SharedHub.Name)]
public sealed class BackupTests(SharedHub shared)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(20);

    [Fact]
    public async Task A_drill_follows_a_drill()
    {
        var hub = await HubAsync();
        await RunAsync(hub.Kube, "full");

        // A drill must find something to recover, and a young hub may be idle: a commit in the archive.
        await hub.Kube.SqlAsync("CREATE TABLE IF NOT EXISTS public.drilled (at timestamptz)");
        await ArchivedAsync(hub.Kube);

        // The second finds what the first has left: its volume stays until its Job is removed, and the quota has room for one.
        await RunAsync(hub.Kube, "drill");
        await RunAsync(hub.Kube, "drill");
    }

    [Fact]
    public async Task A_restore_to_a_moment_brings_back_what_was_there_then()
    {
        var hub = await HubAsync();
        var (kube, name) = (hub.Kube, hub.Topology.Name);
        await RunAsync(kube, "full");
        await kube.SqlAsync("DROP TABLE IF EXISTS public.restored; CREATE TABLE public.restored AS SELECT 'kept' AS what");
        await ArchivedAsync(kube);
        await Task.Delay(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);
        var moment = await kube.SqlAsync("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')");
        await Task.Delay(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);
        await kube.SqlAsync("UPDATE public.restored SET what = 'spoilt'");
        await ArchivedAsync(kube);

        await kube.ExplainAsync($"restoring to {moment}", async () =>
        {
            // The steps of the runbook, by its numbers.
            await SuspendAsync(kube, true); // 1
            await kube.DoAsync("scale", "deployment", ClusterNames.Ingest, KubernetesNames.Gateway, "--replicas=0");
            var arguments = await PlanAsync(kube, moment); // 2
            await kube.DoAsync("create", "configmap", KubernetesNames.PatroniRestore, "--from-literal", $"restore.yml={Bootstrap(name, arguments)}", "--from-literal", "hold="); // 3
            await kube.DoAsync("scale", "statefulset", ClusterNames.TimescaleDb, "--replicas=0"); // 4
            await kube.DoAsync("wait", "--for=delete", "pod", "--selector", $"app.kubernetes.io/name=timescaledb,app.kubernetes.io/instance={name}", "--timeout", "10m");
            await kube.DoAsync("scale", "statefulset", ClusterNames.TimescaleDb, $"--replicas={hub.Cluster.Members.Count}");
            foreach (var member in hub.Cluster.Members)
                await UntilAsync($"{member} is held", async () => (await kube.RunAsync("logs", member, "--container", ClusterNames.TimescaleDb)).Output.Contains($"{member} is held", StringComparison.Ordinal));
            foreach (var member in hub.Cluster.Members) // 5
                await ShellAsync(kube, member, $"cd {Paths.PgVolume} && mv data data.before-restore && mv wal/pg_wal wal/pg_wal.before-restore");
            await UntilAsync("etcd has forgotten the cluster", () => ForgottenAsync(kube, hub.Cluster.Members[0], name)); // 6
            await kube.DoAsync("patch", "configmap", KubernetesNames.PatroniRestore, "--type=json", "--patch", """[{"op": "remove", "path": "/data/hold"}]"""); // 7
            await UntilAsync("all members stream", async () => await hub.Cluster.MembersAsync(TestContext.Current.CancellationToken) is { Count: 3 } members && members.Count(member => member.IsStreaming) == 2);
            await kube.DoAsync("delete", "configmap", KubernetesNames.PatroniRestore); // 8
            await UntilAsync("the configuration is as before", async () => (await kube.RunAsync("exec", hub.Cluster.Members[0], "--container", ClusterNames.TimescaleDb, "--", "test", "!", "-e", $"{Paths.Config}/restore.yml")).ExitCode == 0);
            await ShellAsync(kube, hub.Cluster.Members[0], $"patronictl reload --force {name}");
            await kube.DoAsync("scale", "deployment", ClusterNames.Ingest, KubernetesNames.Gateway, "--replicas=1");
            await SuspendAsync(kube, false);
        });
        await hub.UntilHealthyAsync();
        Assert.Equal("kept", await kube.SqlAsync("SELECT what FROM public.restored"));
        await RunAsync(kube, "full");
        foreach (var member in hub.Cluster.Members) // 9
            await ShellAsync(kube, member, $"rm -rf {Paths.PgVolume}/data.before-restore {Paths.WalVolume}/pg_wal.before-restore");
    }

    private async Task<InstalledHub> HubAsync()
    {
        if (ClusterSettings.Bucket.Count == 0 && await Kube.MissingAsync(helm: false, TestContext.Current.CancellationToken) is null)
            Prerequisites.Missing("a bucket that the cluster reaches: HUB_CLUSTER_S3_BUCKET, HUB_CLUSTER_S3_ENDPOINT, HUB_S3_KEY, HUB_S3_SECRET.");
        return await shared.HealthyAsync();
    }

    /// <summary>One of the schedules now, to its end.</summary>
    private static async Task RunAsync(Kube kube, string verb)
    {
        var job = await CreateAsync(kube, $"backup-{verb}", null);
        await kube.ExplainAsync($"running {job}", () => EndAsync(kube, job));
    }

    /// <summary>What the runner says of a target: the arguments in its last line are pgBackRest's.</summary>
    private static async Task<string> PlanAsync(Kube kube, string moment)
    {
        var log = await EndAsync(kube, await CreateAsync(kube, "backup-verify", ["plan", "--to", moment]));

        // pgbackrest restore '--repo=1' '--set=20261130-020000F' '--type=time' …
        return log.Split('\n').Single(line => line.StartsWith("pgbackrest restore ", StringComparison.Ordinal))["pgbackrest restore ".Length..];
    }

    private static async Task<string> CreateAsync(Kube kube, string from, string[]? arguments)
    {
        var name = $"test-{Guid.NewGuid().ToString("n")[..6]}";
        var job = JsonNode.Parse((await kube.RunAsync("create", "job", name, "--from", $"cronjob/{from}", "--dry-run=client", "--output", "json")).OrThrow($"{from} is not there").Output)!;
        if (arguments is not null)
            job["spec"]!["template"]!["spec"]!["containers"]![0]!["args"] = new JsonArray([.. arguments.Select(argument => JsonValue.Create(argument))]);
        await kube.ApplyAsync(job.ToJsonString());
        return name;
    }

    /// <summary>The log of a Job that has succeeded.</summary>
    private static async Task<string> EndAsync(Kube kube, string job)
    {
        var state = "";
        await UntilAsync($"{job} has ended", async () => (state = await kube.GetAsync("job", job, "--output", "jsonpath={.status.conditions[?(@.status==\"True\")].type}")).Contains("Complete", StringComparison.Ordinal) || state.Contains("Failed", StringComparison.Ordinal));
        var log = (await kube.RunAsync("logs", $"job/{job}", "--tail", "40")).Output;
        return state.Contains("Complete", StringComparison.Ordinal) ? log : throw new OperationException($"{job} failed:\n{log}");
    }

    /// <summary>Everything until now is in the repository.</summary>
    private static async Task ArchivedAsync(Kube kube)
    {
        var segment = await kube.SqlAsync("SELECT pg_walfile_name(pg_switch_wal())");
        await UntilAsync($"{segment} is archived", async () => string.CompareOrdinal(await kube.SqlAsync("SELECT coalesce(last_archived_wal, '') FROM pg_stat_archiver"), segment) >= 0);
    }

    private static Task SuspendAsync(Kube kube, bool suspended) => kube.DoAsync("patch", "cronjob", "backup-full", "backup-diff", "backup-verify", "backup-drill", "--patch", $$$"""{"spec":{"suspend":{{{(suspended ? "true" : "false")}}}}}""");

    private static string Bootstrap(string stanza, string arguments) => $"""
        bootstrap:
          method: pgbackrest
          pgbackrest:
            command: pgbackrest --stanza={stanza} {arguments} restore
            keep_existing_recovery_conf: true
            no_params: true
        postgresql:
          create_replica_methods: [basebackup]

        """;

    private static async Task ShellAsync(Kube kube, string member, string command) =>
        (await kube.RunAsync("exec", member, "--container", ClusterNames.TimescaleDb, "--", "sh", "-c", command)).OrThrow($"{member}: {command}");

    /// <summary>Patroni asks for the name and for words that nobody types by chance; while the old leader's lease lasts it asks for more, and is asked again.</summary>
    private static async Task<bool> ForgottenAsync(Kube kube, string member, string name) => (await ProcessRunner.RunWithinAsync(ProcessRunner.EngineTimeout, "kubectl",
        ["--namespace", kube.Namespace, "exec", "--stdin", member, "--container", ClusterNames.TimescaleDb, "--", "patronictl", "remove", name],
        TestContext.Current.CancellationToken, input: $"{name}\nYes I am aware\n")).ExitCode == 0;

    private static async Task UntilAsync(string what, Func<Task<bool>> done)
    {
        Kube.Say($"waiting until {what}");
        await Eventually.TrueAsync(done, Timeout, () => what, TestContext.Current.CancellationToken);
    }
}
