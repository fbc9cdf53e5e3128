# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that are killed at a write, the restoring of them from their journal, and access lists to be compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from pathlib import Path

from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.apply import WriteSettings
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.brakes import Brakes
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.engine import Options, Scope, ensure
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.gate import Gate
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.journal import Journal
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.model import Report
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.plan import Step
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.undo import undo
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import Answer, Call
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._journal.effects import traces_of
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._journal.file import JournalFile
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._journal.history import (
    RecordedRun,
    chosen,
    runs_of,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._journal.recorder import FileJournal
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.access import Entry
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Tenant

from .._exchange.sessions import signed_in
from .runs import FakeWatch

ORGANIZATION = "contoso.onmicrosoft.com"
#: A mailbox, a right, and who holds it how.
Lists = Mapping[tuple[str, str], frozenset[tuple[object, ...]]]


class Killed(BaseException):
    """What no code of ours catches, as none sees a kill -9."""


class Moment(Enum):
    """When a run is killed."""

    BEFORE_IT_IS_TOLD = "nothing knows of the write"
    BEFORE_IT_IS_SENT = "the journal knows of the write, Exchange does not"
    BEFORE_ITS_ANSWER_IS_TOLD = "Exchange has done it, the journal does not know"
    AFTER_ITS_ANSWER_IS_TOLD = "the journal knows all"


class DyingJournal:
    """A journal whose run is killed at its write of that number. None: never."""

    def __init__(self, inner: Journal, number: int | None, moment: Moment) -> None:
        self._inner = inner
        self._left = number
        self._moment = moment
        self._due = False

    def sending(self, step: Step, call: Call, place: Mapping[str, object]) -> int:
        if self._left is not None:
            self._left -= 1
            self._due = self._left == 0
        self._die(Moment.BEFORE_IT_IS_TOLD)
        number = self._inner.sending(step, call, place)
        self._die(Moment.BEFORE_IT_IS_SENT)
        return number

    def answered(self, number: int, answer: Answer) -> None:
        self._die(Moment.BEFORE_ITS_ANSWER_IS_TOLD)
        self._inner.answered(number, answer)
        self._die(Moment.AFTER_ITS_ANSWER_IS_TOLD)

    def _die(self, moment: Moment) -> None:
        if self._due and moment is self._moment:
            raise Killed


def run_and_die(
    tenant: Tenant, scope: Scope, path: Path, number: int | None = None, moment: Moment = Moment.BEFORE_IT_IS_TOLD
) -> bool:
    """A run that writes its journal to ``path``, and is killed. Whether it came to its end."""
    file = JournalFile(str(path))
    try:
        journal = FileJournal(file, ORGANIZATION, "mailbox_permission")
        ensure(
            signed_in(tenant),
            scope,
            Options(check_mode=False),
            FakeWatch(),
            DyingJournal(journal, number, moment),
        )
        journal.end()
    except Killed:
        return False
    finally:
        file.close()
    return True


def restored(
    tenant: Tenant,
    path: Path,
    number: int | None = None,
    moment: Moment = Moment.BEFORE_IT_IS_TOLD,
    *,
    run: str = "",
    check_mode: bool = False,
    brakes: Brakes | None = None,
    watch: FakeWatch | None = None,
    verify: float = 120.0,
    gates: tuple[Gate, ...] = (),
) -> Report | None:
    """Restores a run from the journal, and is killed at a write. None if it was, or if there is nothing to restore."""
    file = JournalFile(str(path))
    try:
        runs = runs_of(file.data)
        found = chosen(runs, run)
        if found is None:
            return None
        journal = FileJournal(file, ORGANIZATION, "mailbox_permission_restore", of=found.id)
        options = Options(check_mode, WriteSettings(verify=verify), brakes or Brakes(), gates=gates)
        dying = DyingJournal(journal, number, moment)
        session = signed_in(tenant, read_only=check_mode)
        report, _statistics = undo(session, traces_of(runs, found), options, watch or FakeWatch(), dying)
        journal.end()
    except Killed:
        return None
    finally:
        file.close()
    return report


def recorded_runs(path: Path) -> tuple[RecordedRun, ...]:
    return runs_of(path.read_bytes())


def access_lists(tenant: Tenant, same: Mapping[str, str] | None = None) -> Lists:
    """All that the organisation's books say of who may do what. ``same``: SIDs to be taken for others."""
    lists: dict[tuple[str, str], frozenset[tuple[object, ...]]] = {}
    for recipient in tenant.organisation.recipients:
        access = tenant.organisation.access.get(recipient.guid)
        if access is not None:
            lists[recipient.address, "full_access"] = _entries(access.full_access, same or {})
            lists[recipient.address, "send_as"] = _entries(access.send_as, same or {})
            lists[recipient.address, "send_on_behalf"] = frozenset((guid,) for guid in access.send_on_behalf)
    return {name: held for name, held in lists.items() if held}


def _entries(entries: Iterable[Entry], same: Mapping[str, str]) -> frozenset[tuple[object, ...]]:
    """AutoMapping, which nobody can read, left out."""
    return frozenset(
        (same.get(one.sid, one.sid), tuple(sorted(one.rights)), one.inheritance_type, one.deny, one.inherited)
        for one in entries
    )
