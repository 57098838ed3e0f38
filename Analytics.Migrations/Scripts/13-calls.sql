-- hub: transaction=script
-- One row for a call, and roll-ups that are exact at every moment: docs/decisions/0012-one-row-for-a-call.md. Here the tables, which nobody
-- writes yet; 15 has what moves the calls of an earlier release, 16 puts them in the place of the old tables.

-- Ids ------------------------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION analytics.call_mask(project_id int, id uuid) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN ('x' || encode(substr(sha256(int4send(project_id) || uuid_send(id)), 1, 8), 'hex'))::bit(64)::bigint;
COMMENT ON FUNCTION analytics.call_mask IS 'The first 8 bytes of SHA-256(project, id): what makes an id of one project another one than the same id of another.';

CREATE FUNCTION analytics.span_id(project_id int, trace_id uuid, call_id bigint) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN encode(int8send(call_id # analytics.call_mask(project_id, trace_id)), 'hex');
COMMENT ON FUNCTION analytics.span_id IS 'The span id (16 hexadecimal digits) of a call of a trace: its call_id was made from it.';

-- STABLE, so that it is inlined: the epoch of a time depends on no time zone.
CREATE FUNCTION analytics.request_id(at timestamptz, call_id bigint) RETURNS uuid LANGUAGE sql STABLE STRICT PARALLEL SAFE
  RETURN (lpad(to_hex((extract(epoch FROM at) * 1000000)::bigint >> 6), 12, '0') || '8'
          || lpad(to_hex((((extract(epoch FROM at) * 1000000)::bigint & 63) << 6) | ((call_id >> 58) & 63)), 3, '0')
          || to_hex((call_id & 288230376151711743) | (-9223372036854775808)))::uuid;
COMMENT ON FUNCTION analytics.request_id IS
  'The id of a call for people and programs: a UUID of version 8 (RFC 9562) of its time in microseconds (54 bits) and its call_id (64 bits).';

-- Tables ---------------------------------------------------------------------------------------------------------------------------------

CREATE TABLE analytics.calls (
  time                        timestamptz NOT NULL,
  project_id                  int NOT NULL,
  call_id                     bigint NOT NULL,
  trace_id                    uuid,
  request_id                  uuid,
  provider                    text NOT NULL,
  model                       text NOT NULL DEFAULT 'unknown',
  request_model               text,
  operation                   text NOT NULL DEFAULT 'chat',
  service_name                text,
  environment                 text,
  user_id                     text,
  conversation_id             text,
  streamed                    boolean,
  finish_reason               text,
  is_error                    boolean NOT NULL DEFAULT false,
  error_type                  text,
  -- NaN is greater than Infinity in PostgreSQL, so the upper bound keeps both out.
  duration_seconds            double precision CHECK (duration_seconds >= 0 AND duration_seconds < 'Infinity'),
  time_to_first_token_seconds double precision CHECK (time_to_first_token_seconds >= 0 AND time_to_first_token_seconds < 'Infinity'),
  input_tokens                bigint CHECK (input_tokens >= 0),
  output_tokens               bigint CHECK (output_tokens >= 0),
  cache_read_tokens           bigint CHECK (cache_read_tokens >= 0),
  cache_write_tokens          bigint CHECK (cache_write_tokens >= 0),
  reasoning_tokens            bigint CHECK (reasoning_tokens >= 0),
  cache_convention            "char" CHECK (cache_convention IN ('i', 'e', 'n')),
  contradictions              text[],
  input_cost                  numeric CHECK (input_cost >= 0),
  cache_read_cost             numeric CHECK (cache_read_cost >= 0),
  cache_write_cost            numeric CHECK (cache_write_cost >= 0),
  output_cost                 numeric CHECK (output_cost >= 0),
  cost_usd                    numeric CHECK (cost_usd >= 0),
  price_id                    int,
  price_source                "char" CHECK (price_source IN ('c', 'p', 'u')),
  ingested_at                 timestamptz NOT NULL DEFAULT now(),
  -- Also the only index: one project over time, one call, and whether a call is there already.
  PRIMARY KEY (project_id, time, call_id),
  CONSTRAINT calls_unpriced_has_no_cost CHECK (price_source <> 'u' OR cost_usd IS NULL),
  CONSTRAINT calls_names_its_price CHECK (price_source <> 'c' OR price_id IS NOT NULL)
);
COMMENT ON TABLE analytics.calls IS 'One row for each model call. Read it through analytics.llm_requests, token_usage and cost_tracking, or directly for speed.';
COMMENT ON COLUMN analytics.calls.call_id IS 'From project, trace id and span id, or from project and request id: a resend has the same. 8 bytes.';
COMMENT ON COLUMN analytics.calls.request_id IS 'Only where the sender gave one, or where the call is older than this table; else analytics.request_id(time, call_id).';
COMMENT ON COLUMN analytics.calls.input_tokens IS 'Total, cached tokens included.';
COMMENT ON COLUMN analytics.calls.output_tokens IS 'Total, reasoning tokens included.';
COMMENT ON COLUMN analytics.calls.cache_convention IS 'Whether the sender''s input tokens held the cached ones: i(nclusive), e(xclusive), n(one were cached).';
COMMENT ON COLUMN analytics.calls.input_cost IS 'Of the tokens that were neither read from nor written to a cache.';
COMMENT ON COLUMN analytics.calls.price_id IS 'The row of analytics.model_prices that made this cost.';
COMMENT ON COLUMN analytics.calls.price_source IS 'Where the cost comes from: c(atalogue), p(rovider, as the sender reported it), u(npriced).';

CREATE TABLE aggregates.call_rollups (
  time                     timestamptz NOT NULL,
  project_id               int NOT NULL,
  provider                 text NOT NULL,
  model                    text NOT NULL,
  operation                text,
  service_name             text,
  environment              text,
  calls                    bigint NOT NULL,
  errors                   bigint NOT NULL,
  input_tokens             bigint,
  output_tokens            bigint,
  cache_read_tokens        bigint,
  cache_write_tokens       bigint,
  reasoning_tokens         bigint,
  priced_calls             bigint NOT NULL,
  input_cost               numeric,
  cache_read_cost          numeric,
  cache_write_cost         numeric,
  output_cost              numeric,
  cost_usd                 numeric,
  duration_microseconds    bigint,
  duration_count           bigint NOT NULL,
  first_token_microseconds bigint,
  first_token_count        bigint NOT NULL,
  duration_bucket_0 bigint, duration_bucket_1 bigint, duration_bucket_2 bigint, duration_bucket_3 bigint, duration_bucket_4 bigint,
  duration_bucket_5 bigint, duration_bucket_6 bigint, duration_bucket_7 bigint, duration_bucket_8 bigint, duration_bucket_9 bigint,
  duration_bucket_10 bigint, duration_bucket_11 bigint, duration_bucket_12 bigint, duration_bucket_13 bigint, duration_bucket_14 bigint,
  first_token_bucket_0 bigint, first_token_bucket_1 bigint, first_token_bucket_2 bigint, first_token_bucket_3 bigint,
  first_token_bucket_4 bigint, first_token_bucket_5 bigint, first_token_bucket_6 bigint, first_token_bucket_7 bigint,
  first_token_bucket_8 bigint, first_token_bucket_9 bigint, first_token_bucket_10 bigint, first_token_bucket_11 bigint,
  first_token_bucket_12 bigint, first_token_bucket_13 bigint, first_token_bucket_14 bigint,
  is_compacted             boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE aggregates.call_rollups IS
  'Calls per quarter of an hour (its start) and key. Several rows of one key add up: each batch of ingest appends its own, a correction appends '
  'the difference, which may be negative. analytics.compact_rollups() adds closed quarters up. A sum is NULL when none of its calls knew the value.';
COMMENT ON COLUMN aggregates.call_rollups.operation IS 'NULL in rows that know costs only: days whose calls are gone (analytics.cost_archive).';
COMMENT ON COLUMN aggregates.call_rollups.input_cost IS 'USD, of the tokens that were neither read from nor written to a cache.';
COMMENT ON COLUMN aggregates.call_rollups.duration_microseconds IS 'Each call''s rounded, so that every order of adding gives the same sum.';
COMMENT ON COLUMN aggregates.call_rollups.duration_bucket_0 IS
  'Buckets 0 to 14, not cumulative, with the bounds of analytics.histogram_quantile. NULL is 0. first_token_bucket_0 to _14 likewise.';

-- The progress of moving: one row while there is something to move, none afterwards.
CREATE TABLE analytics.calls_upgrade (
  only_row   boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  moved_from timestamptz NOT NULL,
  calls      bigint NOT NULL DEFAULT 0,
  started_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE analytics.calls_upgrade IS
  'While the calls of an earlier release are moved to analytics.calls: those from moved_from on are there, the older ones are still in the old tables.';

INSERT INTO analytics.table_lifecycles (hypertable, chunk_interval, keep_for, compress_after, segment_by, order_by) VALUES
  ('analytics.calls',         '1 day',  '365 days',  '7 days',  'project_id, model', 'time DESC, call_id'),
  ('aggregates.call_rollups', '7 days', '1095 days', '90 days', 'project_id, model', 'time DESC');

SELECT public.create_hypertable(hypertable::regclass, public.by_range('time', chunk_interval), create_default_indexes => false)
  FROM analytics.table_lifecycles WHERE hypertable IN ('analytics.calls', 'aggregates.call_rollups');

-- One project over time: usage. All projects over time: aggregates, health check. What is still to be compacted.
CREATE INDEX call_rollups_project_time ON aggregates.call_rollups (project_id, time DESC);
CREATE INDEX call_rollups_time ON aggregates.call_rollups (time DESC);
CREATE INDEX call_rollups_deltas ON aggregates.call_rollups (time) WHERE NOT is_compacted;

GRANT SELECT, INSERT ON analytics.calls, aggregates.call_rollups TO llm_app;
GRANT SELECT ON analytics.calls, aggregates.call_rollups TO llm_readonly;
GRANT SELECT ON aggregates.call_rollups, analytics.calls_upgrade TO monitor;
GRANT SELECT ON analytics.calls_upgrade TO llm_app, llm_readonly;

CREATE FUNCTION analytics.compact_rollups(most int DEFAULT 96) RETURNS int LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
  quarter timestamptz;
  done    int := 0;
BEGIN
  FOR quarter IN SELECT DISTINCT r.time FROM aggregates.call_rollups r
                  WHERE NOT r.is_compacted AND r.time < now() - INTERVAL '20 minutes' ORDER BY 1 DESC LIMIT most LOOP
    WITH gone AS (DELETE FROM aggregates.call_rollups r WHERE r.time = quarter RETURNING *)
    INSERT INTO aggregates.call_rollups (time,
      project_id, provider, model, operation, service_name, environment, calls, errors, input_tokens, output_tokens, cache_read_tokens,
      cache_write_tokens, reasoning_tokens, priced_calls, input_cost, cache_read_cost, cache_write_cost, output_cost, cost_usd,
      duration_microseconds, duration_count, first_token_microseconds, first_token_count, duration_bucket_0, duration_bucket_1,
      duration_bucket_2, duration_bucket_3, duration_bucket_4, duration_bucket_5, duration_bucket_6, duration_bucket_7,
      duration_bucket_8, duration_bucket_9, duration_bucket_10, duration_bucket_11, duration_bucket_12, duration_bucket_13,
      duration_bucket_14, first_token_bucket_0, first_token_bucket_1, first_token_bucket_2, first_token_bucket_3, first_token_bucket_4,
      first_token_bucket_5, first_token_bucket_6, first_token_bucket_7, first_token_bucket_8, first_token_bucket_9,
      first_token_bucket_10, first_token_bucket_11, first_token_bucket_12, first_token_bucket_13, first_token_bucket_14, is_compacted)
    SELECT time,
           project_id, provider, model, operation, service_name, environment, sum(calls), sum(errors), sum(input_tokens),
           sum(output_tokens), sum(cache_read_tokens), sum(cache_write_tokens), sum(reasoning_tokens), sum(priced_calls),
           sum(input_cost), sum(cache_read_cost), sum(cache_write_cost), sum(output_cost), sum(cost_usd), sum(duration_microseconds),
           sum(duration_count), sum(first_token_microseconds), sum(first_token_count), sum(duration_bucket_0), sum(duration_bucket_1),
           sum(duration_bucket_2), sum(duration_bucket_3), sum(duration_bucket_4), sum(duration_bucket_5), sum(duration_bucket_6),
           sum(duration_bucket_7), sum(duration_bucket_8), sum(duration_bucket_9), sum(duration_bucket_10), sum(duration_bucket_11),
           sum(duration_bucket_12), sum(duration_bucket_13), sum(duration_bucket_14), sum(first_token_bucket_0),
           sum(first_token_bucket_1), sum(first_token_bucket_2), sum(first_token_bucket_3), sum(first_token_bucket_4),
           sum(first_token_bucket_5), sum(first_token_bucket_6), sum(first_token_bucket_7), sum(first_token_bucket_8),
           sum(first_token_bucket_9), sum(first_token_bucket_10), sum(first_token_bucket_11), sum(first_token_bucket_12),
           sum(first_token_bucket_13), sum(first_token_bucket_14), true
      FROM gone GROUP BY time, project_id, provider, model, operation, service_name, environment;
    done := done + 1;
  END LOOP;
  RETURN done;
END
$$;
COMMENT ON FUNCTION analytics.compact_rollups IS
  'Adds the rows of closed quarters of an hour up, the newest first, at most so many quarters; returns how many. One caller at a time (ingest, by a lock).';
GRANT EXECUTE ON FUNCTION analytics.compact_rollups TO llm_app;
