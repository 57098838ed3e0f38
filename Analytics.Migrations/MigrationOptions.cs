using System.ComponentModel.DataAnnotations;

namespace Analytics.Migrations;

/// <summary>How the runner behaves: section <c>Migrations</c>, for example <c>Migrations__PrimaryTimeout=00:10:00</c>.</summary>
public sealed class MigrationOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Migrations";

    /// <summary>How long to wait for a primary that 01-init-database.sql has prepared. Default 5 minutes, 1 second to 1 day.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan PrimaryTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How long to wait for another runner to finish. Default 15 minutes, 1 second to 1 day.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan RunnerTimeout { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>
    /// How long one statement may wait for a lock before the script fails. While it waits, every later writer queues behind it. Default 30
    /// seconds, 1 second to 1 hour.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan LockTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often a wait says what it waits for. Default 5 seconds, 1 second to 5 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan ProgressInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long between two looks at what is waited for. Default 1 second, 50 milliseconds to 1 minute.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Checks every range.</summary>
    /// <exception cref="ConfigurationException">A value is out of its range.</exception>
    public void Validate()
    {
        var problems = new List<ValidationResult>();
        if (!Validator.TryValidateObject(this, new ValidationContext(this), problems, validateAllProperties: true))
            throw new ConfigurationException($"{Section}: {string.Join(" ", problems.Select(p => p.ErrorMessage))}");
    }
}
