using AppHost.Deployment;

namespace AppHost.Tests;

public class DeployQuestionsTests
{
    private readonly Operators operators = Operators.Create();

    [Fact]
    public async Task The_bucket_that_is_named_goes_to_the_script_and_its_secret_into_the_environment()
    {
        operators.Answers = new()
        {
            ["bucket"] = "backups",
            ["region"] = "eu",
            ["endpoint"] = "minio:9000",
            ["path-style"] = "true",
            ["key"] = "the-key",
            ["secret"] = "the-secret"
        };
        var options = await operators.Service.AskForBucketAsync(DeployOptions.Parse(["--timeout", "60"], "/"),
            TestContext.Current.CancellationToken);
        Assert.Equal(["--timeout", "60", "--s3-bucket", "backups", "--s3-region", "eu", "--s3-endpoint", "minio:9000", "--s3-path-style"],
            options.Arguments);
        Assert.Equal(new Dictionary<string, string> { ["HUB_S3_KEY"] = "the-key", ["HUB_S3_SECRET"] = "the-secret" }, options.Environment);
        Assert.True(options.Bucket);
        Assert.Equal(["secret"], operators.Asked.Where(input => input.InputType == InputType.SecretText).Select(input => input.Name));
    }

    [Fact]
    public async Task What_may_be_left_out_is_left_out()
    {
        operators.Answers = new() { ["bucket"] = "backups", ["region"] = "eu", ["key"] = "k", ["secret"] = "s" };
        var options = await operators.Service.AskForBucketAsync(DeployOptions.Parse([], "/"), TestContext.Current.CancellationToken);
        Assert.Equal(["--s3-bucket", "backups", "--s3-region", "eu"], options.Arguments);
        Assert.Equal(["endpoint", "path-style"], operators.Asked.Where(input => !input.Required).Select(input => input.Name));
    }

    [Fact]
    public async Task Who_does_not_answer_stops_it()
    {
        var cancel = TestContext.Current.CancellationToken;
        await Assert.ThrowsAsync<OperationCanceledException>(() => operators.Service.ConfirmAsync("there", cancel));
        operators.Agrees = true;
        await operators.Service.ConfirmAsync("there", cancel);
        operators.Cancels = true;
        await Assert.ThrowsAsync<OperationCanceledException>(() => operators.Service.ConfirmAsync("there", cancel));
        await Assert.ThrowsAsync<OperationCanceledException>(() => operators.Service.AskForBucketAsync(DeployOptions.Parse([], "/"),
            cancel));
    }
}
