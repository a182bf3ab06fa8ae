"""Page: report fragments as one file that needs nothing else and lets nothing else run.

Its content security policy names the player's script by its hash: a script that slipped into a fragment from learner
output is not executed, and nothing is fetched from anywhere.
"""

from __future__ import annotations

import html
from collections.abc import Iterable

from autograder.diagram.colors import DARK, LIGHT, variables
from autograder.diagram.labels import clean
from autograder.diagram.player import script_hash

__all__ = ["page"]

_STYLE = """
:root{LIGHT}
@media screen and (prefers-color-scheme:dark){:root{DARK}}
body{margin:0 auto;max-width:860px;padding:24px 16px 64px;background:var(--bg);color:var(--fg);
font:16px/1.55 system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif;overflow-wrap:anywhere}
h1,h2,h3{line-height:1.25}
h1{font-size:1.6rem}
a{color:var(--ok)}
code,pre{font:.9em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace}
pre{background:var(--head);padding:12px;border-radius:8px;overflow-x:auto;overflow-wrap:normal}
table{border-collapse:collapse;display:block;overflow-x:auto;overflow-wrap:normal}
th,td{border:1px solid var(--line);padding:4px 10px;text-align:left}
th{background:var(--head)}
figure{margin:1.5em 0}
figcaption{margin:.5em 0}
summary{cursor:pointer;min-height:24px}
:focus-visible{outline:3px solid var(--ok);outline-offset:2px}
@media print{body{max-width:none;padding:0;font-size:11pt}pre{white-space:pre-wrap}figure,table,pre{break-inside:avoid}}
"""


def page(title: str, body_fragments: Iterable[str]) -> str:
    """A complete HTML page around ``body_fragments``, which are HTML already; the title is text."""
    style = _STYLE.replace("LIGHT", variables(LIGHT)).replace("DARK", variables(DARK)).replace("\n", "")
    heading = html.escape(clean(title), quote=True)
    policy = (
        f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src '{script_hash()}'; "
        "base-uri 'none'; form-action 'none'"
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{heading}</title><style>{style}</style></head>\n"
        f"<body><main><h1>{heading}</h1>\n" + "\n".join(body_fragments) + "\n</main></body></html>\n"
    )
