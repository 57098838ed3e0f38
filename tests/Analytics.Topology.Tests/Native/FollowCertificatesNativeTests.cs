using Analytics.Topology.Config;

namespace Analytics.Topology.Tests.Native;

/// <summary>The programs of a gateway pod, started by follow-certificates.sh, with a certificate that changes under them.</summary>
[Trait(Tiers.Trait, Tiers.Native)]
public class FollowCertificatesNativeTests
{
    // The mounted files stay as they are: everything is asked to look at a copy. Shown is the first certificate, then the one that it is
    // replaced by.
    private const string Script = """
        set -eu
        cp -r /etc/hub/tls /tmp/tls && chmod 700 /tmp/tls
        for file in /etc/hub/config/$1 /etc/hub/test/follow-certificates.sh; do sed 's#/etc/hub/tls#/tmp/tls#g' "$file" > "/tmp/${file##*/}"; done
        HUB_FOLLOW_SECONDS=0.2 sh /tmp/follow-certificates.sh "$2" $3 &
        show() { openssl s_client -connect 127.0.0.1:$1 < /dev/null 2> /dev/null | openssl x509 -noout -subject 2> /dev/null; }
        until_shown() { for each in $(seq 100); do [ "$(show "$1")" != "$2" ] || { echo "$2"; return; }; sleep 0.2; done; echo "still $(show "$1")"; exit 1; }
        first=$(openssl x509 -noout -subject -in /tmp/tls/tls.crt)
        until_shown "$4" "$first"
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=renewed -days 1 -keyout /tmp/key -out /tmp/certificate 2> /dev/null
        mv /tmp/key /tmp/tls/tls.key && mv /tmp/certificate /tmp/tls/tls.crt
        until_shown "$4" "$(openssl x509 -noout -subject -in /tmp/tls/tls.crt)"
        kill -0 $! && kill -TERM $!
        """;

    [Theory]
    [InlineData(ClusterNames.HaProxy, HaProxyConfig.FileName, "USR2", "haproxy -W -db -f /tmp/haproxy.cfg", "8404")]
    [InlineData(ClusterNames.PgBouncer, PgBouncerConfig.FileName, "HUP", "pgbouncer /tmp/pgbouncer.ini", "6432 -starttls postgres")]
    public async Task Take_a_renewed_certificate_without_a_restart(string name, string file, string signal, string program, string port)
    {
        var deployment = NativeDeployments.For("development");
        var spec = deployment.Container(name).WithFile("/etc/hub/test", "follow-certificates.sh", Templates.Read("follow-certificates.sh"));
        spec = spec with { Scratch = ["/tmp"] };
        var result = await Engine.RunAsync(deployment, spec,
            ["sh", "-c", Script.ReplaceLineEndings("\n"), "sh", file, signal, program, port],
            cancel: TestContext.Current.CancellationToken);
        Assert.Matches(@"^subject=.*Hub.*\nsubject=CN ?= ?renewed$",
            result.Accepted().Output.Trim().Split('\n').Where(line => line.StartsWith("subject", StringComparison.Ordinal))
                .Aggregate((one, two) => $"{one}\n{two}"));
        Assert.Contains($"sending {signal}", result.Error, StringComparison.Ordinal);
    }
}
