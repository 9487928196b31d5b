"""The table as a picture: for each row, how far it is from its aim, as SVG that needs no library."""

import math
from collections.abc import Sequence
from html import escape

from bench.measure import Row

_LINE = 26
_LEFT = 430
_WIDTH = 420
_RIGHT = 110
_MOST = 3.0
"""The bars end at eight times the aim, or an eighth of it."""
_REACHED, _MISSED, _INK = "#2a9d63", "#d1603d", "#333"


def as_svg(rows: Sequence[Row]) -> str:
    """Returns one bar for each row that has an aim; left of the middle the aim is reached, on a logarithmic scale."""
    aimed = [row for row in rows if row.aim is not None]
    height = _LINE * (len(aimed) + 2)
    total = _LEFT + _WIDTH + _RIGHT
    size = f'viewBox="0 0 {total} {height}" width="{total}" height="{height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">',
        f'<rect width="{total}" height="{height}" fill="white"/>',
        _text(_LEFT + _WIDTH // 2, _LINE * 0.65, "better than the aim | worse", "middle"),
        *(part for place, row in enumerate(aimed, start=1) for part in _bar(row, place * _LINE)),
        f'<line x1="{_middle()}" x2="{_middle()}" y1="{_LINE}" y2="{height - _LINE}" stroke="{_INK}"/>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def excess(row: Row) -> float:
    """Returns how far a row misses its aim, as a power of two; negative if it does better."""
    if not row.aim or row.ratio <= 0:
        return 0.0
    factor = row.aim / row.ratio if row.at_least else row.ratio / row.aim
    return max(-_MOST, min(_MOST, math.log2(factor)))


def _bar(row: Row, top: float) -> list[str]:
    reach = excess(row) / _MOST * _WIDTH / 2
    colour = _REACHED if row.reached else _MISSED
    left = _middle() + min(reach, 0.0)
    sign = "≥" if row.at_least else "≤"
    return [
        _text(_LEFT - 10, top + _LINE * 0.65, f"{row.number}  {row.name}", "end"),
        f'<rect x="{left:.1f}" y="{top + 4}" width="{abs(reach):.1f}" height="{_LINE - 8}" fill="{colour}"/>',
        _text(_LEFT + _WIDTH + 10, top + _LINE * 0.65, f"{row.ratio:.2f}  ({sign} {row.aim:g})", "start"),
    ]


def _middle() -> float:
    return _LEFT + _WIDTH / 2


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="{_INK}">{escape(words)}</text>'
