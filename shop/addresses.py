"""Where the backends are: the one thing that a service of the shop is told when it starts."""

from dataclasses import dataclass

__all__ = ["Addresses"]


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """Addresses of the backends, in the form that each client wants.

    >>> psycopg.connect(at.postgres)
    >>> KafkaProducer(bootstrap_servers=at.kafka)
    >>> redis.Redis.from_url(at.redis)
    """

    postgres: str = ""
    kafka: str = ""
    redis: str = ""
    gateway: str = ""
    warehouse: str = ""
    replica: str = ""
    """A Postgres that follows the one at ``postgres`` and answers reads only; where there is one."""
