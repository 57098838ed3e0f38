#!/bin/sh
# Patroni runs this once, on the first leader of a new or restored cluster, with a connection string to database postgres as its argument.
# A failure makes Patroni remove the new cluster and start over, so nothing half-initialised is ever promoted.
set -eu

# No standby can be there yet, and a commit that is to be on two members would wait for one for ever.
export PGOPTIONS='-c synchronous_commit=local'
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --dbname "$1" --file /etc/hub/config/01-init-database.sql

# Before anything is promoted: a timeline's history file that finds no repository is lost to every restore that needs it. A cluster without
# a working repository must not come up, and a new, empty one must not take the place of one whose backups are there.
if [ "${HUB_BACKUP_REQUIRED:-true}${PGBACKREST_REPO1_S3_BUCKET:-}" = false ]; then
    echo "warning: no bucket is named for backups (Secret backup-s3): this cluster archives nothing and has no backups." >&2
else
    # 50: another pgBackRest of this member holds the lock. A cluster that was restored under load archives WAL at this very moment.
    attempt=1
    until pgbackrest --stanza="$HUB_BACKUP_STANZA" --log-level-console=info stanza-create; do
        if [ $? -ne 50 ] || [ "$attempt" -ge 60 ]; then
            echo "error: the backup repository cannot be used (see above), so this cluster does not start." >&2
            echo "  -> Backups of another cluster (they \"do not match\")? Restore it instead, or give this one a path or bucket of its own." >&2
            echo "  -> Not reachable or refused? Check endpoint, bucket, keys and the storage's CA." >&2
            exit 1
        fi
        attempt=$((attempt + 1))
        sleep 1
    done
fi
