# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a step to its writes, and from what the writes answered and what was read back to what came of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .._exchange import cmdlets
from .._exchange.errors import Diagnosis, diagnose, in_words, says_already_present, says_not_present
from .._exchange.session import Answer, Call, CmdletError
from .model import Facts, Finding, Observed, Outcome, State, Unknown
from .plan import Step, Verb, denied, finding_of


@dataclass(frozen=True)
class WriteSettings:
    """How rights are given. ``verify``: seconds to wait until what was written is visible.

    ``inheritance``: the InheritanceType of Full Access; it is on an entry for good (exchange facts 4).
    """

    auto_mapping: bool = False
    inheritance: str = "All"
    verify: float = 120.0


#: How often a write is sent at most that Exchange answered with an error which leaves doubt.
WRITE_TRIES = 4


@dataclass(frozen=True)
class Attempt:
    """A step whose writes were sent. ``answers``: one for each write, None where none came.

    ``earlier``: the doubtful errors of tries before this one, after which the right was read and found as before.
    """

    step: Step
    answers: tuple[Answer | None, ...]
    earlier: tuple[CmdletError, ...] = ()

    @property
    def errors(self) -> tuple[CmdletError, ...]:
        return tuple(one.error for one in self.answers if one is not None and one.error is not None)

    @property
    def is_unanswered(self) -> bool:
        return None in self.answers

    @property
    def doubtful(self) -> tuple[CmdletError, ...]:
        """The errors after which nobody knows whether the write was carried out, or will be yet."""
        return tuple(error for error in self.errors if _leaves_doubt(error))

    def open_writes(self, settings: WriteSettings) -> tuple[Call, ...]:
        """Its writes that may have to be repeated; one that was answered for certain is never sent again."""
        pairs = zip(writes_of(self.step, settings), self.answers, strict=True)
        return tuple(call for call, answer in pairs if _is_open(answer))

    def followed_by(self, again: Attempt) -> Attempt:
        """This one, and the try of its open writes after it, as one."""
        later = iter(again.answers)
        answers = tuple(next(later) if _is_open(answer) else answer for answer in self.answers)
        return Attempt(self.step, answers, (*self.earlier, *self.doubtful))

    @property
    def had_no_effect(self) -> bool:
        """Whether each write answered that things were so already: evidence, but no change (design rule 8).

        After an earlier try in doubt it is evidence that the earlier one was carried out.
        """
        told = says_already_present if self.step.verb is Verb.GRANT else says_not_present
        return not self.earlier and all(
            one is not None and one.error is None and told(one.warnings) for one in self.answers
        )


def _is_open(answer: Answer | None) -> bool:
    return answer is None or (answer.error is not None and _leaves_doubt(answer.error))


def _leaves_doubt(error: CmdletError) -> bool:
    return diagnose(error).leaves_doubt


def writes_of(step: Step, settings: WriteSettings) -> tuple[Call, ...]:
    """One write for a grant; for a revocation one for each entry seen, each under the SID that it stands under."""
    grant = step.want.grant
    if step.verb is Verb.GRANT:
        how = (settings.auto_mapping, settings.inheritance)
        return (cmdlets.grant(grant.right, grant.mailbox.guid, grant.principal, *how),)
    return tuple(_revocations(step).values())


def _revocations(step: Step) -> dict[tuple[str, str], Call]:
    """The revocations without repetition. Keys: trustee and inheritance type."""
    grant, principal = step.want.grant, step.want.grant.principal
    entries = [(entry.sid, entry.inheritance_type) for entry in step.facts.entries] or [("", "")]
    calls = {}
    for sid, inheritance_type in entries:
        is_current = sid in ("", *principal.sids[:1]) and not principal.is_bare_sid
        trustee = principal.guid if is_current else sid or principal.sids[0]
        calls[trustee, inheritance_type] = cmdlets.revoke(grant.right, grant.mailbox.guid, trustee, inheritance_type)
    return calls


def is_as_wanted(step: Step, seen: Observed) -> bool:
    """Whether what was read is what the step was to bring about; a Deny beside the Allow is not."""
    if not isinstance(seen, Facts):
        return False
    return (seen.allowed and not seen.denied) if step.want.state is State.PRESENT else not seen.allowed


def _is_denied(step: Step, seen: Observed) -> bool:
    """Whether a Deny that was set meanwhile beats what the step was to bring about."""
    return isinstance(seen, Facts) and seen.denied and step.want.state is State.PRESENT


def may_still_appear(attempt: Attempt, seen: Observed) -> bool:
    """Whether waiting may help: Exchange took the write, or may have, and the read does not show it yet."""
    if is_as_wanted(attempt.step, seen) or attempt.had_no_effect or _is_denied(attempt.step, seen):
        return False
    return all(map(_leaves_doubt, attempt.errors))


def may_be_sent_again(attempt: Attempt, seen: Observed) -> bool:
    """Whether the write may be repeated: it was in doubt, and a read shows that it was not carried out.

    All writes are idempotent (exchange facts 5.2, Write safety), so it does no harm if the first one lands after all.
    """
    settled = isinstance(seen, Facts) and not is_as_wanted(attempt.step, seen) and not _is_denied(attempt.step, seen)
    return settled and bool(attempt.doubtful) and len(attempt.earlier) + 1 < WRITE_TRIES


def judge(attempt: Attempt, seen: Observed) -> Finding:
    """What came of a step: success only on evidence (design rule 2)."""
    step = attempt.step
    if is_as_wanted(step, seen):
        return _done(attempt)
    if attempt.had_no_effect and isinstance(seen, Facts):
        return _told_so(attempt, seen)
    if attempt.is_unanswered or isinstance(seen, Unknown):
        reason = seen.reason if isinstance(seen, Unknown) else "the write was sent and never answered"
        return _unknown(attempt, reason)
    if not attempt.errors:
        return _beaten(attempt, seen) if _is_denied(step, seen) else _pending(attempt)
    if attempt.doubtful:
        return _unknown(attempt, in_words(attempt.doubtful[0]), diagnose(attempt.doubtful[0]))
    return _refused(attempt, diagnose(attempt.errors[0]))


def _row(attempt: Attempt, outcome: Outcome, cause: str = "", next_step: str = "") -> Finding:
    found = finding_of(attempt.step.want, outcome, attempt.step.facts, cause, next_step)
    return replace(found, write_sent=True)


def _done(attempt: Attempt) -> Finding:
    if attempt.had_no_effect:
        row = _row(attempt, Outcome.COMPLIANT)
        return replace(row, notes=(*row.notes, "Exchange said that it was so already, though the read did not show it"))
    outcome = Outcome.GRANTED if attempt.step.verb is Verb.GRANT else Outcome.REVOKED
    row = _row(attempt, outcome)
    if attempt.errors:
        return replace(row, notes=(*row.notes, f"the write answered an error, yet was done: {attempt.errors[0].text}"))
    if attempt.earlier:
        return replace(row, notes=(*row.notes, f"written {len(attempt.earlier) + 1} times: {attempt.earlier[0].text}"))
    return row


def _told_so(attempt: Attempt, seen: Facts) -> Finding:
    """Exchange says that it was so already, and the read does not show it.

    That an entry is there may be hidden from a read (exchange facts Q5, 1.1), so for a grant the word of the write
    counts. That an entry which a read shows is not there is a contradiction: nobody knows.
    """
    if attempt.step.verb is Verb.GRANT:
        return replace(_beaten(attempt, seen), write_sent=False) if seen.denied else _done(attempt)
    reason = "the write answered that there was nothing to do, and the access list read afterwards says otherwise"
    return replace(_unknown(attempt, reason), write_sent=False)


def _unknown(attempt: Attempt, reason: str, diagnosis: Diagnosis | None = None) -> Finding:
    remedy = (diagnosis.remedy if diagnosis else "") or "run it again: it reads first and does only what is missing"
    return _row(attempt, Outcome.UNKNOWN, reason, remedy)


def _beaten(attempt: Attempt, seen: Observed) -> Finding:
    """A Deny was set since the first look."""
    return replace(denied(attempt.step.want, seen), before=attempt.step.facts.before, write_sent=True)


def _pending(attempt: Attempt) -> Finding:
    cause = "Exchange accepted the write; its directory does not show it yet"
    return _row(attempt, Outcome.PENDING, cause, "run it again in an hour; it may take effect before")


def _refused(attempt: Attempt, diagnosis: Diagnosis) -> Finding:
    cause = f"Exchange refused: {attempt.errors[0].text}"
    row = _row(attempt, Outcome.REFUSED, cause, diagnosis.remedy or "read Exchange's words and run it again")
    return replace(row, write_sent=any(one is not None and one.error is None for one in attempt.answers))
