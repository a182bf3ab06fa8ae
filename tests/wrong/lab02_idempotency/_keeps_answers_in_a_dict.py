"""The answers stand in a dict, which ends with its process: each call of the shop may reach another one."""

from shop import Addresses, Charge, Gateway, KeyReused, Receipt

ANSWERS: dict[str, tuple[Charge, Receipt]] = {}


def charge(at: Addresses, command: Charge) -> Receipt:
    if command.key not in ANSWERS:
        ANSWERS[command.key] = command, Gateway(at.gateway).charge(command)
    wish, receipt = ANSWERS[command.key]
    if wish != command:
        raise KeyReused()
    return receipt
