namespace Hub.Cli.Send.Traces;

/// <summary>A trace file that cannot be read; the message says file, line, column and what is expected there.</summary>
internal sealed class TraceFileException(string message, Exception? inner = null) : Exception(message, inner);
