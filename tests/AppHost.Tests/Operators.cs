using System.Reflection;

namespace AppHost.Tests;

/// <summary>Plays whoever sits at the terminal of <c>aspire deploy</c>. A proxy: the interface grows with each version of Aspire.</summary>
#pragma warning disable CA1852 // the proxy is a type derived from it
internal class Operators : DispatchProxy
{
    /// <summary>What is typed, by the name of the input.</summary>
    public Dictionary<string, string> Answers { get; set; } = [];

    public bool Agrees { get; set; }

    public bool Cancels { get; set; }

    public List<InteractionInput> Asked { get; } = [];

    public IInteractionService Service => (IInteractionService)(object)this;

    public static Operators Create() => (Operators)(object)Create<IInteractionService, Operators>();

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        switch (targetMethod!.Name)
        {
            case nameof(IInteractionService.PromptInputsAsync):
                var inputs = args!.OfType<IReadOnlyList<InteractionInput>>().Single();
                Asked.AddRange(inputs);
                foreach (var input in inputs)
                    input.Value = Answers.GetValueOrDefault(input.Name);
                var collection = new InteractionInputCollection(inputs);
                return Task.FromResult(Cancels ? InteractionResult.Cancel(collection) : InteractionResult.Ok(collection));
            case nameof(IInteractionService.PromptNotificationAsync):
                return Task.FromResult(Cancels ? InteractionResult.Cancel<bool>() : InteractionResult.Ok(Agrees));
            default:
                throw new NotSupportedException($"The command line of Aspire does not ask by {targetMethod.Name}.");
        }
    }
}
