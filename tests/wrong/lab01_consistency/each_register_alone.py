"""Each register is explained alone, and the two together are taken for explained."""


def histories() -> dict[str, str]:
    return {
        "h1": "linearizable",
        "h2": "sequential",
        "h3": "neither",
        "h4": "linearizable",
        "h5": "sequential",
        "h6": "linearizable",
        "h7": "sequential",
        "h8": "neither",
    }
