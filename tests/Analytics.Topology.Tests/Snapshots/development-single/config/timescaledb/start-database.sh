#!/bin/sh
# PostgreSQL writes its log as JSON through its own collector only, and that into files. Each of them leads to the container's error stream,
# where every engine collects it. PostgreSQL takes another file every hour, so that where the stream cannot be opened by name a day is kept.
set -eu
log=/tmp/postgresql-log
mkdir -p "$log"
if (: >> /proc/1/fd/2) 2> /dev/null; then
    for hour in 00 01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18 19 20 21 22 23; do
        ln -sfn /proc/1/fd/2 "$log/postgresql-$hour.json"
        ln -sfn /proc/1/fd/2 "$log/postgresql-$hour.log"
    done
else
    echo "PostgreSQL's log lies in $log: this container's error stream cannot be opened by name." >&2
fi
# A server that was killed leaves the lock of its socket in a volume that outlives the container. It names a process, whose number may by now be that of
# another one here: PostgreSQL then takes it for a running server, and does not start. In a container that has just started, none runs.
sockets=/var/run/postgresql
rm -f "$sockets"/.s.PGSQL.*
# An operator who restores the cluster by hand needs a member's volumes with nothing running on them: a file beside the configuration named
# hold, or hold- and the member's name (Kubernetes: keys of ConfigMap patroni-restore), keeps it from starting until the file is gone.
held() { [ -e "$1/hold" ] || [ -e "$1/hold-$PATRONI_NAME" ]; }
if held "$1"; then
    trap 'exit 0' TERM INT
    echo "$PATRONI_NAME is held ($1/hold*): neither Patroni nor PostgreSQL runs until that file is removed." >&2
    while held "$1"; do sleep 1; done
    trap - TERM INT
fi
# By the interpreter that Patroni's own program names.
python=$(sed -n '1s/^#! *//p' "$(command -v patroni)")
case "$python" in
    *python*) exec $python "$1/start-patroni.py" "$1" ;;
esac
# The same for another kind of program, as far as it tells its version (patroni 4.0.7).
major=$(patroni --version 2> /dev/null | sed -n 's/^patroni \([0-9][0-9]*\)\..*/\1/p')
if [ "${major:-4}" -lt 4 ]; then
    echo "error: this database image has Patroni $major, and Hub needs 4.0.0 or later (synchronous_mode: quorum)." >&2
    echo "  -> Take a newer database image: docs/VERSIONS.md. Nothing was started and no data was touched." >&2
    exit 1
fi
echo "patroni is no Python program here: it may ask members that were started again at their old address for ten minutes." >&2
exec patroni "$1"
