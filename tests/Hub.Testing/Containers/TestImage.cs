using System.Security.Cryptography;
using System.Text;
using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Configurations;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hub.Testing;

/// <summary>Images of the tests' own, each from a directory here with a Dockerfile.</summary>
public static class TestImage
{
    /// <summary>Object storage.</summary>
    public static Task<string> StorageAsync(CancellationToken cancel = default) => BuildAsync("Storage", on: null, cancel);

    /// <summary>An image registry.</summary>
    public static Task<string> RegistryAsync(CancellationToken cancel = default) => BuildAsync("Registry", on: null, cancel);

    /// <summary>The database image (<see cref="DatabaseServer.Image"/>), with a clock that can be set.</summary>
    public static Task<string> ClockAsync(CancellationToken cancel = default) => BuildAsync("Clock", DatabaseServer.Image, cancel);

    /// <summary>Under a name that holds what it is made of: built once.</summary>
    private static async Task<string> BuildAsync(string directory, string? on, CancellationToken cancel)
    {
        var source = Path.Combine(AppContext.BaseDirectory, directory);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in Directory.GetFiles(source).Order(StringComparer.Ordinal))
            hash.AppendData(await File.ReadAllBytesAsync(file, cancel));
        if (on is not null)
            hash.AppendData(Encoding.UTF8.GetBytes(await Engine.ImageIdAsync(on, cancel) ?? Missing(on)));
        var image = $"hub-test/{directory.ToLowerInvariant()}:{Convert.ToHexStringLower(hash.GetHashAndReset())[..12]}";
        if (await Engine.ImageIdAsync(image, cancel) is not null)
            return image;

        // Debian's packages are fetched by way of the host's network, which may be the only one that reaches them.
        var build = Prerequisites.Build(() =>
        {
            var builder = new ImageFromDockerfileBuilder().WithDockerfileDirectory(source).WithName(image).WithCleanUp(false)
                .WithCreateParameterModifier(create => create.NetworkMode = "host").WithLogger(NullLogger.Instance);
            return (on is null ? builder : builder.WithBuildArgument("DATABASE_IMAGE", on)).Build();
        });
        await build.CreateAsync(cancel);
        return image;
    }

    private static string Missing(string image)
    {
        Prerequisites.Missing($"a container engine with the image {image} (./hub images builds it)");
        return image;
    }
}
