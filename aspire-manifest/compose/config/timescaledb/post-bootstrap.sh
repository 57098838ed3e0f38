#!/bin/sh
# Patroni runs this once, on the first leader of a new cluster, with a connection string to database postgres as its argument.
# A failure makes Patroni remove the new cluster and start over, so nothing half-initialised is ever promoted.
set -eu
exec psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --dbname "$1" --file /etc/hub/config/01-init-database.sql
