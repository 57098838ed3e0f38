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
exec patroni "$1"
