-- hub: transaction=script
-- Tables, hypertables and their indexes, the same on both editions. Times are UTC timestamptz, money is numeric in USD, NULL means unknown
-- (never 0). No foreign key leads from or to a hypertable. Every index names the question it answers.

CREATE TABLE analytics.projects (
  project_id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name       text NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 200),
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE analytics.api_keys (
  key_id     int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  project_id int NOT NULL REFERENCES analytics.projects,
  name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  key_hash   bytea NOT NULL UNIQUE CHECK (octet_length(key_hash) = 32),
  key_prefix text NOT NULL CHECK (length(key_prefix) <= 12),
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz,
  revoked_at timestamptz
);
COMMENT ON COLUMN analytics.api_keys.key_hash IS 'SHA-256 of the whole key; the key itself is stored nowhere.';
COMMENT ON COLUMN analytics.api_keys.key_prefix IS 'First 12 characters of the key, for people to recognise it.';
-- "the keys of a project", and deleting a project
CREATE INDEX api_keys_project ON analytics.api_keys (project_id);

CREATE TABLE analytics.model_prices (
  price_id             int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  provider             text NOT NULL,
  model                text NOT NULL CHECK (model <> ''),
  match                text NOT NULL CHECK (match IN ('exact', 'prefix')),
  valid_from           timestamptz NOT NULL DEFAULT '-infinity',
  valid_to             timestamptz,
  input_per_mtok       numeric NOT NULL CHECK (input_per_mtok >= 0),
  output_per_mtok      numeric NOT NULL CHECK (output_per_mtok >= 0),
  cache_read_per_mtok  numeric CHECK (cache_read_per_mtok >= 0),
  cache_write_per_mtok numeric CHECK (cache_write_per_mtok >= 0),
  source               text NOT NULL,
  CHECK (valid_to > valid_from),
  -- also the index by which a price is looked up
  UNIQUE (provider, model, match, valid_from)
);
COMMENT ON TABLE analytics.model_prices IS
  'USD per million tokens, valid from valid_from (inclusive) to valid_to (exclusive, NULL = still). An exact model wins over a prefix, a longer '
  'prefix over a shorter one. Providers are named as in OpenTelemetry''s gen_ai.provider.name. A NULL cache price is the input price.';

CREATE TABLE analytics.llm_requests (
  time                        timestamptz NOT NULL,
  request_id                  uuid NOT NULL,
  project_id                  int NOT NULL,
  trace_id                    text CHECK (length(trace_id) = 32),
  span_id                     text CHECK (length(span_id) = 16),
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
  cost_usd                    numeric CHECK (cost_usd >= 0),
  ingested_at                 timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (request_id, time)
);
COMMENT ON COLUMN analytics.llm_requests.input_tokens IS 'Total, cached tokens included.';
COMMENT ON COLUMN analytics.llm_requests.output_tokens IS 'Total, reasoning tokens included.';

CREATE TABLE analytics.token_usage (
  time                  timestamptz NOT NULL,
  request_id            uuid NOT NULL,
  project_id            int NOT NULL,
  provider              text NOT NULL,
  model                 text NOT NULL,
  input_tokens          bigint CHECK (input_tokens >= 0),
  output_tokens         bigint CHECK (output_tokens >= 0),
  cache_read_tokens     bigint CHECK (cache_read_tokens >= 0),
  cache_write_tokens    bigint CHECK (cache_write_tokens >= 0),
  reasoning_tokens      bigint CHECK (reasoning_tokens >= 0),
  uncached_input_tokens bigint CHECK (uncached_input_tokens >= 0),
  total_tokens          bigint CHECK (total_tokens >= 0),
  cache_convention      text NOT NULL CHECK (cache_convention IN ('inclusive', 'exclusive', 'none')),
  contradictions        text[],
  PRIMARY KEY (request_id, time)
);

CREATE TABLE analytics.cost_tracking (
  time             timestamptz NOT NULL,
  request_id       uuid NOT NULL,
  project_id       int NOT NULL,
  provider         text NOT NULL,
  model            text NOT NULL,
  -- The aggregates add one currency up; another one needs its own column there first.
  currency         text NOT NULL DEFAULT 'USD' CHECK (currency = 'USD'),
  input_cost       numeric CHECK (input_cost >= 0),
  cache_read_cost  numeric CHECK (cache_read_cost >= 0),
  cache_write_cost numeric CHECK (cache_write_cost >= 0),
  output_cost      numeric CHECK (output_cost >= 0),
  total_cost       numeric CHECK (total_cost >= 0),
  price_id         int,
  price_source     text NOT NULL CHECK (price_source IN ('catalogue', 'provider', 'unpriced')),
  PRIMARY KEY (request_id, time),
  CONSTRAINT cost_tracking_unpriced_has_no_cost CHECK (price_source <> 'unpriced' OR total_cost IS NULL),
  CONSTRAINT cost_tracking_names_its_price CHECK (price_source <> 'catalogue' OR price_id IS NOT NULL)
);
COMMENT ON COLUMN analytics.cost_tracking.input_cost IS 'Of the tokens that were neither read from nor written to a cache.';
COMMENT ON COLUMN analytics.cost_tracking.price_id IS 'The row of analytics.model_prices that made this cost.';

CREATE TABLE events.error_logs (
  time         timestamptz NOT NULL,
  request_id   uuid NOT NULL,
  project_id   int NOT NULL,
  provider     text NOT NULL,
  model        text NOT NULL,
  error_type   text NOT NULL,
  severity     text NOT NULL DEFAULT 'error' CHECK (severity IN ('warning', 'error', 'critical')),
  message      text,
  service_name text,
  trace_id     text CHECK (length(trace_id) = 32),
  PRIMARY KEY (request_id, time)
);

CREATE TABLE events.system_events (
  time      timestamptz NOT NULL,
  event_id  uuid NOT NULL DEFAULT gen_random_uuid(),
  component text NOT NULL,
  kind      text NOT NULL,
  severity  text NOT NULL DEFAULT 'info' CHECK (severity IN ('info', 'warning', 'error', 'critical')),
  message   text NOT NULL,
  detail    jsonb,
  PRIMARY KEY (event_id, time)
);

CREATE TABLE metrics.model_performance (
  time                            timestamptz NOT NULL,
  project_id                      int NOT NULL,
  provider                        text NOT NULL,
  model                           text NOT NULL,
  requests                        bigint NOT NULL CHECK (requests > 0),
  errors                          bigint NOT NULL CHECK (errors BETWEEN 0 AND requests),
  error_rate                      double precision NOT NULL CHECK (error_rate BETWEEN 0 AND 1),
  p50_seconds                     double precision,
  p95_seconds                     double precision,
  p99_seconds                     double precision,
  mean_seconds                    double precision,
  p95_time_to_first_token_seconds double precision,
  output_tokens_per_second        double precision,
  PRIMARY KEY (time, project_id, provider, model)
);
COMMENT ON TABLE metrics.model_performance IS 'One row per hour (its start), written by analytics.record_model_performance.';

-- The figures of retention and compression, once: policies (Community), analytics.apply_retention (Apache) and the health check read them.
CREATE TABLE analytics.table_lifecycles (
  hypertable     text PRIMARY KEY,
  chunk_interval interval NOT NULL,
  keep_for       interval NOT NULL,
  compress_after interval NOT NULL,
  segment_by     text NOT NULL,
  order_by       text NOT NULL,
  CHECK (chunk_interval < compress_after AND compress_after < keep_for)
);
COMMENT ON TABLE analytics.table_lifecycles IS 'Read when the policies are made; a policy changed later is changed here as well.';

-- segment_by and order_by together hold every column of the primary key: without that, uniqueness costs a decompression.
INSERT INTO analytics.table_lifecycles (hypertable, chunk_interval, keep_for, compress_after, segment_by, order_by) VALUES
  ('analytics.llm_requests',    '1 day',  '365 days', '7 days',  'project_id, model',           'time DESC, request_id'),
  ('analytics.token_usage',     '1 day',  '365 days', '7 days',  'project_id, model',           'time DESC, request_id'),
  ('analytics.cost_tracking',   '1 day',  '730 days', '14 days', 'project_id, model',           'time DESC, request_id'),
  ('events.system_events',      '1 day',  '90 days',  '7 days',  'component',                   'time DESC, event_id'),
  ('events.error_logs',         '1 day',  '180 days', '7 days',  'project_id',                  'time DESC, request_id'),
  ('metrics.model_performance', '7 days', '730 days', '30 days', 'project_id, provider, model', 'time DESC');

SELECT public.create_hypertable(hypertable::regclass, public.by_range('time', chunk_interval), create_default_indexes => false, if_not_exists => true)
  FROM analytics.table_lifecycles;

-- the newest requests; a range of time over all projects (aggregates, record_model_performance)
CREATE INDEX llm_requests_time ON analytics.llm_requests (time DESC);
-- usage of one project over time
CREATE INDEX llm_requests_project_time ON analytics.llm_requests (project_id, time DESC);
-- one model over time, across projects
CREATE INDEX llm_requests_model_time ON analytics.llm_requests (model, time DESC);
-- "what failed lately", for a project
CREATE INDEX llm_requests_errors ON analytics.llm_requests (project_id, time DESC) WHERE is_error;
-- from a trace to its requests
CREATE INDEX llm_requests_trace ON analytics.llm_requests (trace_id) WHERE trace_id IS NOT NULL;
-- one user's, one conversation's requests
CREATE INDEX llm_requests_user ON analytics.llm_requests (project_id, user_id, time DESC) WHERE user_id IS NOT NULL;
CREATE INDEX llm_requests_conversation ON analytics.llm_requests (project_id, conversation_id, time DESC) WHERE conversation_id IS NOT NULL;

-- token totals of one project over time
CREATE INDEX token_usage_project_time ON analytics.token_usage (project_id, time DESC);
-- requests whose counts contradict each other, newest first
CREATE INDEX token_usage_contradictions ON analytics.token_usage (time DESC) WHERE contradictions IS NOT NULL;

-- the last day's costs over all projects (aggregates, health check)
CREATE INDEX cost_tracking_time ON analytics.cost_tracking (time DESC);
-- costs of one project over time
CREATE INDEX cost_tracking_project_time ON analytics.cost_tracking (project_id, time DESC);
-- which models lack a price
CREATE INDEX cost_tracking_unpriced ON analytics.cost_tracking (time DESC, provider, model) WHERE price_source = 'unpriced';

-- the newest errors over all projects; of one project
CREATE INDEX error_logs_time ON events.error_logs (time DESC);
CREATE INDEX error_logs_project_time ON events.error_logs (project_id, time DESC);
-- from a trace to its errors
CREATE INDEX error_logs_trace ON events.error_logs (trace_id) WHERE trace_id IS NOT NULL;

-- the newest events; those that need attention
CREATE INDEX system_events_time ON events.system_events (time DESC);
CREATE INDEX system_events_attention ON events.system_events (time DESC) WHERE severity IN ('error', 'critical');

-- one project's models over time (the primary key answers "all models at this hour")
CREATE INDEX model_performance_project_time ON metrics.model_performance (project_id, time DESC);

-- Ingest reads and adds. It never changes or deletes what was acknowledged.
GRANT SELECT ON analytics.projects, analytics.api_keys, analytics.model_prices, analytics.table_lifecycles, metrics.model_performance TO llm_app;
GRANT SELECT, INSERT ON analytics.llm_requests, analytics.token_usage, analytics.cost_tracking, events.error_logs, events.system_events TO llm_app;

GRANT SELECT ON analytics.projects, analytics.model_prices, analytics.table_lifecycles, analytics.llm_requests, analytics.token_usage,
  analytics.cost_tracking, events.error_logs, events.system_events, metrics.model_performance TO llm_readonly;
-- All of a key but its hash.
GRANT SELECT (key_id, project_id, name, key_prefix, created_at, expires_at, revoked_at) ON analytics.api_keys TO llm_readonly;

-- Exporters count and name; who asked what is not theirs.
GRANT SELECT ON analytics.projects, analytics.model_prices, analytics.table_lifecycles, events.system_events, metrics.model_performance TO monitor;
