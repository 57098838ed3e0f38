using System.ComponentModel.DataAnnotations;
using System.Net;

namespace Analytics.Ingest;

/// <summary>The setting is a list of IP addresses, separated by commas; an empty one is a list too.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class IPAddressesAttribute : ValidationAttribute
{
    /// <exception cref="FormatException">One is not an address.</exception>
    public static IReadOnlyList<IPAddress> Parse(string list) => [.. Split(list).Select(IPAddress.Parse)];

    protected override ValidationResult? IsValid(object? value, ValidationContext validationContext)
    {
        ArgumentNullException.ThrowIfNull(validationContext);
        return Split((string?)value ?? "").FirstOrDefault(text => !IPAddress.TryParse(text, out _)) is { } wrong
            ? new ValidationResult($"{validationContext.DisplayName}: '{wrong}' is not an IP address. Give addresses such as 127.0.0.1, "
                + $"separated by commas.")
            : ValidationResult.Success;
    }

    private static string[] Split(string list) => list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
