"""Whatever shows an old value is called neither, as if the clock decided about sequential too."""


def histories() -> dict[str, str]:
    return {
        "h1": "linearizable",
        "h2": "neither",
        "h3": "neither",
        "h4": "linearizable",
        "h5": "neither",
        "h6": "linearizable",
        "h7": "neither",
        "h8": "neither",
    }
