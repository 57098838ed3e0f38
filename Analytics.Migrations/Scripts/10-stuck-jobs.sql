-- hub: transaction=script
-- A job that was running when its server went away is marked with next_start = -infinity. TimescaleDB before 2.26.4 (2.27.0) reads that mark
-- as "never" after a failover: retention, compression or an aggregate's refresh stands still until somebody sets it going again.

CREATE FUNCTION analytics.restart_stuck_jobs() RETURNS TABLE (job_id int, procedure text)
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
  stuck record;
BEGIN
  IF current_setting('timescaledb.license', true) IS DISTINCT FROM 'timescale' THEN
    RETURN;
  END IF;
  -- The mark is also that of a job which is just starting: one that began five minutes ago and is not running did not get that far. What is
  -- switched off (scheduled = false) is somebody's choice and stays off.
  FOR stuck IN
    SELECT b.job_id AS id, b.proc_schema || '.' || b.proc_name AS name, s.last_run_started_at AS started
      FROM timescaledb_information.jobs b JOIN timescaledb_information.job_stats s USING (job_id)
     WHERE b.job_id >= 1000 AND b.scheduled AND pg_has_role(b.owner::text, 'USAGE') AND s.next_start = '-infinity' AND s.job_status <> 'Running'
       AND isfinite(s.last_run_started_at) AND s.last_run_started_at < now() - INTERVAL '5 minutes'
     ORDER BY b.job_id
  LOOP
    PERFORM public.alter_job(stuck.id, next_start => now());
    INSERT INTO events.system_events (time, component, kind, severity, message, detail)
    VALUES (now(), 'jobs', 'stuck_job_restarted', 'warning',
            format('job %s (%s) would never have run again: it last began at %s and its server went away; it runs now', stuck.id, stuck.name, stuck.started),
            jsonb_build_object('job_id', stuck.id, 'procedure', stuck.name, 'last_run_started_at', stuck.started));
    job_id := stuck.id;
    procedure := stuck.name;
    RETURN NEXT;
  END LOOP;
END
$$;
COMMENT ON FUNCTION analytics.restart_stuck_jobs IS
  'Community edition: sets jobs going that TimescaleDB has left with next_start = -infinity for more than five minutes, and names them, with one '
  'event each. Apache: does nothing. Called every five minutes by ingest; more callers at once do no harm.';
GRANT EXECUTE ON FUNCTION analytics.restart_stuck_jobs TO llm_app;
