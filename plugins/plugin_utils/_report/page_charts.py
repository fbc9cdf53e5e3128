# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page's two charts, each a table whose rows end in a bar: how it came out, and what is new since last time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

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
    absent = ", ".join(words_of(name) for name in names if not summary.get(name))
    total = f"{summary.get('total', sum(summary[name] for name in there)):,}"
    table = _table(f"Grants by outcome: {total} in all", ("Outcome", "Count", "Verdict"), rows, "outcomes")
    return joined([table, *([element("p", f"None: {absent}.", class_="note")] if absent else [])])


def change_chart(changes: Changes) -> Markup:
    """Every kind of change with its count; those that happened open to show which grants or mailboxes."""
    grants = (
        ("New drift", "fail", changes["new_drift"]),
        ("New surplus", "warn", changes["new_surplus"]),
        ("Gone again though it had been held", "warn", changes["regranted"]),
        ("Still pending", "warn", changes["still_pending"]),
        ("Mended", "ok", changes["mended"]),
    )
    mailboxes = (("New mailboxes", changes["mailboxes_added"]), ("Mailboxes gone", changes["mailboxes_gone"]))
    most = max(*(len(keys) for _title, _tone, keys in grants), *(len(names) for _title, names in mailboxes))
    rows = [
        _change_row(title, tone, len(keys), most, map(_grant_in_words, keys[:NAMED])) for title, tone, keys in grants
    ]
    rows += [_change_row(title, "ignore", len(names), most, map(foreign, names[:NAMED])) for title, names in mailboxes]
    return _table(f"Against the report of {moment_in_words(changes['since'])}", ("Change", "Count"), rows, "changes")


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


def _change_row(title: str, tone: str, count: int, most: int, first: Iterable[Markup]) -> Markup:
    return element(
        "tr",
        element("th", _opening(title, count, list(first)) if count else title, scope="row"),
        element("td", f"{count:,}", class_="number"),
        element("td", _bar([(tone, count)], most), class_="bar"),
    )


def _opening(title: str, count: int, first: Sequence[Markup]) -> Markup:
    lines = [element("li", item) for item in first]
    if count > len(first):
        lines.append(element("li", f"and {count - len(first):,} more"))
    return element("details", element("summary", title), element("ul", *lines))


def _grant_in_words(key: Key) -> Markup:
    return element("span", foreign(key["mailbox"]), f": {right_in_words(key['right'])} for ", foreign(key["account"]))


def _bar(parts: Sequence[tuple[str, int]], most: int) -> Markup:
    """A picture of the numbers that stand beside it, one part for each tone; who cannot see it misses nothing."""
    bars, begin = [], 0.0
    for tone, count in parts:
        width = max(_SHORTEST, 100 * count / most) if count else 0.0
        bars.append(element("rect", x=f"{begin:.2f}", width=f"{width:.2f}", height="10", class_=tone))
        begin += width
    size = {"width": "200", "height": "12"}  # where no style is let in; else it is as wide as its cell
    box = {"viewBox": "0 0 100 10", "preserveAspectRatio": "none"}
    return element("svg", *bars, **size, **box, aria_hidden="true", focusable="false")
