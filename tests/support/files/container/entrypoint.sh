#!/bin/bash
# As much of the entry point of the image postgres as compose.yaml relies on: it begins as root, takes the volume over,
# initialises it behind a socket, and becomes the user postgres.
set -euo pipefail
[ "$1" = postgres ] || exec "$@"
if [ "$(id -u)" = 0 ]; then
    data=/var/lib/postgresql/data
    chown postgres:postgres "$data" /var/run/postgresql
    exec setpriv --reuid postgres --regid postgres --init-groups env HOME=/tmp PGDATA="$data" "$0" "$@"
fi
PATH=$(echo /usr/lib/postgresql/*/bin):$PATH
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    initdb --encoding UTF8 --username "$POSTGRES_USER" --pwfile <(cat "$POSTGRES_PASSWORD_FILE") \
        --auth-local trust --auth-host scram-sha-256
    pg_ctl --wait --options "-c listen_addresses=''" start
    createdb --username "$POSTGRES_USER" "$POSTGRES_DB"
    pg_ctl --wait --mode fast stop
fi
exec postgres -c listen_addresses='*'
