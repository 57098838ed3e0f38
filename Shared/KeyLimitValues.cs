using System.Globalization;

namespace Hub.Shared;

/// <summary>The limits of an API key as operators write them: a number, or <c>none</c> to remove the limit.</summary>
internal static class KeyLimitValues
{
    public const string None = "none";

    /// <summary>The options of <c>./hub key limit</c>.</summary>
    public const string RequestsPerSecond = "requests-per-second", BytesPerSecond = "bytes-per-second", CallsPerDay = "calls-per-day";

    /// <summary>An expression over <c>analytics.api_keys k</c> that shows the limits of a key.</summary>
    public const string Shown = """
        coalesce(nullif(concat_ws(', ', k.max_requests_per_second || ' requests/s', k.max_bytes_per_second || ' bytes/s',
                                  k.max_calls_per_day || ' calls/day'), ''), 'none')
        """;

    /// <summary>
    /// Changes the limits of key $1: requests $2, bytes $3 and calls $4 as text, where NULL leaves a limit as it is. Returns the key's
    /// first characters and its limits; no row when there is no such key.
    /// </summary>
    public const string Change = $"""
        UPDATE analytics.api_keys k SET
          max_requests_per_second = CASE WHEN $2::text IS NULL THEN k.max_requests_per_second ELSE nullif($2, '{None}')::float8 END,
          max_bytes_per_second = CASE WHEN $3::text IS NULL THEN k.max_bytes_per_second ELSE nullif($3, '{None}')::bigint END,
          max_calls_per_day = CASE WHEN $4::text IS NULL THEN k.max_calls_per_day ELSE nullif($4, '{None}')::bigint END
        WHERE k.key_id = $1 AND k.revoked_at IS NULL RETURNING k.key_prefix, {Shown}
        """;

    /// <summary>What is wrong with a value; null when nothing is.</summary>
    /// <param name="limit">Which limit it is for.</param>
    /// <param name="value">The value.</param>
    public static string? Problem(string limit, string value)
    {
        if (value == None) return null;
        if (limit == RequestsPerSecond)
        {
            return double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var rate)
                && rate is >= 0.001 and <= 1_000_000 ? null : $"{value} is not 0.001 to 1000000, and not {None}";
        }

        return long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var whole) && whole > 0
            ? null : $"{value} is not a whole number above 0, and not {None}";
    }
}
