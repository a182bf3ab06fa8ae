"""Is everything here that the native world needs? What has to be fetched or made once is fetched and made here."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from autograder.backends.native.format import formatted
from autograder.backends.native.jars import find_kafka, kafka_home, version_of
from autograder.backends.native.java import find_java, java_version
from autograder.backends.native.programs import native_postgres, native_redis

__all__ = ["native_versions", "prepare_native"]


def prepare_native(say: Callable[[str], None]) -> None:
    """Find every program, fetch Kafka's jars where they are not here yet; raises BackendError with what mends it."""
    native_postgres()
    native_redis()
    find_java()
    find_kafka(say)
    formatted()


def native_versions() -> Mapping[str, str]:
    """The versions of what is here, by name; Kafka's is empty while its jars are not. Raises BackendError; fetches nothing."""
    return {
        "Postgres": ".".join(map(str, native_postgres().version)),
        "Redis": native_redis().version,
        "Java": java_version(),
        "Kafka": version_of(kafka_home()),
    }
