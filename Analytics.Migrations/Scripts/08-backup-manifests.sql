-- hub: transaction=script
-- What a backup is compared with when it is restored, and what is asked of the record of backups.

CREATE TABLE events.backup_manifests (
  sha256      text PRIMARY KEY CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  recorded_at timestamptz NOT NULL DEFAULT now(),
  backup_type text NOT NULL CHECK (backup_type IN ('full', 'diff')),
  -- text, not jsonb: the hash is of exactly these characters
  manifest    text NOT NULL
);
COMMENT ON TABLE events.backup_manifests IS
  'The state of the database just before a backup: written by hub-backup, compared by its restore drill. The SHA-256 is also an annotation '
  '(hub-manifest) of the pgBackRest set, so each manifest is needed in its own backup only.';
-- dropping the old ones
CREATE INDEX backup_manifests_recorded_at ON events.backup_manifests (recorded_at);

-- Ingest's role runs the backups; it may add a manifest, and neither change nor read past ones into something else.
CREATE FUNCTION events.record_backup_manifest(p_backup_type text, p_manifest text) RETURNS text
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$$
  -- 14 days: for people who look; the backups hold their own.
  DELETE FROM events.backup_manifests WHERE recorded_at < now() - INTERVAL '14 days';
  INSERT INTO events.backup_manifests (sha256, backup_type, manifest)
  VALUES (encode(sha256(convert_to(p_manifest, 'UTF8')), 'hex'), p_backup_type, p_manifest)
  ON CONFLICT (sha256) DO UPDATE SET recorded_at = now()
  RETURNING sha256;
$$;
COMMENT ON FUNCTION events.record_backup_manifest IS 'Adds a manifest and answers its SHA-256 in lower-case hex.';
GRANT EXECUTE ON FUNCTION events.record_backup_manifest TO llm_app;

-- the last run of each backup job
CREATE INDEX system_events_component ON events.system_events (component, kind, time DESC);
