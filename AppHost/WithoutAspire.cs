// What the AppHost is where the packages that it needs cannot be had (HubAspire=false).
Console.Error.WriteLine("The AppHost was built without Aspire's packages and does nothing: ./hub doctor says which are missing. ./hub up "
    + "runs the same cluster.");
return 1;
