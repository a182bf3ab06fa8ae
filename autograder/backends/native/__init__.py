"""The native world's servers: the Postgres and the Redis of this machine, and Apache Kafka on its Java."""

from autograder.backends.native.cluster import ApacheKafkaCluster
from autograder.backends.native.kafka import ApacheKafka
from autograder.backends.native.programs import native_postgres, native_redis
from autograder.backends.native.readiness import native_versions, prepare_native

__all__ = ["ApacheKafka", "ApacheKafkaCluster", "native_postgres", "native_redis", "native_versions", "prepare_native"]
