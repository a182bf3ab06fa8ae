"""Network: what a service of the shop sees of the others, and how a call to one of them can end."""

from typing import Any, Protocol

__all__ = ["Broken", "Node", "Refused", "ServiceError", "Unavailable"]


class ServiceError(Exception):
    """A service answered, and the answer is no."""

    def __init__(self, reason: str = "", status: int = 500) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status


class Refused(ServiceError):
    """The request itself is wrong (4xx: a declined card, a bad amount). It surely had no effect; repeating cannot help."""

    def __init__(self, reason: str = "refused", status: int = 400) -> None:
        super().__init__(reason, status)


class Unavailable(ServiceError):
    """The service takes nothing on at the moment (503). It surely had no effect; later it may work."""

    def __init__(self, reason: str = "unavailable", status: int = 503) -> None:
        super().__init__(reason, status)


class Broken(ServiceError):
    """Something went wrong inside the service (500). The request may have had its effect."""

    def __init__(self, reason: str = "broken", status: int = 500) -> None:
        super().__init__(reason, status)


class Node(Protocol):
    """Your place in the network: your name, your peers, your disk, and a way to call everybody else.

    A call that gets no answer waits for ever: it is your timeout that ends it, and then nobody knows what happened.
    """

    name: str
    peers: tuple[str, ...]

    async def call(self, to: str, method: str, *args: Any) -> Any:
        """Call a method of a service or a peer, and wait for its answer. Arguments are what JSON can say.

        Raises Refused, Unavailable or Broken as the other side says; ConnectionRefusedError when nobody runs there (no
        effect), ConnectionResetError when the other side died meanwhile (nobody knows).
        """

    def send(self, to: str, method: str, *args: Any) -> None:
        """The same one way: there is no answer, and nobody hears whether it arrived."""

    async def save(self, key: str, value: Any) -> None:
        """Write to your own disk: what is there survives a crash."""

    async def load(self, key: str, default: Any = None) -> Any:
        """Read from your own disk."""
