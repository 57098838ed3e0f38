using System.Globalization;

namespace Analytics.Ingest.Database;

/// <summary>The version of the schema that this build needs.</summary>
internal static class SchemaVersion
{
    /// <summary>The number of the script that made the newest thing this build uses: 14 adds the limits of keys.</summary>
    public const int Required = 14;

    /// <summary>Whether a version, as <c>analytics.schema_metadata</c> holds it, is at least the required one.</summary>
    public static bool IsEnough(string version, out int number) =>
        int.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number >= Required;
}
