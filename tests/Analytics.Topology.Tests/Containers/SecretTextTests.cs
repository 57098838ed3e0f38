using Analytics.Topology.Containers;
using CsCheck;

namespace Analytics.Topology.Tests.Containers;

public class SecretTextTests
{
    [Fact]
    public void References_are_filled_in_and_the_rest_is_kept() =>
        Assert.Equal("postgres://monitor:<MONITOR_PASSWORD>@host/db?a=$1&b=${lower}",
            new SecretText("postgres://monitor:${MONITOR_PASSWORD}@host/db?a=$1&b=${lower}").Resolve(name => $"<{name}>"));

    [Fact]
    public void A_secret_that_looks_like_a_reference_is_not_filled_in_again() =>
        Assert.Equal("${B}", new SecretText("${A}").Resolve(name => name == "A" ? "${B}" : "wrong"));

    [Fact]
    public void Parts_alternate_between_text_and_secrets() =>
        Assert.Equal([("a=", false), ("A", true), ("B_2", true), (";c", false)], new SecretText("a=${A}${B_2};c").Parts());

    [Fact]
    public void A_text_without_reference_is_one_part_and_an_empty_one_none()
    {
        Assert.Equal([("plain", false)], new SecretText("plain").Parts());
        Assert.Empty(new SecretText("").Parts());
    }

    [Fact]
    public void Parts_together_are_the_text() =>
        Gen.String[Gen.Char["${}AB_1 x"], 0, 30].Sample(template =>
            Assert.Equal(template,
                string.Concat(new SecretText(template).Parts().Select(part => part.IsSecret ? "${" + part.Text + "}" : part.Text))));
}
