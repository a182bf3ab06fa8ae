"""Calls are ordered by their start, as if nothing could overlap."""


def histories() -> dict[str, str]:
    return {
        "h1": "sequential",
        "h2": "sequential",
        "h3": "neither",
        "h4": "neither",
        "h5": "sequential",
        "h6": "sequential",
        "h7": "neither",
        "h8": "neither",
    }
