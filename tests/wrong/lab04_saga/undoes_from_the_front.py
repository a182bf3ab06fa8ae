"""Undoing is thought to begin with the first step: the money goes back before the order is cancelled."""


def seen() -> dict[str, str]:
    return {
        "s1": "seen",
        "s2": "never",
        "s3": "seen",
        "s4": "seen",
        "s5": "seen",
        "s6": "never",
        "s7": "never",
        "s8": "seen",
        "s9": "never",
        "s10": "seen",
    }
