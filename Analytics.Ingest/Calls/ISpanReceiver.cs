namespace Analytics.Ingest.Calls;

/// <summary>Gets the spans of an export one by one, in its order. The span is good until the next.</summary>
internal interface ISpanReceiver
{
    void Take(SpanDraft span, in ResourceFacts resource);
}
