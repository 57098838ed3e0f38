using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Analytics.Ingest.Tests")]
[assembly: InternalsVisibleTo("Hub.Benchmarks")]
