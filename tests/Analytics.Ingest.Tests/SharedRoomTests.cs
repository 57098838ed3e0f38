namespace Analytics.Ingest.Tests;

public sealed class SharedRoomTests
{
    [Fact]
    public void One_project_leaves_room_to_the_next_and_its_large_requests_to_its_small_ones()
    {
        var room = new SharedRoom(800);
        Assert.Equal(700, Fill(room, 1, ofLarge: true));
        Assert.Equal(50, Fill(room, 1));
        Assert.False(room.TryTake(2, 50, ofLarge: true));
        Assert.True(room.TryTake(2, 50));
        Assert.False(room.TryTake(3, 1));
    }

    [Fact]
    public void Projects_at_full_speed_come_to_hold_equal_parts()
    {
        var room = new SharedRoom(3100);
        var held = new int[3];
        held[0] = Fill(room, 0);
        for (var turn = 0; turn < 5000; turn++)
        {
            // What is written is given back in the order of its size, and everybody tries again.
            var most = Array.IndexOf(held, held.Max());
            room.Release(most, 1);
            held[most]--;
            for (var project = 0; project < 2; project++)
            {
                while (room.TryTake(project, 1)) held[project]++;
            }
        }

        Assert.InRange(held[0], 1490, 1510);
        Assert.InRange(held[1], 1490, 1510);
        Assert.InRange(3100 - room.Taken, 90, 110);
    }

    [Fact]
    public void What_is_given_back_can_be_taken_again()
    {
        var room = new SharedRoom(10);
        Assert.True(room.TryTake(1, 10));
        Assert.False(room.TryTake(2, 1));
        room.Release(1, 4);
        Assert.Equal(6, room.Taken);
        Assert.False(room.TryTake(1, 4));
        Assert.True(room.TryTake(2, 4));
        room.Release(1, 6);
        room.Release(2, 4);
        Assert.True(room.TryTake(1, 10));
    }

    private static int Fill(SharedRoom room, int project, bool ofLarge = false)
    {
        var count = 0;
        while (room.TryTake(project, 1, ofLarge)) count++;
        return count;
    }
}
