using System.CommandLine;
using System.Security.Cryptography;
using System.Text;
using Analytics.Topology;
using Analytics.Topology.Security;
using Hub.Cli.Cluster;
using Hub.Cli.State;
using Hub.Shared;
using Spectre.Console;

namespace Hub.Cli.Commands;

/// <summary>API keys: made here, shown once, stored hashed.</summary>
internal static class ApiKeys
{
    public const string DevelopmentProject = "development";
    private const int MaxDays = 36_500;

    public static Command Create(Ui ui)
    {
        var project = new Option<string>("--project")
        { Description = "The project that the key writes to and reads from; created if it does not exist.", Required = true };
        var name = new Option<string>("--name") { Description = "What the key is for.", DefaultValueFactory = _ => "cli" };
        var days = new Option<int?>("--days") { Description = "Days until it expires, 1 to 36500 [default: never]." };
        var create = new Command("create", "Create a key and print it. It is stored hashed and cannot be shown again.") { project, name,
            days };
        NotEmpty(project);
        NotEmpty(name);
        days.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() is < 1 or > MaxDays)
                result.AddError($"--days is {result.GetValueOrDefault<int?>()}: it must be 1 to {MaxDays}.");
        });
        create.SetAction(async (parse, cancellation) =>
        {
            var key = SecretValues.NewApiKey();
            var client = DatabaseClient.Open();
            var expires = parse.GetValue(days) is { } life ? TimeProvider.System.GetUtcNow().AddDays(life) : (DateTimeOffset?)null;
            await RegisterAsync(client, parse.GetValue(project)!, parse.GetValue(name)!, key, expires, cancellation);
            ui.Console.WriteLine(key);
            return 0;
        });

        var list = new Command("list", "List the keys: project, name, first characters, state, limits.");
        list.SetAction(async (_, cancellation) =>
        {
            var table = new Table().AddColumns("Id", "Project", "Name", "Key", "Created", "State", "Limits");
            foreach (var row in await DatabaseClient.Open().QueryAsync(Roles.Owner, Secrets.Owner, $"""
                SELECT k.key_id, p.name, k.name, k.key_prefix || '…', k.created_at::timestamptz(0)::text,
                       CASE WHEN k.revoked_at IS NOT NULL THEN 'revoked' WHEN k.expires_at < now() THEN 'expired' ELSE 'valid' END,
                       {KeyLimitValues.Shown}
                FROM analytics.api_keys k JOIN analytics.projects p USING (project_id) ORDER BY k.key_id
                """, cancellation))
                table.AddRow([.. row.Select(value => Markup.Escape(value?.ToString() ?? ""))]);
            ui.Console.Write(table);
            return 0;
        });

        var id = new Argument<int>("id") { Description = "The key's id, from `hub key list`." };
        var revoke = new Command("revoke", "Revoke a key. Ingest refuses it within half a minute, when its cached answer expires.") { id };
        revoke.SetAction(async (parse, cancellation) =>
        {
            var rows = await DatabaseClient.Open().QueryAsync(Roles.Owner, Secrets.Owner,
                "UPDATE analytics.api_keys SET revoked_at = now() WHERE key_id = $1 AND revoked_at IS NULL RETURNING key_prefix",
                cancellation, parse.GetValue(id));
            if (rows.Count == 0)
                throw new CliException($"There is no valid key with id {parse.GetValue(id)}.", "See `./hub key list`.");
            ui.Console.WriteLine($"Revoked {rows[0][0]}….");
            return 0;
        });
        return new Command("key", "Manage the API keys of applications.") { create, list, revoke, Limit(ui) };
    }

    private static Command Limit(Ui ui)
    {
        var id = new Argument<int>("id") { Description = "The key's id, from `hub key list`." };
        var requests = LimitOption(KeyLimitValues.RequestsPerSecond,
            "Requests that bring data, for each replica of ingest: 0.001 to 1000000");
        var bytes = LimitOption(KeyLimitValues.BytesPerSecond, "Bytes of their bodies as sent, for each replica of ingest");
        var calls = LimitOption(KeyLimitValues.CallsPerDay, "Model calls stored on a day of UTC, over all replicas");
        var limit = new Command("limit", "Set or remove limits of a key. A limit that is not named stays as it is. Ingest answers 429 "
            + "beyond it, half a minute after the change at the latest.")
        { id, requests, bytes, calls };
        limit.Validators.Add(result =>
        {
            if (result.GetResult(requests) is null && result.GetResult(bytes) is null && result.GetResult(calls) is null)
                result.AddError($"Name at least one of {requests.Name}, {bytes.Name} and {calls.Name}.");
        });
        limit.SetAction(async (parse, cancellation) =>
        {
            object Value(Option<string?> option) => (object?)parse.GetValue(option) ?? DBNull.Value;
            var rows = await DatabaseClient.Open().QueryAsync(Roles.Owner, Secrets.Owner, KeyLimitValues.Change, cancellation,
                parse.GetValue(id), Value(requests), Value(bytes), Value(calls));
            if (rows.Count == 0)
                throw new CliException($"There is no valid key with id {parse.GetValue(id)}.", "See `./hub key list`.");
            ui.Console.WriteLine($"Limits of {rows[0][0]}…: {rows[0][1]}.");
            return 0;
        });
        return limit;
    }

    private static Option<string?> LimitOption(string name, string what)
    {
        var option = new Option<string?>($"--{name}") { Description = $"{what}, or {KeyLimitValues.None}." };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } value && KeyLimitValues.Problem(name, value) is { } problem)
                result.AddError($"{option.Name}: {problem}.");
        });
        return option;
    }

    private static void NotEmpty(Option<string> option) => option.Validators.Add(result =>
    {
        if (string.IsNullOrWhiteSpace(result.GetValueOrDefault<string>()))
            result.AddError($"{option.Name} is empty.");
    });

    /// <summary>The key of this checkout, registered in a database that does not know it (yet, or any more).</summary>
    public static async Task<string> EnsureDevelopmentKeyAsync(Deployment deployment, CancellationToken cancellation)
    {
        var key = File.Exists(deployment.ApiKeyPath) ? (await File.ReadAllTextAsync(deployment.ApiKeyPath, cancellation)).Trim() : "";
        if (key.Length == 0)
        {
            key = SecretValues.NewApiKey();
            OutputFiles.Write(deployment.Directory, [new OutputFile(Deployment.ApiKeyFile, key + "\n", Private: true)]);
        }

        var client = new DatabaseClient(deployment);
        var known = await client.QueryAsync(Roles.Owner, Secrets.Owner, "SELECT 1 FROM analytics.api_keys WHERE key_hash = $1",
            cancellation, Hash(key));
        if (known.Count == 0)
            await RegisterAsync(client, DevelopmentProject, "hub up", key, null, cancellation);
        return key;
    }

    private static Task RegisterAsync(DatabaseClient client, string project, string name, string key, DateTimeOffset? expires,
        CancellationToken cancellation) =>
        client.QueryAsync(Roles.Owner, Secrets.Owner, "SELECT analytics.create_api_key($1, $2, $3, $4, $5::timestamptz)", cancellation,
            project, name, Hash(key), key[..12], expires is { } time ? time : DBNull.Value);

    private static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
