# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the result of mailbox_delegation, and the report before it, to a report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Union

from .._access.desired import InputError
from .._access.model import Outcome, State
from .._exchange.failures import FailureClass
from .._exchange.rights import Right
from .document import FORMAT, VERSION, Document, Head, Row, Source
from .history import Past, carry, changes_of, key_of, past_of, unseen_of
from .verdict import AUDIT, ENFORCEMENT, Ending, Policy, is_moment, judged, verdict_of

#: Of single mailboxes, or none: the run itself came to its end.
_CAME_TO_ITS_END = (FailureClass.NONE.value, FailureClass.MAILBOXES.value)

_NEEDED = ("run", "grants", "summary", "coverage", "statistics", "verdict", "failure_class", "retry_safe", "msg")
_DICTIONARIES = ("run", "summary", "coverage", "statistics", "verdict")
_ROW_TEXTS = ("mailbox", "address", "account", "right", "state", "before", "outcome", "cause", "next_step")
_ROW = (*_ROW_TEXTS, "notes")
_OUTCOMES = frozenset(one.value for one in Outcome)
_RIGHTS = frozenset(one.value for one in Right)
_STATES = frozenset(one.value for one in State)
_CLASSES = frozenset(one.value for one in FailureClass)


@dataclass(frozen=True)
class Context:
    """What is around a result. ``now``: RFC 3339, UTC, in whole seconds. ``previous``: the report before, if any."""

    now: str
    collection_version: str
    source: Source
    policy: Policy
    previous: Union[Document, None] = None


def build(result: Mapping[str, Any], context: Context) -> Document:
    """The report on a whole result of mailbox_delegation."""
    run = result["run"]
    past = past_of(context.previous)
    rows = [_judged_row(_row(given), past, context) for given in result["grants"]]
    coverage = dict(result["coverage"])
    return Document(
        format=FORMAT,
        version=VERSION,
        head=_head(run, context, coverage),
        verdict=verdict_of(rows, context.policy, _ending_of(result)),
        summary=dict(result["summary"]),
        changes=changes_of(rows, context.previous, coverage) if context.previous else None,
        statistics=dict(result["statistics"]),
        rows=rows,
        surplus_unseen=unseen_of(rows, past, coverage),
    )


def _head(run: Mapping[str, Any], context: Context, coverage: dict[str, object]) -> Head:
    return Head(
        created=context.now,
        began=run["began"],
        ended=run["ended"],
        collection_version=context.collection_version,
        organization=run["organization"],
        application=run["application"],
        mode=run["mode"],
        rehearsal=run["rehearsal"],
        source=context.source,
        coverage=coverage,
    )


def _row(given: Mapping[str, Any]) -> Row:
    """A row of the result, not yet judged."""
    return Row(
        mailbox=given["mailbox"],
        address=given["address"],
        account=given["account"],
        right=given["right"],
        state=given["state"],
        before=given["before"],
        outcome=given["outcome"],
        cause=given["cause"],
        next_step=given["next_step"],
        notes=list(given["notes"]),
        until=given.get("until", ""),
        reason=given.get("reason", ""),
        verdict="",
        since="",
        standing="",
        standing_since="",
        regranted=0,
    )


def _judged_row(row: Row, past: Past, context: Context) -> Row:
    """The same row, with what the report before says of it, and its verdict."""
    carry(row, past.get(key_of(row)), context.now)
    row["verdict"] = judged(context.policy, row, context.now)
    return row


def _ending_of(result: Mapping[str, Any]) -> Ending:
    """Rows alone do not tell that a run stopped: what it did not come to may be allowed to pass."""
    kind = str(result["failure_class"])
    stopped = "" if kind in _CAME_TO_ITS_END else str(result["msg"])
    return Ending(stopped, kind, bool(result["retry_safe"]))


def check_result(result: Mapping[str, Any]) -> None:
    """Raises InputError for what is not the whole result of mailbox_delegation: a report of a part looks like one of
    the whole."""
    if result.get("skipped"):
        raise InputError(["result: its task was skipped, so nothing was looked at"])
    if "grants_omitted" in result:
        raise InputError(["result: it holds only the rows that need attention: set on_failure=report at its task"])
    if "grants" not in result and result.get("failed"):
        raise InputError([f"result: its task failed as a whole, so there is nothing to report: {result.get('msg')}"])
    missing = [name for name in _NEEDED if result.get(name) is None]
    if missing:
        raise InputError([f"result: it is not one of mailbox_delegation, for it holds no {', '.join(missing)}"])
    faults = [f"result: {why}" for why in _odd_parts(result)]
    if not faults:
        faults = [f"result: row {number}: {why}" for number, row in enumerate(result["grants"]) if (why := _odd(row))]
    if faults:
        raise InputError(faults)


def _odd_parts(result: Mapping[str, Any]) -> Iterator[str]:
    """What around the rows is not as mailbox_delegation gives it."""
    yield from (f"{name} is no dictionary" for name in _DICTIONARIES if not isinstance(result[name], Mapping))
    if not isinstance(result["grants"], list):
        yield "grants is no list"
    if str(result["failure_class"]) not in _CLASSES:
        yield f"there is no failure class {result['failure_class']!r}"
    run = result["run"]
    if not isinstance(run, Mapping):
        return
    if not all(isinstance(run.get(name), str) for name in ("organization", "application")):
        yield "run does not say in which organization, or by which application"
    if run.get("mode") not in (AUDIT, ENFORCEMENT) or not isinstance(run.get("rehearsal"), bool):
        yield "run does not say in which mode, or whether it was a rehearsal"
    if not all(is_moment(run.get(name)) for name in ("began", "ended")):
        yield "run does not say when it began and ended"


def _odd(row: Any) -> str:
    """What a row lacks or says that no row does, or empty."""
    if not isinstance(row, Mapping):
        return "it is none"
    missing = [name for name in _ROW if name not in row]
    if missing:
        return f"it holds no {', '.join(missing)}"
    no_texts = [name for name in (*_ROW_TEXTS, "until", "reason") if not isinstance(row.get(name, ""), str)]
    if no_texts:
        return f"{', '.join(no_texts)} is no text"
    if not isinstance(row["notes"], list) or not all(isinstance(note, str) for note in row["notes"]):
        return "notes is no list of texts"
    if row["outcome"] not in _OUTCOMES or row["right"] not in _RIGHTS or row["state"] not in _STATES:
        return f"there is no outcome {row['outcome']!r} of a right {row['right']!r} that is to be {row['state']!r}"
    return ""
