# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The picture of the bench: wall clock by number of mailboxes, on logarithmic axes, as SVG."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from xml.sax.saxutils import escape

from .measure import SIZES
from .report import LIMIT, NAMES, RIGHTS, Book
from .site import Situation

_TITLE = "Wall clock by number of mailboxes, over a simulated Exchange Online"
_COLOURS = {"a": "#b3261e", "b": "#e07b00", "c": "#7a5cc4", "d": "#a0522d", "e1": "#3b82c4", "e3": "#0b3d91",
            LIMIT: "#777777"}  # fmt: skip
_DASHES = {LIMIT: "3 4", "e1": "8 4"}
_SITUATIONS = (Situation.STEADY, Situation.FIRST)
_WIDTH, _HEIGHT = 400, 300
_MARGIN_LEFT, _MARGIN_TOP, _GAP_X, _GAP_Y = 70, 140, 80, 75
_SHORTEST, _LONGEST = 5.0, 200_000.0
_TICKS = {10: "10 s", 60: "1 min", 600: "10 min", 3_600: "1 h", 36_000: "10 h"}
#: Between the names of two lines, in pixels.
_APART = 13


@dataclass(frozen=True)
class _Panel:
    """One diagram, with its upper left corner."""

    left: float
    top: float

    def x(self, mailboxes: float) -> float:
        low, high = math.log10(SIZES[0]), math.log10(SIZES[-1])
        return self.left + 15 + (_WIDTH - 30) * (math.log10(mailboxes) - low) / (high - low)

    def y(self, seconds: float) -> float:
        low, high = math.log10(_SHORTEST), math.log10(_LONGEST)
        return self.top + _HEIGHT * (1 - (math.log10(seconds) - low) / (high - low))


def picture(book: Book) -> str:
    """The whole file."""
    width = _MARGIN_LEFT + 2 * _WIDTH + _GAP_X + 30
    height = _MARGIN_TOP + 2 * _HEIGHT + _GAP_Y + 60
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="sans-serif" font-size="13">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        _text(
            _MARGIN_LEFT, 28, "Wall clock by number of mailboxes, over a simulated Exchange Online", 'font-size="18"'
        ),
        *_legend(),
    ]
    for row, situation in enumerate(_SITUATIONS):
        for column, (both, rights) in enumerate(RIGHTS.items()):
            left, top = _MARGIN_LEFT + column * (_WIDTH + _GAP_X), _MARGIN_TOP + row * (_HEIGHT + _GAP_Y)
            panel = _Panel(left, top)
            parts += _frame(panel, f"{rights}, {situation.value}")
            for letter in NAMES:
                parts += _line(panel, book, letter, both, situation)
            parts += _names(panel, book, both, situation)
    return "\n".join([*parts, "</svg>", ""])


def _legend() -> Iterator[str]:
    for number, (letter, name) in enumerate(NAMES.items()):
        x, y = _MARGIN_LEFT + 440 * (number % 2), 48 + 16 * (number // 2)
        label = name.replace("`", "") if letter == LIMIT else f"{letter}: {name.replace('`', '')}"
        yield f'<path d="M {x} {y} h 28" {_stroke(letter)}/>'
        yield _text(x + 36, y + 4, label, 'font-size="12"')
    yield f'<circle cx="{_MARGIN_LEFT + 446}" cy="96" r="4" fill="#444"/>'
    yield _text(_MARGIN_LEFT + 456, 100, "measured", 'font-size="12"')
    yield f'<circle cx="{_MARGIN_LEFT + 546}" cy="96" r="4" fill="white" stroke="#444"/>'
    yield _text(_MARGIN_LEFT + 556, 100, "extrapolated", 'font-size="12"')


def _frame(panel: _Panel, title: str) -> Iterator[str]:
    yield _text(panel.left, panel.top - 6, title, 'font-weight="bold"')
    for seconds, label in _TICKS.items():
        y = panel.y(seconds)
        yield f'<path d="M {panel.left} {y:.1f} h {_WIDTH}" stroke="#e4e4e4"/>'
        yield _text(panel.left - 8, y + 4, label, 'text-anchor="end" fill="#444"')
    for size in SIZES:
        x = panel.x(size)
        yield f'<path d="M {x:.1f} {panel.top} v {_HEIGHT}" stroke="#e4e4e4"/>'
        yield _text(x, panel.top + _HEIGHT + 18, f"{size:,}", 'text-anchor="middle" fill="#444"')
    yield _text(panel.left + _WIDTH / 2, panel.top + _HEIGHT + 36, "mailboxes", 'text-anchor="middle" fill="#444"')
    yield f'<rect x="{panel.left}" y="{panel.top}" width="{_WIDTH}" height="{_HEIGHT}" fill="none" stroke="#888"/>'


def _line(panel: _Panel, book: Book, letter: str, both: bool, situation: Situation) -> Iterator[str]:
    costs = [(size, book.of(letter, both, situation, size)) for size in SIZES]
    points = [(panel.x(size), panel.y(one.cost.wall), one) for size, one in costs]
    way = " L ".join(f"{x:.1f} {y:.1f}" for x, y, _one in points)
    yield f'<path d="M {way}" {_stroke(letter)}/>'
    if letter == LIMIT:
        return
    for x, y, one in points:
        fill = "white" if one.measured_at else _COLOURS[letter]
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{fill}" stroke="{_COLOURS[letter]}"/>'


def _names(panel: _Panel, book: Book, both: bool, situation: Situation) -> Iterator[str]:
    """Beside the ends of the lines, from top to bottom, none over another."""
    walls = {letter: book.wall(letter, both, situation, SIZES[-1]) for letter in NAMES if letter != LIMIT}
    above = -math.inf
    for letter in sorted(walls, key=lambda one: -walls[one]):
        above = max(panel.y(walls[letter]) + 4, above + _APART)
        yield _text(panel.left + _WIDTH + 6, above, letter, f'fill="{_COLOURS[letter]}" font-size="12"')


def _stroke(letter: str) -> str:
    dash = f' stroke-dasharray="{_DASHES[letter]}"' if letter in _DASHES else ""
    return f'fill="none" stroke="{_COLOURS[letter]}" stroke-width="2"{dash}'


def _text(x: float, y: float, text: str, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {more}>{escape(text)}</text>'
