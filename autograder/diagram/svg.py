"""Svg: a layout as one complete picture that needs nothing else.

Every text passes :func:`_text`, so that nothing a learner typed can become markup. The names of definitions are a hash
of the content: the same run gives the same bytes.
"""

from __future__ import annotations

import hashlib
import html
import json
from collections.abc import Mapping

from autograder.diagram.colors import DARK, LIGHT, variables
from autograder.diagram.glyphs import GLYPHS, WORDS
from autograder.diagram.labels import clean, text_width
from autograder.diagram.lanes import header_width
from autograder.diagram.placed import Arrow, Band, Bar, Dot, Glyph, Lane, Layout, Part, Piece, Segment
from autograder.diagram.story import backend_name

__all__ = ["draw"]

_STYLE = """
.fnd-svg{LIGHT background:var(--bg);
font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','DejaVu Sans',sans-serif}
.fnd-svg text{fill:var(--fg);font-size:13px;stroke:var(--bg);stroke-width:4px;stroke-linejoin:round;paint-order:stroke}
.fnd-svg .answer,.fnd-svg .side{font-size:12px;fill:var(--mut)}
.fnd-svg .side{font-style:italic}
.fnd-svg .number,.fnd-svg .gap text,.fnd-svg .legend text{font-size:11px;fill:var(--mut)}
.fnd-svg .rule{font-weight:600;stroke:none}
.fnd-svg .name{font-weight:600;text-anchor:middle;stroke:none}
.fnd-svg .head{fill:var(--head);stroke:var(--line)}
.fnd-svg .process{stroke:var(--line);stroke-width:2}
.fnd-svg .backend{stroke:var(--back);stroke-width:6}
.fnd-svg .dead{stroke:var(--line);stroke-width:1.5;stroke-dasharray:3 5}
.fnd-svg .paused{stroke:var(--line);stroke-width:2;stroke-dasharray:1 5}
.fnd-svg .tx{fill:var(--bg);stroke:var(--line);stroke-width:1.4}
.fnd-svg .tx.committed{fill:var(--line)}
.fnd-svg .wait{stroke:var(--unknown);stroke-width:1.5}
.fnd-svg .ok{--c:var(--ok)}.fnd-svg .unknown{--c:var(--unknown)}.fnd-svg .failed{--c:var(--failed)}
.fnd-svg .arrow{stroke:var(--c);stroke-width:2;fill:none}
.fnd-svg .under{stroke:var(--bg);stroke-width:6}
.fnd-svg .lost .arrow,.fnd-svg .held .arrow{stroke-dasharray:7 5}
.fnd-svg .failed .arrow{stroke-dasharray:2 4}
.fnd-svg .tip{fill:var(--c)}
.fnd-svg .stop{stroke:var(--c);stroke-width:2.4;fill:none;stroke-linecap:round}
.fnd-svg .effect{fill:var(--c);stroke:var(--bg);stroke-width:1}
.fnd-svg .read{fill:var(--bg);stroke:var(--c);stroke-width:2}
.fnd-svg .disc{fill:var(--bg);stroke:var(--fg);stroke-width:1.5}
.fnd-svg .sign{fill:none;stroke:var(--fg);stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round}
.fnd-svg .crash .disc{fill:var(--bg);stroke:none}
.fnd-svg .crash .sign{stroke:var(--crash);stroke-width:4}
.fnd-svg .violation .disc,.fnd-svg .error .disc{fill:var(--fg);stroke:var(--fg)}
.fnd-svg .violation .sign,.fnd-svg .error .sign{stroke:var(--bg);stroke-width:2.4}
.fnd-svg .band{fill:var(--head);stroke:var(--line)}
.fnd-svg .band.violation{fill:var(--warn);stroke:var(--fg);stroke-width:2}
.fnd-svg .gap line{stroke:var(--line);stroke-dasharray:1 5}
.fnd-svg .gap rect{fill:var(--bg);opacity:.8}
"""
_BARE = {"wait"}
"""Signs without a disc behind them."""


def draw(layout: Layout, *, name: str, past: Mapping[str, tuple[str, ...]]) -> str:
    """The picture; ``name`` is read aloud in its place and ``past`` tells the player what may have caused a part."""
    ident = hashlib.sha256((name + repr(layout)).encode()).hexdigest()[:10]
    legend, legend_height = _legend(layout)
    height = layout.height + legend_height
    body = "".join([
        *(_segment(segment) for segment in layout.segments),
        *(_gap(y, hidden, layout.width) for y, hidden in layout.gaps),
        *(_bar(bar, ident) for bar in layout.bars),
        *(f'<g class="top">{_header(lane, 10)}</g>' for lane in layout.lanes),
        *(_header(lane, layout.lanes_bottom + 2) for lane in layout.lanes if layout.names_again),
        *(_part(part, past) for part in layout.parts),
        legend,
        "" if layout.parts else '<text class="label" x="20" y="34">Nothing happened in this run.</text>',
    ])  # fmt: skip
    steps = [[round(part.top, 1), round(part.bottom, 1), part.name, part.says] for part in layout.parts]
    style = _STYLE.replace("LIGHT", variables(LIGHT))
    dark = f"@media (prefers-color-scheme:dark){{.fnd-svg{{{variables(DARK)}}}}}"
    hatch = (
        f'<defs><pattern id="fnd-{ident}" width="5" height="5" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><rect width="5" height="5" fill="var(--bg)"/>'
        '<rect width="2.4" height="5" fill="var(--unknown)"/></pattern></defs>'
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="fnd-svg" viewBox="0 0 {_n(layout.width)} {_n(height)}" '
        f'width="{_n(layout.width)}" height="{_n(height)}" role="img" aria-label="{_text(name)}" '
        f'data-bottom="{_n(layout.lanes_bottom)}" '
        f'data-steps="{_text(json.dumps(steps, ensure_ascii=False, separators=(",", ":")))}">'
        f'<style>{style}</style><style>{dark}</style>{hatch}'
        f'<rect class="paper" width="100%" height="100%" fill="var(--bg)"/>{body}</svg>'
    )


def _text(text: str) -> str:
    return html.escape(clean(text), quote=True)


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _segment(segment: Segment) -> str:
    x = _n(segment.x)
    return f'<line class="{segment.kind}" x1="{x}" y1="{_n(segment.top)}" x2="{x}" y2="{_n(segment.bottom)}"/>'


def _gap(y: float, hidden: int, width: float) -> str:
    words = f"{hidden} more not shown"
    half = text_width(words, 11) / 2 + 8
    return (
        f'<g class="gap"><rect x="0" y="{_n(y - 9)}" width="{_n(width)}" height="18"/>'
        f'<line x1="6" y1="{_n(y)}" x2="{_n(width - 6)}" y2="{_n(y)}"/>'
        f'<rect x="{_n(width / 2 - half)}" y="{_n(y - 8)}" width="{_n(half * 2)}" height="16" style="opacity:1"/>'
        f'<text x="{_n(width / 2)}" y="{_n(y + 4)}" text-anchor="middle">{words}</text></g>'
    )


def _bar(bar: Bar, ident: str) -> str:
    height = _n(max(8, bar.bottom - bar.top))
    title = f"<title>{_text(bar.title)}</title>"
    if bar.kind == "wait":
        place = f'x="{_n(bar.x - 5)}" y="{_n(bar.top)}" width="10" height="{height}"'
        return f'<g>{title}<rect class="wait" fill="url(#fnd-{ident})" {place}/></g>'
    place = f'x="{_n(bar.x - 10)}" y="{_n(bar.top)}" width="6" height="{height}" rx="2"'
    return f'<g>{title}<rect class="tx {bar.state.replace(" ", "-")}" {place}/></g>'


def _header(lane: Lane, top: float) -> str:
    name = backend_name(lane.name) if lane.kind == "backend" else clean(lane.name)
    width = header_width(name)
    left, x = _n(lane.x - width / 2), _n(lane.x)
    text = f'<text class="name" x="{x}" y="{_n(top + 19)}">{_text(name)}</text>'
    if lane.kind == "process":
        return f'<rect class="head" x="{left}" y="{_n(top)}" width="{_n(width)}" height="28" rx="14"/>{text}'
    cap = f"a{_n(width / 2)} 4 0 0 1 {_n(width)} 0"  # a drum: the usual sign for something that keeps data
    path = f"M{left} {_n(top + 4)}{cap}v20a{_n(width / 2)} 4 0 0 1 -{_n(width)} 0z"
    rim = f"M{left} {_n(top + 4)}a{_n(width / 2)} 4 0 0 0 {_n(width)} 0"
    return f'<path class="head" d="{path}"/><path class="head" d="{rim}" fill-opacity="0"/>{text}'


def _part(part: Part, past: Mapping[str, tuple[str, ...]]) -> str:
    pieces = "".join(map(_piece, part.pieces))
    before = " ".join(past.get(part.name, (part.name,)))
    hit = f'<rect x="0" y="{_n(part.top)}" width="100%" height="{_n(part.bottom - part.top)}" fill="transparent"/>'
    return (
        f'<g class="it" data-part="{part.name}" data-past="{before}"><title>{_text(part.says)}</title>{hit}{pieces}</g>'
    )


def _piece(piece: Piece) -> str:
    if isinstance(piece, Arrow):
        return _arrow(piece)
    if isinstance(piece, Dot):
        kind = "effect" if piece.effect else "read"
        return f'<g class="{piece.tone}"><circle class="{kind}" cx="{_n(piece.x)}" cy="{_n(piece.y)}" r="5"/></g>'
    if isinstance(piece, Glyph):
        return _glyph(piece)
    if isinstance(piece, Band):
        size = f'width="{_n(piece.width)}" height="{_n(piece.height)}"'
        return f'<rect class="band {piece.kind}" x="6" y="{_n(piece.y)}" {size} rx="6"/>'
    return f'<text class="{piece.style}" x="{_n(piece.x)}" y="{_n(piece.y)}">{_text(piece.text)}</text>'


def _arrow(arrow: Arrow) -> str:
    (x0, y0), (x1, y1) = arrow.start, arrow.end
    way = 1 if x1 > x0 else -1
    stop = x1 - way * (arrow.room + 5) if arrow.fate == "arrives" else x1
    line = f'x1="{_n(x0)}" y1="{_n(y0)}" x2="{_n(stop)}" y2="{_n(y1)}"'
    under = f'x1="{_n(x0 + way * 12)}" y1="{_n(y0)}" x2="{_n(stop - way * 12)}" y2="{_n(y1)}"'
    if arrow.fate == "arrives":
        tip_x = x1 - way * arrow.room
        head = f'<path class="tip" d="M{_n(tip_x)} {_n(y1)}l{-9 * way} -5v10z"/>'
    elif arrow.fate == "lost":
        head = f'<path class="stop" transform="translate({_n(x1)},{_n(y1)})" d="{GLYPHS["lost"]}"/>'
    else:
        head = _glyph(Glyph(x1, y1, "held"))
    lines = f'<line class="under" {under}/><line class="arrow" {line}/>'
    return f'<g class="{arrow.tone} {arrow.fate}">{lines}{head}</g>'


def _glyph(glyph: Glyph) -> str:
    disc = "" if glyph.kind in _BARE else '<circle class="disc" r="10"/>'
    sign = f'<path class="sign" d="{GLYPHS[glyph.kind]}"/>'
    return f'<g class="{glyph.kind}" transform="translate({_n(glyph.x)},{_n(glyph.y)})">{disc}{sign}</g>'


def _legend(layout: Layout) -> tuple[str, float]:
    entries = _legend_entries(layout)
    out, x, y = [], 16.0, layout.height + 12
    for drawing, words in entries:
        width = 26 + text_width(words, 11) + 14
        if x + width > layout.width and x > 16:
            x, y = 16.0, y + 24
        text = f'<text x="26" y="4">{_text(words)}</text>'
        sign = f'<g transform="translate(10,0) scale(.8)">{drawing}</g>'
        out.append(f'<g transform="translate({_n(x)},{_n(y)})">{sign}{text}</g>')
        x += width
    return f'<g class="legend">{"".join(out)}</g>', y + 14 - layout.height if out else 0.0


def _legend_entries(layout: Layout) -> list[tuple[str, str]]:
    pieces = [piece for part in layout.parts for piece in part.pieces]
    entries = []
    if any(isinstance(piece, Dot) and piece.effect for piece in pieces):
        entries.append((_piece(Dot(0, 0, "ok", True)), "changes something"))
    if any(isinstance(piece, Dot) and not piece.effect for piece in pieces):
        entries.append((_piece(Dot(0, 0, "ok", False)), "only reads"))
    if any(bar.kind == "transaction" for bar in layout.bars):
        entries.append((_bar(Bar(7, -9, 9, "transaction", "committed"), ""), "transaction"))
    if any(isinstance(piece, Arrow) and piece.tone == "failed" for piece in pieces):
        entries.append((_sample("failed"), "failed: no effect"))
    if any(isinstance(piece, Arrow) and piece.tone == "unknown" for piece in pieces):
        entries.append((_sample("unknown lost"), "unknown to the caller"))
    used = {piece.kind for piece in pieces if isinstance(piece, Glyph)}
    used |= {piece.fate for piece in pieces if isinstance(piece, Arrow)}
    for kind, words in WORDS.items():
        if kind in used:
            sign = f'<g class="unknown"><path class="stop" d="{GLYPHS["lost"]}"/></g>' if kind == "lost" else None
            entries.append((sign or _glyph(Glyph(0, 0, kind)), words))
    return entries


def _sample(kind: str) -> str:
    return f'<g class="{kind}"><line class="arrow" x1="-12" y1="0" x2="12" y2="0"/></g>'
