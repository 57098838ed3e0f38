using System.Text;

namespace Analytics.Topology;

/// <summary>A file to be written: renderers return these, <see cref="OutputFiles"/> alone touches the disk.</summary>
/// <param name="Path">Relative, with forward slashes.</param>
/// <param name="Content">Text; written as UTF-8 without a byte-order mark.</param>
/// <param name="Private">Readable by its owner only (mode 600): keys and passwords.</param>
/// <param name="Executable">A script (mode 755).</param>
public sealed record OutputFile(string Path, string Content, bool Private = false, bool Executable = false);

/// <summary>The only writer of this library.</summary>
public static class OutputFiles
{
    private const UnixFileMode PrivateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode PublicMode = PrivateMode | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private const UnixFileMode ScriptMode = PublicMode | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>
    /// Writes the files that differ, in place: containers have their directories mounted and must see the change. Directories are
    /// made as needed; nothing is removed.
    /// </summary>
    /// <returns>The paths that were written, in order.</returns>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public static IReadOnlyList<string> Write(string directory, IEnumerable<OutputFile> files)
    {
        ArgumentNullException.ThrowIfNull(files);
        var written = new List<string>();
        foreach (var file in files.OrderBy(file => file.Path, StringComparer.Ordinal))
        {
            var path = Path.Combine(directory, file.Path);
            if (File.Exists(path) && File.ReadAllText(path) == file.Content && IsClosed(path, file))
                continue;
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            Save(path, file);
            written.Add(file.Path);
        }

        return written;
    }

    /// <summary>A key that somebody has made readable to others counts as different, and so does a script that cannot be run.</summary>
    private static bool IsClosed(string path, OutputFile file) =>
        !(file.Private || file.Executable) || OperatingSystem.IsWindows() || File.GetUnixFileMode(path) == ModeOf(file);

    private static UnixFileMode ModeOf(OutputFile file) => file.Private ? PrivateMode : file.Executable ? ScriptMode : PublicMode;

    /// <summary>The mode is set before the first byte of a private file is written, and a file is replaced whole or not at all.</summary>
    private static void Save(string path, OutputFile file)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = ModeOf(file);
        var temporary = path + ".new";
        File.Delete(temporary);
        using (var stream = new FileStream(temporary, options))
            stream.Write(new UTF8Encoding(encoderShouldEmitUTF8Identifier: false).GetBytes(file.Content));
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(temporary, ModeOf(file));
        File.Move(temporary, path, overwrite: true);
    }
}
