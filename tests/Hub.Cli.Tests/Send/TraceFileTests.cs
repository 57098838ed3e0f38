using Hub.Cli.Send.Traces;

namespace Hub.Cli.Tests.Send;

public sealed class TraceFileTests
{
    private const string Header = "TIMESTAMP,ContextTokens,GeneratedTokens\n";

    [Fact]
    public void Reads_times_to_the_last_digit_and_tokens()
    {
        var rows = Sample.Rows(Sample.Csv);

        Assert.Equal(4, rows.Count);
        Assert.Equal(new TraceRow(new DateTime(2023, 11, 16, 18, 17, 3, DateTimeKind.Utc).AddTicks(9_799_600), 4808, 10), rows[0]);
        Assert.Equal(new TraceRow(new DateTime(2023, 11, 16, 18, 17, 5, DateTimeKind.Utc), 7433, 14), rows[3]);
        Assert.All(rows, row => Assert.Equal(DateTimeKind.Utc, row.Time.Kind));
    }

    [Theory]
    [InlineData("2024-05-10 00:00:00.009930+00:00,1,2", "2024-05-10T00:00:00.0099300Z")]
    [InlineData("2024-05-10 02:00:00+02:00,1,2", "2024-05-10T00:00:00.0000000Z")]
    [InlineData("2024-05-10T00:00:00.5Z,1,2\r", "2024-05-10T00:00:00.5000000Z")]
    [InlineData(" 2024-05-10 00:00:00 , 1 , 2 ", "2024-05-10T00:00:00.0000000Z")]
    public void Reads_the_forms_of_time_that_the_traces_use(string line, string expected)
    {
        var row = Assert.Single(Sample.Rows(Header + line));
        Assert.Equal(expected, row.Time.ToString("o"));
        Assert.Equal((1, 2), (row.InputTokens, row.OutputTokens));
    }

    [Fact]
    public void Finds_the_columns_by_name_among_others_in_any_order()
    {
        var row = Assert.Single(Sample.Rows("NumImages,GeneratedTokens,contexttokens,Timestamp\n3,7,9,2024-05-10 00:00:00"));
        Assert.Equal((9, 7), (row.InputTokens, row.OutputTokens));
    }

    [Fact]
    public void Skips_empty_lines_and_reads_only_as_many_rows_as_asked_for()
    {
        Assert.Equal(2, Sample.Rows(Header + "2024-05-10 00:00:00,1,2\r\n\r\n2024-05-10 00:00:01,1,2\r\n\r\n").Count);
        // What lies behind them is not looked at.
        Assert.Equal(2, TraceFile.Read(new StringReader(Sample.Csv + "\nnonsense"), "trace.csv", 2).Count);
    }

    [Theory]
    [InlineData("", "trace.csv:1:1: the file is empty. Expected the header TIMESTAMP,ContextTokens,GeneratedTokens.")]
    [InlineData("a,b,c\n1,2,3", "trace.csv:1:1: the header \"a,b,c\" has no column TIMESTAMP.")]
    [InlineData("TIMESTAMP,ContextTokens\n", "trace.csv:1:1: the header \"TIMESTAMP,ContextTokens\" has no column GeneratedTokens.")]
    [InlineData(Header, "trace.csv:2:1: there is no row below the header.")]
    [InlineData(Header + "2024-05-10 00:00:00,1,2\n2024-05-10 00:00:00,x1,2",
        "trace.csv:3:21: ContextTokens is \"x1\". Expected a whole number from 0 to 100000000.")]
    [InlineData(Header + "2024-05-10 00:00:00,1,-2", "trace.csv:2:23: GeneratedTokens is \"-2\". Expected a whole number")]
    [InlineData(Header + "2024-05-10 00:00:00,1,", "trace.csv:2:23: GeneratedTokens is \"\". Expected a whole number")]
    [InlineData(Header + "2024-05-10 00:00:00,1.5,2", "trace.csv:2:21: ContextTokens is \"1.5\".")]
    [InlineData(Header + "2024-05-10 00:00:00,100000001,2", "trace.csv:2:21: ContextTokens is \"100000001\".")]
    [InlineData(Header + "2024-05-10 00:00:00,99999999999999999999,2", "trace.csv:2:21: ContextTokens is \"99999999999999999999\".")]
    [InlineData(Header + "2024-05-10 00:00:00,1", "trace.csv:2:22: the line ends before GeneratedTokens, its field 3.")]
    [InlineData(Header + "10/05/2024 00:00,1,2",
        "trace.csv:2:1: TIMESTAMP is \"10/05/2024 00:00\". Expected a UTC time such as 2023-11-16 18:17:03.9799600.")]
    [InlineData(Header + "2024-02-30 00:00:00,1,2", "trace.csv:2:1: TIMESTAMP is \"2024-02-30 00:00:00\".")]
    public void Says_file_line_column_and_what_is_expected(string csv, string message)
    {
        var fault = Assert.Throws<TraceFileException>(() => Sample.Rows(csv));
        Assert.StartsWith(message, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Says_why_a_file_cannot_be_opened()
    {
        var folder = Directory.CreateTempSubdirectory("hub-send").FullName;
        try
        {
            var missing = Assert.Throws<TraceFileException>(() => TraceFile.Read(Path.Combine(folder, "none.csv")));
            Assert.Contains("there is no such file", missing.Message, StringComparison.Ordinal);
            var directory = Assert.Throws<TraceFileException>(() => TraceFile.Read(folder));
            Assert.Contains("it is a directory", directory.Message, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
