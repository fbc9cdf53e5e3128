# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal of a run: it can be read whenever its writer was killed, and what it says is true."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from ...plugins.plugin_utils._access.plan import Verb
from ...plugins.plugin_utils._journal.entries import Answered, Damaged, Entry, Sent, WriteState, entry_of
from ...plugins.plugin_utils._journal.history import JournalDamaged, runs_of
from .evidence import Evidence
from .truth import atoms, is_of
from .witness import Heard, WriteKey, recorded_key

#: Entries bear milliseconds, cut off.
_SLACK = 0.0015


def check_journal(evidence: Evidence) -> Iterator[str]:
    """What is wrong with it."""
    if not evidence.journal:
        if evidence.writes and not evidence.scenario.check_mode:
            yield "writes without a journal"
        return
    if evidence.journal_mode != 0o600:
        yield f"the journal has the mode {evidence.journal_mode:o}"
    try:
        runs = runs_of(evidence.journal)
    except JournalDamaged as damage:
        yield f"the journal cannot be read: {damage}"
        return
    lived = not evidence.killed and evidence.status is not None
    if lived and (len(runs) != 1 or not evidence.journal.endswith(b"\n")):
        yield f"{len(runs)} runs, or a torn line, of a client that was not killed"
    if lived and evidence.result and "grants" in evidence.result and not runs[0].ended:
        yield "the journal has no end"
    yield from _check_entries(evidence, lived)


def _check_entries(evidence: Evidence, lived: bool) -> Iterator[str]:
    entries = list(_entries(evidence.journal))
    answers = {entry.number: entry for entry in entries if isinstance(entry, Answered)}
    sent = [entry for entry in entries if isinstance(entry, Sent)]
    for number, entry in enumerate(sent):
        key = key_of(entry)
        later = next((each for each in sent[number + 1 :] if key_of(each) == key), None)
        heard = _heard_between(evidence, key, _seconds(entry.time), _seconds(later.time) if later else None)
        answer = answers.get(entry.number)
        if answer is None:
            if lived:
                yield f"no line after write {entry.number} of a client that was not killed"
            continue
        yield from (f"write {entry.number} {key}: {fault}" for fault in _faults_of(answer, heard))
        if later and answer.state is not WriteState.IN_DOUBT:
            yield f"write {entry.number} {key} was answered ({answer.state.value}), and sent again"
        if any(each.carried_out and each.carried_out.changed for each in heard):
            yield from _check_facts(evidence, entry)


def key_of(entry: Sent) -> WriteKey:
    return recorded_key(
        {
            "cmdlet": entry.cmdlet,
            "mailbox": {"guid": entry.mailbox.guid},
            "trustee": entry.trustee,
            "inheritance_type": entry.inheritance_type,
            "verb": "grant" if entry.verb is Verb.GRANT else "revoke",
        }
    )


def _entries(data: bytes) -> Iterator[Entry]:
    for line in data.split(b"\n"):
        try:
            yield entry_of(line)
        except Damaged:
            continue


def _heard_between(evidence: Evidence, key: WriteKey, begin: float, end: float | None) -> list[Heard]:
    own = [each for each in evidence.writes if each.key == key and each.at >= begin - _SLACK]
    return [each for each in own if end is None or each.at < end]


def _faults_of(answer: Answered, heard: list[Heard]) -> Iterator[str]:
    """What is not true of a line after."""
    changed = any(each.carried_out and each.carried_out.changed for each in heard)
    accepted = any(each.answer is not None and each.answer.error is None for each in heard)
    if answer.state is WriteState.DONE and not accepted:
        yield "said to be done, and Exchange did not say so"
    if answer.state in (WriteState.REFUSED, WriteState.NO_EFFECT) and changed:
        yield f"said to have changed nothing ({answer.state.value}), and it did"


def _check_facts(evidence: Evidence, entry: Sent) -> Iterator[str]:
    """What was held before decides what a restore does."""
    recipients = evidence.scenario.organisation.recipients
    account = next((each for each in recipients if each.guid == entry.account.guid), None)
    if account is None:
        yield f"write {entry.number} is of an account that there is not: {entry.account}"
        return
    right = entry.right.value
    before = [atom for atom in atoms(evidence.books(entry.mailbox.guid, False)) if is_of(atom, account, right)]
    held = {(atom[1], atom[2]) for atom in before if not atom[3] and not atom[4]}
    if entry.held != bool(held):
        yield f"write {entry.number}: held before is said to be {entry.held}, by {sorted(held)}"
    told = {(place.sid.upper(), place.inheritance_type) for place in entry.entries}
    if right == "full_access" and told != held:
        yield f"write {entry.number}: the entries before were {sorted(held)}, not {sorted(told)}"
    if right == "send_as" and {sid for sid, _type in told} != {sid for sid, _type in held}:
        yield f"write {entry.number}: the entries before were of {sorted(held)}, not {sorted(told)}"


def _seconds(time: str) -> float:
    return datetime.fromisoformat(time.replace("Z", "+00:00")).timestamp()
