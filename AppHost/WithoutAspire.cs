// What the AppHost is where Aspire's packages cannot be had (HubAspire=false).
Console.Error.WriteLine("The AppHost was built without Aspire's packages (HubAspire=false) and does nothing. ./hub up runs the same cluster.");
return 1;
