using Analytics.Ingest.Hosting;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddAnalyticsDataSource(IngestServices.Connection);
builder.AddIngest();

var app = builder.Build();
app.MapIngest();
app.MapDefaultEndpoints().On(Listener.Rest);
await app.RunAsync();
