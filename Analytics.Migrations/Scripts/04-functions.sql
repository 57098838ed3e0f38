-- hub: transaction=script
-- What ingest, dashboards and operators call. Nobody may execute a function unless it is granted here (01 revokes it from PUBLIC).
-- SECURITY DEFINER functions pin their search_path and name every object with its schema.

CREATE FUNCTION analytics.histogram_quantile(q double precision, counts bigint[]) RETURNS double precision
  LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
  -- seconds; OpenTelemetry's buckets for gen_ai.client.operation.duration
  bounds CONSTANT double precision[] := ARRAY[0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
  total  numeric := 0;
  rank   double precision;
  below  double precision := 0;
  lower  double precision;
BEGIN
  IF cardinality(counts) <> 15 OR array_ndims(counts) <> 1 THEN
    RAISE EXCEPTION 'histogram_quantile takes 15 counts, not %', cardinality(counts) USING ERRCODE = 'invalid_parameter_value';
  END IF;
  FOR i IN 1 .. 15 LOOP
    IF counts[i] < 0 THEN
      RAISE EXCEPTION 'histogram_quantile: count % is negative', i - 1 USING ERRCODE = 'invalid_parameter_value';
    END IF;
    total := total + coalesce(counts[i], 0);
  END LOOP;
  IF total = 0 THEN
    RETURN NULL;
  END IF;
  -- NaN is greater than everything in PostgreSQL and comes out as itself; outside 0 … 1 Prometheus answers -Inf and +Inf.
  IF q = 'NaN' THEN
    RETURN 'NaN';
  ELSIF q < 0 THEN
    RETURN '-Infinity';
  ELSIF q > 1 THEN
    RETURN 'Infinity';
  END IF;

  rank := q * total::double precision;
  FOR i IN 1 .. 14 LOOP
    IF counts[i] > 0 AND below + counts[i] >= rank THEN
      lower := CASE i WHEN 1 THEN 0 ELSE bounds[i - 1] END;
      RETURN lower + (bounds[i] - lower) * (rank - below) / counts[i];
    END IF;
    below := below + coalesce(counts[i], 0);
  END LOOP;
  -- The last bucket has no upper end.
  RETURN bounds[14];
END
$$;
COMMENT ON FUNCTION analytics.histogram_quantile IS
  'The q-quantile (0 … 1) in seconds of 15 non-cumulative counts (duration_bucket_0 … _14), as Prometheus'' histogram_quantile: linear within '
  'a bucket, the last bucket answers its lower bound. NULL when there is nothing to count.';
GRANT EXECUTE ON FUNCTION analytics.histogram_quantile TO llm_app, llm_readonly, monitor;

CREATE FUNCTION analytics.create_api_key(project_name text, key_name text, key_hash bytea, key_prefix text, expires timestamptz DEFAULT NULL)
  RETURNS int LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
  project int;
  key     int;
BEGIN
  -- Two callers may make the same project at once: one inserts, both read.
  INSERT INTO analytics.projects (name) VALUES (project_name) ON CONFLICT (name) DO NOTHING;
  SELECT p.project_id INTO STRICT project FROM analytics.projects p WHERE p.name = project_name;
  INSERT INTO analytics.api_keys AS k (project_id, name, key_hash, key_prefix, expires_at)
  VALUES (project, key_name, create_api_key.key_hash, create_api_key.key_prefix, expires)
  RETURNING k.key_id INTO key;
  RETURN key;
END
$$;
COMMENT ON FUNCTION analytics.create_api_key IS
  'Registers a key by its SHA-256 and its first 12 characters; makes the project when it is missing. For llm_owner. Returns key_id.';

CREATE FUNCTION analytics.apply_retention() RETURNS TABLE (hypertable text, chunk text)
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  -- A reader of an old chunk must not make every later query wait behind this; the next hour is soon enough.
  SET lock_timeout = '5s' AS
$$
DECLARE
  life record;
  gone text[];
BEGIN
  -- Community has its own policies.
  IF current_setting('timescaledb.license') <> 'apache' THEN
    RETURN;
  END IF;
  -- Every ingest replica calls this hourly; one of them does it.
  IF NOT pg_try_advisory_xact_lock(hashtextextended('hub.apply_retention', 0)) THEN
    RETURN;
  END IF;
  FOR life IN SELECT l.hypertable AS name, l.keep_for FROM analytics.table_lifecycles l ORDER BY l.hypertable LOOP
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
  'Apache edition: drops the chunks that analytics.table_lifecycles no longer keeps and names them, with one event for each hypertable that lost '
  'any. Community: does nothing. Called hourly by ingest; more callers at once do no harm.';
GRANT EXECUTE ON FUNCTION analytics.apply_retention TO llm_app;

CREATE FUNCTION analytics.record_model_performance(from_time timestamptz, to_time timestamptz) RETURNS bigint
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
  first_hour CONSTANT timestamptz := public.time_bucket(INTERVAL '1 hour', from_time + INTERVAL '1 hour' - INTERVAL '1 microsecond');
  last_hour  CONSTANT timestamptz := public.time_bucket(INTERVAL '1 hour', to_time);
  written    bigint;
BEGIN
  IF from_time IS NULL OR to_time IS NULL OR from_time > to_time THEN
    RAISE EXCEPTION 'record_model_performance: % to % is no span of time', from_time, to_time USING ERRCODE = 'invalid_parameter_value';
  END IF;
  INSERT INTO metrics.model_performance AS p (time, project_id, provider, model, requests, errors, error_rate, p50_seconds, p95_seconds,
    p99_seconds, mean_seconds, p95_time_to_first_token_seconds, output_tokens_per_second)
  SELECT hour, project_id, provider, model, requests, errors, errors::double precision / requests, q[1], q[2], q[3], mean, ttft, per_second
    FROM (SELECT public.time_bucket(INTERVAL '1 hour', time) AS hour, project_id, provider, model,
                 count(*) AS requests, count(*) FILTER (WHERE is_error) AS errors,
                 percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY duration_seconds) AS q,
                 avg(duration_seconds) AS mean,
                 percentile_cont(0.95) WITHIN GROUP (ORDER BY time_to_first_token_seconds) AS ttft,
                 (sum(output_tokens) FILTER (WHERE duration_seconds > 0 AND NOT is_error))::double precision
                   / nullif(sum(duration_seconds) FILTER (WHERE output_tokens IS NOT NULL AND NOT is_error), 0) AS per_second
            FROM analytics.llm_requests
           WHERE time >= first_hour AND time < last_hour
           GROUP BY 1, project_id, provider, model) h
      ON CONFLICT (time, project_id, provider, model) DO UPDATE
     SET (requests, errors, error_rate, p50_seconds, p95_seconds, p99_seconds, mean_seconds, p95_time_to_first_token_seconds, output_tokens_per_second)
       = (excluded.requests, excluded.errors, excluded.error_rate, excluded.p50_seconds, excluded.p95_seconds, excluded.p99_seconds,
          excluded.mean_seconds, excluded.p95_time_to_first_token_seconds, excluded.output_tokens_per_second);
  GET DIAGNOSTICS written = ROW_COUNT;
  RETURN written;
END
$$;
COMMENT ON FUNCTION analytics.record_model_performance IS
  'Writes metrics.model_performance for every whole hour within [from_time, to_time), anew where it was written before; returns the rows '
  'written. Percentiles are exact, from the raw durations; output_tokens_per_second covers successful requests that know both figures.';
GRANT EXECUTE ON FUNCTION analytics.record_model_performance TO llm_app;

-- Helper views.
CREATE VIEW aggregates.hourly_latency AS
SELECT bucket, project_id, provider, model, operation, requests,
       duration_seconds_sum / nullif(duration_count, 0) AS mean_seconds,
       analytics.histogram_quantile(0.50, counts) AS p50_seconds,
       analytics.histogram_quantile(0.95, counts) AS p95_seconds,
       analytics.histogram_quantile(0.99, counts) AS p99_seconds
  FROM (SELECT *, ARRAY[duration_bucket_0, duration_bucket_1, duration_bucket_2, duration_bucket_3, duration_bucket_4, duration_bucket_5,
                        duration_bucket_6, duration_bucket_7, duration_bucket_8, duration_bucket_9, duration_bucket_10, duration_bucket_11,
                        duration_bucket_12, duration_bucket_13, duration_bucket_14] AS counts
          FROM aggregates.hourly_request_stats) s;
COMMENT ON VIEW aggregates.hourly_latency IS 'Percentiles of one hour, within a bucket''s precision. For more hours add the buckets up first.';

CREATE VIEW analytics.current_model_prices AS
SELECT price_id, provider, model, match, input_per_mtok, output_per_mtok, cache_read_per_mtok, cache_write_per_mtok, valid_from, source
  FROM analytics.model_prices
 WHERE valid_from <= now() AND (valid_to IS NULL OR valid_to > now());
COMMENT ON VIEW analytics.current_model_prices IS 'The prices in force now.';

CREATE VIEW analytics.unpriced_models AS
SELECT provider, model, count(*) AS requests, min(time) AS first_seen, max(time) AS last_seen
  FROM analytics.cost_tracking
 WHERE price_source = 'unpriced' AND time > now() - INTERVAL '7 days'
 GROUP BY provider, model;
COMMENT ON VIEW analytics.unpriced_models IS 'Models used in the last seven days that have no price: what to add to analytics.model_prices.';

GRANT SELECT ON aggregates.hourly_latency, analytics.current_model_prices, analytics.unpriced_models TO llm_app, llm_readonly, monitor;
