# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as Markdown, for the summary of a job: the verdict, the counts, what changed, then rows by their urgency.

Every word that could mean something to Markdown, to HTML or to what GitHub makes of addresses, mentions and numbers
stands in a code span, where nothing means anything. Two signs that could end a span or a cell are shown as look-alikes,
and what cannot be seen is replaced: JSON and CSV have the texts as they are.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from .document import Changes, Document, Key, Row
from .texts import REPLACEMENT, explanation_of, remarks_of

#: Bytes of UTF-8. GitHub refuses a summary of more than 1 MiB a step; what is missing to it is left to whatever else
#: the step has to say.
LIMIT = 1_000_000
#: For the lines after the last row.
_ENDING = 1_000
#: Characters of a cell, and entries of a list of changes.
_LONGEST_CELL, _LONGEST_LIST = 400, 20

#: May stand as it is: letters and digits, signs between words, and what ends a sentence where it ends the word; also a
#: number with its sign, which begins no list, for no blank is between the two.
_PLAIN = re.compile(r"[+-]\d+[.,:;]?|[(\"']*[^\W_](?:[^\W_]|(?<=[^\W_])_(?=[^\W_])|[,;()'\"%=/+-])*[.,:;]?")
#: GitHub makes a link of it, where there is such an issue, commit or repository.
_REFERENCE = re.compile(r"\bGH-\d|\b[0-9a-f]{7,40}\b|\w/\w", re.IGNORECASE)
#: What stands around a word and is no part of it.
_WORD = re.compile(r"(\(?)(.*?)([,;:)]*)", re.DOTALL)
#: Controls, marks of direction, what has no width, half characters.
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ud800-\udfff"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\U000e0000-\U000e0fff]"
)
_LOOK_ALIKES = str.maketrans({"`": "ˋ", "|": "¦"})
_ADDRESS = re.compile(r"https?://[A-Za-z0-9._~:/?#@!$&+,;=%-]+")

_HEADER = "| Mailbox | Account | Right | State | Before | Outcome | Verdict | Cause, next step |\n" + "|---" * 8 + "|"
_URGENCY = {"fail": 0, "warn": 1, "ignore": 2}
_CHANGES = (
    ("new_drift", "New drift"),
    ("new_surplus", "New surplus"),
    ("regranted", "Gone again though it had been held: something else removes it"),
    ("still_pending", "Still pending"),
    ("mended", "Mended"),
    ("mailboxes_added", "Mailboxes that came"),
    ("mailboxes_gone", "Mailboxes that went"),
    ("other", "Another outcome, or a row that came or went"),
)


def render(document: Document) -> str:
    """The report as Markdown, at most LIMIT bytes in UTF-8."""
    rows = sorted(document["rows"], key=_urgency)
    lines = [*_opening(document), *_counts(rows), *_changed(document["changes"])]
    urgent = sum(_urgency(row) < _URGENCY["ignore"] for row in rows)
    room = LIMIT - _ENDING - _size(lines)
    shown = list(_fitting(rows, room))
    lines += _table(f"### Needs attention: {urgent}", shown[:urgent])
    if shown[urgent:]:
        lines += _table(f"<details><summary>Other rows: {len(rows) - urgent}</summary>", shown[urgent:])
        lines += ["", "</details>"]
    return "\n".join([*lines, *_left_out(len(rows) - len(shown), max(0, urgent - len(shown))), ""])


def _opening(document: Document) -> list[str]:
    head, verdict = document["head"], document["verdict"]
    source = head["source"]
    state = "failed" if verdict["failed"] else "passed"
    rehearsal = ", a rehearsal on a snapshot" if head["rehearsal"] else ""
    coverage = "; ".join(f"{key} {value}" for key, value in head["coverage"].items())
    facts = {
        "When": f"{head['began']} to {head['ended']}",
        "Organization": head["organization"],
        "Mode": f"{head['mode']}{rehearsal}",
        "Signed in as": head["application"],
        "Looked at": coverage,
        "Commit": " ".join(part for part in (source["commit"], source["ref"]) if part),
    }
    sentence = prose(verdict["sentence"])
    lines = [f"## Mailbox access: {state}", "", *([f"**{sentence}**", ""] if sentence else [])]
    lines += ["| | |", "|---|---|", *(f"| {name} | {prose(text)} |" for name, text in facts.items() if text)]
    return [*lines, *([f"| Job | {_job(source['job'], source['url'])} |"] if source["job"] else [])]


def _job(job: str, url: str) -> str:
    """A link, where the address is one and nothing else."""
    return f"[{code(job)}](<{url}>)" if _ADDRESS.fullmatch(url) else code(job)


def _counts(rows: list[Row]) -> list[str]:
    """How many rows there are of each outcome and verdict; the rows go by their urgency."""
    counted = Counter((row["outcome"], row["verdict"]) for row in rows)
    lines = [f"| {prose(outcome)} | {prose(verdict)} | {number} |" for (outcome, verdict), number in counted.items()]
    return ["", "| Outcome | Verdict | Rows |", "|---|---|---:|", *lines, f"| all | | {len(rows)} |"]


def _changed(changes: Changes | None) -> list[str]:
    if changes is None:
        return []
    lists: dict[str, list[str]] = {}
    for name, title in _CHANGES:
        entries: Iterable[str | Key] = changes[name]  # type: ignore[literal-required]
        lists[title] = [each if isinstance(each, str) else _key(each) for each in entries]
    said = [_change(title, entries) for title, entries in lists.items() if entries]
    return ["", f"### Since the report of {prose(changes['since'])}", "", *(said or ["Nothing has changed."])]


def _key(key: Key) -> str:
    return f"{key['mailbox']}, {key['account']}, {key['right']}"


def _change(title: str, entries: list[str]) -> str:
    more = f", and {len(entries) - _LONGEST_LIST} more" if len(entries) > _LONGEST_LIST else ""
    return f"- {title} ({len(entries)}): {', '.join(code(each) for each in entries[:_LONGEST_LIST])}{more}"


def _urgency(row: Row) -> int:
    """What was written goes before what was so already."""
    return _URGENCY.get(row["verdict"], 4 if row["outcome"] == "compliant" else 3)


def _fitting(rows: Iterable[Row], room: int) -> Iterator[str]:
    """The lines of the first rows, as many as there is room for."""
    for row in rows:
        line = _row(row)
        room -= _size([line])
        if room < 0:
            return
        yield line


def _row(row: Row) -> str:
    why = "; ".join(part for part in (explanation_of(row), *remarks_of(row)) if part)
    found = [row["state"], row["before"], row["outcome"], row["verdict"], why]
    cells = [code(row["mailbox"]), code(row["account"]), code(row["right"]), *map(prose, found)]
    return f"| {' | '.join(cells)} |"


def _table(title: str, rows: list[str]) -> list[str]:
    return ["", title, "", _HEADER, *rows] if rows else []


def _left_out(rows: int, urgent: int) -> list[str]:
    if not rows:
        return []
    among = f", {urgent} of them in need of attention" if urgent else ""
    return [
        "",
        f"**{rows} rows are left out here{among}**: a summary has no room for more. The other reports have all.",
    ]


def _size(lines: Iterable[str]) -> int:
    return sum(len(line.encode()) + 1 for line in lines)


def prose(text: str) -> str:
    """A text on one line: plain words as they are, every other in a code span."""
    return " ".join(_word(word) for word in _cut(text).split())


def code(text: str) -> str:
    """A text on one line in a code span, or nothing."""
    shown = " ".join(_cut(text).split())
    if not shown:
        return ""
    # one blank at either end is no part of the text; without it a sign at the end might make something of the mark
    return f"`{shown}`" if shown[0].isalnum() and shown[-1].isalnum() else f"` {shown} `"


def _word(word: str) -> str:
    if _PLAIN.fullmatch(word) and not _REFERENCE.search(word):
        return word
    parts = _WORD.fullmatch(word)
    before, inner, after = parts.groups() if parts else ("", word, "")
    return f"{before}{code(inner)}{after}"


def _cut(text: str) -> str:
    """Not longer than a cell may be, without signs that could end it."""
    text = text if len(text) <= _LONGEST_CELL else f"{text[:_LONGEST_CELL]}…"
    return _UNSEEN.sub(REPLACEMENT, " ".join(text.split())).translate(_LOOK_ALIKES)
