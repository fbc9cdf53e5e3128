# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task ``exchange_snapshot``: from options and inventory to a snapshot in a file, and what it holds as a result."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

from .._access.desired import InputError, account_faults
from .._access.holdings import EVERYWHERE
from .._access.model import Profile, State
from .._exchange.accounts import account_fault
from .._exchange.failures import Failure, FailureClass
from .._exchange.needs import needed_cmdlets
from .._exchange.rights import Right
from .._journal.entries import VERSION
from .._snapshot.anonymous import anonymized
from .._snapshot.contents import Detail, Fate, Gap, Snapshot
from .._snapshot.document import save
from .._snapshot.taking import Taken, Wanted, counts_of, take
from .._wording import counted_noun
from .arguments import SNAPSHOT_ARGUMENTS
from .hosts import HostVariables, profiles_of
from .play import PlayAction
from .result import FAILED_ROWS
from .run import moment
from .scope import is_serial
from .sessions import Opened, opened
from .sign_in import choose_sign_in


class SnapshotAction(PlayAction):
    """Reads, and keeps what it read in a file of the controller."""

    ARGUMENTS = SNAPSHOT_ARGUMENTS

    def perform(self, options: Mapping[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        began = moment()
        _check(options, is_serial(task_vars))
        sign_in = choose_sign_in(options, self.environment())
        wanted = self._wanted(options, task_vars, sign_in.organization)
        cmdlets = needed_cmdlets((), (), read_only=True, read=tuple(Right), unresolved=True)
        watch = self.watch()
        with opened(self._connection, options, sign_in, cmdlets, True, watch) as far:
            seen = (self.source.taken if self.source else "") or began
            taken, statistics = take(far.session, wanted, watch, seen, VERSION)
        if not self.source:
            taken = replace(taken, snapshot=_of(taken.snapshot, sign_in.organization))
        snapshot = anonymized(taken.snapshot) if options["anonymize"] else taken.snapshot
        if self.source and self.source.snapshot and self.source.snapshot.anonymized:
            snapshot = replace(snapshot, anonymized=True)
        try:
            save(snapshot, options["dest"])
        except OSError as error:
            raise InputError([f"dest {options['dest']}: {error.strerror or error}"]) from error
        return settled(result_of(taken, far, options), options["on_failure"]) | {"statistics": far.figures(statistics)}

    def _wanted(self, options: Mapping[str, Any], task_vars: Mapping[str, Any], organization: str) -> Wanted:
        """A full snapshot holds every mailbox, whatever the play says."""
        profiles = profiles_of(options["profiles"]) if options["profiles"] else {}
        accounts = _accounts(profiles, options["accounts"])
        detail = Detail(options["detail"])
        if detail is Detail.FULL and options["mailboxes"] is None:
            return Wanted((), accounts, detail)
        hostvars = HostVariables(task_vars["hostvars"], profiles)
        meant = {**options, "state": State.PRESENT.value}
        items = self.items(meant, task_vars, hostvars, profiles, organization, datetime.now(timezone.utc))
        if not (items or accounts or detail is Detail.FULL):
            raise InputError(["there is nothing to take: name mailboxes, profiles or accounts, or set detail to full"])
        return Wanted(tuple(item.address for item in items), accounts, detail)


def _of(snapshot: Snapshot, organization: str) -> Snapshot:
    """By the name that whoever signed in has for the organisation, which a rehearsal is held against."""
    return replace(snapshot, organisation=replace(snapshot.organisation, organization=organization))


def _check(options: Mapping[str, Any], serial: bool) -> None:
    """Before anybody signs in for nothing."""
    faults = []
    dest = str(options["dest"])
    directory = os.path.dirname(os.path.abspath(dest))
    if os.path.isdir(dest):
        faults.append(f"dest {dest}: it is a directory: name a file")
    elif not os.path.isdir(directory) or not os.access(directory, os.W_OK):
        faults.append(f"dest {dest}: there is no directory {directory} in which a file can be made")
    if serial:
        faults.append("in a serial play each batch would write dest anew: take serial away")
    if faults:
        raise InputError(faults)


def _accounts(profiles: Mapping[str, Profile], others: Iterable[str]) -> tuple[str, ...]:
    named = [one for profile in profiles.values() for one in (profile.account, profile.replaces) if one]
    more = [one.strip() for one in others]
    faults = [f"account {one!r}: {fault}" for one in more if (fault := account_fault(one))]
    if faults := [*account_faults(profiles), *faults]:
        raise InputError(faults)
    return tuple(dict.fromkeys([*named, *more]))


def result_of(taken: Taken, far: Opened, options: Mapping[str, Any]) -> dict[str, Any]:
    """``failed`` is left to ``settled``."""
    snapshot, stop = taken.snapshot, far.stop
    sentence = sentence_of(snapshot, str(options["dest"]), options["anonymize"])
    sentence = f"{stop.why}. {sentence}" if stop else sentence
    failing = Failure(FailureClass.MAILBOXES, all(gap.may_pass for gap in snapshot.gaps))
    failure = stop.failure if stop else failing if snapshot.gaps else Failure(FailureClass.NONE, retry_safe=True)
    result: dict[str, Any] = {
        "changed": False,
        "msg": sentence,
        "dest": options["dest"],
        "taken": snapshot.taken,
        "counts": counts_of(snapshot),
        "absent": _absent(snapshot),
        "unresolved": [_row(gap, snapshot) for gap in snapshot.gaps],
        "verdict": {"failed": bool(snapshot.gaps or stop), "msg": sentence},
        "failure_class": failure.kind.value,
        "retry_safe": failure.retry_safe,
    }
    warnings = [*far.warnings, *taken.doubts, *_in_words(result["unresolved"])]
    return {**result, "warnings": warnings} if warnings else result


def settled(result: dict[str, Any], on_failure: str) -> dict[str, Any]:
    """The file is there in any case; whether the task fails is as it was asked for."""
    if not result["verdict"]["failed"] or on_failure == "report":
        return result
    left_out = max(0, len(result["unresolved"]) - FAILED_ROWS)
    rows = result["unresolved"][:FAILED_ROWS]
    return {**result, "failed": True, "unresolved": rows, "unresolved_omitted": left_out}


def sentence_of(snapshot: Snapshot, dest: str, anonymous: bool) -> str:
    """What was taken, of how much, and the first of what could not be read."""
    counts = counts_of(snapshot)
    what = f"{'anonymized ' if anonymous else ''}snapshot ({snapshot.detail.value})"
    held = f"{counted_noun(counts['mailboxes'], 'mailbox')} and {counted_noun(counts['accounts'], 'account')}"
    others = f", {counts['others']} of others counted" if snapshot.is_partial else ""
    text = f"{what} of {held} in {dest}: {counted_noun(counts['entries'], 'grant')}{others}"
    if counts["absent"]:
        text += f"; not there: {counts['absent']}"
    return f"{text}; could not be read: {counts['gaps']}" if counts["gaps"] else text


def _absent(snapshot: Snapshot) -> list[str]:
    looked_up = {**snapshot.mailboxes, **snapshot.accounts}
    return sorted(name for name, fate in looked_up.items() if fate is Fate.NOT_FOUND)


def _row(gap: Gap, snapshot: Snapshot) -> dict[str, Any]:
    """By address where it is about a mailbox of the snapshot."""
    addresses = {one.guid: one.address for one in snapshot.organisation.recipients}
    return {"subject": gap.subject.value, "of": addresses.get(gap.of) or gap.of, "cause": gap.reason}


def _in_words(rows: list[dict[str, Any]]) -> list[str]:
    if not rows:
        return []
    first = rows[0]
    about = first["of"] or EVERYWHERE
    return [
        f"a rehearsal will call unknown what could not be read: {len(rows)}, the first {first['subject']} of {about}: "
        f"{first['cause']}"
    ]
