-- hub: transaction=script
-- analytics.system_health_check() as in 12, made of one function for each subject, so that the next change is not another copy of all. New:
-- calls_upgrade; unpriced_requests reads the roll-ups; background_jobs is critical when every job fails, and knows the failures that are none.

CREATE FUNCTION analytics.check_schema() RETURNS TABLE (check_name text, status text, detail text)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
  fact      record;
BEGIN
  SELECT (SELECT value FROM analytics.schema_metadata WHERE key = 'schema_version') AS recorded,
         (SELECT split_part(max(script), '-', 1) FROM analytics.schema_journal) AS applied INTO fact;
  check_name := 'schema_version';
  status := CASE WHEN fact.recorded = fact.applied THEN 'ok' ELSE 'critical' END;
  detail := format('version %s, newest applied script %s', coalesce(fact.recorded, 'none'), coalesce(fact.applied, 'none'));
  RETURN NEXT;

  SELECT (SELECT value FROM analytics.schema_metadata WHERE key = 'edition') AS edition, e.extversion, a.default_version INTO fact
    FROM pg_extension e LEFT JOIN pg_available_extensions a ON a.name = e.extname WHERE e.extname = 'timescaledb';
  check_name := 'edition';
  status := CASE WHEN fact.edition IS DISTINCT FROM current_setting('timescaledb.license', true) THEN 'critical'
                 WHEN fact.extversion <> fact.default_version THEN 'warning' ELSE 'ok' END;
  detail := format('schema for %s on a server that runs %s, TimescaleDB %s%s', coalesce(fact.edition, 'none'), current_setting('timescaledb.license', true),
                   fact.extversion, CASE WHEN fact.extversion <> fact.default_version
                                         THEN format('; ALTER EXTENSION timescaledb UPDATE is due, %s is installed', fact.default_version) END);
  RETURN NEXT;
END
$$;
COMMENT ON FUNCTION analytics.check_schema IS 'Health: schema_version, edition.';

CREATE FUNCTION analytics.check_replication() RETURNS TABLE (check_name text, status text, detail text)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
  replica   CONSTANT boolean := pg_is_in_recovery();
  fact      record;
BEGIN
  check_name := 'server_role';
  IF replica THEN
    SELECT coalesce(r.status, 'no receiver') AS receiver,
           CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN INTERVAL '0' ELSE now() - pg_last_xact_replay_timestamp() END AS behind
      INTO fact FROM (SELECT) one LEFT JOIN pg_stat_wal_receiver r ON true;
    status := CASE WHEN fact.receiver <> 'streaming' OR fact.behind > INTERVAL '5 minutes' THEN 'critical'
                   WHEN fact.behind > INTERVAL '30 seconds' THEN 'warning' ELSE 'ok' END;
    detail := format('replica, %s, %s s behind', fact.receiver, round(extract(epoch FROM fact.behind)));
  ELSE
    status := 'ok';
    detail := format('primary, started %s', to_char(pg_postmaster_start_time() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS UTC'));
  END IF;
  RETURN NEXT;

  IF replica THEN
    check_name := 'replication';
    status := 'ok';
    detail := 'seen on the primary only';
    RETURN NEXT;
    check_name := 'synchronous_standby';
    status := 'ok';
    detail := 'seen on the primary only';
    RETURN NEXT;
  ELSE
    SELECT count(*) FILTER (WHERE r.state = 'streaming') AS streaming, count(*) FILTER (WHERE r.state IS NULL) AS hidden,
           count(*) FILTER (WHERE r.state = 'streaming' AND r.sync_state IN ('sync', 'quorum')) AS synchronous,
           coalesce(max(pg_wal_lsn_diff(pg_current_wal_lsn(), coalesce(r.replay_lsn, '0/0'))) FILTER (WHERE r.state = 'streaming'), 0) AS lag,
           current_setting('synchronous_standby_names') AS names, coalesce(nullif(current_setting('hub.members', true), ''), '1')::int AS members,
           -- Somebody took the risk for ingest's role: docs/runbooks/NoStandby.md.
           EXISTS (SELECT FROM pg_db_role_setting s, unnest(s.setconfig) c
                    WHERE s.setrole IN (0, (SELECT oid FROM pg_roles WHERE rolname = 'llm_app'))
                      AND s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
                      AND c IN ('synchronous_commit=local', 'synchronous_commit=off')) AS alone
      INTO fact FROM pg_stat_replication r;
    check_name := 'replication';
    -- 16 MB: from here on the gateway sends no more readers to a replica.
    status := CASE WHEN fact.streaming = 0 AND fact.hidden > 0 THEN 'warning' WHEN fact.streaming = 0 THEN 'warning'
                   WHEN fact.lag > 1024 * 1024 * 1024 THEN 'critical' WHEN fact.lag > 16 * 1024 * 1024 THEN 'warning' ELSE 'ok' END;
    detail := CASE WHEN fact.streaming = 0 AND fact.hidden > 0 THEN format('%s standbys, their state is hidden: GRANT pg_monitor TO llm_owner', fact.hidden)
                   ELSE format('%s standbys streaming, the last is %s behind', fact.streaming, pg_size_pretty(fact.lag)) END;
    RETURN NEXT;
    check_name := 'synchronous_standby';
    -- More than one member and a commit on one of them only: the promise that every answer of ingest makes is broken.
    status := CASE WHEN fact.members = 1 AND fact.names = '' THEN 'warning'
                   WHEN fact.names = '' OR fact.alone OR (fact.synchronous = 0 AND fact.hidden = 0) THEN 'critical' ELSE 'ok' END;
    detail := CASE WHEN fact.members = 1 AND fact.names = '' THEN 'one copy: this hub has one member, and a commit is on it only'
                   WHEN fact.names = '' THEN format('none named: commits are on this server only, one of %s members', fact.members)
                   WHEN fact.alone THEN 'llm_app does not wait (synchronous_commit): its commits are on this server only'
                   ELSE format('%s of %s', fact.synchronous, fact.names) || CASE WHEN fact.synchronous = 0 THEN ': commits wait' ELSE '' END END;
    RETURN NEXT;
  END IF;
END
$$;
COMMENT ON FUNCTION analytics.check_replication IS 'Health: server_role, replication, synchronous_standby.';

CREATE FUNCTION analytics.check_archiving() RETURNS TABLE (check_name text, status text, detail text)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
  -- What may lie about for a while: jobs run daily and wait for each other.
  late      CONSTANT interval := INTERVAL '2 days';
  fact      record;
BEGIN
  SELECT a.last_failed_time, a.last_archived_time, a.last_failed_wal, current_setting('archive_mode') <> 'off' AS archiving,
         current_setting('archive_command') AS command, coalesce(current_setting('archive_library', true), '') AS library INTO fact FROM pg_stat_archiver a;
  check_name := 'wal_archiving';
  status := 'warning';
  IF NOT fact.archiving THEN
    detail := 'off: no backup to a point in time';
  ELSIF fact.library = '' AND fact.command = '' THEN
    status := 'critical';
    detail := 'archive_mode is on and archive_command is empty: WAL is kept until its volume is full';
  ELSIF fact.last_failed_time > coalesce(fact.last_archived_time, '-infinity') THEN
    status := 'critical';
    detail := format('failing since %s at %s', fact.last_failed_time, fact.last_failed_wal);
  ELSIF fact.library = '' AND fact.command ~ '^\s*(\S*/)?(true|:|exit 0)\s*(#.*)?$' THEN
    detail := 'archive_command does nothing: no backup to a point in time';
  -- Hub's own command where no bucket is required: [ "$HUB_BACKUP_REQUIRED…" = false ] || pgbackrest … Without a bucket it archives nothing and
  -- ends well, and SQL cannot see the environment. That there is a repository is shown by a backup that succeeded, and by nothing else.
  ELSIF fact.library = '' AND fact.command LIKE '%$HUB_BACKUP_REQUIRED%' AND NOT EXISTS (
      SELECT FROM events.system_events e
       WHERE e.component = 'backup' AND e.kind IN ('full', 'diff') AND e.time > now() - late AND e.detail->>'result' = 'success') THEN
    SELECT min(j.applied_at) AS made INTO fact FROM analytics.schema_journal j;
    detail := 'nothing is archived unless a bucket is named (Secret backup-s3), and no backup has succeeded '
      || CASE WHEN fact.made > now() - late THEN format('since this hub was made at %s', to_char(fact.made AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI UTC')) ELSE 'for two days' END;
  ELSE
    status := 'ok';
    detail := format('last at %s', coalesce(fact.last_archived_time::text, 'no time yet'));
  END IF;
  RETURN NEXT;
END
$$;
COMMENT ON FUNCTION analytics.check_archiving IS 'Health: wal_archiving.';

CREATE FUNCTION analytics.check_jobs() RETURNS TABLE (check_name text, status text, detail text)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
  community CONSTANT boolean := current_setting('timescaledb.license', true) = 'timescale';
  fact      record;
BEGIN
  check_name := 'background_jobs';
  IF community THEN
    -- A job whose next_start is -infinity never runs again (TimescaleDB before 2.26.4, after a failover).
    SELECT count(*) AS jobs,
           count(*) FILTER (WHERE problem = 'failed') AS failed, count(*) FILTER (WHERE problem = 'stuck') AS stuck,
           count(*) FILTER (WHERE problem = 'only reported') AS reported,
           string_agg(format('%s %s %s', problem, j.job_id, j.proc_name), ', ' ORDER BY j.job_id) FILTER (WHERE problem IN ('failed', 'stuck')) AS named INTO fact
      FROM (SELECT b.job_id, b.proc_name,
                   CASE WHEN NOT b.scheduled THEN 'stuck'
                        WHEN isfinite(s.last_run_started_at) IS NOT TRUE
                        THEN CASE WHEN (SELECT max(applied_at) FROM analytics.schema_journal) < now() - INTERVAL '1 hour' THEN 'stuck' END
                        WHEN s.job_status = 'Running' THEN NULL
                        -- Also the mark of a job that is just starting, or was a moment ago.
                        WHEN s.next_start = '-infinity' THEN CASE WHEN s.last_run_started_at < now() - INTERVAL '5 minutes' THEN 'stuck' END
                        WHEN s.next_start < now() - greatest(2 * b.schedule_interval, INTERVAL '15 minutes') THEN 'stuck'
                        WHEN s.last_run_status = 'Failed'
                        THEN CASE WHEN e.err_message ~ '^cannot drop (active |pinned )?portal' THEN 'only reported' ELSE 'failed' END END AS problem
              FROM timescaledb_information.jobs b LEFT JOIN timescaledb_information.job_stats s USING (job_id)
              LEFT JOIN LATERAL (SELECT h.err_message FROM timescaledb_information.job_errors h WHERE h.job_id = b.job_id
                                  ORDER BY h.finish_time DESC NULLS LAST LIMIT 1) e ON s.last_run_status = 'Failed'
             WHERE b.job_id >= 1000) j;
    -- Every job fails: nothing is compressed, dropped or refreshed any more.
    status := CASE WHEN fact.stuck > 0 OR fact.jobs = 0 OR fact.failed = fact.jobs THEN 'critical'
                   WHEN fact.failed > 0 OR fact.reported > 0 THEN 'warning' ELSE 'ok' END;
    detail := format('%s jobs, %s failed, %s stuck%s', fact.jobs, fact.failed, fact.stuck, coalesce(': ' || fact.named, ''))
      -- Their work is done; only its end is not recorded as a success.
      || CASE WHEN fact.reported > 0 THEN format('; %s did their work and are reported as failed ("cannot drop portal", a fault of TimescaleDB on PostgreSQL 15.20 and 17.12)', fact.reported) ELSE '' END;
  ELSE
    status := 'ok';
    detail := 'none on the Apache edition; ingest calls analytics.apply_retention()';
  END IF;
  RETURN NEXT;
END
$$;
COMMENT ON FUNCTION analytics.check_jobs IS 'Health: background_jobs.';

CREATE FUNCTION analytics.check_chunks() RETURNS TABLE (check_name text, status text, detail text)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
  community CONSTANT boolean := current_setting('timescaledb.license', true) = 'timescale';
  -- What may lie about for a while: jobs run daily and wait for each other.
  late      CONSTANT interval := INTERVAL '2 days';
  very_late CONSTANT interval := INTERVAL '14 days';
  fact      record;
BEGIN
  SELECT coalesce(sum(l.overdue), 0) AS overdue, coalesce(sum(l.long_overdue), 0) AS long_overdue,
         string_agg(format('%s %s', l.overdue, l.hypertable), ', ') FILTER (WHERE l.overdue > 0) AS named INTO fact
    FROM (SELECT t.hypertable,
                 (SELECT count(*) FROM public.show_chunks(t.hypertable::regclass, older_than => now() - t.keep_for - late)) AS overdue,
                 (SELECT count(*) FROM public.show_chunks(t.hypertable::regclass, older_than => now() - t.keep_for - very_late)) AS long_overdue
            FROM analytics.table_lifecycles t) l;
  check_name := 'retention';
  status := CASE WHEN fact.long_overdue > 0 THEN 'critical' WHEN fact.overdue > 0 THEN 'warning' ELSE 'ok' END;
  detail := format('%s chunks should have been dropped%s', fact.overdue, coalesce(': ' || fact.named, ''));
  RETURN NEXT;

  check_name := 'compression';
  IF community THEN
    SELECT count(*) AS overdue, count(*) FILTER (WHERE c.range_end < now() - t.compress_after - very_late) AS long_overdue,
           string_agg(DISTINCT t.hypertable, ', ') AS named INTO fact
      FROM analytics.table_lifecycles t
      JOIN timescaledb_information.chunks c ON t.hypertable = format('%s.%s', c.hypertable_schema, c.hypertable_name)
     WHERE NOT c.is_compressed AND c.range_end < now() - t.compress_after - late;
    status := CASE WHEN fact.long_overdue > 0 THEN 'critical' WHEN fact.overdue > 0 THEN 'warning' ELSE 'ok' END;
    detail := format('%s chunks should have been compressed%s', fact.overdue, coalesce(': ' || fact.named, ''));
  ELSE
    status := 'ok';
    detail := 'not in the Apache edition';
  END IF;
  RETURN NEXT;
END
$$;
COMMENT ON FUNCTION analytics.check_chunks IS 'Health: retention, compression.';

CREATE FUNCTION analytics.check_calls() RETURNS TABLE (check_name text, status text, detail text)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
  fact      record;
BEGIN
  SELECT coalesce(sum(r.calls), 0) AS calls, coalesce(sum(r.calls - r.priced_calls), 0) AS unpriced,
         sum(r.calls - r.priced_calls) / nullif(sum(r.calls), 0) AS share INTO fact
    FROM aggregates.call_rollups r WHERE r.time > now() - INTERVAL '24 hours';
  check_name := 'unpriced_requests';
  status := CASE WHEN fact.share > 0.05 THEN 'warning' ELSE 'ok' END;
  detail := CASE WHEN fact.calls = 0 THEN 'no request in the last 24 h'
                 ELSE format('%s %% of %s requests of the last 24 h (%s); analytics.unpriced_models names the models',
                             round(100 * fact.share, 1), fact.calls, fact.unpriced) END;
  RETURN NEXT;

  check_name := 'calls_upgrade';
  SELECT u.calls, u.moved_from, u.started_at INTO fact FROM analytics.calls_upgrade u;
  IF NOT FOUND THEN
    status := 'ok';
    detail := 'finished';
  ELSE
    -- Ingest moves them; a day without an end is one in which no instance of this release ran, or a fault that its log names.
    status := CASE WHEN fact.started_at < now() - INTERVAL '1 day' THEN 'warning' ELSE 'ok' END;
    detail := format('%s calls of the release before are moved, those from %s on; since %s', fact.calls,
                     to_char(fact.moved_from AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI UTC'), to_char(fact.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI UTC'));
  END IF;
  RETURN NEXT;
END
$$;
COMMENT ON FUNCTION analytics.check_calls IS 'Health: unpriced_requests, calls_upgrade.';

CREATE FUNCTION analytics.check_capacity() RETURNS TABLE (check_name text, status text, detail text)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
  fact      record;
BEGIN
  SELECT count(*) AS used,
         current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
           - coalesce(current_setting('reserved_connections', true)::int, 0) AS allowed INTO fact
    FROM pg_stat_activity a WHERE a.backend_type = 'client backend';
  check_name := 'connections';
  status := CASE WHEN fact.used > 0.95 * fact.allowed THEN 'critical' WHEN fact.used > 0.8 * fact.allowed THEN 'warning' ELSE 'ok' END;
  detail := format('%s of %s', fact.used, fact.allowed);
  RETURN NEXT;

  SELECT d.datname, age(d.datfrozenxid) AS age INTO fact FROM pg_database d ORDER BY 2 DESC LIMIT 1;
  check_name := 'transaction_age';
  -- The server stops accepting writes at 2.1 billion.
  status := CASE WHEN fact.age > 1600000000 THEN 'critical' WHEN fact.age > 1000000000 THEN 'warning' ELSE 'ok' END;
  detail := format('%s transactions since %s was frozen', fact.age, fact.datname);
  RETURN NEXT;
END
$$;
COMMENT ON FUNCTION analytics.check_capacity IS 'Health: connections, transaction_age.';

CREATE OR REPLACE FUNCTION analytics.system_health_check() RETURNS TABLE (check_name text, status text, detail text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$$
  SELECT * FROM analytics.check_schema() UNION ALL SELECT * FROM analytics.check_replication()
  UNION ALL SELECT * FROM analytics.check_archiving() UNION ALL SELECT * FROM analytics.check_jobs()
  UNION ALL SELECT * FROM analytics.check_chunks() UNION ALL SELECT * FROM analytics.check_calls()
  UNION ALL SELECT * FROM analytics.check_capacity()
$$;
