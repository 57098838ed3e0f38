namespace Hub.Cli.Send;

/// <summary>The hub that is sent to when nothing else is said.</summary>
/// <param name="StateDirectory">Where <c>./hub up</c> keeps its files, the API key among them.</param>
/// <param name="Endpoint">Where traces go.</param>
/// <param name="Rest">Where questions go.</param>
internal sealed record SendTarget(string StateDirectory, Uri Endpoint, Uri Rest)
{
    private const string StateVariable = "HUB_STATE";
    private const string KeyFile = "api-key";

    public string KeyPath => Path.Combine(StateDirectory, KeyFile);

    /// <summary>The hub of the current directory, or of HUB_STATE, on the ports that <paramref name="portOffset"/> moves.</summary>
    public static SendTarget Local(string? stateDirectory = null, int portOffset = 0)
    {
        var configured = Environment.GetEnvironmentVariable(StateVariable);
        return new SendTarget(
            stateDirectory ?? (string.IsNullOrWhiteSpace(configured) ? ".hub" : configured),
            new Uri($"http://127.0.0.1:{4318 + portOffset}/v1/traces"), new Uri($"http://127.0.0.1:{8080 + portOffset}"));
    }

    /// <summary>Reads the key that <c>./hub up</c> wrote.</summary>
    /// <exception cref="SendException">There is none.</exception>
    public string ReadKey()
    {
        try
        {
            var key = File.ReadAllText(KeyPath).Trim();
            return key.Length > 0 ? key : throw new SendException($"The API key file {KeyPath} is empty. Run ./hub up, which writes it, or use --key.");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            var why = failure is FileNotFoundException or DirectoryNotFoundException ? "there is no such file" : failure.Message;
            throw new SendException($"No API key: {KeyPath}: {why}. Run ./hub up, which writes it, or use --key.", failure);
        }
    }
}

/// <summary>What the user must change before anything can be sent.</summary>
internal sealed class SendException(string message, Exception? inner = null) : Exception(message, inner);
