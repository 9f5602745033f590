#!/bin/sh
# Makes our namespace in a Temporal cluster, with the search attributes of a case.
# It leaves alone what is there already: run it before the first start and after every upgrade.
# Needs the `temporal` command, and TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE of cityops.env.
set -eu

: "${TEMPORAL_ADDRESS:?}" "${TEMPORAL_NAMESPACE:?}"
# Closed cases stay in Temporal this long. The permanent record is our own database.
: "${TEMPORAL_RETENTION:=7d}"

answers() {
    tries=0
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ "$tries" -lt 60 ] || { echo "no answer from $TEMPORAL_ADDRESS: $*" >&2; exit 1; }
        sleep 2
    done
}

answers temporal operator cluster health
temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
    temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$TEMPORAL_RETENTION"

# The whole cluster knows a new namespace after a few seconds.
answers temporal operator search-attribute list
temporal operator search-attribute create --type Keyword --name CaseCategory --name CaseDistrict --name CaseChannel
temporal operator search-attribute create --type Int --name CaseSeverity --name CaseLevel
