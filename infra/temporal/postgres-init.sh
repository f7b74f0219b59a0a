#!/bin/sh
# Runs once, when the Postgres volume is made: one role for Temporal and one for the platform, each owning its own
# databases and unable to connect to the other's. Passwords come by environment and go in on standard input.
set -eu

: "${TEMPORAL_DB_PASSWORD:?}" "${APP_DB_PASSWORD:?}"

psql --no-psqlrc --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<'SQL'
\getenv temporal_password TEMPORAL_DB_PASSWORD
\getenv app_password APP_DB_PASSWORD
CREATE ROLE temporal LOGIN PASSWORD :'temporal_password';
CREATE ROLE convos LOGIN PASSWORD :'app_password';
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;
CREATE DATABASE convos OWNER convos;
REVOKE ALL ON DATABASE temporal, temporal_visibility, convos, postgres FROM PUBLIC;
SQL
