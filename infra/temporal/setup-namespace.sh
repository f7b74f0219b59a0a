#!/bin/sh
# Makes the namespace and its search attributes if they are missing. Safe to run again.
set -eu

: "${TEMPORAL_ADDRESS:?}" "${TEMPORAL_NAMESPACE:?}"
retention=${NAMESPACE_RETENTION:-168h}
attempts=60

search_attributes="
InstanceId=Keyword
ClaimId=Keyword
PoolName=Keyword
InstanceState=Keyword
ClaimState=Keyword
StateSince=Datetime
"

# Runs a command until it succeeds, once a second. A new namespace takes some seconds to become visible.
retry() {
  attempt=1
  until "$@"; do
    if [ "$attempt" -ge "$attempts" ]; then
      echo "gave up after $attempts attempts: $*" >&2
      return 1
    fi
    attempt=$((attempt + 1))
    sleep 1
  done
}

quietly() {
  "$@" >/dev/null 2>&1
}

has_search_attribute() {
  temporal operator search-attribute list --namespace "$TEMPORAL_NAMESPACE" | grep -q "^ *$1 "
}

ensure_search_attribute() {
  has_search_attribute "$1" && return 0
  temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" --name "$1" --type "$2"
}

retry quietly temporal operator cluster health
if ! quietly temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE"; then
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$retention"
fi
retry quietly temporal operator search-attribute list --namespace "$TEMPORAL_NAMESPACE"
for pair in $search_attributes; do
  retry ensure_search_attribute "${pair%%=*}" "${pair##*=}"
done
echo "namespace $TEMPORAL_NAMESPACE is ready"
