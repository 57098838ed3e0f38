#!/bin/sh
# The conventions of the official postgres image, for a database that is started alone (tests, a quick look): POSTGRES_USER,
# POSTGRES_PASSWORD, POSTGRES_DB, POSTGRES_INITDB_ARGS and /docker-entrypoint-initdb.d. A cluster member never comes here: its
# command is Patroni.
set -eu

[ "${1:-postgres}" = postgres ] || exec "$@"

user=${POSTGRES_USER:-postgres}
database=${POSTGRES_DB:-$user}

if [ ! -s "$PGDATA/PG_VERSION" ]; then
    if [ -z "${POSTGRES_PASSWORD:-}" ]; then
        echo "error: the database is empty and POSTGRES_PASSWORD is not set; set it to the password that user $user shall have" >&2
        exit 1
    fi
    secret=$(mktemp)
    printf '%s\n' "$POSTGRES_PASSWORD" > "$secret"
    # shellcheck disable=SC2086 # POSTGRES_INITDB_ARGS holds several arguments
    initdb --username="$user" --pwfile="$secret" --auth=scram-sha-256 \
        --encoding=UTF8 --locale=C.UTF-8 --data-checksums ${POSTGRES_INITDB_ARGS:-} > /dev/null
    rm -f "$secret"
    cat >> "$PGDATA/postgresql.conf" <<'CONF'
listen_addresses = '*'
shared_preload_libraries = 'timescaledb,pg_stat_statements'
timescaledb.telemetry_level = off
max_locks_per_transaction = 256
max_worker_processes = 24
CONF
    echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"

    # Only on the socket: nobody connects before the scripts are done.
    export PGPASSWORD="$POSTGRES_PASSWORD"
    pg_ctl --silent --wait --options="-c listen_addresses=''" start
    [ "$database" = postgres ] || createdb --username="$user" "$database"
    for script in /docker-entrypoint-initdb.d/*; do
        case "$script" in
            *.sql) psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username="$user" --dbname="$database" --file="$script" ;;
            *.sh) sh "$script" ;;
        esac
    done
    pg_ctl --silent --wait --mode=fast stop
    unset PGPASSWORD
    # The line that tools wait for: the second start is the real one.
    echo "PostgreSQL init process complete; ready for start up."
fi

exec "$@"
