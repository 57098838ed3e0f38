using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Hub.Cli.Engine;
using Hub.Cli.Renewal;
using Hub.Cli.State;
using Spectre.Console;

namespace Hub.Cli.Commands;

/// <summary><c>hub certificates</c>: what there is, and new ones for a hub that goes on running.</summary>
internal static class CertificatesCommand
{
    public static Command Create(Ui ui)
    {
        var list = new Command("list", "List the certificates and when they expire.");
        list.SetAction(_ => List(ui));
        var authority = new Option<bool>("--authority") { Description = "Also replace the CA. Both are trusted until every component has a certificate of the new one. If this is interrupted, the next run continues." };
        var renew = new Command("renew", "Issue new certificates for every component of the running hub. No call of ingest fails, and PostgreSQL does not restart.") { authority };
        renew.SetAction((parse, cancellation) => RenewAsync(ui, parse.GetValue(authority), cancellation));
        return new Command("certificates", "List and renew the hub's certificates, or replace the CA.") { list, renew };
    }

    private static void List(Ui ui)
    {
        var deployment = Deployment.LoadExisting();
        var table = new Table().Border(TableBorder.Simple).AddColumns("Certificate", "Expires", "Days left");
        foreach (var path in Directory.EnumerateFiles(Path.Combine(deployment.Directory, "tls"), "tls.crt", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Prepend(deployment.CaFile))
        {
            var found = new X509Certificate2Collection();
            found.ImportFromPemFile(path);
            foreach (var certificate in found)
            {
                var left = (certificate.NotAfter.ToUniversalTime() - TimeProvider.System.GetUtcNow().UtcDateTime).TotalDays;
                table.AddRow(Path.GetRelativePath(deployment.Directory, path), certificate.NotAfter.ToUniversalTime().ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture),
                    left.ToString("0", CultureInfo.InvariantCulture));
                certificate.Dispose();
            }
        }

        ui.Console.Write(table);
    }

    private static async Task<int> RenewAsync(Ui ui, bool authority, CancellationToken cancellation)
    {
        var deployment = Deployment.LoadExisting();
        using var alone = deployment.Lock();
        var engine = await ContainerEngine.ConnectAsync(cancellation);
        var cluster = await LocalHub.ConnectAsync(deployment, engine, cancellation);
        var renewal = new CertificateRenewal(deployment, engine, cluster);
        await ui.StepAsync("Checking that the hub is healthy", report => cluster.UntilHealthyAsync(TimeSpan.FromSeconds(30), report, cancellation), "yes");
        await ui.StepAsync(authority ? "New CA and certificates" : "Certificates", report => authority ? renewal.ReplaceAuthorityAsync(report, cancellation) : renewal.RenewAsync(report, cancellation), "in use");
        if (authority)
            ui.Console.WriteLine($"Your own clients that verify the hub need the new CA: {deployment.CaFile}");
        return 0;
    }
}
