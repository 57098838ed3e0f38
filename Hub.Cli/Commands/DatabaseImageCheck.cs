using Analytics.Topology;
using Hub.Cli.Engine;
using Hub.Cli.State;
using Hub.Operations;

namespace Hub.Cli.Commands;

/// <summary>
/// Whether the database image can run a member, and opens the data that is there: asked before anything is changed, for afterwards the
/// database is down.
/// </summary>
internal static class DatabaseImageCheck
{
    private const string Guide = "docs/OPERATIONS.md, Another database image";

    /// <returns>What to know about the change; null where nothing changes.</returns>
    /// <exception cref="CliException">It does not open it, or that cannot be known.</exception>
    public static async Task<string?> RunAsync(Deployment deployment, ContainerEngine engine, CancellationToken cancellation)
    {
        var last = Deployment.Load();
        var (before, asked) = (last.Topology.Images.Database, deployment.Topology.Images.Database);
        var kept = DatabaseData.Load(last.Directory);
        if (kept is not null && kept.Image == asked && kept.ImageId == await engine.ImageIdAsync(asked, cancellation))
            return null;
        var image = await DatabaseImage.InspectAsync(engine, asked, cancellation);
        if (PatroniProblem(image) is { } tooOld)
            throw tooOld;
        if (!last.Exists || (kept is null && before == asked))
            return null;
        var data = await NowAsync(last, engine, cancellation) ?? kept ?? throw Unknown(last.Choices.Name, before, asked);
        return Problem(last.Choices.Name, data, image) is { } problem ? throw problem : Notice(data, image);
    }

    /// <summary>Why no member can run on the image, or null.</summary>
    internal static CliException? PatroniProblem(DatabaseImage image) => image.Patroni is { } patroni && patroni < DatabaseImage.LeastPatroni
        ? new CliException($"{image.Name} has Patroni {patroni}, and Hub needs {DatabaseImage.LeastPatroni} or later (synchronous_mode: quorum).",
            "Take a newer database image: docs/VERSIONS.md. Nothing was started.")
        : null;

    /// <summary>Why the image does not open the data, with the steps; null where it does.</summary>
    internal static CliException? Problem(string hub, DatabaseData data, DatabaseImage image)
    {
        var facts = $"The data of hub '{hub}': {data} (last opened by {data.Image}).\n  Requested: {image.Name}, which has {image}.\n  ";
        var stay = data.Image == image.Name
            ? $"To keep this data, use an image that opens it: {Images.DatabaseVariable}=… ./hub up ({data.Image} has been rebuilt since)."
            : $"To keep this data, unset {Images.DatabaseVariable}; `./hub up` uses {data.Image} again.";
        var move = $"To move, start a second hub on the new image (HUB_STATE=/some/directory {Images.DatabaseVariable}={image.Name} ./hub up --name other "
            + $"--port-offset 10000) and copy the tables ({Guide}). This data was not touched.";
        if (data.PostgreSql != image.PostgreSql)
            return new CliException($"{facts}A major release of PostgreSQL cannot open the data of another.", $"{stay}\n  → {move}");
        if (!Version.TryParse(data.TimescaleDb.Split('-')[0], out var version))
            return null;
        if (data.Edition == "timescale" && image.Community.Count == 0)
            return new CliException($"{facts}The data was created by the Community edition, and the image has only the Apache edition.", $"{stay}\n  → {move}");
        if (!image.TimescaleDb.Contains(version) || (data.Edition == "timescale" && !image.Community.Contains(version)))
        {
            var way = image.TimescaleDb.Any(other => other > version)
                ? $"To update, first use an image that has both {version} and a newer version (timescale/timescaledb-ha does), then "
                    + $"ALTER EXTENSION timescaledb UPDATE ({Guide}), then {image.Name}."
                : "TimescaleDB cannot be downgraded.";
            return new CliException($"{facts}TimescaleDB opens data only with the library of the version that wrote it, and {version} is not in the image.", $"{stay}\n  → {way}\n  → {move}");
        }

        return data.Edition == "apache" && image.Community.Count > 0
            ? new CliException($"{facts}The data was created by the Apache edition, and the image runs the Community edition. Their schemas differ.", $"{stay}\n  → {move}")
            : null;
    }

    /// <summary>What remains to be done once the image is another one.</summary>
    internal static string? Notice(DatabaseData data, DatabaseImage image)
    {
        var change = data.Image == image.Name ? $"{image.Name} was rebuilt" : $"The database image changes from {data.Image} to {image.Name}";
        if (image.TimescaleDb.Count == 0 || image.TimescaleDb[^1].ToString() != data.TimescaleDb)
            return $"{change}. The data stays TimescaleDB {data.TimescaleDb} until: ./hub psql --role superuser -- -X -c 'ALTER EXTENSION timescaledb UPDATE' ({Guide}).";
        return data.Image == image.Name ? null : $"{change}; the data is TimescaleDB {data.TimescaleDb} as before.";
    }

    /// <summary>The extension may have been updated since it was written down.</summary>
    private static async Task<DatabaseData?> NowAsync(Deployment deployment, ContainerEngine engine, CancellationToken cancellation)
    {
        if (!(await engine.ContainersAsync(deployment.Choices.Name, cancellation)).Values.Any(container => container.IsRunning))
            return null;
        try
        {
            return await DatabaseData.ReadAsync(deployment, engine, cancellation);
        }
        catch (Exception problem) when (problem is OperationException or Npgsql.NpgsqlException)
        {
            // A database that is down must not block an image that may start it; what was recorded decides.
            return null;
        }
    }

    private static CliException Unknown(string hub, string before, string asked) =>
        new($"Hub '{hub}' has data created by {before}, and {asked} is requested. It is not known whether that image opens the data, because an older hub did not record what its data is.",
            $"Start it once as it was, with {Images.DatabaseVariable} unset: `./hub up`. Then request the other image again.");
}
