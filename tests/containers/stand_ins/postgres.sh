#!/bin/bash
# As the official image does: a new data folder is made from POSTGRES_*, then the command runs as the user postgres.
set -eu
as_postgres() { setpriv --reuid=postgres --regid=postgres --init-groups -- "$@"; }
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    : "${POSTGRES_PASSWORD:?}"
    install -d -o postgres -g postgres -m 700 "$PGDATA"
    password=$(as_postgres mktemp)
    echo "$POSTGRES_PASSWORD" | as_postgres tee "$password" >/dev/null
    # shellcheck disable=SC2086  # several words on purpose
    as_postgres initdb --username=postgres --pwfile="$password" -D "$PGDATA" ${POSTGRES_INITDB_ARGS:-}
    rm "$password"
    echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
    echo "listen_addresses = '*'" >> "$PGDATA/postgresql.conf"
fi
exec setpriv --reuid=postgres --regid=postgres --init-groups -- "$@"
