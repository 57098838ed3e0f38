using System.Text;
using Google.Protobuf;
using Hub.Cli.Send.Otlp;

namespace Hub.Cli.Tests.Send;

public sealed class OtlpAnswerTests
{
    private const string Protobuf = "application/x-protobuf";
    private const string Json = "application/json";

    [Theory]
    [InlineData(null, "")]
    [InlineData(Protobuf, "")]
    [InlineData(Json, "{}")]
    [InlineData(Json, """{"partialSuccess":{}}""")]
    public void Empty_response_is_full_success(string? type, string body) => Assert.Equal((0, ""), OtlpAnswer.PartialSuccess(type, Encoding.UTF8.GetBytes(body)));

    [Theory]
    [InlineData("""{"partialSuccess":{"rejectedSpans":"3","errorMessage":"too old"}}""")]
    [InlineData("""{"partialSuccess":{"rejectedSpans":3,"errorMessage":"too old","new":[]}}""")]
    public void Reads_a_partial_success_in_JSON(string body) => Assert.Equal((3, "too old"), OtlpAnswer.PartialSuccess(Json, Encoding.UTF8.GetBytes(body)));

    [Fact]
    public void Reads_a_partial_success_in_protobuf() => Assert.Equal((300, "too old"), OtlpAnswer.PartialSuccess(Protobuf, Answers.Partial(300, "too old")));

    [Theory]
    [InlineData("text/html", "<html>")]
    [InlineData(null, "hello")]
    [InlineData(Json, "{")]
    [InlineData(Json, "[]")]
    [InlineData(Json, """{"partialSuccess":{"rejectedSpans":"many"}}""")]
    [InlineData(Json, """{"partialSuccess":{"rejectedSpans":-1}}""")]
    [InlineData(Protobuf, "\n\u007f")]
    [InlineData(Protobuf, "hello, I am no protobuf")]
    public void Other_responses_are_not_acknowledgements(string? type, string body) =>
        Assert.Throws<InvalidDataException>(() => OtlpAnswer.PartialSuccess(type, Encoding.UTF8.GetBytes(body)));

    [Fact]
    public void Random_bytes_are_read_or_refused_and_nothing_else()
    {
        var random = new Random(1);
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = new byte[random.Next(1, 40)];
            random.NextBytes(bytes);
            try
            {
                OtlpAnswer.PartialSuccess(Protobuf, bytes);
            }
            catch (InvalidDataException)
            {
                // Refused, as it should be.
            }

            Assert.NotNull(OtlpAnswer.StatusMessage(Protobuf, bytes));
        }
    }

    [Fact]
    public void Reads_the_message_of_a_status()
    {
        Assert.Equal("no such key", OtlpAnswer.StatusMessage(Protobuf, Answers.Status("no such key")));
        Assert.Equal("no such key", OtlpAnswer.StatusMessage(Json, Encoding.UTF8.GetBytes("""{"code":16,"message":"no such key"}""")));
        Assert.Equal("", OtlpAnswer.StatusMessage(Protobuf, []));
        Assert.Equal("Bad Gateway", OtlpAnswer.StatusMessage("text/plain", "Bad Gateway"u8));
        Assert.Contains("is no application/json", OtlpAnswer.StatusMessage(Json, "<html>"u8), StringComparison.Ordinal);
    }

    [Fact]
    public void A_message_cannot_write_to_the_terminal_nor_fill_it()
    {
        var shown = OtlpAnswer.StatusMessage("text/plain", Encoding.UTF8.GetBytes("a\u001b[2Jb\n" + new string('x', 1000)));
        Assert.DoesNotContain(shown, char.IsControl);
        Assert.InRange(shown.Length, 1, 301);
    }
}

/// <summary>Answers of a receiver, written by Google's writer.</summary>
internal static class Answers
{
    public static byte[] Partial(long rejected, string message) => Message(response => Write(response, 1, Message(partial =>
    {
        partial.WriteTag(1, WireFormat.WireType.Varint);
        partial.WriteInt64(rejected);
        partial.WriteTag(2, WireFormat.WireType.LengthDelimited);
        partial.WriteString(message);
    })));

    public static byte[] Status(string message) => Message(status =>
    {
        status.WriteTag(1, WireFormat.WireType.Varint);
        status.WriteInt32(3);
        status.WriteTag(2, WireFormat.WireType.LengthDelimited);
        status.WriteString(message);
    });

    private static void Write(CodedOutputStream output, int field, byte[] content)
    {
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(ByteString.CopyFrom(content));
    }

    private static byte[] Message(Action<CodedOutputStream> write)
    {
        using var buffer = new MemoryStream();
        using (var output = new CodedOutputStream(buffer)) write(output);
        return buffer.ToArray();
    }
}
