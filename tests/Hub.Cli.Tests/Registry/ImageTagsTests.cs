using Hub.Cli.Engine;
using Hub.Cli.Publishing;

namespace Hub.Cli.Tests.Registry;

public class ImageTagsTests
{
    [Theory]
    [InlineData("v3.5.21", "v3.5.33", "v3.6.12", "v3.5.9", "v3.5.33", "v3.6.12", "v3.5.34-arm64", "v4.0.0", "latest")]
    [InlineData("3.0.8", null, "3.2.25", "3.2.25", "3.2.26-alpine", "2.9.1", "3.0.8", "lts")]
    [InlineData("pg17.10-ts2.28.2", "pg17.10-ts2.28.3", "pg17.11-ts2.29.2", "pg17.10-ts2.28.3", "pg17.11-ts2.29.2", "pg18.1-ts2.30.0",
        "pg17.12-ts2.30.0-oss", "pg17.9-ts2.31.0")]
    [InlineData("1.25.2", null, null, "1.25.1", "1.25.2", "1.25.3-12", "sha-12345678901234567890")]
    public void The_newest_of_the_same_form_counts(string tag, string? line, string? major, params string[] tags)
    {
        Assert.Equal(line, ImageTags.NewestOfLine(tag, tags));
        Assert.Equal(major, ImageTags.NewestOfMajor(tag, tags));
    }

    [Theory]
    [InlineData("haproxy:3.2.25", "registry-1.docker.io", "library/haproxy", "3.2.25", "https")]
    [InlineData("timescale/timescaledb-ha:pg17", "registry-1.docker.io", "timescale/timescaledb-ha", "pg17", "https")]
    [InlineData("docker.io/library/haproxy:3.2.25", "registry-1.docker.io", "library/haproxy", "3.2.25", "https")]
    [InlineData("quay.io/coreos/etcd:v3.5.33@sha256:0", "quay.io", "coreos/etcd", "v3.5.33", "https")]
    [InlineData("127.0.0.1:5000/hub/ingest:1", "127.0.0.1:5000", "hub/ingest", "1", "http")]
    [InlineData("localhost/hub:1", "localhost", "hub", "1", "http")]
    public void A_name_says_which_registry_is_asked(string image, string host, string repository, string tag, string scheme)
    {
        var name = ImageName.Parse(image);
        Assert.Equal(new ImageName(host, repository, tag), name);
        Assert.Equal(scheme, name.Address.Scheme);
    }
}
