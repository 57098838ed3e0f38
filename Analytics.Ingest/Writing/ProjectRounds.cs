namespace Analytics.Ingest.Writing;

/// <summary>
/// What waits to be written, by project, and in which order it is taken. Projects in one batch share it by deficit round robin over calls
/// (M. Shreedhar, G. Varghese, "Efficient fair queuing using deficit round-robin", IEEE/ACM Transactions on Networking 4(3), 1996). A
/// project with few calls in the queue is light; light projects are not put into one batch with others, which they would wait for. Not safe
/// for several threads.
/// </summary>
/// <param name="batchCalls">Most calls of one batch.</param>
internal sealed class ProjectRounds(int batchCalls)
{
    private readonly Dictionary<int, Project> projects = [];
    private readonly LinkedList<Project> waiting = [];
    private bool lightLast;

    /// <summary>
    /// A fifth of a batch: up to so many calls, waiting or being written, a project is light; and so many calls a project adds to a batch
    /// in one turn.
    /// </summary>
    public int Quantum { get; } = Math.Max(1, batchCalls / 5);

    public bool IsEmpty => waiting.Count == 0;

    /// <summary>Whether a light project waits.</summary>
    public bool AnyLight => waiting.Any(IsLight);

    /// <summary>Adds a part behind the others of its project.</summary>
    public void Add(WritePart part)
    {
        if (!projects.TryGetValue(part.Project, out var project)) projects[part.Project] = project = new Project();
        if (project.Parts.Count == 0) waiting.AddLast(project);
        project.Parts.Enqueue(part);
        project.Calls += part.Calls.Length;
    }

    /// <summary>
    /// Takes a batch, of light projects or of the others: in turns while both wait. It always takes the first part, however large.
    /// </summary>
    /// <param name="onlyLight">Of light projects or nothing.</param>
    public List<WritePart> Take(bool onlyLight)
    {
        var light = waiting.Where(IsLight).ToList();
        var takesLight = onlyLight || light.Count == waiting.Count || (light.Count > 0 && !lightLast);
        if (!onlyLight) lightLast = takesLight;
        var turn = takesLight ? light : [.. waiting.Where(project => !IsLight(project))];
        var batch = new Batch(batchCalls);
        while (turn.Count > 0)
        {
            foreach (var project in turn)
            {
                project.Credit += Quantum;
                if (TryTake(project, batch)) continue;
                // Its turn goes on in the next batch.
                project.Credit -= Quantum;
                return batch.Parts;
            }

            turn.RemoveAll(project => project.Parts.Count == 0);
        }

        return batch.Parts;
    }

    /// <summary>A part that was taken is written or dropped.</summary>
    public void Leave(WritePart part)
    {
        var project = projects[part.Project];
        project.Calls -= part.Calls.Length;
        if (project.Calls == 0) projects.Remove(part.Project);
    }

    private bool IsLight(Project project) => project.Calls <= Quantum;

    /// <summary>False when the batch has no room for its next part: the project stays the first, and begins the next batch.</summary>
    private bool TryTake(Project project, Batch batch)
    {
        while (project.Parts.TryPeek(out var part) && part.Calls.Length <= project.Credit)
        {
            if (!batch.TryAdd(part)) return false;
            project.Parts.Dequeue();
            project.Credit -= part.Calls.Length;
        }

        waiting.Remove(project);
        if (project.Parts.Count > 0) waiting.AddLast(project);
        else project.Credit = 0;
        return true;
    }

    private sealed class Project
    {
        public Queue<WritePart> Parts { get; } = new();

        /// <summary>Waiting or being written.</summary>
        public int Calls { get; set; }

        /// <summary>Calls that it may still add to batches.</summary>
        public int Credit { get; set; }
    }

    private sealed class Batch(int limit)
    {
        private int calls;

        public List<WritePart> Parts { get; } = [];

        public bool TryAdd(WritePart part)
        {
            if (Parts.Count > 0 && calls + part.Calls.Length > limit) return false;
            Parts.Add(part);
            calls += part.Calls.Length;
            return true;
        }
    }
}
