"""Standby: a second Postgres that follows the first one over a cable; day 1 cuts it."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import psycopg

from autograder.backends.cable import Cable
from autograder.backends.errors import BackendError, cannot_write
from autograder.backends.postgres import Postgres
from autograder.backends.privilege import give_to_nobody

__all__ = ["Halls", "Standby", "two_halls"]

FOLLOWER = "oslo"
FOLLOWS = """
select 1 from pg_stat_replication
where state = 'streaming' and (sync_state = 'sync' or current_setting('synchronous_standby_names') = '')
"""
WAITS: Mapping[str, str] = MappingProxyType({"synchronous_standby_names": FOLLOWER})
"""Settings of a server that may be told to wait for its follower (``synchronous_commit``)."""
FOLLOWS_WITHIN_S = 30.0


class Standby(Postgres):
    """A server that begins as a copy of another one's data folder, and follows it; it answers reads only."""

    name = "Postgres standby"

    def __init__(self, folder: Path, *, of: Postgres, port: int, settings: Mapping[str, str] = MappingProxyType({})) -> None:
        """``port`` is where it finds the other one: the near end of the cable. The other one must be stopped meanwhile."""
        self.of = of
        secret = of._password()
        where = f"host=127.0.0.1 port={port} user=postgres password={secret} application_name={FOLLOWER} sslmode=disable"
        super().__init__(folder, settings={**settings, "primary_conninfo": where}, mode=of.mode, binaries=of.binaries)
        self._secret = secret

    def _password(self) -> str:
        return self._secret

    def _make_data(self) -> None:
        try:
            shutil.copytree(self.of.data, self.data)
            (self.data / "standby.signal").touch()
            if self.mode == "setuid":
                for path in (self.data, *self.data.rglob("*")):
                    give_to_nobody(path)
        except OSError as error:
            raise cannot_write(self.data, error) from error

    def begin(self) -> None:
        """Copy the other one's data, which must be at rest."""
        self._home()
        self._make_data()


@dataclass(frozen=True)
class Halls:
    """Two halls with a Postgres each: Riga takes writes, Oslo follows."""

    riga: str
    """Address of the server that takes writes."""
    oslo: str
    """Address of its follower."""
    cable: Cable


@contextmanager
def two_halls(delay_s: float = 0.0, settings: Mapping[str, str] = WAITS) -> Iterator[Halls]:
    """Start both servers in a folder that is thrown away. Every message between them takes ``delay_s``.

    With no ``settings`` of its own Riga never waits for Oslo.
    """
    with tempfile.TemporaryDirectory(prefix="halls-", ignore_cleanup_errors=True) as folder:
        riga = Postgres(Path(folder, "riga"), settings=settings)
        riga.start()
        riga.stop()
        with Cable(riga.port, delay_s=delay_s) as cable:
            oslo = Standby(Path(folder, "oslo"), of=riga, port=cable.port)
            try:
                oslo.begin()
                riga.start()
                oslo.start()
                _wait_until_it_follows(riga.address)
                yield Halls(riga.address, oslo.address, cable)
            finally:
                cable.mend()
                oslo.kill()
                riga.kill()


def _wait_until_it_follows(address: str) -> None:
    deadline = time.monotonic() + FOLLOWS_WITHIN_S
    with psycopg.connect(address, autocommit=True) as connection:
        while not connection.execute(FOLLOWS).fetchone():
            if time.monotonic() > deadline:
                raise BackendError(f"The second Postgres did not follow the first within {FOLLOWS_WITHIN_S:g} s; run the cell again.")
            time.sleep(0.02)
