-- hub: run=psql
-- Roles, database, extensions and schemas: everything that needs a superuser. Run by psql, connected to database `postgres`, from Patroni's
-- post-bootstrap or from /docker-entrypoint-initdb.d; never by the migrations runner. May be run again: nothing is lost, and a password
-- that is set in the environment is set anew (that is how passwords are rotated).
--
--   environment  LLM_OWNER_PASSWORD LLM_APP_PASSWORD LLM_READONLY_PASSWORD MONITOR_PASSWORD PGBOUNCER_PASSWORD
--   variable     -v database=NAME   another database than llm_analytics (tests)
\set ON_ERROR_STOP on
\if :{?database}
\else
  \set database llm_analytics
\endif

-- A password travels in the text of ALTER ROLE. None of the places that keep statement texts may see it: not the log (statement, duration
-- sampling or error), not auto_explain, not pg_stat_statements, not pg_stat_activity.
SET log_statement = 'none';
SET log_duration = off;
SET log_min_duration_statement = -1;
SET log_min_duration_sample = -1;
SET log_transaction_sample_rate = 0;
SET log_min_error_statement = 'panic';
SET pg_stat_statements.track = 'none';
SET track_activities = off;
SET client_min_messages = 'warning';
SET password_encryption = 'scram-sha-256';

-- Every role may log in, but only once it has a password.
SELECT format('CREATE ROLE %I LOGIN', role)
  FROM unnest(ARRAY['llm_owner', 'llm_app', 'llm_readonly', 'monitor', 'pgbouncer']) AS role
 WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = role)
\gexec

COMMENT ON ROLE llm_owner    IS 'Hub: owns the database and its objects; runs the migrations.';
COMMENT ON ROLE llm_app      IS 'Hub: ingest. Reads and adds, never changes or deletes.';
COMMENT ON ROLE llm_readonly IS 'Hub: dashboards and analysts.';
COMMENT ON ROLE monitor      IS 'Hub: exporters.';
COMMENT ON ROLE pgbouncer    IS 'Hub: looks up password verifiers through pgbouncer.get_auth, nothing else.';

-- A dashboard's question that runs for minutes, or a session left open, must not hold back vacuum or a lock. A session may set its own.
ALTER ROLE llm_readonly SET statement_timeout = '5min';
ALTER ROLE llm_readonly SET idle_in_transaction_session_timeout = '1min';
ALTER ROLE monitor SET statement_timeout = '30s';
ALTER ROLE monitor SET idle_in_transaction_session_timeout = '1min';

-- The owner sees every session, standby and setting: analytics.system_health_check() runs with its rights and shows only counts of them.
GRANT pg_monitor TO llm_owner, monitor;

-- A backup job asks a standby for a restartpoint when pgBackRest waits for one.
GRANT pg_checkpoint TO llm_app;

-- psql cannot compare texts, and an empty password would clear the one a role has: so the shell says which are set.
\set given `[ -n "$LLM_OWNER_PASSWORD" ] && echo true || echo false`
\if :given
  \getenv password LLM_OWNER_PASSWORD
  ALTER ROLE llm_owner PASSWORD :'password';
\endif
\set given `[ -n "$LLM_APP_PASSWORD" ] && echo true || echo false`
\if :given
  \getenv password LLM_APP_PASSWORD
  ALTER ROLE llm_app PASSWORD :'password';
\endif
\set given `[ -n "$LLM_READONLY_PASSWORD" ] && echo true || echo false`
\if :given
  \getenv password LLM_READONLY_PASSWORD
  ALTER ROLE llm_readonly PASSWORD :'password';
\endif
\set given `[ -n "$MONITOR_PASSWORD" ] && echo true || echo false`
\if :given
  \getenv password MONITOR_PASSWORD
  ALTER ROLE monitor PASSWORD :'password';
\endif
\set given `[ -n "$PGBOUNCER_PASSWORD" ] && echo true || echo false`
\if :given
  \getenv password PGBOUNCER_PASSWORD
  ALTER ROLE pgbouncer PASSWORD :'password';
\endif
\unset password
SELECT coalesce(string_agg(rolname, ', ' ORDER BY rolname), '') AS without_password, count(*) > 0 AS any_without_password
  FROM pg_catalog.pg_authid
 WHERE rolname IN ('llm_owner', 'llm_app', 'llm_readonly', 'monitor', 'pgbouncer') AND rolpassword IS NULL
\gset
\if :any_without_password
  \warn Hub: these roles have no password and cannot log in: :without_password
\endif

-- template0: nothing that an image put into template1 (an extension owned by someone else, a grant) comes along.
SELECT format('CREATE DATABASE %I OWNER llm_owner TEMPLATE template0 ENCODING ''UTF8''', :'database')
 WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = :'database')
\gexec

-- A new session: the settings above end here.
\connect :"database"
SET client_min_messages = 'warning';

-- One transaction, so that the migrations runner sees all of it or nothing.
BEGIN;

REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO llm_app, llm_readonly, monitor, pgbouncer;
-- Ingest resolves duplicates through a temporary table.
GRANT TEMPORARY ON DATABASE :"database" TO llm_app;

CREATE EXTENSION IF NOT EXISTS timescaledb        SCHEMA public;
CREATE EXTENSION IF NOT EXISTS pgcrypto           SCHEMA public;
CREATE EXTENSION IF NOT EXISTS "uuid-ossp"        SCHEMA public;
CREATE EXTENSION IF NOT EXISTS pg_stat_statements SCHEMA public;

REVOKE CREATE ON SCHEMA public FROM PUBLIC;

-- Large objects belong to no schema, so no grant keeps a role that may only read from filling the disk with them. Whoever needs one has
-- the superuser grant it.
SELECT format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', oid::regprocedure)
  FROM pg_catalog.pg_proc
 WHERE pronamespace = 'pg_catalog'::regnamespace AND proname IN ('lo_creat', 'lo_create', 'lo_from_bytea', 'lo_import', 'lo_put', 'lowrite', 'lo_open')
 ORDER BY oid
\gexec

CREATE SCHEMA IF NOT EXISTS analytics  AUTHORIZATION llm_owner;
CREATE SCHEMA IF NOT EXISTS metrics    AUTHORIZATION llm_owner;
CREATE SCHEMA IF NOT EXISTS events     AUTHORIZATION llm_owner;
CREATE SCHEMA IF NOT EXISTS aggregates AUTHORIZATION llm_owner;
GRANT USAGE ON SCHEMA analytics, metrics, events, aggregates TO llm_app, llm_readonly, monitor;

-- Functions are for whom a script names. Tables: whatever is added to these three schemas is data; analytics also holds secrets (hashes of
-- API keys), so there every table is granted by name.
ALTER DEFAULT PRIVILEGES FOR ROLE llm_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE llm_owner IN SCHEMA metrics, events, aggregates GRANT SELECT ON TABLES TO llm_app, llm_readonly;
ALTER DEFAULT PRIVILEGES FOR ROLE llm_owner IN SCHEMA metrics, aggregates GRANT SELECT ON TABLES TO monitor;

-- PgBouncer's auth_query. Superusers, replication roles and the pooler's own role never come in through the pool.
CREATE SCHEMA IF NOT EXISTS pgbouncer;
CREATE OR REPLACE FUNCTION pgbouncer.get_auth(p_username text) RETURNS TABLE (username text, password text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$$
  SELECT rolname::text, rolpassword
    FROM pg_catalog.pg_authid
   WHERE rolname = p_username AND rolcanlogin AND NOT rolsuper AND NOT rolreplication AND rolname <> 'pgbouncer'
     AND (rolvaliduntil IS NULL OR rolvaliduntil > now())
$$;
REVOKE ALL ON SCHEMA pgbouncer FROM PUBLIC;
REVOKE ALL ON FUNCTION pgbouncer.get_auth(text) FROM PUBLIC;
GRANT USAGE ON SCHEMA pgbouncer TO pgbouncer;
GRANT EXECUTE ON FUNCTION pgbouncer.get_auth(text) TO pgbouncer;

COMMIT;
