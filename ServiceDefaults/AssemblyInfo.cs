using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("ServiceDefaults.Tests")]
