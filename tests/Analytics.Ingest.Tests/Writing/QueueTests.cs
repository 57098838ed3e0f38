using System.Net.Sockets;
using Analytics.Ingest.Calls;
using Analytics.Ingest.Database;
using Analytics.Ingest.Http;
using Analytics.Ingest.Keys;
using Analytics.Ingest.Pricing;
using Analytics.Ingest.Telemetry;
using Analytics.Ingest.Writing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

namespace Analytics.Ingest.Tests.Writing;

public sealed class QueueTests : IDisposable
{
    private readonly FakeTimeProvider time = new();
    private readonly ServiceProvider services = new ServiceCollection().AddMetrics().BuildServiceProvider();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => services.Dispose();

    [Fact]
    public void Request_is_queued_completely_or_not_at_all()
    {
        var queue = Queue(new IngestOptions { QueueRows = 16, BatchRows = 4 });
        Assert.True(TryEnqueue(queue, 10));
        Assert.False(TryEnqueue(queue, 7));
        Assert.Equal(10, queue.Calls);
        Assert.True(TryEnqueue(queue, 4));
        Assert.Equal(14, queue.Calls);
    }

    [Fact]
    public void A_project_at_full_speed_leaves_room_to_the_next_one()
    {
        var queue = Queue(new IngestOptions { QueueRows = 160, BatchRows = 4 });
        Assert.Equal(150, Fill(1));
        Assert.Equal(9, Fill(2));
        Assert.NotEqual(0, Fill(3));

        // When the first ones are written, the others get their equal parts.
        foreach (var part in queue.Take(spare: false)) queue.Leave(part);
        Assert.NotEqual(0, Fill(3));

        int Fill(int project)
        {
            var count = 0;
            while (TryEnqueue(queue, 1, project)) count++;
            return count;
        }
    }

    [Fact]
    public void The_largest_request_finds_room_in_an_empty_queue()
    {
        var queue = Queue(new IngestOptions { QueueRows = 100 });
        Assert.True(TryEnqueue(queue, 100));
        Assert.False(TryEnqueue(queue, 1));
    }

    [Fact]
    public async Task Lanes_wait_for_what_they_may_take_and_end_with_the_queue()
    {
        var queue = Queue(new IngestOptions { BatchRows = 10 });
        var (lane, spare) = (queue.WaitAsync(false, Cancel), queue.WaitAsync(true, Cancel));
        Assert.False(lane.IsCompleted || spare.IsCompleted);
        TryEnqueue(queue, 10);
        Assert.True(await lane);
        queue.Take(spare: false);
        TryEnqueue(queue, 5);
        Assert.False(spare.IsCompleted);
        Assert.Empty(queue.Take(spare: true));
        TryEnqueue(queue, 2, project: 2);
        Assert.True(await spare);
        Assert.Equal(2, Assert.Single(queue.Take(spare: true)).Project);

        // While another lane has nothing to do, what comes is that one's.
        queue.Take(spare: false);
        (lane, spare) = (queue.WaitAsync(false, Cancel), queue.WaitAsync(true, Cancel));
        TryEnqueue(queue, 2, project: 3);
        Assert.True(await lane);

        queue.Close();
        Assert.True(await queue.WaitAsync(false, Cancel));
        spare = WaitForEndAsync();
        queue.Take(spare: false).ForEach(queue.Leave);
        Assert.False(await spare);
        Assert.False(await queue.WaitAsync(false, Cancel));

        async Task<bool> WaitForEndAsync()
        {
            while (await queue.WaitAsync(true, Cancel)) await Task.Yield();
            return false;
        }
    }

    [Fact]
    public void A_request_larger_than_the_queue_is_refused_for_good()
    {
        var queue = Queue(new IngestOptions { QueueRows = 10, BatchRows = 4 });
        using var calls = new NewCalls(queue, Sender(1));
        for (var index = 0; index < 10; index++) calls.Add(Priced(), index);
        Assert.Equal(413, Assert.Throws<RequestRefusedException>(() => calls.Add(Priced(), 10)).Status);
    }

    [Fact]
    public void Calls_being_read_count_against_the_limit()
    {
        var queue = Queue(new IngestOptions { QueueBytes = 1 << 16 });
        using var other = new NewCalls(queue, Sender(2));
        using (var calls = new NewCalls(queue, Sender(1)))
        {
            Fill(calls, 50);
            Assert.True(calls.Reserved > 0);
            Assert.Equal(503, Assert.Throws<RequestRefusedException>(() => Fill(other, 60)).Status);
        }

        Fill(other, 50);
        Assert.Equal(413, Assert.Throws<RequestRefusedException>(() => Fill(other, 1000)).Status);
    }

    [Fact]
    public void Room_is_freed_with_its_calls()
    {
        var queue = Queue(new IngestOptions { QueueBytes = 1 << 16 });
        for (var turn = 0; turn < 10; turn++)
        {
            Assert.True(TryEnqueue(queue, 90));
            Assert.False(TryEnqueue(queue, 90));
            while (queue.Take(spare: false) is { Count: > 0 } batch) batch.ForEach(queue.Leave);
        }

        queue.Close();
        Assert.False(TryEnqueue(queue, 1));
        Assert.Equal(0, queue.Calls);
        using var all = new NewCalls(queue, Sender(1));
        Fill(all, 90);
    }

    [Fact]
    public void Its_age_is_that_of_the_oldest_calls_that_are_not_written()
    {
        var queue = Queue(new IngestOptions { BatchRows = 4 });
        Assert.Equal(TimeSpan.Zero, queue.Age);
        TryEnqueue(queue, 4);
        time.Advance(TimeSpan.FromSeconds(5));
        TryEnqueue(queue, 4);
        time.Advance(TimeSpan.FromSeconds(2));
        var first = queue.Take(spare: false);
        Assert.Equal(TimeSpan.FromSeconds(7), queue.Age);
        first.ForEach(queue.Leave);
        Assert.Equal(TimeSpan.FromSeconds(2), queue.Age);
        queue.Take(spare: false).ForEach(queue.Leave);
        Assert.Equal(TimeSpan.Zero, queue.Age);
    }

    [Fact]
    public void Retry_after_follows_the_rate_at_which_calls_are_committed()
    {
        var drain = new DrainRate(time);
        Assert.Equal(DrainRate.MinWait, drain.TimeFor(0));
        Assert.Equal(DrainRate.WaitWhenStalled, drain.TimeFor(1000));
        for (var second = 0; second < 60; second++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            drain.Committed(1000);
        }

        Assert.InRange(drain.CallsPerSecond, 900, 1100);
        Assert.InRange(drain.TimeFor(20_000).TotalSeconds, 18, 23);
        Assert.Equal(DrainRate.MaxWait, drain.TimeFor(10_000_000));
        time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(DrainRate.WaitWhenStalled, drain.TimeFor(1));
    }

    [Fact]
    public async Task A_write_is_complete_with_its_last_part_and_abandoned_at_its_deadline()
    {
        var write = Write(9);
        var parts = write.Split(4);
        Assert.Equal([4, 4, 1], parts.Select(part => part.Calls.Length));
        var waiting = write.WaitAsync(TimeSpan.FromSeconds(30), time);
        parts[0].Owner.PartDone();
        parts[1].Owner.PartDone();
        Assert.False(waiting.IsCompleted);
        parts[2].Owner.PartDone();
        Assert.True(await waiting);

        var late = Write(1);
        _ = late.Split(4);
        waiting = late.WaitAsync(TimeSpan.FromSeconds(30), time);
        Assert.False(late.IsAbandoned);
        time.Advance(TimeSpan.FromSeconds(31));
        Assert.False(await waiting);
        Assert.True(late.IsAbandoned);
    }

    [Theory]
    [InlineData("23505", Failure.Duplicate)]
    [InlineData("22021", Failure.Data)]
    [InlineData("22003", Failure.Data)]
    [InlineData("23514", Failure.Data)]
    [InlineData("54000", Failure.Data)]
    [InlineData("08006", Failure.Transient)]
    [InlineData("25006", Failure.Transient)]
    [InlineData("40001", Failure.Transient)]
    [InlineData("40P01", Failure.Transient)]
    [InlineData("53300", Failure.Transient)]
    [InlineData("53100", Failure.Transient)]
    [InlineData("57P03", Failure.Transient)]
    [InlineData("55P03", Failure.Transient)]
    [InlineData("53400", Failure.Refused)]
    [InlineData("42P01", Failure.Refused)]
    [InlineData("XX001", Failure.Refused)]
    [InlineData("P0001", Failure.Refused)]
    [InlineData("58030", Failure.Refused)]
    [InlineData("57P01", Failure.Unknown)]
    [InlineData("57014", Failure.Unknown)]
    public void Failures_of_the_database_are_told_apart(string sqlState, object expected) =>
        Assert.Equal((Failure)expected, Failures.Classify(new PostgresException("m", "ERROR", "ERROR", sqlState)));

    [Fact]
    public void A_broken_connection_leaves_the_outcome_unknown()
    {
        Assert.Equal(Failure.Unknown, Failures.Classify(new NpgsqlException("x", new SocketException(104))));
        Assert.Equal(Failure.Unknown, Failures.Classify(new TimeoutException()));
        Assert.Equal(Failure.Unknown, Failures.Classify(new OperationCanceledException()));
        Assert.Equal(Failure.Unknown, Failures.Classify(new ReplicationNotConfirmedException("x")));
    }

    [Fact]
    public void Only_what_may_lie_in_a_row_is_recognised_when_it_comes_back()
    {
        Assert.Equal("XX001", Failures.Signature(new PostgresException("m", "ERROR", "ERROR", "XX001")));
        Assert.Equal("System.InvalidCastException", Failures.Signature(new InvalidCastException()));
        Assert.Null(Failures.Signature(new PostgresException("m", "ERROR", "ERROR", "25006")));
        Assert.Null(Failures.Signature(new PostgresException("m", "ERROR", "ERROR", "53100")));
        Assert.Null(Failures.Signature(new ReplicationNotConfirmedException("x")));
        Assert.Null(Failures.Signature(new NpgsqlException("x", new SocketException(104))));
    }

    private IngestQueue Queue(IngestOptions options) =>
        new(Options.Create(options), new DrainRate(time),
            new IngestMetrics(services.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>()), time);

    private static bool TryEnqueue(IngestQueue queue, int count, int project = 1)
    {
        using var calls = new NewCalls(queue, Sender(project));
        try
        {
            for (var index = 0; index < count; index++) calls.Add(Priced(project), index);
        }
        catch (RequestRefusedException refused) when (refused.Status == 503)
        {
            return false;
        }

        return queue.TryEnqueue(new PendingWrite(calls.Calls, calls.Caller), calls);
    }

    private static void Fill(NewCalls calls, int count)
    {
        for (var index = 0; index < count; index++) calls.Add(Priced(), index);
    }

    private static PendingWrite Write(int calls) => new(
        [.. Enumerable.Range(0, calls).Select(index => new QueuedCall(Priced(), index))], Sender(1));

    private static Caller Sender(int project) => new(project, project, KeyLimits.None);

    private static PricedCall Priced(int project = 1) => new(
        new Call
        {
            Time = DateTime.UnixEpoch,
            CallId = 1,
            ProjectId = project,
            Provider = "openai",
            Model = "gpt-4o",
            Operation = "chat",
            Usage = UsageVector.From(new ReportedUsage(), false),
        },
        new CallCost(null, null, null, null, null, null, CallCost.Unpriced));
}
