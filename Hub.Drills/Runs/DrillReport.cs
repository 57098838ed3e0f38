using System.Text.Json;
using System.Text.Json.Serialization;

namespace Hub.Drills.Runs;

/// <summary>The runs of one call and their summary, as they are saved. Times are seconds.</summary>
/// <param name="Hub">The hub's name.</param>
/// <param name="Images">Image of the database: its editions differ.</param>
/// <param name="Processors">Of the machine that drilled: figures depend on it.</param>
/// <param name="Summary">One line for each fault and path.</param>
/// <param name="Results">Every run.</param>
public sealed record DrillReport(string Hub, string Images, int Processors, IReadOnlyList<DrillSummary> Summary,
    IReadOnlyList<DrillResult> Results)
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Converters = { new Seconds() }
    };

    public string ToJson() => JsonSerializer.Serialize(this, Options) + "\n";

    private sealed class Seconds : JsonConverter<TimeSpan>
    {
        public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            TimeSpan.FromSeconds(reader.GetDouble());

        public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) =>
            writer.WriteNumberValue(Math.Round(value.TotalSeconds, 3));
    }
}
