using Analytics.Ingest.Calls;
using Analytics.Ingest.Keys;
using Analytics.Ingest.Pricing;
using Analytics.Ingest.Writing;

namespace Analytics.Ingest.Tests.Writing;

public sealed class ProjectRoundsTests
{
    private const int A = 1, B = 2, C = 3;

    private readonly ProjectRounds rounds = new(100);

    [Fact]
    public void A_project_that_waits_alone_fills_the_batch_in_its_order()
    {
        Add(A, 40, 50, 20);
        Assert.Equal([(A, 40), (A, 50)], Take());
        Assert.Equal([(A, 20)], Take());
        Assert.Empty(Take());
    }

    [Fact]
    public void Light_projects_and_others_are_taken_in_turns()
    {
        for (var part = 0; part < 50; part++) Add(A, 10);
        Add(B, 5);
        Add(C, 7);
        Assert.Equal([(B, 5), (C, 7)], Take());
        Add(B, 5);
        Assert.Equal(Enumerable.Repeat((A, 10), 10), Take());
        Assert.Equal([(B, 5)], Take());
    }

    [Fact]
    public void Projects_at_full_speed_get_equal_numbers_of_calls_whatever_the_size_of_their_requests()
    {
        var written = new Dictionary<int, int> { [A] = 0, [B] = 0, [C] = 0 };
        for (var turn = 0; turn < 300; turn++)
        {
            Add(A, 100);
            for (var part = 0; part < 60; part++) Add(B, 1);
            for (var part = 0; part < 8; part++) Add(C, 7);
            foreach (var (project, calls) in Take()) written[project] += calls;
        }

        Assert.All(written.Values, calls => Assert.InRange(calls, written[A] - 100, written[A] + 100));
    }

    [Fact]
    public void Parts_larger_than_a_quantum_save_up_for_their_turn()
    {
        Add(A, 100);
        Add(B, 60);
        Assert.Equal([(B, 60)], Take());
        Assert.Equal([(A, 100)], Take());
    }

    [Fact]
    public void What_does_not_fit_into_a_batch_begins_the_next()
    {
        for (var project = 1; project <= 4; project++) Add(project, 20, 20, 20);
        for (var project = 5; project <= 6; project++) Add(project, 15, 20);
        Assert.Equal([(1, 20), (2, 20), (3, 20), (4, 20), (5, 15)], Take());
        Assert.Equal([(6, 15), (1, 20), (2, 20), (3, 20), (4, 20)], Take());
        Assert.Equal((5, 20), Take()[0]);
    }

    [Fact]
    public void Large_part_is_not_passed_over_for_ever()
    {
        Add(B, 95);
        for (var turn = 0; turn < 6; turn++)
        {
            for (var part = 0; part < 10; part++) Add(A, 20);
            if (Take().Contains((B, 95))) return;
        }

        Assert.Fail("The large part waits while six batches of others were taken.");
    }

    [Fact]
    public void A_project_is_light_by_what_waits_and_what_is_being_written()
    {
        Add(A, 10);
        Assert.True(rounds.AnyLight);
        var batch = rounds.Take(onlyLight: false);
        Add(A, 10);
        Assert.True(rounds.AnyLight);
        Add(A, 1);
        Assert.False(rounds.AnyLight);
        Assert.Empty(Take(onlyLight: true));
        Add(B, 10);
        Assert.Equal([(B, 10)], Take(onlyLight: true));
        rounds.Leave(batch[0]);
        Assert.Equal([(A, 10), (A, 1)], Take(onlyLight: true));
    }

    /// <summary>
    /// Two lanes and the spare one, in reckoned time: a batch takes 10 ms and 0.1 ms for each call. A has always more than a batch waiting;
    /// B sends 10 calls each 37 ms.
    /// </summary>
    [Fact]
    public void A_project_at_full_speed_does_not_double_the_time_of_anothers_requests()
    {
        Assert.Equal(11, Slowest(others: 0), 3);
        Assert.InRange(Slowest(others: 1), 11, 22);
    }

    [Fact]
    public void Many_projects_at_full_speed_do_not_either() => Assert.InRange(Slowest(others: 20), 11, 22);

    private static double Slowest(int others)
    {
        const int BatchCalls = 5000;
        var rounds = new ProjectRounds(BatchCalls);
        var lanes = new (double Until, List<WritePart> Batch)[3];
        Array.Fill(lanes, (0, []));
        var waiting = new Dictionary<WritePart, double>();
        var (slowest, sent) = (0.0, 0);
        for (var now = 0.0; sent < 2000; now += 0.5)
        {
            for (var lane = 0; lane < lanes.Length; lane++)
            {
                if (lanes[lane].Until > now) continue;
                foreach (var part in lanes[lane].Batch)
                {
                    rounds.Leave(part);
                    if (waiting.Remove(part, out var since)) slowest = Math.Max(slowest, lanes[lane].Until - since);
                    else rounds.Add(Part(part.Project, part.Calls.Length));
                }

                lanes[lane].Batch = [];
            }

            if (now == 0)
            {
                for (var part = 0; part < others * 400; part++) rounds.Add(Part(100 + (part % others), 100));
            }

            if (now % 37 == 0)
            {
                var request = Part(B, 10);
                waiting[request] = now;
                rounds.Add(request);
                sent++;
            }

            for (var lane = 0; lane < lanes.Length; lane++)
            {
                if (lanes[lane].Batch.Count > 0) continue;
                // The spare lane comes last, and only when the others are busy.
                var batch = rounds.Take(onlyLight: lane == lanes.Length - 1);
                if (batch.Count > 0) lanes[lane] = (now + 10 + (0.1 * batch.Sum(part => part.Calls.Length)), batch);
            }
        }

        return slowest;
    }

    private void Add(int project, params int[] sizes)
    {
        foreach (var size in sizes) rounds.Add(Part(project, size));
    }

    private List<(int Project, int Calls)> Take(bool onlyLight = false) =>
        [.. rounds.Take(onlyLight).Select(part => (part.Project, part.Calls.Length))];

    private static WritePart Part(int project, int size)
    {
        var call = new Call
        {
            Time = DateTime.UnixEpoch,
            CallId = 1,
            ProjectId = project,
            Provider = "openai",
            Model = "gpt-4o",
            Operation = "chat",
            Usage = UsageVector.From(new ReportedUsage(), false),
        };
        var queued = new QueuedCall(new PricedCall(call, new CallCost(null, null, null, null, null, null, CallCost.Unpriced)), 0);
        return new PendingWrite([.. Enumerable.Repeat(queued, size)], new Caller(1, project, KeyLimits.None)).Split(size)[0];
    }
}
