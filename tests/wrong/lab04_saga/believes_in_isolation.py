"""A saga is taken for a transaction: nobody sees it before its end."""


def seen() -> dict[str, str]:
    return {
        "s1": "never",
        "s2": "never",
        "s3": "never",
        "s4": "never",
        "s5": "never",
        "s6": "never",
        "s7": "never",
        "s8": "never",
        "s9": "never",
        "s10": "never",
    }
