-- hub: transaction=script
-- From here on a call is a row of analytics.calls. A database that holds calls keeps its old tables under other names, and ingest moves
-- them (analytics.move_old_calls). docs/decisions/0012-one-row-for-a-call.md.

-- Nobody waits long behind this script: it gives up, and the runner can be started again.
SET LOCAL lock_timeout = '30s';

-- The costs of calls that are dropped already: cost_tracking has a longer retention than the calls.
ALTER TABLE analytics.cost_tracking RENAME TO cost_archive;
COMMENT ON TABLE analytics.cost_archive IS 'Costs of calls that analytics.calls no longer keeps. Filled by analytics.apply_retention(); read through analytics.cost_tracking.';
DROP INDEX analytics.cost_tracking_time;
DROP INDEX analytics.cost_tracking_unpriced;

ALTER TABLE analytics.llm_requests RENAME TO old_llm_requests;
ALTER TABLE analytics.token_usage RENAME TO old_token_usage;

UPDATE analytics.table_lifecycles SET hypertable = 'analytics.old_llm_requests' WHERE hypertable = 'analytics.llm_requests';
UPDATE analytics.table_lifecycles SET hypertable = 'analytics.old_token_usage' WHERE hypertable = 'analytics.token_usage';
UPDATE analytics.table_lifecycles SET hypertable = 'analytics.cost_archive' WHERE hypertable = 'analytics.cost_tracking';

GRANT SELECT ON analytics.cost_archive TO llm_readonly;
DROP VIEW aggregates.hourly_latency, analytics.unpriced_models;

-- As before, but calls are dropped by it on both editions, and not before their costs are in the archive.
CREATE OR REPLACE FUNCTION analytics.apply_retention() RETURNS TABLE (hypertable text, chunk text)
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  -- A reader of an old chunk must not make every later query wait behind this; the next hour is soon enough.
  SET lock_timeout = '5s' AS
$$
DECLARE
  community CONSTANT boolean := current_setting('timescaledb.license') <> 'apache';
  life record;
  gone text[];
BEGIN
  -- Every ingest replica calls this hourly; one of them does it.
  IF NOT pg_try_advisory_xact_lock(hashtextextended('hub.apply_retention', 0)) THEN
    RETURN;
  END IF;
  FOR life IN SELECT l.hypertable AS name, l.keep_for FROM analytics.table_lifecycles l ORDER BY l.hypertable LOOP
    IF life.name = 'analytics.calls' THEN
      INSERT INTO analytics.cost_archive (time, request_id, project_id, provider, model, input_cost, cache_read_cost, cache_write_cost,
        output_cost, total_cost, price_id, price_source)
      SELECT c.time, coalesce(c.request_id, analytics.request_id(c.time, c.call_id)), c.project_id, c.provider, c.model, c.input_cost,
             c.cache_read_cost, c.cache_write_cost, c.output_cost, c.cost_usd, c.price_id,
             CASE c.price_source WHEN 'c' THEN 'catalogue' WHEN 'p' THEN 'provider' ELSE 'unpriced' END
        FROM analytics.calls c
       WHERE c.price_source IS NOT NULL
         AND c.time < (SELECT max(k.range_end) FROM timescaledb_information.chunks k
                        WHERE k.hypertable_schema = 'analytics' AND k.hypertable_name = 'calls' AND k.range_end <= now() - life.keep_for)
          ON CONFLICT DO NOTHING;
    ELSIF community THEN
      -- Community has its own policies for the others.
      CONTINUE;
    END IF;
    SELECT array_agg(d.chunk ORDER BY d.chunk) INTO gone
      FROM (SELECT public.drop_chunks(life.name::regclass, older_than => now() - life.keep_for) AS chunk) d;
    CONTINUE WHEN gone IS NULL;
    INSERT INTO events.system_events (time, component, kind, severity, message, detail)
    VALUES (now(), 'retention', 'chunks_dropped', 'info', format('%s chunks of %s older than %s dropped', cardinality(gone), life.name, life.keep_for),
            jsonb_build_object('hypertable', life.name, 'keep_for', life.keep_for, 'chunks', gone));
    RETURN QUERY SELECT life.name, unnest(gone);
  END LOOP;
END
$$;
COMMENT ON FUNCTION analytics.apply_retention IS
  'Drops the chunks that analytics.table_lifecycles no longer keeps and names them, with one event for each hypertable that lost any. On the '
  'Community edition only those of analytics.calls, whose costs it archives first; TimescaleDB''s policies drop the others. Called hourly by ingest.';

CREATE OR REPLACE FUNCTION analytics.record_model_performance(from_time timestamptz, to_time timestamptz) RETURNS bigint
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
  first_hour CONSTANT timestamptz := public.time_bucket(INTERVAL '1 hour', from_time + INTERVAL '1 hour' - INTERVAL '1 microsecond');
  last_hour  CONSTANT timestamptz := public.time_bucket(INTERVAL '1 hour', to_time);
  written    bigint;
BEGIN
  IF from_time > to_time THEN
    RAISE EXCEPTION 'record_model_performance: from_time % is after to_time %', from_time, to_time USING ERRCODE = 'invalid_parameter_value';
  END IF;
  INSERT INTO metrics.model_performance AS p (time, project_id, provider, model, requests, errors, error_rate, p50_seconds, p95_seconds,
    p99_seconds, mean_seconds, p95_time_to_first_token_seconds, output_tokens_per_second)
  SELECT h.hour, h.project_id, h.provider, h.model, h.requests, h.errors, h.errors::double precision / h.requests, h.q[1], h.q[2], h.q[3], h.mean,
         h.ttft, h.per_second
    -- Project by project: that is what the key of analytics.calls finds.
    FROM (SELECT DISTINCT s.project_id FROM aggregates.hourly_request_stats s WHERE s.bucket >= first_hour AND s.bucket < last_hour) j
    CROSS JOIN LATERAL (
          SELECT public.time_bucket(INTERVAL '1 hour', r.time) AS hour, r.project_id, r.provider, r.model,
                 count(*) AS requests, count(*) FILTER (WHERE r.is_error) AS errors,
                 percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY r.duration_seconds) AS q,
                 avg(r.duration_seconds) AS mean,
                 percentile_cont(0.95) WITHIN GROUP (ORDER BY r.time_to_first_token_seconds) AS ttft,
                 (sum(r.output_tokens) FILTER (WHERE r.duration_seconds > 0 AND NOT r.is_error))::double precision
                   / nullif(sum(r.duration_seconds) FILTER (WHERE r.output_tokens IS NOT NULL AND NOT r.is_error), 0) AS per_second
            FROM analytics.llm_requests r
           WHERE r.project_id = j.project_id AND r.time >= first_hour AND r.time < last_hour
           GROUP BY 1, r.project_id, r.provider, r.model) h
      ON CONFLICT (time, project_id, provider, model) DO UPDATE
     SET (requests, errors, error_rate, p50_seconds, p95_seconds, p99_seconds, mean_seconds, p95_time_to_first_token_seconds, output_tokens_per_second)
       = (excluded.requests, excluded.errors, excluded.error_rate, excluded.p50_seconds, excluded.p95_seconds, excluded.p99_seconds,
          excluded.mean_seconds, excluded.p95_time_to_first_token_seconds, excluded.output_tokens_per_second);
  GET DIAGNOSTICS written = ROW_COUNT;
  RETURN written;
END
$$;

-- Now ------------------------------------------------------------------------------------------------------------------------------------

DO $$
DECLARE
  community CONSTANT boolean := current_setting('timescaledb.license') = 'timescale';
  -- "2.9" is older than "2.18": numbers are compared, not texts; 2.30.0-dev counts as 2.30.
  version   CONSTANT int[] := (SELECT string_to_array(split_part(extversion, '-', 1), '.')::int[] FROM pg_extension WHERE extname = 'timescaledb');
  summary   text;
  life      record;
  newest    timestamptz;
BEGIN
  FOREACH summary IN ARRAY ARRAY['hourly_request_stats', 'daily_cost_summary', 'error_rate_by_model'] LOOP
    IF community THEN
      -- Their rows are gone before theirs are: a refresh would empty them.
      PERFORM public.remove_continuous_aggregate_policy(('aggregates.' || summary)::regclass);
      EXECUTE format('ALTER MATERIALIZED VIEW aggregates.%I RENAME TO %I', summary, 'old_' || summary);
    ELSE
      EXECUTE format('ALTER VIEW aggregates.%I RENAME TO %I', summary, 'old_' || summary);
    END IF;
  END LOOP;

  IF community THEN
    FOR life IN SELECT * FROM analytics.table_lifecycles WHERE hypertable IN ('analytics.calls', 'aggregates.call_rollups') LOOP
      EXECUTE format('ALTER TABLE %s SET (timescaledb.compress, timescaledb.compress_segmentby = %L, timescaledb.compress_orderby = %L)',
                     life.hypertable, life.segment_by, life.order_by);
      IF version >= ARRAY[2, 18] THEN
        EXECUTE format('CALL public.add_columnstore_policy(%L::regclass, after => %L::interval)', life.hypertable, life.compress_after);
      ELSE
        PERFORM public.add_compression_policy(life.hypertable::regclass, compress_after => life.compress_after);
      END IF;
      IF life.hypertable <> 'analytics.calls' THEN
        PERFORM public.add_retention_policy(life.hypertable::regclass, drop_after => life.keep_for);
      END IF;
    END LOOP;
  END IF;

  SELECT max(o.time) INTO newest FROM analytics.old_llm_requests o;
  INSERT INTO analytics.calls_upgrade (moved_from) VALUES ('infinity');
  IF newest IS NULL THEN
    CALL analytics.finish_calls_upgrade('infinity');
  ELSE
    -- What may be sent again at any moment is moved at once.
    newest := date_trunc('hour', now() - INTERVAL '1 hour', 'UTC');
    UPDATE analytics.calls_upgrade SET moved_from = newest, calls = analytics.move_calls_between(newest, 'infinity');
    CALL analytics.make_call_views(with_old => true);
  END IF;
END
$$;

CREATE TRIGGER insert_old INSTEAD OF INSERT ON analytics.llm_requests FOR EACH ROW EXECUTE FUNCTION analytics.insert_old_request();
CREATE TRIGGER insert_old INSTEAD OF INSERT ON analytics.token_usage FOR EACH ROW EXECUTE FUNCTION analytics.insert_old_usage();
CREATE TRIGGER insert_old INSTEAD OF INSERT ON analytics.cost_tracking FOR EACH ROW EXECUTE FUNCTION analytics.insert_old_cost();
CREATE TRIGGER insert_old BEFORE INSERT ON events.error_logs FOR EACH ROW WHEN (NOT analytics.holds_time(NEW.request_id, NEW.time))
  EXECUTE FUNCTION analytics.insert_old_error();
GRANT EXECUTE ON FUNCTION analytics.holds_time TO llm_app;

GRANT SELECT, INSERT ON analytics.llm_requests, analytics.token_usage, analytics.cost_tracking TO llm_app;
GRANT SELECT ON analytics.llm_requests, analytics.token_usage, analytics.cost_tracking TO llm_readonly;
REVOKE ALL ON analytics.cost_archive FROM llm_app;
COMMENT ON VIEW analytics.llm_requests IS 'Model calls: analytics.calls with ids as text.';
COMMENT ON VIEW analytics.token_usage IS 'Tokens of each call by kind, each counted once.';
COMMENT ON VIEW analytics.cost_tracking IS 'Cost of each call by part, in USD; also of calls that analytics.calls no longer keeps.';
