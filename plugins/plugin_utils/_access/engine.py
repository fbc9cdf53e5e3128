# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run: who and what is meant, who holds what, what is to be done, doing it, and reading back that it is done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .._exchange.accounts import find_accounts
from .._exchange.directory import find_recipients
from .._exchange.identities import Principal
from .._exchange.session import Answer, Session, SessionLost
from .apply import Attempt, judge, may_still_appear, writes_of
from .desired import InputError, account_problems, split_by_address, wants_of
from .meter import MeteredSession, Statistics, Watch
from .model import Facts, Finding, Grant, Observed, Report, State, Unknown, Want, Wish
from .observe import doubts_of, observe
from .plan import Step, left_undone, plan

#: Seconds between two looks at what was written. Directories take their time (exchange facts 4, Propagation).
POLL_EVERY = 10.0


@dataclass(frozen=True)
class Options:
    """How a run goes about it. ``verify``: seconds to wait until what was written is visible."""

    check_mode: bool
    auto_mapping: bool = False
    verify: float = 120.0


def ensure(session: Session, wishes: Iterable[Wish], options: Options, watch: Watch) -> tuple[Report, Statistics]:
    """Brings about what is wished, or in check mode says what it would do.

    Raises InputError for accounts that cannot be used and SessionLost for a session that ends, both before the first
    write; after it, what could not be reached is part of the report.
    """
    metered = MeteredSession(session, watch)
    metered.enter("resolve")
    good, hopeless = split_by_address(wishes)
    wants, problems = _resolve(metered, good)
    metered.enter("read")
    observed = observe(metered, [want.grant for want in wants])
    made = plan(wants, observed)
    metered.enter("write")
    if options.check_mode:
        done, aborted = [left_undone(step) for step in made.steps], ""
    else:
        done, aborted = _apply(metered, made.steps, options, watch)
    metered.enter("")
    findings = (*hopeless, *problems, *made.findings, *done)
    report = Report(
        findings=tuple(sorted(findings, key=lambda one: (one.host.lower(), one.account.lower(), one.right.value))),
        warnings=tuple(_warnings(observed, wants)),
        aborted=aborted,
        coverage=_coverage(wants, observed),
    )
    return report, metered.statistics


def _resolve(session: Session, wishes: Sequence[Wish]) -> tuple[tuple[Want, ...], tuple[Finding, ...]]:
    accounts = find_accounts(session, [wish.account for wish in wishes])
    faults = account_problems(wishes, accounts)
    if faults:
        raise InputError(faults)
    principals = {asked: one for asked, one in accounts.items() if isinstance(one, Principal)}
    return wants_of(wishes, find_recipients(session, [wish.address for wish in wishes]), principals)


def _apply(session: MeteredSession, steps: Sequence[Step], options: Options, watch: Watch) -> tuple[list[Finding], str]:
    """The findings of all steps, and why the run stopped before its end, or empty."""
    attempts, aborted = _write(session, steps, options.auto_mapping)
    rest = steps[len(attempts) :]
    seen: dict[Grant, Observed]
    if aborted:
        lost = Unknown(f"{aborted}, so that what was written could not be read back")
        seen = {attempt.step.want.grant: lost for attempt in attempts}
    else:
        session.enter("verify")
        seen, aborted = _read_back(session, attempts, options.verify, watch)
    findings = [judge(attempt, seen[attempt.step.want.grant]) for attempt in attempts]
    findings += [left_undone(step, f"not reached: {aborted}", "run it again") for step in rest]
    return findings, aborted


def _write(session: MeteredSession, steps: Sequence[Step], auto_mapping: bool) -> tuple[list[Attempt], str]:
    """Writes one at a time, so that at most one can be in doubt when contact is lost (design 5)."""
    attempts: list[Attempt] = []
    session.expect(len(steps))
    for step in steps:
        answers: list[Answer | None] = []
        calls = writes_of(step, auto_mapping)
        try:
            for call in calls:
                answers.extend(answer for _call, answer in session.invoke(iter((call,))))
        except SessionLost as lost:
            answers.extend([None] * (len(calls) - len(answers)))
            return [*attempts, Attempt(step, tuple(answers))], str(lost)
        attempts.append(Attempt(step, tuple(answers)))
    return attempts, ""


def _read_back(
    session: Session, attempts: Sequence[Attempt], patience: float, watch: Watch
) -> tuple[dict[Grant, Observed], str]:
    """Reads every written grant, and those again that may still appear, until they do or patience ends (seconds)."""
    seen: dict[Grant, Observed] = {}
    waiting = list(attempts)
    deadline = watch.now() + patience
    while waiting:
        try:
            seen.update(observe(session, [attempt.step.want.grant for attempt in waiting]))
        except SessionLost as lost:
            for attempt in attempts:
                seen.setdefault(attempt.step.want.grant, Unknown(f"{lost}, before the write could be read back"))
            return seen, str(lost)
        waiting = [attempt for attempt in waiting if may_still_appear(attempt, seen[attempt.step.want.grant])]
        if not waiting or watch.now() + POLL_EVERY > deadline:
            break
        watch.sleep(POLL_EVERY)
    return seen, ""


def _warnings(observed: Mapping[Grant, Observed], wants: Iterable[Want]) -> list[str]:
    doubts = doubts_of(observed)
    warnings = []
    if doubts:
        shown = ", ".join(sorted(doubts)[:5]) + (", …" if len(doubts) > 5 else "")
        warnings.append(f"{len(doubts)} access lists came without the entry of SELF, twice, and were believed: {shown}")
    hidden = sorted({want.grant.mailbox.address for want in wants if want.grant.mailbox.hidden and _is_wanted(want)})
    if hidden:
        shown = ", ".join(hidden[:5]) + (", …" if len(hidden) > 5 else "")
        warnings.append(
            f"{len(hidden)} mailboxes are hidden from address lists, where delegates may be unable to open them or to "
            f"send from them: {shown}"
        )
    return warnings


def _is_wanted(want: Want) -> bool:
    return want.state is State.PRESENT


def _coverage(wants: Sequence[Want], observed: Mapping[Grant, Observed]) -> dict[str, str]:
    """Per right, on how many of the wanted grants it was looked at (design rule 12)."""
    coverage = {}
    for right in sorted({want.grant.right for want in wants}, key=lambda one: one.value):
        asked = [want for want in wants if want.grant.right is right]
        read = sum(isinstance(observed[want.grant], Facts) for want in asked)
        coverage[right.value] = f"{read} of {len(asked)}"
    return coverage
