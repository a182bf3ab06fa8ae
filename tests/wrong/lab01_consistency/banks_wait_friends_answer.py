"""The industry decides: a bank waits, a social network answers."""


def operations() -> dict[str, str]:
    return {
        "cash_machine": "wait",
        "pay_in": "wait",
        "block_card": "wait",
        "statement": "wait",
        "dated_statement": "wait",
        "thousandth_like": "available",
        "comment": "available",
        "user_name": "available",
        "picture": "available",
        "mute": "available",
    }
