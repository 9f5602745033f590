#!/bin/sh
# Runs once, when the PostgreSQL volume is empty: a role and databases for us, and for Temporal.
set -eu

psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" \
    --set cityops="$POSTGRES_CITYOPS_PASSWORD" --set temporal="$POSTGRES_TEMPORAL_PASSWORD" <<'SQL'
CREATE ROLE cityops LOGIN PASSWORD :'cityops';
CREATE DATABASE cityops OWNER cityops ENCODING 'UTF8' TEMPLATE template0;
CREATE ROLE temporal LOGIN PASSWORD :'temporal';
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;
SQL
