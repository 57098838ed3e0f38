-- hub: edition=timescale
-- Compression, retention and refresh, run by TimescaleDB itself. The figures of tables are in analytics.table_lifecycles. On the Apache
-- edition ingest calls analytics.apply_retention() instead, nothing is compressed, and the aggregates are views.

DO $$
DECLARE
  life record;
  -- "2.9" is older than "2.18": numbers are compared, not texts; 2.30.0-dev counts as 2.30.
  version CONSTANT int[] := (SELECT string_to_array(split_part(extversion, '-', 1), '.')::int[] FROM pg_extension WHERE extname = 'timescaledb');
BEGIN
  FOR life IN SELECT * FROM analytics.table_lifecycles ORDER BY hypertable LOOP
    -- The names before 2.18; they still work in every later release.
    EXECUTE format('ALTER TABLE %s SET (timescaledb.compress, timescaledb.compress_segmentby = %L, timescaledb.compress_orderby = %L)',
                   life.hypertable, life.segment_by, life.order_by);
    IF version >= ARRAY[2, 18] THEN
      EXECUTE format('CALL public.add_columnstore_policy(%L::regclass, after => %L::interval, if_not_exists => true)', life.hypertable, life.compress_after);
    ELSE
      PERFORM public.add_compression_policy(life.hypertable::regclass, compress_after => life.compress_after, if_not_exists => true);
    END IF;
    PERFORM public.add_retention_policy(life.hypertable::regclass, drop_after => life.keep_for, if_not_exists => true);
  END LOOP;
END
$$;

-- end_offset: the last two days are always answered from raw rows, so what arrives late within them counts at once; what arrives later
-- counts from the next refresh on. start_offset: inside the raw retention, for a refresh of a span whose rows are gone would empty it.
SELECT public.add_continuous_aggregate_policy('aggregates.hourly_request_stats', start_offset => INTERVAL '364 days', end_offset => INTERVAL '2 days',
                                              schedule_interval => INTERVAL '1 hour', if_not_exists => true);
SELECT public.add_continuous_aggregate_policy('aggregates.error_rate_by_model', start_offset => INTERVAL '364 days', end_offset => INTERVAL '2 days',
                                              schedule_interval => INTERVAL '15 minutes', if_not_exists => true);
SELECT public.add_continuous_aggregate_policy('aggregates.daily_cost_summary', start_offset => INTERVAL '729 days', end_offset => INTERVAL '2 days',
                                              schedule_interval => INTERVAL '1 day', if_not_exists => true);
