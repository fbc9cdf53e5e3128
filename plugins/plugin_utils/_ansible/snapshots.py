# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option ``snapshot`` of every task that signs in: its file is read, and the result marked as a rehearsal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from .._access.desired import InputError
from .._access.holdings import EVERYWHERE
from .._snapshot.contents import Snapshot, SnapshotError
from .._snapshot.source import Source, age_in_words, load
from .._snapshot.taking import mailboxes_in
from .._wording import counted_noun, option


def source_of(options: Mapping[str, Any]) -> Source | None:
    """What the option names. Raises InputError for a file that is no snapshot, or that would be written over."""
    if not options.get("snapshot"):
        return None
    try:
        source = load(options["snapshot"])
    except SnapshotError as error:
        raise InputError([str(error)]) from error
    if source.snapshot and options["snapshot_update"]:
        asked = option("snapshot_update", "exchange_snapshot_update")
        raise InputError([f"{source.path} was taken of an organisation, and stays as it was taken: leave out {asked}"])
    if source.snapshot:
        _check_whose(source.path, source.snapshot, str(options.get("organization") or ""))
    return source


def _check_whose(path: str, snapshot: Snapshot, organization: str) -> None:
    """Of another organisation it holds next to nothing that the task asks for, and what it lacks is left to a plan. An
    anonymized one says of none that it is its own."""
    whose = snapshot.organisation.organization
    if snapshot.anonymized or not (whose and organization) or whose.casefold() == organization.casefold():
        return
    asked = option("organization", "exchange_organization")
    raise InputError([f"{path} was taken of {whose}, and {asked} is {organization}: take one of that organisation"])


def marked(result: Mapping[str, Any], source: Source, now: datetime) -> dict[str, Any]:
    """What a result says otherwise because it is of a rehearsal. Nothing in a file passes by itself, so that no machine
    need try it again."""
    beginning = beginning_of(source, now)
    told: dict[str, Any] = {"rehearsal": rehearsal_of(source, now), "msg": f"{beginning}: {result.get('msg', '')}"}
    if "verdict" in result:
        told["verdict"] = {**result["verdict"], "msg": f"{beginning}: {result['verdict'].get('msg', '')}"}
    if result.get("failure_class"):
        told["retry_safe"] = False
    warnings = [f"{beginning}: nothing was asked of the organisation itself"] if source.taken else []
    if EVERYWHERE in str(result.get("coverage", "")) and source.snapshot and source.snapshot.is_partial:
        told["coverage"] = covered(result["coverage"], source)
        held = counted_noun(mailboxes_in(source.snapshot), "mailbox")
        warnings.append(f"only the {held} of the snapshot {_was(held)} looked at, not {EVERYWHERE}")
    if warnings:
        told["warnings"] = [*warnings, *result.get("warnings", [])]
    return told


def covered(coverage: Mapping[str, str], source: Source | None) -> dict[str, str]:
    """What was looked at, where all that there was to look at is a part of an organisation."""
    if source is None or source.snapshot is None or not source.snapshot.is_partial:
        return dict(coverage)
    held = f"the {counted_noun(mailboxes_in(source.snapshot), 'mailbox')} of the snapshot, no others"
    return {key: str(value).replace(EVERYWHERE, held) for key, value in coverage.items()}


def _was(text: str) -> str:
    return "was" if text.startswith("1 ") else "were"


def beginning_of(source: Source, now: datetime) -> str:
    """What the message of a rehearsal begins with."""
    return _beginning(source.path, source.taken, source.age(now))


def beginning_in(result: Mapping[str, Any]) -> str:
    """The same, of a result of mailbox_delegation; empty where it is of a run that counts."""
    told = result.get("rehearsal")
    if isinstance(told, Mapping):
        return _beginning(told.get("snapshot", "a snapshot"), told.get("taken", ""), told.get("age_hours"))
    return "Rehearsal" if result["run"]["rehearsal"] else ""


def _beginning(path: str, taken: str, age: float | None) -> str:
    when = f", taken {taken} ({age_in_words(age)})" if age is not None else ""
    return f"Rehearsal on {path}{when}"


def rehearsal_of(source: Source, now: datetime) -> dict[str, Any]:
    """The field ``rehearsal`` of a result. An organisation that was written by hand is of no time, and whole."""
    age = source.age(now)
    return {
        "snapshot": source.path,
        "taken": source.taken,
        "age_hours": None if age is None else round(age, 1),
        "detail": source.snapshot.detail.value if source.snapshot else "full",
    }
