namespace Analytics.Topology.Tests;

public sealed class OutputFilesTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("hub-output-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public void Files_are_written_in_order_with_their_directories()
    {
        var written = OutputFiles.Write(directory, [new("b/c/two", "2\n"), new("a", "1\n")]);
        Assert.Equal(["a", "b/c/two"], written);
        Assert.Equal("2\n"u8.ToArray(), File.ReadAllBytes(At("b/c/two")));
    }

    [Fact]
    public void An_unchanged_file_is_not_touched()
    {
        OutputFiles.Write(directory, [new("a", "text"), new("key", "text", Private: true)]);
        var before = new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        File.SetLastWriteTimeUtc(At("a"), before);
        Assert.Empty(OutputFiles.Write(directory, [new("a", "text"), new("key", "text", Private: true)]));
        Assert.Equal(before, File.GetLastWriteTimeUtc(At("a")));
    }

    [Fact]
    public void A_changed_file_is_replaced_whole()
    {
        OutputFiles.Write(directory, [new("a", "a long first version")]);
        using var reader = new StreamReader(At("a"));
        Assert.Equal(["a"], OutputFiles.Write(directory, [new("a", "short")]));
        Assert.Equal("short", File.ReadAllText(At("a")));
        Assert.Equal("a long first version", reader.ReadToEnd());
        Assert.Equal([At("a")], Directory.GetFiles(directory));
    }

    [Fact]
    public void Other_files_are_kept()
    {
        File.WriteAllText(At("other"), "mine");
        OutputFiles.Write(directory, [new("a", "text")]);
        Assert.Equal("mine", File.ReadAllText(At("other")));
    }

    [Fact]
    public void Leftovers_of_an_interrupted_run_are_replaced()
    {
        File.WriteAllText(At("key.new"), "half");
        SetMode("key.new", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        OutputFiles.Write(directory, [new("key", "whole", Private: true)]);
        Assert.Equal("whole", File.ReadAllText(At("key")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, Mode("key"));
        Assert.False(File.Exists(At("key.new")));
    }

    [Fact]
    public void Private_files_are_for_their_owner_only_and_the_others_for_all_to_read()
    {
        OutputFiles.Write(directory, [new("key", "k", Private: true), new("configuration", "c")]);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, Mode("key"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead, Mode("configuration"));
    }

    [Fact]
    public void A_private_file_that_was_opened_to_others_is_closed_again()
    {
        OutputFiles.Write(directory, [new("key", "k", Private: true)]);
        SetMode("key", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        Assert.Equal(["key"], OutputFiles.Write(directory, [new("key", "k", Private: true)]));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, Mode("key"));
    }

    private UnixFileMode Mode(string path)
    {
        if (!OperatingSystem.IsWindows())
            return File.GetUnixFileMode(At(path));
        Assert.Skip("Windows has no file modes.");
        return default;
    }

    private void SetMode(string path, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(At(path), mode);
        else
            Assert.Skip("Windows has no file modes.");
    }

    private string At(string path) => Path.Combine(directory, path);
}
