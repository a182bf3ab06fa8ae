"""Player: the small script that turns the static picture into one that can be stepped through.

It needs nothing from a network, starts with the whole run in view and changes nothing until the reader asks.
"""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from pathlib import Path

from autograder.diagram.colors import DARK, LIGHT, variables

__all__ = ["script", "script_hash", "script_source"]

_CSS = """
figure.fnd-on,figure.fnd-on .fnd-svg{LIGHT}
figure.fnd-on{background:var(--bg);color:var(--fg);padding:10px 12px;border:1px solid var(--line);border-radius:8px}
figure.fnd-on figcaption,figure.fnd-on figcaption *{color:inherit;text-align:left;max-width:none}
.fnd-box{overflow-x:auto}
.fnd-box .fnd-svg{display:block;width:100%;height:auto;margin:auto}
.fnd-svg .it{cursor:pointer;transition:opacity .2s}
.fnd-svg .it:hover text.label{text-decoration:underline}
.fnd-svg .fnd-dim{opacity:.13}
.fnd-now{fill:var(--now)}
.fnd-later{fill:var(--bg);opacity:.88;transition:transform .35s;pointer-events:none}
.fnd-live .fnd-box{max-height:62vh;overflow:auto}
.fnd-head{position:sticky;top:0;z-index:1}
.fnd-bar{display:flex;gap:6px;flex-wrap:wrap;align-items:center}
.fnd-bar button{min-width:44px;min-height:44px;display:inline-flex;gap:6px;align-items:center;justify-content:center;
font:inherit;cursor:pointer;border:1px solid var(--line);border-radius:8px;background:var(--bg);
color:inherit;padding:0 10px}
.fnd-bar button:hover{background:var(--head)}
.fnd-bar svg path{fill:none;stroke:currentColor;stroke-width:2;stroke-linejoin:round}
.fnd-bar input{flex:1 1 150px;min-width:0;min-height:44px;accent-color:var(--ok)}
.fnd-bar :focus-visible,.fnd-box:focus-visible{outline:3px solid var(--ok);outline-offset:2px}
.fnd-say{min-height:3em;margin:6px 0;overflow-wrap:anywhere}
.bd-content div.cell_output .text_html:has(figure.fnd-on){background:none!important;padding:0!important}
@media (prefers-reduced-motion:reduce){.fnd-later,.fnd-svg .it{transition:none}}
@media print{.fnd-ui,.fnd-later,.fnd-now{display:none}.fnd-box{overflow:visible;max-height:none!important}
.fnd-box .fnd-svg{min-width:0!important}
figure.fnd-on{break-inside:avoid;border:0}}
@media screen{html[data-theme=dark] SHADED,html.dark SHADED,body[data-jp-theme-light=false] SHADED{DARK}}
@media screen and (prefers-color-scheme:dark){
html:not([data-theme]):not(.light) body:not([data-jp-theme-light]) SHADED{DARK}}
"""
_SHADED = ":is(figure.fnd-on,figure.fnd-on .fnd-svg)"


@cache
def script_source() -> str:
    """The player as it stands between ``<script>`` and ``</script>``."""
    source = (Path(__file__).parent / "player.js").read_text(encoding="utf-8")
    lines = (line.strip() for line in source.splitlines())
    code = "\n".join(line for line in lines if line and not line.startswith("//"))
    css = _CSS.replace("SHADED", _SHADED).replace("LIGHT", variables(LIGHT)).replace("DARK", variables(DARK))
    return code.replace("__CSS__", json.dumps(css.replace("\n", "")))


def script() -> str:
    """The script element; the same in every figure, and it upgrades each figure once."""
    return f"<script>{script_source()}</script>"


def script_hash() -> str:
    """What a content security policy calls the script."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script_source().encode()).digest()).decode()
