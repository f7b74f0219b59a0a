#!/bin/sh
# Brings both of Temporal's databases to the schema of this release. Safe to run again, and before each upgrade of the
# server. The connection (SQL_PLUGIN, SQL_HOST, SQL_PORT, SQL_USER, SQL_PASSWORD) comes by environment.
set -eu

schema_dir=${SCHEMA_DIR:-/etc/temporal/schema/postgresql/v12}

for pair in temporal:temporal temporal_visibility:visibility; do
  database=${pair%%:*}
  schema=${pair##*:}
  temporal-sql-tool --db "$database" setup-schema --version 0.0
  temporal-sql-tool --db "$database" update-schema --schema-dir "$schema_dir/$schema/versioned"
done
