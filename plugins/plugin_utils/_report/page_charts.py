# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page's two charts, each a table whose rows end in a bar: how it came out, and what is new since last time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from .document import Changes, Document, Key
from .markup import Markup, element, foreign, joined
from .page_rows import OUTCOMES, place_of_verdict
from .page_words import MEANINGS, moment_in_words, right_in_words, words_of

#: Of each kind of change, so many are named.
NAMED = 50
#: A bar that stands for something can be seen, however long the longest is. In hundredths of the longest.
_SHORTEST = 1.0
#: What a verdict does to so many grants: to one, and to more.
_DOES = {"fail": ("fails", "fail"), "warn": ("warns", "warn"), "ignore": ("ignored", "ignored"), "ok": ("fine", "fine")}


@dataclass(frozen=True)
class _Kind:
    """A kind of change. ``first``: what it happened to, at most ``NAMED`` of the ``count``."""

    title: str
    tone: str
    count: int
    first: tuple[Markup, ...]


def outcome_chart(document: Document) -> Markup:
    """Every outcome that happened with its count; in a line below, which did not."""
    summary = document["summary"]
    verdicts: dict[str, Counter[str]] = {}
    for row in document["rows"]:
        verdicts.setdefault(row["outcome"], Counter())[row["verdict"]] += 1
    names = [*OUTCOMES, *(name for name in summary if name not in (*OUTCOMES, "total"))]
    there = [name for name in names if summary.get(name)]
    most = max((summary[name] for name in there), default=0)
    rows = [_outcome_row(name, summary[name], most, verdicts.get(name, Counter())) for name in there]
    absent = [words_of(name) for name in names if not summary.get(name)]
    total = f"{summary.get('total', sum(summary[name] for name in there)):,}"
    table = _table(f"Grants by outcome: {total} in all", ("Outcome", "Count", "Verdict"), rows, "outcomes")
    return joined([table, *_none_of(absent)])


def change_chart(changes: Changes) -> Markup:
    """Every kind of change that there was with its count, which opens to show the grants or mailboxes; below, which
    there was not."""
    kinds = [
        _of_grants("New drift", "fail", changes["new_drift"]),
        _of_grants("New surplus", "warn", changes["new_surplus"]),
        _of_grants("Gone again though it had been held", "warn", changes["regranted"]),
        _of_grants("Still pending", "warn", changes["still_pending"]),
        _of_grants("Mended", "ok", changes["mended"]),
        _of_mailboxes("New mailboxes", changes["mailboxes_added"]),
        _of_mailboxes("Mailboxes gone", changes["mailboxes_gone"]),
        _of_grants("Another outcome", "ignore", changes["other"]),
    ]
    there = [kind for kind in kinds if kind.count]
    before = f"the report of {moment_in_words(changes['since'])}"
    if not there:
        return element("p", f"Nothing is otherwise than in {before}.", class_="note")
    most = max(kind.count for kind in there)
    table = _table(f"Against {before}", ("Change", "Count"), [_change_row(kind, most) for kind in there], "changes")
    return joined([table, *_none_of([kind.title.lower() for kind in kinds if not kind.count])])


def _table(caption: str, titles: Sequence[str], rows: Sequence[Markup], kind: str) -> Markup:
    heads = (element("th", title, scope="col", class_="number" if title == "Count" else False) for title in titles)
    return element(
        "table",
        element("caption", caption),
        element("thead", element("tr", *heads, element("td"))),
        element("tbody", joined(rows)),
        class_=f"chart {kind}",
    )


def _outcome_row(name: str, count: int, most: int, verdicts: Counter[str]) -> Markup:
    meaning = element("span", MEANINGS.get(name, ""), class_="meaning")
    parts = [(verdict, verdicts[verdict]) for verdict in sorted(verdicts, key=place_of_verdict)]
    words = [element("p", _does(verdict, number, len(parts)), class_=f"word {verdict}") for verdict, number in parts]
    return element(
        "tr",
        element("th", words_of(name), ": ", meaning, scope="row"),
        element("td", f"{count:,}", class_="number"),
        element("td", *words, class_="words"),
        element("td", _bar(parts, most), class_="bar"),
    )


def _does(verdict: str, number: int, kinds: int) -> str:
    """``fail``, where all do; else how many."""
    word = _DOES.get(verdict, (verdict, verdict))[number > 1]
    return word if kinds == 1 else f"{number:,} {word}"


def _of_grants(title: str, tone: str, keys: Sequence[Key]) -> _Kind:
    return _Kind(title, tone, len(keys), tuple(map(_grant_in_words, keys[:NAMED])))


def _of_mailboxes(title: str, names: Sequence[str]) -> _Kind:
    return _Kind(title, "ignore", len(names), tuple(map(foreign, names[:NAMED])))


def _change_row(kind: _Kind, most: int) -> Markup:
    lines = [element("li", item) for item in kind.first]
    if kind.count > len(lines):
        lines.append(element("li", f"and {kind.count - len(lines):,} more"))
    opening = element("details", element("summary", kind.title), element("ul", *lines))
    return element(
        "tr",
        element("th", opening, scope="row"),
        element("td", f"{kind.count:,}", class_="number"),
        element("td", _bar([(kind.tone, kind.count)], most), class_="bar"),
    )


def _none_of(names: Sequence[str]) -> list[Markup]:
    return [element("p", f"None: {', '.join(names)}.", class_="note")] if names else []


def _grant_in_words(key: Key) -> Markup:
    return element("span", foreign(key["mailbox"]), f": {right_in_words(key['right'])} for ", foreign(key["account"]))


def _bar(parts: Sequence[tuple[str, int]], most: int) -> Markup:
    """A picture of the numbers that stand beside it, one part for each tone; who cannot see it misses nothing."""
    bars, begin = [], 0.0
    for tone, count in parts:
        width = max(_SHORTEST, 100 * count / most)
        bars.append(element("rect", x=f"{begin:.2f}", width=f"{width:.2f}", height="10", class_=tone))
        begin += width
    size = {"width": "200", "height": "12"}  # where no style is let in; else it is as wide as its cell
    box = {"viewBox": "0 0 100 10", "preserveAspectRatio": "none"}
    return element("svg", *bars, **size, **box, aria_hidden="true", focusable="false")
