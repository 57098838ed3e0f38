using Npgsql;
using Xunit;

namespace Hub.Testing;

/// <summary>Short ways to ask a database in a test. Parameters are positional: <c>$1</c>.</summary>
public static class Queries
{
    /// <summary>Runs a statement, or several when there are no parameters.</summary>
    /// <returns>The rows affected.</returns>
    public static async Task<int> ExecuteAsync(this NpgsqlDataSource source, string sql, params object[] parameters)
    {
        await using var command = Command(source, sql, parameters);
        return await command.ExecuteNonQueryAsync(Cancel);
    }

    /// <summary>The first column of the first row; default when there is no row or it is NULL.</summary>
    public static async Task<T?> ScalarAsync<T>(this NpgsqlDataSource source, string sql, params object[] parameters)
    {
        await using var command = Command(source, sql, parameters);
        return await command.ExecuteScalarAsync(Cancel) is { } value and not DBNull ? (T)value : default;
    }

    /// <summary>Every row, NULL as null.</summary>
    public static async Task<List<object?[]>> RowsAsync(this NpgsqlDataSource source, string sql, params object[] parameters)
    {
        await using var command = Command(source, sql, parameters);
        await using var reader = await command.ExecuteReaderAsync(Cancel);
        var rows = new List<object?[]>();
        while (await reader.ReadAsync(Cancel))
            rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? null : reader.GetValue(i))]);
        return rows;
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static NpgsqlCommand Command(NpgsqlDataSource source, string sql, object[] parameters)
    {
        var command = source.CreateCommand(sql);
        foreach (var parameter in parameters) command.Parameters.Add(new NpgsqlParameter { Value = parameter });
        return command;
    }
}
