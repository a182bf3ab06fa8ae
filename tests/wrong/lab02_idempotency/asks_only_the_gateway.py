"""It keeps nothing itself: what the gateway forgets is charged again."""

from shop import Addresses, Charge, Gateway, Receipt


def charge(at: Addresses, command: Charge) -> Receipt:
    return Gateway(at.gateway).charge(command)
