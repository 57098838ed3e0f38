-- hub: transaction=script
-- What moves the calls of an earlier release into analytics.calls while calls arrive, and the views under the old tables' names. Nothing of
-- this runs before script 16. docs/decisions/0012-one-row-for-a-call.md.

-- Rows of the release before -------------------------------------------------------------------------------------------------------------

CREATE FUNCTION analytics.old_call_id(project_id int, request_id uuid, trace_id text, span_id text) RETURNS bigint
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN CASE WHEN trace_id ~ '^[0-9a-f]{32}$' AND span_id ~ '^[0-9a-f]{16}$'
              THEN analytics.call_mask(project_id, trace_id::uuid) # ('x' || span_id)::bit(64)::bigint
              ELSE analytics.call_mask(project_id, request_id) END;
COMMENT ON FUNCTION analytics.old_call_id IS 'The call_id of a row as releases before this script wrote it: that of the same call sent to a later one.';

-- A function, and one that may not run in parallel: with a subquery in its place TimescaleDB 2.28.3 finds no rows of compressed chunks in a
-- parallel plan over both tables.
CREATE FUNCTION analytics.calls_moved_from() RETURNS timestamptz LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS
$$
BEGIN
  RETURN (SELECT u.moved_from FROM analytics.calls_upgrade u);
END
$$;
COMMENT ON FUNCTION analytics.calls_moved_from IS 'The border of an upgrade: calls that began before it are still in the old tables. NULL: there is none.';
GRANT EXECUTE ON FUNCTION analytics.calls_moved_from TO llm_app, llm_readonly, monitor;

CREATE FUNCTION analytics.is_in_old_tables(project_id int, at timestamptz, call_id bigint) RETURNS boolean
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$$
BEGIN
  RETURN EXISTS (SELECT FROM analytics.old_llm_requests o
                  WHERE o.time = at AND o.project_id = is_in_old_tables.project_id
                    AND o.time < analytics.calls_moved_from()
                    AND analytics.old_call_id(o.project_id, o.request_id, o.trace_id, o.span_id) = is_in_old_tables.call_id);
END
$$;
COMMENT ON FUNCTION analytics.is_in_old_tables IS
  'Whether a call is there already, in a table of an earlier release that is not moved yet. Asked for calls that began more than half an hour ago: '
  'the younger ones were moved when the tables were renamed.';
GRANT EXECUTE ON FUNCTION analytics.call_mask, analytics.span_id, analytics.request_id, analytics.old_call_id TO llm_app, llm_readonly, monitor;
GRANT EXECUTE ON FUNCTION analytics.is_in_old_tables TO llm_app;

CREATE FUNCTION analytics.move_calls_between(lo timestamptz, hi timestamptz) RETURNS bigint
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
  moved bigint;
BEGIN
  WITH moved AS (
    INSERT INTO analytics.calls (
      time, project_id, call_id, trace_id, request_id, provider, model, request_model, operation, service_name, environment, user_id,
      conversation_id, streamed, finish_reason, is_error, error_type, duration_seconds, time_to_first_token_seconds, input_tokens,
      output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, cache_convention, contradictions, input_cost,
      cache_read_cost, cache_write_cost, output_cost, cost_usd, price_id, price_source, ingested_at)
    SELECT
      r.time, r.project_id, analytics.old_call_id(r.project_id, r.request_id, r.trace_id, r.span_id),
      CASE WHEN r.trace_id ~ '^[0-9a-f]{32}$' THEN r.trace_id::uuid END, r.request_id, r.provider, r.model, r.request_model,
      r.operation, r.service_name, r.environment, r.user_id, r.conversation_id, r.streamed, r.finish_reason, r.is_error, r.error_type,
      r.duration_seconds, r.time_to_first_token_seconds, r.input_tokens, r.output_tokens, u.cache_read_tokens, u.cache_write_tokens,
      u.reasoning_tokens, left(u.cache_convention, 1)::"char", u.contradictions, c.input_cost, c.cache_read_cost, c.cache_write_cost,
      c.output_cost, r.cost_usd, c.price_id, left(c.price_source, 1)::"char", r.ingested_at
      FROM analytics.old_llm_requests r
      LEFT JOIN analytics.old_token_usage u ON u.request_id = r.request_id AND u.time = r.time AND u.time >= lo AND u.time < hi
      LEFT JOIN analytics.cost_archive c ON c.request_id = r.request_id AND c.time = r.time AND c.time >= lo AND c.time < hi
     WHERE r.time >= lo AND r.time < hi
        ON CONFLICT DO NOTHING RETURNING *),
  added AS (
    INSERT INTO aggregates.call_rollups (time,
      project_id, provider, model, operation, service_name, environment, calls, errors, input_tokens, output_tokens, cache_read_tokens,
      cache_write_tokens, reasoning_tokens, priced_calls, input_cost, cache_read_cost, cache_write_cost, output_cost, cost_usd,
      duration_microseconds, duration_count, first_token_microseconds, first_token_count, duration_bucket_0, duration_bucket_1,
      duration_bucket_2, duration_bucket_3, duration_bucket_4, duration_bucket_5, duration_bucket_6, duration_bucket_7,
      duration_bucket_8, duration_bucket_9, duration_bucket_10, duration_bucket_11, duration_bucket_12, duration_bucket_13,
      duration_bucket_14, first_token_bucket_0, first_token_bucket_1, first_token_bucket_2, first_token_bucket_3, first_token_bucket_4,
      first_token_bucket_5, first_token_bucket_6, first_token_bucket_7, first_token_bucket_8, first_token_bucket_9,
      first_token_bucket_10, first_token_bucket_11, first_token_bucket_12, first_token_bucket_13, first_token_bucket_14)
    SELECT public.time_bucket(INTERVAL '15 minutes', time),
      project_id, provider, model, operation, service_name, environment, count(*), count(*) FILTER (WHERE is_error), sum(input_tokens),
      sum(output_tokens), sum(cache_read_tokens), sum(cache_write_tokens), sum(reasoning_tokens), count(cost_usd), sum(input_cost),
      sum(cache_read_cost), sum(cache_write_cost), sum(output_cost), sum(cost_usd), sum(round(duration_seconds * 1000000)),
      count(duration_seconds), sum(round(time_to_first_token_seconds * 1000000)), count(time_to_first_token_seconds),
      nullif(count(*) FILTER (WHERE duration_seconds <= 0.01), 0),
      nullif(count(*) FILTER (WHERE duration_seconds > 0.01 AND duration_seconds <= 0.02), 0),
      nullif(count(*) FILTER (WHERE duration_seconds > 0.02 AND duration_seconds <= 0.04), 0),
      nullif(count(*) FILTER (WHERE duration_seconds > 0.04 AND duration_seconds <= 0.08), 0),
      nullif(count(*) FILTER (WHERE duration_seconds > 0.08 AND duration_seconds <= 0.16), 0),
      nullif(count(*) FILTER (WHERE duration_seconds > 0.16 AND duration_seconds <= 0.32), 0),
      nullif(count(*) FILTER (WHERE duration_seconds > 0.32 AND duration_seconds <= 0.64), 0),
      nullif(count(*) FILTER (WHERE duration_seconds > 0.64 AND duration_seconds <= 1.28), 0),
      nullif(count(*) FILTER (WHERE duration_seconds > 1.28 AND duration_seconds <= 2.56), 0),
      nullif(count(*) FILTER (WHERE duration_seconds > 2.56 AND duration_seconds <= 5.12), 0),
      nullif(count(*) FILTER (WHERE duration_seconds > 5.12 AND duration_seconds <= 10.24), 0),
      nullif(count(*) FILTER (WHERE duration_seconds > 10.24 AND duration_seconds <= 20.48), 0),
      nullif(count(*) FILTER (WHERE duration_seconds > 20.48 AND duration_seconds <= 40.96), 0),
      nullif(count(*) FILTER (WHERE duration_seconds > 40.96 AND duration_seconds <= 81.92), 0),
      nullif(count(*) FILTER (WHERE duration_seconds > 81.92), 0),
      nullif(count(*) FILTER (WHERE time_to_first_token_seconds <= 0.01), 0),
      nullif(count(*) FILTER (WHERE time_to_first_token_seconds > 0.01 AND time_to_first_token_seconds <= 0.02), 0),
      nullif(count(*) FILTER (WHERE time_to_first_token_seconds > 0.02 AND time_to_first_token_seconds <= 0.04), 0),
      nullif(count(*) FILTER (WHERE time_to_first_token_seconds > 0.04 AND time_to_first_token_seconds <= 0.08), 0),
      nullif(count(*) FILTER (WHERE time_to_first_token_seconds > 0.08 AND time_to_first_token_seconds <= 0.16), 0),
      nullif(count(*) FILTER (WHERE time_to_first_token_seconds > 0.16 AND time_to_first_token_seconds <= 0.32), 0),
      nullif(count(*) FILTER (WHERE time_to_first_token_seconds > 0.32 AND time_to_first_token_seconds <= 0.64), 0),
      nullif(count(*) FILTER (WHERE time_to_first_token_seconds > 0.64 AND time_to_first_token_seconds <= 1.28), 0),
      nullif(count(*) FILTER (WHERE time_to_first_token_seconds > 1.28 AND time_to_first_token_seconds <= 2.56), 0),
      nullif(count(*) FILTER (WHERE time_to_first_token_seconds > 2.56 AND time_to_first_token_seconds <= 5.12), 0),
      nullif(count(*) FILTER (WHERE time_to_first_token_seconds > 5.12 AND time_to_first_token_seconds <= 10.24), 0),
      nullif(count(*) FILTER (WHERE time_to_first_token_seconds > 10.24 AND time_to_first_token_seconds <= 20.48), 0),
      nullif(count(*) FILTER (WHERE time_to_first_token_seconds > 20.48 AND time_to_first_token_seconds <= 40.96), 0),
      nullif(count(*) FILTER (WHERE time_to_first_token_seconds > 40.96 AND time_to_first_token_seconds <= 81.92), 0),
      nullif(count(*) FILTER (WHERE time_to_first_token_seconds > 81.92), 0)
      FROM moved GROUP BY 1, 2, 3, 4, 5, 6, 7)
  SELECT count(*) INTO moved FROM moved;
  RETURN moved;
END
$$;
COMMENT ON FUNCTION analytics.move_calls_between IS 'Copies the calls of old tables that began in [lo, hi), with their roll-ups. For analytics.move_old_calls.';

-- The release before writes into the views by these, row by row, while both are there. It learns of no duplicate: the call is stored once, and
-- that is what it promises.

CREATE FUNCTION analytics.insert_old_request() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
  made analytics.calls;
BEGIN
  NEW.request_id := coalesce(NEW.request_id, gen_random_uuid());
  made.call_id := analytics.old_call_id(NEW.project_id, NEW.request_id, NEW.trace_id, NEW.span_id);
  IF EXISTS (SELECT FROM analytics.calls_upgrade) AND analytics.is_in_old_tables(NEW.project_id, NEW.time, made.call_id) THEN
    RETURN NEW;
  END IF;
  INSERT INTO analytics.calls AS c (time, project_id, call_id, trace_id, request_id, provider, model, request_model, operation, service_name,
    environment, user_id, conversation_id, streamed, finish_reason, is_error, error_type, duration_seconds, time_to_first_token_seconds,
    input_tokens, output_tokens, cost_usd, ingested_at)
  VALUES (NEW.time, NEW.project_id, made.call_id, NEW.trace_id::uuid, NEW.request_id, NEW.provider, coalesce(NEW.model, 'unknown'),
    NEW.request_model, coalesce(NEW.operation, 'chat'), NEW.service_name, NEW.environment, NEW.user_id, NEW.conversation_id, NEW.streamed,
    NEW.finish_reason, coalesce(NEW.is_error, false), NEW.error_type, NEW.duration_seconds, NEW.time_to_first_token_seconds,
    NEW.input_tokens, NEW.output_tokens, NEW.cost_usd, coalesce(NEW.ingested_at, now()))
  ON CONFLICT DO NOTHING RETURNING c.* INTO made;
  IF made.time IS NOT NULL THEN
    INSERT INTO aggregates.call_rollups (time,
      project_id, provider, model, operation, service_name, environment, calls, errors, input_tokens, output_tokens, cache_read_tokens,
      cache_write_tokens, reasoning_tokens, priced_calls, input_cost, cache_read_cost, cache_write_cost, output_cost, cost_usd,
      duration_microseconds, duration_count, first_token_microseconds, first_token_count, duration_bucket_0, duration_bucket_1,
      duration_bucket_2, duration_bucket_3, duration_bucket_4, duration_bucket_5, duration_bucket_6, duration_bucket_7,
      duration_bucket_8, duration_bucket_9, duration_bucket_10, duration_bucket_11, duration_bucket_12, duration_bucket_13,
      duration_bucket_14, first_token_bucket_0, first_token_bucket_1, first_token_bucket_2, first_token_bucket_3, first_token_bucket_4,
      first_token_bucket_5, first_token_bucket_6, first_token_bucket_7, first_token_bucket_8, first_token_bucket_9,
      first_token_bucket_10, first_token_bucket_11, first_token_bucket_12, first_token_bucket_13, first_token_bucket_14)
    SELECT public.time_bucket(INTERVAL '15 minutes', made.time),
           made.project_id, made.provider, made.model, made.operation, made.service_name, made.environment, 1, made.is_error::int,
           made.input_tokens, made.output_tokens, NULL, NULL, NULL, (made.cost_usd IS NOT NULL)::int, NULL, NULL, NULL, NULL,
           made.cost_usd, round(made.duration_seconds * 1000000), (made.duration_seconds IS NOT NULL)::int,
           round(made.time_to_first_token_seconds * 1000000), (made.time_to_first_token_seconds IS NOT NULL)::int,
           nullif((d.bucket = 0)::int, 0), nullif((d.bucket = 1)::int, 0), nullif((d.bucket = 2)::int, 0),
           nullif((d.bucket = 3)::int, 0), nullif((d.bucket = 4)::int, 0), nullif((d.bucket = 5)::int, 0),
           nullif((d.bucket = 6)::int, 0), nullif((d.bucket = 7)::int, 0), nullif((d.bucket = 8)::int, 0),
           nullif((d.bucket = 9)::int, 0), nullif((d.bucket = 10)::int, 0), nullif((d.bucket = 11)::int, 0),
           nullif((d.bucket = 12)::int, 0), nullif((d.bucket = 13)::int, 0), nullif((d.bucket = 14)::int, 0),
           nullif((f.bucket = 0)::int, 0), nullif((f.bucket = 1)::int, 0), nullif((f.bucket = 2)::int, 0),
           nullif((f.bucket = 3)::int, 0), nullif((f.bucket = 4)::int, 0), nullif((f.bucket = 5)::int, 0),
           nullif((f.bucket = 6)::int, 0), nullif((f.bucket = 7)::int, 0), nullif((f.bucket = 8)::int, 0),
           nullif((f.bucket = 9)::int, 0), nullif((f.bucket = 10)::int, 0), nullif((f.bucket = 11)::int, 0),
           nullif((f.bucket = 12)::int, 0), nullif((f.bucket = 13)::int, 0), nullif((f.bucket = 14)::int, 0)
      FROM (SELECT analytics.duration_bucket(made.duration_seconds) AS bucket) d,
           (SELECT analytics.duration_bucket(made.time_to_first_token_seconds) AS bucket) f;
  END IF;
  RETURN NEW;
END
$$;

CREATE FUNCTION analytics.insert_old_usage() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
  made analytics.calls;
BEGIN
  UPDATE analytics.calls c
     SET cache_read_tokens = NEW.cache_read_tokens, cache_write_tokens = NEW.cache_write_tokens, reasoning_tokens = NEW.reasoning_tokens,
         cache_convention = left(NEW.cache_convention, 1)::"char", contradictions = NEW.contradictions
   WHERE c.project_id = NEW.project_id AND c.time = NEW.time AND c.request_id = NEW.request_id AND c.cache_convention IS NULL
  RETURNING c.* INTO made;
  IF made.time IS NOT NULL THEN
    INSERT INTO aggregates.call_rollups (time, project_id, provider, model, operation, service_name, environment, calls, errors,
      cache_read_tokens, cache_write_tokens, reasoning_tokens, priced_calls, duration_count, first_token_count)
    VALUES (public.time_bucket(INTERVAL '15 minutes', made.time), made.project_id, made.provider, made.model, made.operation,
      made.service_name, made.environment, 0, 0, made.cache_read_tokens, made.cache_write_tokens, made.reasoning_tokens, 0, 0, 0);
  ELSE
    PERFORM analytics.require_call(NEW.project_id, NEW.time);
  END IF;
  RETURN NEW;
END
$$;

CREATE FUNCTION analytics.insert_old_cost() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
  made   analytics.calls;
  before numeric;
BEGIN
  SELECT c.cost_usd INTO before FROM analytics.calls c
   WHERE c.project_id = NEW.project_id AND c.time = NEW.time AND c.request_id = NEW.request_id AND c.price_source IS NULL;
  UPDATE analytics.calls c
     SET input_cost = NEW.input_cost, cache_read_cost = NEW.cache_read_cost, cache_write_cost = NEW.cache_write_cost,
         output_cost = NEW.output_cost, cost_usd = NEW.total_cost, price_id = NEW.price_id,
         price_source = left(NEW.price_source, 1)::"char"
   WHERE c.project_id = NEW.project_id AND c.time = NEW.time AND c.request_id = NEW.request_id AND c.price_source IS NULL
  RETURNING c.* INTO made;
  IF made.time IS NOT NULL THEN
    INSERT INTO aggregates.call_rollups (time, project_id, provider, model, operation, service_name, environment, calls, errors,
      priced_calls, input_cost, cache_read_cost, cache_write_cost, output_cost, cost_usd, duration_count, first_token_count)
    VALUES (public.time_bucket(INTERVAL '15 minutes', made.time), made.project_id, made.provider, made.model, made.operation,
      made.service_name, made.environment, 0, 0, (made.cost_usd IS NOT NULL)::int - (before IS NOT NULL)::int, made.input_cost,
      made.cache_read_cost, made.cache_write_cost, made.output_cost,
      CASE WHEN made.cost_usd IS DISTINCT FROM before THEN coalesce(made.cost_usd, 0) - coalesce(before, 0) END, 0, 0);
  ELSE
    PERFORM analytics.require_call(NEW.project_id, NEW.time);
  END IF;
  RETURN NEW;
END
$$;

-- Errors have a table of their own, which the release before still fills itself: under an id of its own making, and again with each resend.
CREATE FUNCTION analytics.insert_old_error() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$$
BEGIN
  IF EXISTS (SELECT FROM events.error_logs e WHERE e.request_id = NEW.request_id AND e.time = NEW.time)
     OR EXISTS (SELECT FROM analytics.calls c WHERE c.project_id = NEW.project_id AND c.time = NEW.time AND c.is_error AND c.request_id IS NULL)
  THEN
    RETURN NULL;
  END IF;
  RETURN NEW;
END
$$;

CREATE FUNCTION analytics.holds_time(request_id uuid, at timestamptz) RETURNS boolean LANGUAGE sql STABLE STRICT PARALLEL SAFE
  RETURN left(replace(request_id::text, '-', ''), 13) = lpad(to_hex((extract(epoch FROM at) * 1000000)::bigint >> 6), 12, '0') || '8';
COMMENT ON FUNCTION analytics.holds_time IS 'Whether an id was made by analytics.request_id for a call of that time (to 64 microseconds).';

-- Usage or costs of a call that nobody brought would be lost in silence.
CREATE FUNCTION analytics.require_call(project int, at timestamptz) RETURNS void
  LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS
$$
BEGIN
  IF NOT EXISTS (SELECT FROM analytics.llm_requests r WHERE r.project_id = project AND r.time = at) THEN
    RAISE EXCEPTION 'There is no call of project % at %: insert into analytics.llm_requests first.', project, at
      USING ERRCODE = 'foreign_key_violation';
  END IF;
END
$$;

CREATE FUNCTION analytics.duration_bucket(seconds double precision) RETURNS int LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN (SELECT count(*) FROM unnest(ARRAY[0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92]::float8[]) bound
           WHERE bound < seconds)::int;
COMMENT ON FUNCTION analytics.duration_bucket IS 'Which of the buckets of analytics.histogram_quantile (0 to 14) holds a time in seconds.';

-- Views ----------------------------------------------------------------------------------------------------------------------------------

CREATE PROCEDURE analytics.make_call_views(with_old boolean) LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$make$
DECLARE
  community CONSTANT boolean := current_setting('timescaledb.license') = 'timescale';
  -- A continuous aggregate reads one hypertable: while there are old tables as well, views answer.
  kind      CONSTANT text := CASE WHEN community AND NOT with_old THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END;
  options   CONSTANT text := CASE WHEN community AND NOT with_old
    THEN 'WITH (timescaledb.continuous, timescaledb.materialized_only = false, timescaledb.create_group_indexes = false)' ELSE '' END;
  no_data   CONSTANT text := CASE WHEN community AND NOT with_old THEN 'WITH NO DATA' ELSE '' END;
  summary   record;
BEGIN
  EXECUTE $view$CREATE OR REPLACE VIEW analytics.llm_requests AS
    SELECT c.time, coalesce(c.request_id, analytics.request_id(c.time, c.call_id)) AS request_id, c.project_id,
           replace(c.trace_id::text, '-', '') AS trace_id, analytics.span_id(c.project_id, c.trace_id, c.call_id) AS span_id,
           c.provider, c.model, c.request_model, c.operation, c.service_name, c.environment, c.user_id, c.conversation_id, c.streamed,
           c.finish_reason, c.is_error, c.error_type, c.duration_seconds, c.time_to_first_token_seconds, c.input_tokens,
           c.output_tokens, c.cost_usd, c.ingested_at
      FROM analytics.calls c $view$ || CASE WHEN with_old THEN $view$
     UNION ALL
    SELECT o.time, o.request_id, o.project_id, o.trace_id, o.span_id,
           o.provider, o.model, o.request_model, o.operation, o.service_name, o.environment, o.user_id, o.conversation_id, o.streamed,
           o.finish_reason, o.is_error, o.error_type, o.duration_seconds, o.time_to_first_token_seconds, o.input_tokens,
           o.output_tokens, o.cost_usd, o.ingested_at
      FROM analytics.old_llm_requests o WHERE o.time < analytics.calls_moved_from()$view$ ELSE '' END;

  EXECUTE $view$CREATE OR REPLACE VIEW analytics.token_usage AS
    SELECT c.time, coalesce(c.request_id, analytics.request_id(c.time, c.call_id)) AS request_id, c.project_id, c.provider, c.model,
           c.input_tokens, c.output_tokens, c.cache_read_tokens, c.cache_write_tokens, c.reasoning_tokens,
           CASE WHEN c.input_tokens >= coalesce(c.cache_read_tokens, 0) + coalesce(c.cache_write_tokens, 0)
                THEN c.input_tokens - coalesce(c.cache_read_tokens, 0) - coalesce(c.cache_write_tokens, 0) END AS uncached_input_tokens,
           c.input_tokens + c.output_tokens AS total_tokens,
           CASE c.cache_convention WHEN 'i' THEN 'inclusive' WHEN 'e' THEN 'exclusive' ELSE 'none' END AS cache_convention, c.contradictions
      FROM analytics.calls c WHERE c.cache_convention IS NOT NULL $view$ || CASE WHEN with_old THEN $view$
     UNION ALL
    SELECT o.time, o.request_id, o.project_id, o.provider, o.model, o.input_tokens, o.output_tokens, o.cache_read_tokens,
           o.cache_write_tokens, o.reasoning_tokens, o.uncached_input_tokens, o.total_tokens, o.cache_convention, o.contradictions
      FROM analytics.old_token_usage o WHERE o.time < analytics.calls_moved_from()$view$ ELSE '' END;

  EXECUTE $view$CREATE OR REPLACE VIEW analytics.cost_tracking AS
    SELECT c.time, coalesce(c.request_id, analytics.request_id(c.time, c.call_id)) AS request_id, c.project_id, c.provider, c.model,
           'USD'::text AS currency, c.input_cost, c.cache_read_cost, c.cache_write_cost, c.output_cost, c.cost_usd AS total_cost, c.price_id,
           CASE c.price_source WHEN 'c' THEN 'catalogue' WHEN 'p' THEN 'provider' ELSE 'unpriced' END AS price_source
      FROM analytics.calls c WHERE c.price_source IS NOT NULL
     UNION ALL
    SELECT a.time, a.request_id, a.project_id, a.provider, a.model, a.currency, a.input_cost, a.cache_read_cost, a.cache_write_cost,
           a.output_cost, a.total_cost, a.price_id, a.price_source
      FROM analytics.cost_archive a $view$ || CASE WHEN with_old THEN $view$ WHERE a.time < analytics.calls_moved_from()$view$ ELSE '' END;

  DROP VIEW IF EXISTS aggregates.hourly_latency, analytics.unpriced_models;
  IF NOT with_old THEN
    DROP VIEW IF EXISTS aggregates.hourly_request_stats, aggregates.daily_cost_summary, aggregates.error_rate_by_model;
  END IF;

  FOR summary IN SELECT * FROM (VALUES
    ('aggregates.hourly_request_stats', $view$SELECT public.time_bucket(INTERVAL '1 hour', time) AS bucket, project_id, provider, model, operation,
       sum(calls)::bigint AS requests, sum(errors)::bigint AS errors, sum(input_tokens)::bigint AS input_tokens,
       sum(output_tokens)::bigint AS output_tokens, sum(cost_usd) AS cost_usd,
       (sum(calls) - sum(priced_calls))::bigint AS unpriced_requests,
       (sum(duration_microseconds) / 1000000)::double precision AS duration_seconds_sum, sum(duration_count)::bigint AS duration_count,
       coalesce(sum(duration_bucket_0), 0)::bigint AS duration_bucket_0,
       coalesce(sum(duration_bucket_1), 0)::bigint AS duration_bucket_1,
       coalesce(sum(duration_bucket_2), 0)::bigint AS duration_bucket_2,
       coalesce(sum(duration_bucket_3), 0)::bigint AS duration_bucket_3,
       coalesce(sum(duration_bucket_4), 0)::bigint AS duration_bucket_4,
       coalesce(sum(duration_bucket_5), 0)::bigint AS duration_bucket_5,
       coalesce(sum(duration_bucket_6), 0)::bigint AS duration_bucket_6,
       coalesce(sum(duration_bucket_7), 0)::bigint AS duration_bucket_7,
       coalesce(sum(duration_bucket_8), 0)::bigint AS duration_bucket_8,
       coalesce(sum(duration_bucket_9), 0)::bigint AS duration_bucket_9,
       coalesce(sum(duration_bucket_10), 0)::bigint AS duration_bucket_10,
       coalesce(sum(duration_bucket_11), 0)::bigint AS duration_bucket_11,
       coalesce(sum(duration_bucket_12), 0)::bigint AS duration_bucket_12,
       coalesce(sum(duration_bucket_13), 0)::bigint AS duration_bucket_13,
       coalesce(sum(duration_bucket_14), 0)::bigint AS duration_bucket_14
  FROM aggregates.call_rollups WHERE operation IS NOT NULL
 GROUP BY 1, project_id, provider, model, operation$view$, $view$SELECT bucket, project_id, provider, model, operation,
       sum(requests)::bigint AS requests, sum(errors)::bigint AS errors, sum(input_tokens)::bigint AS input_tokens,
       sum(output_tokens)::bigint AS output_tokens, sum(cost_usd) AS cost_usd, sum(unpriced_requests)::bigint AS unpriced_requests,
       sum(duration_seconds_sum) AS duration_seconds_sum, sum(duration_count)::bigint AS duration_count,
       sum(duration_bucket_0)::bigint AS duration_bucket_0, sum(duration_bucket_1)::bigint AS duration_bucket_1,
       sum(duration_bucket_2)::bigint AS duration_bucket_2, sum(duration_bucket_3)::bigint AS duration_bucket_3,
       sum(duration_bucket_4)::bigint AS duration_bucket_4, sum(duration_bucket_5)::bigint AS duration_bucket_5,
       sum(duration_bucket_6)::bigint AS duration_bucket_6, sum(duration_bucket_7)::bigint AS duration_bucket_7,
       sum(duration_bucket_8)::bigint AS duration_bucket_8, sum(duration_bucket_9)::bigint AS duration_bucket_9,
       sum(duration_bucket_10)::bigint AS duration_bucket_10, sum(duration_bucket_11)::bigint AS duration_bucket_11,
       sum(duration_bucket_12)::bigint AS duration_bucket_12, sum(duration_bucket_13)::bigint AS duration_bucket_13,
       sum(duration_bucket_14)::bigint AS duration_bucket_14
  FROM (SELECT * FROM (SELECT public.time_bucket(INTERVAL '1 hour', time) AS bucket, project_id, provider, model, operation,
       sum(calls)::bigint AS requests, sum(errors)::bigint AS errors, sum(input_tokens)::bigint AS input_tokens,
       sum(output_tokens)::bigint AS output_tokens, sum(cost_usd) AS cost_usd,
       (sum(calls) - sum(priced_calls))::bigint AS unpriced_requests,
       (sum(duration_microseconds) / 1000000)::double precision AS duration_seconds_sum, sum(duration_count)::bigint AS duration_count,
       coalesce(sum(duration_bucket_0), 0)::bigint AS duration_bucket_0,
       coalesce(sum(duration_bucket_1), 0)::bigint AS duration_bucket_1,
       coalesce(sum(duration_bucket_2), 0)::bigint AS duration_bucket_2,
       coalesce(sum(duration_bucket_3), 0)::bigint AS duration_bucket_3,
       coalesce(sum(duration_bucket_4), 0)::bigint AS duration_bucket_4,
       coalesce(sum(duration_bucket_5), 0)::bigint AS duration_bucket_5,
       coalesce(sum(duration_bucket_6), 0)::bigint AS duration_bucket_6,
       coalesce(sum(duration_bucket_7), 0)::bigint AS duration_bucket_7,
       coalesce(sum(duration_bucket_8), 0)::bigint AS duration_bucket_8,
       coalesce(sum(duration_bucket_9), 0)::bigint AS duration_bucket_9,
       coalesce(sum(duration_bucket_10), 0)::bigint AS duration_bucket_10,
       coalesce(sum(duration_bucket_11), 0)::bigint AS duration_bucket_11,
       coalesce(sum(duration_bucket_12), 0)::bigint AS duration_bucket_12,
       coalesce(sum(duration_bucket_13), 0)::bigint AS duration_bucket_13,
       coalesce(sum(duration_bucket_14), 0)::bigint AS duration_bucket_14
  FROM aggregates.call_rollups WHERE operation IS NOT NULL
 GROUP BY 1, project_id, provider, model, operation) n
        UNION ALL
        SELECT bucket, project_id, provider, model, operation,
               requests, errors, input_tokens, output_tokens, cost_usd, unpriced_requests, duration_seconds_sum, duration_count,
               duration_bucket_0, duration_bucket_1, duration_bucket_2, duration_bucket_3, duration_bucket_4, duration_bucket_5,
               duration_bucket_6, duration_bucket_7, duration_bucket_8, duration_bucket_9, duration_bucket_10, duration_bucket_11,
               duration_bucket_12, duration_bucket_13, duration_bucket_14
          FROM aggregates.old_hourly_request_stats WHERE bucket < analytics.calls_moved_from()) b
 GROUP BY bucket, project_id, provider, model, operation$view$,
     'Per hour of the call''s start. A sum is NULL when none of its calls knew the value; unpriced_requests had no cost. duration_bucket_0 … _14 '
     'count durations in seconds, not cumulatively: bucket i is bounds[i-1] < d <= bounds[i] with the bounds 0.01, 0.02, 0.04 … 81.92 of '
     'gen_ai.client.operation.duration, bucket 14 is all above. Buckets add up over hours; analytics.histogram_quantile reads them.'),
    ('aggregates.daily_cost_summary', $view$SELECT public.time_bucket(INTERVAL '1 day', time) AS bucket, project_id, provider, model,
       sum(calls)::bigint AS requests, sum(priced_calls)::bigint AS priced_requests,
       (sum(calls) - sum(priced_calls))::bigint AS unpriced_requests,
       sum(input_cost) AS input_cost, sum(cache_read_cost) AS cache_read_cost, sum(cache_write_cost) AS cache_write_cost,
       sum(output_cost) AS output_cost, sum(cost_usd) AS total_cost
  FROM aggregates.call_rollups
 GROUP BY 1, project_id, provider, model$view$, $view$SELECT bucket, project_id, provider, model,
       sum(requests)::bigint AS requests, sum(priced_requests)::bigint AS priced_requests, sum(unpriced_requests)::bigint AS unpriced_requests,
       sum(input_cost) AS input_cost, sum(cache_read_cost) AS cache_read_cost, sum(cache_write_cost) AS cache_write_cost,
       sum(output_cost) AS output_cost, sum(total_cost) AS total_cost
  FROM (SELECT * FROM (SELECT public.time_bucket(INTERVAL '1 day', time) AS bucket, project_id, provider, model,
       sum(calls)::bigint AS requests, sum(priced_calls)::bigint AS priced_requests,
       (sum(calls) - sum(priced_calls))::bigint AS unpriced_requests,
       sum(input_cost) AS input_cost, sum(cache_read_cost) AS cache_read_cost, sum(cache_write_cost) AS cache_write_cost,
       sum(output_cost) AS output_cost, sum(cost_usd) AS total_cost
  FROM aggregates.call_rollups
 GROUP BY 1, project_id, provider, model) n
        UNION ALL
        SELECT bucket, project_id, provider, model, requests, priced_requests, unpriced_requests, input_cost, cache_read_cost,
               cache_write_cost, output_cost, total_cost
          FROM aggregates.old_daily_cost_summary WHERE bucket < public.time_bucket(INTERVAL '1 day', analytics.calls_moved_from())
        UNION ALL
        SELECT public.time_bucket(INTERVAL '1 day', time), project_id, provider, model,
               count(*), count(total_cost), count(*) - count(total_cost),
               sum(input_cost), sum(cache_read_cost), sum(cache_write_cost), sum(output_cost), sum(total_cost)
          FROM analytics.cost_archive
         WHERE time < analytics.calls_moved_from() AND time >= public.time_bucket(INTERVAL '1 day', analytics.calls_moved_from())
         GROUP BY 1, project_id, provider, model) b
 GROUP BY bucket, project_id, provider, model$view$,
     'Per UTC day, in USD. priced_requests have a total_cost, unpriced_requests do not and are in no total.'),
    ('aggregates.error_rate_by_model', $view$SELECT public.time_bucket(INTERVAL '15 minutes', time) AS bucket, project_id, provider, model,
       sum(calls)::bigint AS requests, sum(errors)::bigint AS errors,
       sum(errors)::double precision / nullif(sum(calls), 0)::double precision AS error_rate
  FROM aggregates.call_rollups WHERE operation IS NOT NULL
 GROUP BY 1, project_id, provider, model$view$, $view$SELECT bucket, project_id, provider, model, sum(requests)::bigint AS requests, sum(errors)::bigint AS errors,
       sum(errors)::double precision / nullif(sum(requests), 0)::double precision AS error_rate
  FROM (SELECT bucket, project_id, provider, model, requests, errors FROM (SELECT public.time_bucket(INTERVAL '15 minutes', time) AS bucket, project_id, provider, model,
       sum(calls)::bigint AS requests, sum(errors)::bigint AS errors,
       sum(errors)::double precision / nullif(sum(calls), 0)::double precision AS error_rate
  FROM aggregates.call_rollups WHERE operation IS NOT NULL
 GROUP BY 1, project_id, provider, model) n
        UNION ALL
        SELECT bucket, project_id, provider, model, requests, errors FROM aggregates.old_error_rate_by_model WHERE bucket < analytics.calls_moved_from()) b
 GROUP BY bucket, project_id, provider, model$view$,
     'Per quarter of an hour; error_rate is errors / requests, 0 to 1.')) v (name, new, with_old, meaning) LOOP
    EXECUTE format('CREATE %s %s %s AS %s %s', kind, summary.name, options, CASE WHEN with_old THEN summary.with_old ELSE summary.new END, no_data);
    EXECUTE format('COMMENT ON VIEW %s IS %L', summary.name, summary.meaning);
    EXECUTE format('GRANT SELECT ON %s TO llm_app, llm_readonly, monitor', summary.name);
    IF community AND NOT with_old THEN
      EXECUTE format('CREATE INDEX %s_project ON %s (project_id, bucket DESC)', split_part(summary.name, '.', 2), summary.name);
    END IF;
  END LOOP;

  EXECUTE $view$CREATE VIEW aggregates.hourly_latency AS
    SELECT bucket, project_id, provider, model, operation, requests,
           duration_seconds_sum / nullif(duration_count, 0) AS mean_seconds,
           analytics.histogram_quantile(0.50, counts) AS p50_seconds,
           analytics.histogram_quantile(0.95, counts) AS p95_seconds,
           analytics.histogram_quantile(0.99, counts) AS p99_seconds
      FROM (SELECT *, ARRAY[
                      duration_bucket_0, duration_bucket_1, duration_bucket_2, duration_bucket_3, duration_bucket_4, duration_bucket_5,
                      duration_bucket_6, duration_bucket_7, duration_bucket_8, duration_bucket_9, duration_bucket_10,
                      duration_bucket_11, duration_bucket_12, duration_bucket_13, duration_bucket_14] AS counts
              FROM aggregates.hourly_request_stats) s$view$;
  COMMENT ON VIEW aggregates.hourly_latency IS 'Percentiles of one hour, within a bucket''s precision. For more hours add the buckets up first.';

  EXECUTE $view$CREATE VIEW analytics.unpriced_models AS
    SELECT provider, model, sum(requests)::bigint AS requests, min(time) AS first_seen, max(time) AS last_seen
      FROM (SELECT r.time, r.provider, r.model, r.calls - r.priced_calls AS requests FROM aggregates.call_rollups r $view$
    || CASE WHEN with_old THEN $view$
            UNION ALL
            SELECT o.bucket, o.provider, o.model, o.unpriced_requests
              FROM aggregates.old_hourly_request_stats o WHERE o.bucket < analytics.calls_moved_from()$view$ ELSE '' END || $view$) u
     WHERE time > now() - INTERVAL '7 days' AND requests <> 0
     GROUP BY provider, model HAVING sum(requests) > 0$view$;
  COMMENT ON VIEW analytics.unpriced_models IS
    'Models used in the last seven days that have no price: what to add to analytics.model_prices. Times are those of a quarter of an hour.';

  GRANT SELECT ON aggregates.hourly_latency, analytics.unpriced_models TO llm_app, llm_readonly, monitor;

  IF community AND NOT with_old THEN
    -- end_offset: the last two days are always answered from the roll-ups, so what arrives late within them counts at once.
    PERFORM public.add_continuous_aggregate_policy('aggregates.hourly_request_stats', start_offset => INTERVAL '1094 days',
      end_offset => INTERVAL '2 days', schedule_interval => INTERVAL '1 hour');
    PERFORM public.add_continuous_aggregate_policy('aggregates.error_rate_by_model', start_offset => INTERVAL '1094 days',
      end_offset => INTERVAL '2 days', schedule_interval => INTERVAL '15 minutes');
    PERFORM public.add_continuous_aggregate_policy('aggregates.daily_cost_summary', start_offset => INTERVAL '1094 days',
      end_offset => INTERVAL '2 days', schedule_interval => INTERVAL '1 day');
  END IF;
END
$make$;
COMMENT ON PROCEDURE analytics.make_call_views IS
  'Makes the views and aggregates of the calls: with the rows of the old tables that are not moved yet, or without old tables.';

-- Moving ---------------------------------------------------------------------------------------------------------------------------------

CREATE PROCEDURE analytics.finish_calls_upgrade(border timestamptz) LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
  community CONSTANT boolean := current_setting('timescaledb.license') = 'timescale';
  first_day CONSTANT timestamptz := CASE WHEN isfinite(border) THEN public.time_bucket(INTERVAL '1 day', border) ELSE border END;
  summary   text;
BEGIN
  -- What the old aggregates know of times whose rows are gone.
  IF community THEN
    INSERT INTO aggregates.call_rollups (time, project_id, provider, model, operation, calls, errors, input_tokens, output_tokens, priced_calls,
      cost_usd, duration_microseconds, duration_count, first_token_count,
      duration_bucket_0, duration_bucket_1, duration_bucket_2, duration_bucket_3, duration_bucket_4, duration_bucket_5,
      duration_bucket_6, duration_bucket_7, duration_bucket_8, duration_bucket_9, duration_bucket_10, duration_bucket_11,
      duration_bucket_12, duration_bucket_13, duration_bucket_14, is_compacted)
    SELECT bucket, project_id, provider, model, operation, requests, errors, input_tokens, output_tokens, requests - unpriced_requests,
      cost_usd, round(duration_seconds_sum * 1000000), duration_count, 0,
      duration_bucket_0, duration_bucket_1, duration_bucket_2, duration_bucket_3, duration_bucket_4, duration_bucket_5,
      duration_bucket_6, duration_bucket_7, duration_bucket_8, duration_bucket_9, duration_bucket_10, duration_bucket_11,
      duration_bucket_12, duration_bucket_13, duration_bucket_14, true
      FROM aggregates.old_hourly_request_stats WHERE bucket < border;
    -- Costs have an aggregate of their own, by day and in parts: what it knows beyond the hours.
    INSERT INTO aggregates.call_rollups (time, project_id, provider, model, calls, errors, priced_calls, input_cost, cache_read_cost,
      cache_write_cost, output_cost, cost_usd, duration_count, first_token_count, is_compacted)
    SELECT d.bucket, d.project_id, d.provider, d.model, d.requests - coalesce(h.requests, 0), 0, d.priced_requests - coalesce(h.priced, 0),
           d.input_cost, d.cache_read_cost, d.cache_write_cost, d.output_cost, d.total_cost - coalesce(h.cost_usd, 0), 0, 0, true
      FROM (SELECT bucket, project_id, provider, model, requests, priced_requests, input_cost, cache_read_cost, cache_write_cost, output_cost,
                   total_cost
              FROM aggregates.old_daily_cost_summary WHERE bucket < first_day
            UNION ALL
            SELECT first_day, project_id, provider, model, count(*), count(total_cost), sum(input_cost), sum(cache_read_cost),
                   sum(cache_write_cost), sum(output_cost), sum(total_cost)
              FROM analytics.cost_archive WHERE time < border AND time >= first_day GROUP BY project_id, provider, model) d
      LEFT JOIN (SELECT public.time_bucket(INTERVAL '1 day', bucket) AS bucket, project_id, provider, model, sum(requests) AS requests,
                        sum(requests - unpriced_requests) AS priced, sum(cost_usd) AS cost_usd
                   FROM aggregates.old_hourly_request_stats WHERE bucket < border GROUP BY 1, project_id, provider, model) h
             ON (h.bucket, h.project_id, h.provider, h.model) = (d.bucket, d.project_id, d.provider, d.model);
    DROP VIEW IF EXISTS aggregates.hourly_latency, analytics.unpriced_models;
    FOREACH summary IN ARRAY ARRAY['hourly_request_stats', 'daily_cost_summary', 'error_rate_by_model'] LOOP
      EXECUTE format('DROP VIEW IF EXISTS aggregates.%I', summary);
      EXECUTE format('DROP MATERIALIZED VIEW aggregates.%I', 'old_' || summary);
    END LOOP;
  ELSE
    -- Costs are kept longer than calls.
    INSERT INTO aggregates.call_rollups (time, project_id, provider, model, calls, errors, priced_calls, input_cost, cache_read_cost,
      cache_write_cost, output_cost, cost_usd, duration_count, first_token_count, is_compacted)
    SELECT public.time_bucket(INTERVAL '1 day', time), project_id, provider, model, count(*), 0, count(total_cost), sum(input_cost),
           sum(cache_read_cost), sum(cache_write_cost), sum(output_cost), sum(total_cost), 0, 0, true
      FROM analytics.cost_archive WHERE time < border GROUP BY 1, project_id, provider, model;
    DROP VIEW IF EXISTS aggregates.hourly_latency, analytics.unpriced_models, aggregates.hourly_request_stats,
      aggregates.daily_cost_summary, aggregates.error_rate_by_model;
    DROP VIEW aggregates.old_hourly_request_stats, aggregates.old_daily_cost_summary, aggregates.old_error_rate_by_model;
  END IF;

  IF isfinite(border) THEN
    PERFORM public.drop_chunks('analytics.cost_archive', newer_than => border);
    DELETE FROM analytics.cost_archive WHERE time >= border;
  END IF;
  CREATE OR REPLACE FUNCTION analytics.is_in_old_tables(project_id int, at timestamptz, call_id bigint) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN false;
  -- The views of calls still name the old tables; they are made anew before those go.
  DELETE FROM analytics.calls_upgrade;
  CALL analytics.make_call_views(with_old => false);
  DROP TABLE analytics.old_llm_requests;
  DROP TABLE analytics.old_token_usage;
  DELETE FROM analytics.table_lifecycles WHERE hypertable IN ('analytics.old_llm_requests', 'analytics.old_token_usage');
END
$$;
COMMENT ON PROCEDURE analytics.finish_calls_upgrade IS 'Ends the upgrade when no call from before border is left in an old table. For analytics.move_old_calls.';

CREATE FUNCTION analytics.move_old_calls() RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  -- A reader must not make every later query wait behind this; the next run is soon enough.
  SET lock_timeout = '5s' AS
$$
DECLARE
  upgrade analytics.calls_upgrade;
  newest  timestamptz;
  hour    timestamptz;
  day     timestamptz;
  moved   bigint;
  chunk   regclass;
BEGIN
  SELECT * INTO upgrade FROM analytics.calls_upgrade FOR UPDATE;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  SELECT max(o.time) INTO newest FROM analytics.old_llm_requests o WHERE o.time < upgrade.moved_from;
  IF newest IS NULL THEN
    CALL analytics.finish_calls_upgrade(upgrade.moved_from);
    RETURN format('finished: %s calls moved in %s', upgrade.calls, date_trunc('second', now() - upgrade.started_at));
  END IF;
  hour := date_trunc('hour', newest, 'UTC');
  moved := analytics.move_calls_between(hour, hour + INTERVAL '1 hour');
  UPDATE analytics.calls_upgrade SET moved_from = hour, calls = calls + moved;
  day := date_trunc('day', hour, 'UTC') + INTERVAL '1 day';
  IF day <= date_trunc('day', upgrade.moved_from, 'UTC') THEN
    -- Days that are moved whole: their old chunks go, and their new ones need no more room than the old ones did.
    BEGIN
      PERFORM public.drop_chunks('analytics.old_llm_requests', newer_than => day);
      PERFORM public.drop_chunks('analytics.old_token_usage', newer_than => day);
      IF current_setting('timescaledb.license') = 'timescale' THEN
        FOR chunk IN SELECT format('%I.%I', c.chunk_schema, c.chunk_name)::regclass FROM timescaledb_information.chunks c
                       JOIN analytics.table_lifecycles l ON l.hypertable = 'analytics.calls'
                      WHERE c.hypertable_schema = 'analytics' AND c.hypertable_name = 'calls' AND NOT c.is_compressed
                        AND c.range_start >= day AND c.range_end <= least(upgrade.moved_from + INTERVAL '1 day', now() - l.compress_after) LOOP
          PERFORM public.compress_chunk(chunk, if_not_compressed => true);
        END LOOP;
      END IF;
    EXCEPTION WHEN lock_not_available THEN
      -- Somebody reads them: the next day, or the end, drops them as well.
      NULL;
    END;
  END IF;
  RETURN format('%s calls moved, from %s on', upgrade.calls + moved, to_char(hour AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'));
END
$$;
COMMENT ON FUNCTION analytics.move_old_calls IS
  'Moves the newest hour of the old tables, or ends the upgrade when there is none. Says what it did; NULL: nothing is left. Called by ingest.';
GRANT EXECUTE ON FUNCTION analytics.move_old_calls TO llm_app;
