namespace Analytics.Ingest.Keys;

/// <summary>What one key may send; null is no limit.</summary>
/// <param name="RequestsPerSecond">Requests that bring data, greater than 0; for each replica of ingest.</param>
/// <param name="BytesPerSecond">Bytes of their bodies as sent, greater than 0; for each replica of ingest.</param>
/// <param name="CallsPerDay">Model calls stored on one day of UTC, greater than 0; over all replicas.</param>
internal sealed record KeyLimits(double? RequestsPerSecond, long? BytesPerSecond, long? CallsPerDay)
{
    public static readonly KeyLimits None = new(null, null, null);
}

/// <summary>Whose request it is.</summary>
/// <param name="KeyId">The key.</param>
/// <param name="ProjectId">Its project.</param>
/// <param name="Limits">Its limits.</param>
/// <param name="Day">The day, in UTC, of <paramref name="CallsOfDay"/>.</param>
/// <param name="CallsOfDay">Calls that were stored with the key on that day when it was looked up; counted only under a limit.</param>
internal sealed record Caller(int KeyId, int ProjectId, KeyLimits Limits, DateOnly Day = default, long CallsOfDay = 0);
