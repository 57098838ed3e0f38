using Analytics.Ingest.Hosting;
using Analytics.Ingest.Http;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddAnalyticsDataSource(IngestServices.Connection);
builder.AddIngest();

var app = builder.Build();
app.MapIngest();
app.MapDefaultEndpoints().On(Listener.Rest);
await app.RunAsync();
