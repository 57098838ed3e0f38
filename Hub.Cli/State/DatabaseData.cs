using System.Text.Json;
using Analytics.Topology;
using Hub.Cli.Cluster;
using Hub.Cli.Engine;

namespace Hub.Cli.State;

/// <summary>
/// What a hub's data is, and which image opened it last. Stored beside the data's passwords, because it is needed when nothing answers.
/// </summary>
/// <param name="Image">The database image by its name.</param>
/// <param name="ImageId">What the engine had under that name: an image may be rebuilt or pulled again under the same name.</param>
/// <param name="PostgreSql">The major release.</param>
/// <param name="TimescaleDb">The extension's version in the database.</param>
/// <param name="Edition"><c>apache</c> or <c>timescale</c>: what the schema was made for.</param>
internal sealed record DatabaseData(string Image, string ImageId, int PostgreSql, string TimescaleDb, string Edition)
{
    public const string FileName = "database.json";
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public override string ToString() => $"PostgreSQL {PostgreSql}, TimescaleDB {TimescaleDb}, {Edition} edition";

    /// <summary>Asks the primary.</summary>
    /// <exception cref="CliException">It does not answer.</exception>
    public static async Task<DatabaseData> ReadAsync(Deployment deployment, ContainerEngine engine, CancellationToken cancellation)
    {
        var row = (await new DatabaseClient(deployment).QueryAsync(Roles.ReadOnly, Secrets.ReadOnly,
            """
            SELECT current_setting('server_version_num')::int / 10000, e.extversion, (SELECT value FROM analytics.schema_metadata WHERE key = 'edition')
              FROM pg_extension e WHERE e.extname = 'timescaledb'
            """, cancellation)).Single();
        var image = deployment.Topology.Images.Database;
        return new DatabaseData(image, await engine.ImageIdAsync(image, cancellation) ?? "", (int)row[0]!, (string)row[1]!, (string)row[2]!);
    }

    /// <summary>What was kept last; null in a hub that has not been up since this is kept.</summary>
    public static DatabaseData? Load(string directory) =>
        Path.Combine(directory, FileName) is var file && File.Exists(file) ? JsonSerializer.Deserialize<DatabaseData>(File.ReadAllText(file), Json) : null;

    public void Save(string directory) => OutputFiles.Write(directory, [new OutputFile(FileName, JsonSerializer.Serialize(this, Json) + "\n")]);
}
