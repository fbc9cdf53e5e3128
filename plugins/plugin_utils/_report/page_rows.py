# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows of the page: in which order they come, which of them need attention, and what a reader sees of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .._access.model import Outcome
from .document import Row
from .markup import Content, Markup, element, foreign, joined, json_for_script
from .page_words import moment_in_words, right_in_words, words_of
from .texts import remarks_of
from .verdict import FAIL, NIGHT_AFTER_NIGHT, OK, WARN, WORDS

#: The worst first.
VERDICTS = (*WORDS, OK)
OUTCOMES = tuple(outcome.value for outcome in Outcome)
COLUMNS = ("Verdict", "Outcome", "Mailbox", "Account", "Right", "State", "Before", "Since", "Cause, next step")
#: As many rows are there where no script runs, however many the report has.
STATIC_ROWS = 200


@dataclass(frozen=True)
class PageRow:
    """What a reader sees of a row, and page.js is given. ``address``: empty where the mailbox is called by it."""

    verdict: str
    outcome: str
    mailbox: str
    account: str
    right: str
    state: str
    before: str
    since: str
    details: tuple[str, ...]
    address: str
    needs_attention: bool


def page_rows(rows: Iterable[Row]) -> list[PageRow]:
    """Trouble first; of the same trouble by mailbox, account and right."""
    return [_page_row(row) for row in sorted(rows, key=_order)]


def needs_attention(row: Row) -> bool:
    """Whether somebody has to look: also where a grant holds, but something keeps removing it."""
    return row["verdict"] in (FAIL, WARN) or row["regranted"] >= NIGHT_AFTER_NIGHT


def data_of(rows: Sequence[PageRow]) -> str:
    """All rows, as the JSON that page.js reads: lists of the fields."""
    return json_for_script([[*_values(row)] for row in rows])


def static_rows(rows: Sequence[PageRow]) -> Markup:
    """The first rows that need attention, exactly as page.js would draw them."""
    shown = [row for row in rows if row.needs_attention][:STATIC_ROWS]
    if shown:
        return joined(_drawn(row) for row in shown)
    return element("tr", element("td", "No row needs attention.", colspan=len(COLUMNS), role="cell"), role="row")


def _order(row: Row) -> tuple[int, bool, int, str, str, str]:
    return (
        place_of_verdict(row["verdict"]),
        not needs_attention(row),
        _place(OUTCOMES, row["outcome"]),
        row["mailbox"].lower(),
        row["account"].lower(),
        row["right"],
    )


def place_of_verdict(verdict: str) -> int:
    """The worst has the smallest."""
    return _place(VERDICTS, verdict)


def _place(words: Sequence[str], word: str) -> int:
    """A word that is not among them comes first: nobody has judged how bad it is."""
    return words.index(word) if word in words else -1


def _page_row(row: Row) -> PageRow:
    return PageRow(
        verdict=row["verdict"],
        outcome=words_of(row["outcome"]),
        mailbox=row["mailbox"],
        account=row["account"],
        right=right_in_words(row["right"]),
        state=row["state"],
        before=row["before"],
        since=moment_in_words(row["since"]),
        details=tuple(_details(row)),
        address="" if row["address"].lower() == row["mailbox"].lower() else row["address"],
        needs_attention=needs_attention(row),
    )


def _details(row: Row) -> list[str]:
    """The sentences of the last column; since when has a column of its own."""
    step = f"next: {row['next_step']}" if row["next_step"] else ""
    return [text for text in (row["cause"], step, *remarks_of({**row, "since": ""})) if text]


def _values(row: PageRow) -> Iterable[object]:
    return (getattr(row, name) for name in PageRow.__dataclass_fields__)


def _drawn(row: PageRow) -> Markup:
    address = (" ", element("span", foreign(row.address), class_="address")) if row.address else ()
    cells: list[tuple[Content, ...]] = [
        (element("span", row.verdict, class_=f"badge {row.verdict}"),),
        (row.outcome,),
        (foreign(row.mailbox), *address),
        (foreign(row.account),),
        (row.right,),
        (row.state,),
        (row.before,),
        (row.since,),
        tuple(element("p", foreign(text)) for text in row.details),
    ]
    return element("tr", *(_cell(title, content) for title, content in zip(COLUMNS, cells, strict=True)), role="row")


def _cell(title: str, content: tuple[Content, ...]) -> Markup:
    if title == "Mailbox":
        return element("th", *content, scope="row", role="rowheader", data_label=title)
    return element("td", *content, role="cell", data_label=title)
