"""The containers world: the official images of Apache Kafka, Postgres and Redis, run by Docker Compose."""

from autograder.backends.containers.world import Containers, prepare, take_down

__all__ = ["Containers", "prepare", "take_down"]
