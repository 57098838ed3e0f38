using Hub.Cli.Commands;
using Hub.Cli.Engine;
using Hub.Cli.State;

namespace Hub.Cli.Tests.Commands;

/// <summary>Data is opened by the image that made it, or by one that was found to open it.</summary>
public sealed class DatabaseImageTests : IDisposable
{
    private const string Community = """
        postgres (PostgreSQL) 17.11 (Ubuntu 17.11-1.pgdg22.04+1)
        timescaledb-2.28.2.so
        timescaledb-2.29.2.so
        timescaledb-tsl-2.28.2.so
        timescaledb-tsl-2.29.2.so
        patroni 4.1.5
        """;

    private const string Apache = """
        postgres (PostgreSQL) 17.12 (Debian 17.12-0+deb13u1)
        timescaledb-2.19.3.so
        """;

    private readonly string state = Directory.CreateTempSubdirectory("hub-test-").FullName;

    [Fact]
    public void What_an_image_has_is_read_from_its_programs_and_libraries()
    {
        var image = DatabaseImage.Parse("image", Community)!;
        Assert.Equal(17, image.PostgreSql);
        Assert.Equal([new Version(2, 28, 2), new Version(2, 29, 2)], image.TimescaleDb);
        Assert.Equal(image.TimescaleDb, image.Community);
        Assert.Equal(new Version(4, 1, 5), image.Patroni);
        Assert.Empty(DatabaseImage.Parse("image", Apache)!.Community);
        Assert.Null(DatabaseImage.Parse("image", Apache)!.Patroni);
        Assert.Null(DatabaseImage.Parse("image", "sh: postgres: not found"));
    }

    [Theory]
    [InlineData(17, "2.28.2", "timescale", Community, null)]
    [InlineData(17, "2.19.3", "apache", Apache, null)]
    [InlineData(16, "2.28.2", "timescale", Community, "A major release of PostgreSQL")]
    [InlineData(17, "2.19.3", "apache", Community, "2.19.3 is not in the image")]
    [InlineData(17, "2.28.2", "apache", Community, "created by the Apache edition")]
    [InlineData(17, "2.19.3", "timescale", Apache, "created by the Community edition")]
    [InlineData(17, "2.30.0", "timescale", Community, "cannot be downgraded")]
    public void An_image_that_does_not_open_the_data_is_refused_with_what_is_there_and_what_was_asked(int postgres, string version, string edition, string asked, string? reason)
    {
        var data = new DatabaseData("registry.example.com/before:1", "sha256:1", postgres, version, edition);
        var problem = DatabaseImageCheck.Problem("shop", data, DatabaseImage.Parse("registry.example.com/asked:2", asked)!);
        if (reason is null)
        {
            Assert.Null(problem);
            return;
        }

        Assert.NotNull(problem);
        var all = problem.Message + problem.Hint;
        Assert.Contains(reason, all, StringComparison.Ordinal);
        foreach (var fact in new[] { "hub 'shop'", $"TimescaleDB {version}", "registry.example.com/before:1", "registry.example.com/asked:2", "unset HUB_DATABASE_IMAGE", "Another database image" })
            Assert.Contains(fact, all, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("3.0.2", true)]
    [InlineData("3.3.2", true)]
    [InlineData("4.0.0", false)]
    [InlineData("4.1.5", false)]
    public void A_Patroni_without_quorum_commit_is_refused_by_its_version(string version, bool refused)
    {
        var problem = DatabaseImageCheck.PatroniProblem(DatabaseImage.Parse("image:1", $"{Apache}\npatroni {version}")!);
        Assert.Equal(refused, problem is not null);
        Assert.Contains(refused ? $"image:1 has Patroni {version}, and Hub needs 4.0.0 or later" : "", problem?.Message ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public void A_newer_library_beside_the_old_one_opens_the_data_and_says_what_is_left_to_do()
    {
        var data = new DatabaseData("before", "sha256:1", 17, "2.28.2", "timescale");
        Assert.Contains("ALTER EXTENSION timescaledb UPDATE", DatabaseImageCheck.Notice(data, DatabaseImage.Parse("asked", Community)!)!, StringComparison.Ordinal);
        Assert.DoesNotContain("ALTER", DatabaseImageCheck.Notice(data with { TimescaleDb = "2.29.2" }, DatabaseImage.Parse("asked", Community)!)!, StringComparison.Ordinal);
        Assert.Null(DatabaseImageCheck.Notice(data with { TimescaleDb = "2.29.2" }, DatabaseImage.Parse("before", Community)!));
    }

    [Fact]
    public void What_the_data_is_can_be_read_when_nothing_answers()
    {
        var data = new DatabaseData("image:1", "sha256:1", 17, "2.19.3", "apache");
        data.Save(state);
        Assert.Equal(data, DatabaseData.Load(state));
        Assert.Null(DatabaseData.Load(Path.Combine(state, "elsewhere")));
    }

    [Theory]
    [InlineData("""{"name":"hub","databaseImage":"registry.example.com/db:1"}""", null, "registry.example.com/db:1")]
    [InlineData("""{"name":"hub"}""", "registry.example.com/db:1", "registry.example.com/db:1")]
    [InlineData("""{"name":"hub"}""", "hub/database:local", "hub/database:local")]
    [InlineData("""{"name":"hub"}""", null, "hub/database:local")]
    public void Hub_keeps_the_image_that_it_was_started_with(string choices, string? composeImage, string expected)
    {
        File.WriteAllText(Path.Combine(state, "hub.json"), choices);
        File.WriteAllText(Path.Combine(state, "secrets.env"), "");
        if (composeImage is not null)
            File.WriteAllText(Path.Combine(state, "compose.yaml"), $"services:\n  etcd-1:\n    image: hub/etcd:local\n  timescaledb-1:\n    image: {composeImage}\n  timescaledb-2:\n    image: other:1\n");
        var images = Deployment.Load(state).Topology.Images;
        Assert.Equal(expected, images.Database);
        Assert.Equal(expected == "hub/database:local", images.Backup == "hub/backup:local");
    }

    public void Dispose() => Directory.Delete(state, recursive: true);
}
