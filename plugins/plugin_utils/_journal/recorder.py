# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that writes its journal: from the steps and answers of the heart to the lines of the file."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from .._access.journal import Journal, JournalError, NoJournal
from .._access.plan import Step, Verb
from .._exchange.errors import diagnose, says_already_present, says_not_present
from .._exchange.session import Answer, Call
from .entries import Answered, Begun, Box, Ended, Holder, Place, Sent, WriteState
from .file import JournalFile, now
from .history import JournalDamaged, runs_of

_LONGEST_TEXT = 1000


class FileJournal:
    """Implements ``_access.journal.Journal`` for one run, whose beginning it writes at once."""

    def __init__(
        self, file: JournalFile, organization: str, module: str, rehearsal: bool = False, of: str = ""
    ) -> None:
        """``of``: the run that this one restores. Raises JournalError."""
        self.run = str(uuid.uuid4())
        self._file = file
        self._verbs: dict[int, Verb] = {}
        file.mend()
        file.append(Begun(self.run, now(), organization, module, rehearsal=rehearsal, of=of))

    def sending(self, step: Step, call: Call, place: Mapping[str, object]) -> int:
        """See the interface. Numbers are unique within the run."""
        number = len(self._verbs) + 1
        self._file.append(_sent(self.run, number, step, call, place))
        self._verbs[number] = step.verb
        return number

    def answered(self, number: int, answer: Answer) -> None:
        state, text = what_became(self._verbs[number], answer)
        self._file.append(Answered(self.run, number, now(), state, text[:_LONGEST_TEXT]))

    def end(self) -> None:
        """The run has come to its end. That it did is only for people to know, so it may fail."""
        with suppress(JournalError):
            self._file.append(Ended(self.run, now()))


@contextmanager
def recorded(path: str | None, organization: str, module: str, rehearsal: bool = False) -> Iterator[Journal]:
    """The journal of a run in the file ``path``; without one, none is kept. ``rehearsal``: on a snapshot.

    To be opened before the session, and closed after it. Raises JournalError, before anything was written.
    """
    if not path:
        yield NoJournal()
        return
    file = JournalFile(path)
    try:
        refuse_damaged(file)
        journal = FileJournal(file, organization, module, rehearsal)
        yield journal
        journal.end()
    finally:
        file.close()


def refuse_damaged(file: JournalFile) -> None:
    """Nothing is appended to a file that could not be read when it is needed, or that is no journal at all."""
    try:
        runs_of(file.data)
    except JournalDamaged as damage:
        raise JournalError(f"journal {file.path}: {damage}. Name another file; what is in this one stays") from damage


def what_became(verb: Verb, answer: Answer) -> tuple[WriteState, str]:
    """What an answer says of a write, and its words."""
    if answer.error is not None:
        doubtful = diagnose(answer.error).leaves_doubt
        return WriteState.IN_DOUBT if doubtful else WriteState.REFUSED, answer.error.text
    told = says_already_present if verb is Verb.GRANT else says_not_present
    if told(answer.warnings):
        return WriteState.NO_EFFECT, answer.warnings[0]
    return WriteState.DONE, ""


def _sent(run: str, number: int, step: Step, call: Call, place: Mapping[str, object]) -> Sent:
    grant, facts = step.want.grant, step.facts
    mailbox, account = grant.mailbox, grant.principal
    return Sent(
        run,
        number,
        now(),
        step.verb,
        grant.right,
        Box(mailbox.guid, mailbox.address, mailbox.name),
        Holder(account.asked, account.guid, account.sids, account.upn),
        call.cmdlet,
        trustee_of(call),
        str(call.parameters.get("InheritanceType", "")),
        facts.allowed,
        facts.denied,
        tuple(Place(entry.sid, entry.inheritance_type) for entry in facts.entries),
        dict(place),
    )


def trustee_of(call: Call) -> str:
    """Whom a write names."""
    edit = call.parameters.get("GrantSendOnBehalfTo")
    if isinstance(edit, dict):
        return str(next(iter(edit.values()))[0])
    return str(call.parameters.get("Trustee") or call.parameters.get("User") or "")
