using Hub.Cli.Commands;
using Hub.Cli.Engine;

namespace Hub.Cli.Tests.Commands;

/// <summary>Which containers <c>hub up</c> tells to read their files again.</summary>
public sealed class KeptContainersTests
{
    [Fact]
    public void Only_what_ran_before_and_is_the_same_container_is_told()
    {
        var before = States(("kept", "1", "running"), ("recreated", "2", "running"), ("stopped", "3", "exited"),
            ("removed", "4", "running"));
        var now = States(("kept", "1", "running"), ("recreated", "22", "running"), ("stopped", "3", "running"), ("new", "5", "running"));
        Assert.Equal(["kept"], UpCommand.Kept(before, now).Keys);
    }

    private static Dictionary<string, ContainerState> States(params (string Service, string Id, string Status)[] states) =>
        states.ToDictionary(state => state.Service,
            state => new ContainerState(state.Id, state.Service, state.Service, state.Status, 0, ""));
}
