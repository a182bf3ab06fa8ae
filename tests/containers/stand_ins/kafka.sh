#!/bin/bash
# As the official image does: every KAFKA_* is a line of server.properties, the log folder is formatted once for CLUSTER_ID.
set -eu
properties=/opt/kafka/config/server.properties
for name in $(compgen -e | grep '^KAFKA_' | grep -v -e '^KAFKA_HEAP_OPTS$' -e '^KAFKA_OPTS$'); do
    key=${name#KAFKA_}
    key=${key,,}
    echo "${key//_/.}=${!name}"
done > "$properties"
# shellcheck disable=SC2086  # several words on purpose
run() { exec java ${KAFKA_HEAP_OPTS:-} -XX:+UseSerialGC -cp '/opt/kafka/libs/*' "$@"; }
(run kafka.tools.StorageTool format --ignore-formatted -t "${CLUSTER_ID:?}" -c "$properties")
run kafka.Kafka "$properties"
