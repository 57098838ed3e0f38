using Analytics.Topology.Dashboards;
using Hub.Cli.Status;

namespace Hub.Cli.Tests.Status;

public sealed class FiguresTests
{
    [Theory]
    [InlineData(null, Units.Seconds, "–")]
    [InlineData(double.NaN, Units.Seconds, "–")]
    [InlineData(0.0123, Units.Seconds, "12 ms")]
    [InlineData(12.34, Units.Seconds, "12.3 s")]
    [InlineData(600.0, Units.Seconds, "10 min")]
    [InlineData(90_000.0, Units.Seconds, "25 h")]
    [InlineData(864_000.0, Units.Seconds, "10 d")]
    [InlineData(0.125, Units.Share, "12.5 %")]
    [InlineData(0.0, Units.Bytes, "0 B")]
    [InlineData(1536.0, Units.Bytes, "1.5 KiB")]
    [InlineData(1234.0, Units.Count, "1.2 k")]
    [InlineData(7.0, Units.Count, "7")]
    public void Are_formatted_for_people(double? value, string unit, string text) => Assert.Equal(text, Figures.Text(new FigureStatus("a figure", value, unit)));
}
