#!/bin/sh
# PgBouncer, started anew whenever HAProxy has another address, which its container may get each time it is started. PgBouncer itself would go on
# asking at the old one: c-ares, its resolver, keeps every answer since 1.31 for as long as the name server allows (Docker's: ten minutes), whatever
# dns_max_ttl is. Whoever was connected through the old address is disconnected by then, so nobody loses by it.
# Arguments: pgbouncer.ini, HAProxy's name.
set -eu
if ! command -v getent > /dev/null; then
    echo "This image has no getent: PgBouncer may keep the address that $2 has now for as long as the name server allows." >&2
    exec pgbouncer "$1"
fi
addresses() { getent hosts "$1" | sort; }
watch() {
    while sleep 1; do
        now=$(addresses "$1")
        if [ -n "$now" ] && [ "$now" != "$2" ]; then
            echo "$1 had the address ${2:-of nobody} and has $now now: PgBouncer starts anew." >&2
            kill -ALRM $$
            return
        fi
    done
}
command_line() { tr -d '\0' 2> /dev/null < "/proc/$1/cmdline" || :; }
own=$(command_line $$)
# A signal that finds nobody, because PgBouncer is just being started, is for the one that comes. Until its program is loaded it is a copy of this
# shell, which would take the signal for itself.
forward() {
    if [ -z "$pgbouncer" ]; then
        pending=$1
        return
    fi
    while [ "$(command_line "$pgbouncer")" = "$own" ]; do sleep 0.05; done
    kill -"$1" "$pgbouncer" 2> /dev/null || pending=$1
}
pgbouncer='' pending=''
trap 'forward HUP' HUP
trap 'forward INT' INT
trap 'forward TERM' TERM
trap 'moved=true; kill -KILL "$pgbouncer" 2> /dev/null || :' ALRM
while :; do
    moved='' pgbouncer='' known=$(addresses "$2")
    pgbouncer "$1" &
    pgbouncer=$!
    if [ "$pending" ]; then forward "$pending"; pending=''; fi
    watch "$2" "$known" &
    watcher=$!
    # A signal ends the wait before PgBouncer has ended.
    while code=0; wait "$pgbouncer" || code=$?; kill -0 "$pgbouncer" 2> /dev/null; do :; done
    kill "$watcher" 2> /dev/null || :
    [ "$moved" ] || exit "$code"
done
