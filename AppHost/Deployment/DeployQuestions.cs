namespace AppHost.Deployment;

/// <summary>What deploy.sh would ask for, asked in the terminal of <c>aspire deploy</c>.</summary>
internal static class DeployQuestions
{
    private const string Bucket = "bucket", Region = "region", Endpoint = "endpoint", Key = "key", Secret = "secret",
        PathStyle = "path-style";

    /// <summary>Where the backups go: without that PostgreSQL keeps all WAL until its volume is full.</summary>
    /// <exception cref="OperationCanceledException">The operator does not say.</exception>
    public static async Task<DeployOptions> AskForBucketAsync(this IInteractionService operators, DeployOptions options,
        CancellationToken cancellation)
    {
        var result = await operators.PromptInputsAsync("Backups", "Name the bucket that backups go to, and a key that may write there.",
            [
                Text(Bucket, "Bucket"), Text(Region, "Region"),
                new InteractionInput { Name = Endpoint, Label = "Endpoint", Placeholder = "s3.REGION.amazonaws.com",
                    InputType = InputType.Text, Required = false },
                new InteractionInput { Name = PathStyle, Label = "The bucket in the path, as MinIO needs it", InputType = InputType.Boolean,
                    Required = false },
                Text(Key, "Access key ID"),
                new InteractionInput { Name = Secret, Label = "Secret access key", InputType = InputType.SecretText, Required = true },
            ], cancellationToken: cancellation);
        if (result.Canceled || result.Data is not { } answers)
            throw new OperationCanceledException("No bucket was named; nothing was changed.");
        List<string> bucket = ["--s3-bucket", answers[Bucket].Value!, "--s3-region", answers[Region].Value!];
        if (answers[Endpoint].Value is { Length: > 0 } endpoint)
            bucket.AddRange(["--s3-endpoint", endpoint]);
        if (answers[PathStyle].Value is "true" or "True")
            bucket.Add("--s3-path-style");
        return options.With(bucket, answers[Key].Value!, answers[Secret].Value!);
    }

    /// <exception cref="OperationCanceledException">The operator does not want it.</exception>
    public static async Task ConfirmAsync(this IInteractionService operators, string cluster, CancellationToken cancellation)
    {
        var result = await operators.PromptNotificationAsync("Deploy", $"Install or update Hub in {cluster}?",
            new NotificationInteractionOptions
            {
                Intent = MessageIntent.Confirmation,
                PrimaryButtonText = "Yes",
                SecondaryButtonText = "No",
                ShowSecondaryButton = true,
                ShowDismiss = false
            },
            cancellation);
        if (result.Canceled || !result.Data)
            throw new OperationCanceledException("Stopped; nothing was changed.");
    }

    private static InteractionInput Text(string name, string label) => new()
    {
        Name = name,
        Label = label,
        InputType = InputType.Text,
        Required = true
    };
}
