using Microsoft.Playwright;

namespace AppHost.Tests.Runs;

/// <summary>A headless Chromium of this machine.</summary>
internal sealed class Browser : IAsyncDisposable
{
    /// <summary>Names and places under which systems install it.</summary>
    private static readonly string[] Programs =
        ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome",
            "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"];

    private readonly IPlaywright playwright;
    private readonly IBrowser browser;

    private Browser(IPlaywright playwright, IBrowser browser) => (this.playwright, this.browser) = (playwright, browser);

    /// <summary>Starts it; without one the test is skipped with that reason, and fails in CI.</summary>
    public static async Task<Browser> StartAsync()
    {
        if (Programs.FirstOrDefault(File.Exists) is not { } program)
        {
            Prerequisites.Missing("Chromium (Debian: apt-get install chromium)");
            throw new InvalidOperationException("Missing returned.");
        }

        var playwright = await Playwright.CreateAsync();
        return new Browser(playwright,
            await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = program, Args = ["--no-sandbox"] }));
    }

    /// <summary>Opens a page, as wide as a notebook's screen.</summary>
    public async Task<IPage> OpenAsync(Uri address, int height = 1080)
    {
        var page = await browser.NewPageAsync(new BrowserNewPageOptions
        { ViewportSize = new ViewportSize { Width = 1500, Height = height } });
        await page.GotoAsync(address.ToString());
        return page;
    }

    /// <summary>
    /// Takes a picture into the test results. With <c>HUB_ACCEPT_SNAPSHOTS=1</c> it also becomes the committed one, for a person to look
    /// at; what is right about a page is asserted by its text, not by its pixels.
    /// </summary>
    public static async Task PictureAsync(IPage page, string name)
    {
        var picture = await page.ScreenshotAsync();
        var directory = Environment.GetEnvironmentVariable("HUB_ACCEPT_SNAPSHOTS") is "1" or "true"
            ? Path.Combine(AspireCli.Repository, "docs", "images") : Path.Combine(AppContext.BaseDirectory, "TestResults");
        Directory.CreateDirectory(directory);
        await File.WriteAllBytesAsync(Path.Combine(directory, name), picture, TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await browser.DisposeAsync();
        playwright.Dispose();
    }
}
