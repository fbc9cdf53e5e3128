# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A comparison as Markdown, for whoever approves it: the comment of a pull request, or the summary of a job."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from .._exchange.rights import Right
from .._report.markdown import code, prose
from .compare import Change, Comparison, Kind
from .words import ROWS, lists, mailbox_of, remark_of, sentence

#: Characters. GitHub refuses a longer comment.
LIMIT = 65_536
#: For what says that something is left out.
_ENDING = 500


def render(comparison: Comparison) -> str:
    """At most LIMIT characters. Every text of others is shown so that it means nothing to Markdown."""
    parts = [_opening(comparison), _sums(comparison)]
    room = LIMIT - _ENDING - sum(len(part) + 1 for part in parts)
    left_out = []
    for title, changes in lists(comparison):
        part = _list(title, changes)
        if len(part) + 1 > room:
            left_out.append(title)
            continue
        room -= len(part) + 1
        parts.append(part)
    if left_out:
        parts.append(f"**Left out here, where there is no room for more:** {prose('; '.join(left_out))}\n")
    return "\n".join(parts)


def _opening(comparison: Comparison) -> str:
    plan = comparison.plan
    on_snapshot = "a snapshot" + (f" taken {plan['snapshot_taken']}" if plan["snapshot_taken"] else "")
    facts = {
        "Plan": code(plan["hashes"]["plan"]),
        "Held against": code(comparison.base),
        "Made": prose(plan["created"]),
        "Organization": prose(plan["organization"]),
        "On": prose(on_snapshot if plan["rehearsal"] else ""),
        "Signed in as": prose("" if plan["rehearsal"] else plan["application"]),
        "Looked at": prose("; ".join(f"{key} {value}" for key, value in plan["coverage"].items())),
    }
    subject = "change" if comparison.base else "plan"
    rows = [f"| {name} | {text} |" for name, text in facts.items() if text]
    approve = [] if comparison.base or plan["rehearsal"] else ["", _what_to_approve(comparison)]
    head = [f"## Mailbox access: this {subject} {_state(comparison)}", "", f"**{prose(sentence(comparison))}**", ""]
    return "\n".join([*head, "| | |", "|---|---|", *rows, *approve, ""])


def _state(comparison: Comparison) -> str:
    if comparison.of(Kind.PROBLEM):
        return "has problems"
    if comparison.plan["held_back"]:
        return "would be held back"
    return "can be done, as far as the snapshot shows" if comparison.unseen else "can be done"


def _what_to_approve(comparison: Comparison) -> str:
    return f"To approve it is to approve the plan with the digest {code(comparison.plan['hashes']['plan'])}, no other."


def _sums(comparison: Comparison) -> str:
    """What is written, by account and right."""
    seen: dict[tuple[str, str], Counter[Kind]] = {}
    for change in comparison.changes:
        if change.kind in (Kind.ADDED, Kind.REMOVED):
            seen.setdefault((change.row["account"], change.row["right"]), Counter())[change.kind] += 1
    if not seen:
        return ""
    most = sorted(seen.items(), key=lambda item: -item[1].total())
    rows = [
        f"| {code(account)} | {Right(right).wording} | {number[Kind.ADDED]} | {number[Kind.REMOVED]} |"
        for (account, right), number in most[:ROWS]
    ]
    more = [f"| and {len(most) - ROWS} more | | | |"] if len(most) > ROWS else []
    return "\n".join(["| Account | Right | Granted | Taken back |", "|---|---|---:|---:|", *rows, *more, ""])


def _list(title: str, changes: list[Change]) -> str:
    more = ["", f"and {len(changes) - ROWS} more"] if len(changes) > ROWS else []
    return "\n".join([f"### {title}", "", *_table(changes[:ROWS]), *more, ""])


def _table(changes: list[Change]) -> Iterator[str]:
    yield "| Mailbox | Account | Right | |"
    yield "|---|---|---|---|"
    for change in changes:
        row = change.row
        cells = (code(mailbox_of(row)), code(row["account"]), Right(row["right"]).wording, prose(remark_of(change)))
        yield f"| {' | '.join(cells)} |"
