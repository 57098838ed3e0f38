[assembly: AssemblyFixture(typeof(DatabaseFixture))]
