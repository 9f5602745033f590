#!/bin/sh
# Makes or upgrades the tables of Temporal's two databases. Safe to run at every start.
set -eu

for kind in temporal visibility; do
    case $kind in
        temporal) database=temporal ;;
        visibility) database=temporal_visibility ;;
    esac
    tool="temporal-sql-tool --plugin postgres12 --ep postgres --port 5432 --user temporal --db $database"
    $tool setup-schema --version 0.0
    $tool update-schema --schema-dir "/etc/temporal/schema/postgresql/v12/$kind/versioned"
done
