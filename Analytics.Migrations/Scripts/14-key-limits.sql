-- hub: transaction=script
-- What one API key may send, the count of its calls, and prices that are numbers.

ALTER TABLE analytics.api_keys
  -- NaN is greater than Infinity in PostgreSQL, so the upper bound keeps both out.
  ADD COLUMN max_requests_per_second double precision CHECK (max_requests_per_second > 0 AND max_requests_per_second < 'Infinity'),
  ADD COLUMN max_bytes_per_second    bigint CHECK (max_bytes_per_second > 0),
  ADD COLUMN max_calls_per_day       bigint CHECK (max_calls_per_day > 0);
COMMENT ON COLUMN analytics.api_keys.max_requests_per_second IS 'Requests that bring data, per second and replica of ingest, over five seconds. NULL: no limit.';
COMMENT ON COLUMN analytics.api_keys.max_bytes_per_second IS 'Bytes of bodies as sent, per second and replica of ingest, over five seconds. NULL: no limit.';
COMMENT ON COLUMN analytics.api_keys.max_calls_per_day IS 'Model calls stored on one day of UTC, over all replicas of ingest. NULL: no limit.';
GRANT SELECT (max_requests_per_second, max_bytes_per_second, max_calls_per_day) ON analytics.api_keys TO llm_readonly;

-- No foreign key: it would keep the keys from being truncated before others are copied in.
CREATE TABLE analytics.key_calls (
  key_id int NOT NULL,
  day    date NOT NULL,
  calls  bigint NOT NULL CHECK (calls >= 0),
  PRIMARY KEY (key_id, day)
);
COMMENT ON TABLE analytics.key_calls IS 'Model calls that were stored with a key on a day of UTC. Only of keys with a limit per day, and of the last month.';
GRANT SELECT ON analytics.key_calls TO llm_app, llm_readonly;

-- Ingest may not change rows, so it counts through this.
CREATE FUNCTION analytics.count_key_calls(keys int[], new_calls bigint[], on_day date) RETURNS TABLE (key_id int, calls bigint)
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$$
#variable_conflict use_column
BEGIN
  DELETE FROM analytics.key_calls k WHERE k.key_id = ANY (keys) AND k.day < on_day - 31;
  -- In one order, so that two replicas cannot wait for each other in a circle.
  RETURN QUERY
    INSERT INTO analytics.key_calls AS k (key_id, day, calls)
    SELECT n.key_id, on_day, n.calls FROM unnest(keys, new_calls) AS n (key_id, calls) ORDER BY n.key_id
    ON CONFLICT (key_id, day) DO UPDATE SET calls = k.calls + excluded.calls
    RETURNING k.key_id, k.calls;
END
$$;
COMMENT ON FUNCTION analytics.count_key_calls IS 'Adds to the calls of keys on a day and returns their sums. For ingest.';
GRANT EXECUTE ON FUNCTION analytics.count_key_calls TO llm_app;

-- A price that .NET's decimal cannot hold, or whose product with a number of tokens it cannot, stops ingest from reading the others. Ingest
-- has never used such a row. Those that are there are taken out of the list, and kept as events.
WITH refused AS (
  DELETE FROM analytics.model_prices p
   WHERE NOT (p.input_per_mtok < 1000000000 AND p.output_per_mtok < 1000000000 AND p.cache_read_per_mtok < 1000000000
              AND p.cache_write_per_mtok < 1000000000)
      OR greatest(scale(p.input_per_mtok), scale(p.output_per_mtok), scale(p.cache_read_per_mtok), scale(p.cache_write_per_mtok)) > 18
  RETURNING p.*
)
INSERT INTO events.system_events (time, component, kind, severity, message, detail)
SELECT now(), 'prices', 'price_refused', 'warning',
       format('Price %s of %s %s was removed: a price must be below a billion dollars and have at most 18 decimal places. Enter it again.',
              r.price_id, r.provider, r.model),
       to_jsonb(r)
  FROM refused r;

ALTER TABLE analytics.model_prices ADD CONSTRAINT model_prices_are_numbers CHECK (
  input_per_mtok < 1000000000 AND output_per_mtok < 1000000000 AND cache_read_per_mtok < 1000000000 AND cache_write_per_mtok < 1000000000
  AND scale(input_per_mtok) <= 18 AND scale(output_per_mtok) <= 18 AND scale(cache_read_per_mtok) <= 18
  AND scale(cache_write_per_mtok) <= 18);
