# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run that undoes another: finding again whom it wrote to, reading what is there, undoing, and reading back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Union

from .._exchange.accounts import Account, find_accounts
from .._exchange.delegates import find_delegates
from .._exchange.directory import Found, find_by_id
from .._exchange.identities import Principal, Problem, ProblemKind
from .._exchange.rights import Right
from .._exchange.session import Session, SessionLost
from .._journal.effects import Trace
from .desired import InputError, shared_sids
from .engine import Options, kept_from
from .gate import Decided
from .journal import Journal
from .meter import MeteredSession, Statistics, Watch
from .model import Facts, Finding, Grant, Observed, Outcome, Report, State, Stop, Unknown, in_order
from .observe import doubts_in_words, doubts_of, observe
from .plan import left_undone
from .restore import Move, Target, may_still_change, plan_back
from .writing import POLL_EVERY, Writer

_OUTCOME_OF = {
    ProblemKind.NOT_FOUND: Outcome.NOT_FOUND,
    ProblemKind.AMBIGUOUS: Outcome.AMBIGUOUS,
    ProblemKind.UNSUPPORTED: Outcome.UNSUPPORTED,
    ProblemKind.UNKNOWN: Outcome.UNKNOWN,
}


def undo(
    session: Session, traces: Sequence[Trace], options: Options, watch: Watch, journal: Journal
) -> tuple[Report, Statistics]:
    """Brings back what was before a run, or in check mode says what it would do. ``journal``: of this run.

    ``options.write.verify``: for how many seconds to look again for what the journal does not know, or knows otherwise
    than the first read. Raises SessionLost before the first write.
    """
    metered = MeteredSession(session, watch)
    metered.enter("resolve")
    found = _look_up(metered, traces)
    targets = [one for one in found if isinstance(one, Target)]
    metered.enter("read")
    observed = _read(metered, targets, options.write.verify, watch)
    decided = [one for target in targets for one in plan_back(target, observed[target.grant])]
    moves = [one for one in decided if isinstance(one, Move)]
    steps = tuple(move.step for move in moves)
    findings = tuple(one for one in (*found, *decided) if isinstance(one, Finding))
    brake = options.brakes.why_not(steps, len({trace.mailbox.guid for trace in traces}))
    kept = kept_from(Decided((), observed, steps, findings), options, brake)
    done, stop = kept or _carry_out(metered, moves, options, watch, journal)
    metered.enter("")
    report = Report(
        findings=in_order((*findings, *done)),
        warnings=(*([f"brake: {brake}"] if brake else []), *doubts_in_words(doubts_of(observed))),
        stop=stop,
        coverage=_coverage(traces, observed),
        brake=brake,
    )
    return report, metered.statistics


def _look_up(session: Session, traces: Sequence[Trace]) -> list[Union[Target, Finding]]:
    """By GUID and SID only: names may be another's by now."""
    mailboxes = find_by_id(session, [trace.mailbox.guid for trace in traces])
    accounts = find_accounts(session, [trace.account.key for trace in traces])
    delegates = [
        trace.account.guid
        for trace in traces
        if trace.right is Right.SEND_ON_BEHALF and _is_no_account(accounts[trace.account.key.lower()])
    ]
    accounts.update(find_delegates(session, delegates) if delegates else {})
    faults = tuple(shared_sids(one for one in accounts.values() if isinstance(one, Principal)))
    if faults:
        raise InputError(faults)
    return [
        _target(trace, mailboxes[trace.mailbox.guid.lower()], accounts[trace.account.key.lower()]) for trace in traces
    ]


def _is_no_account(account: Account) -> bool:
    return isinstance(account, Problem) and account.kind is not ProblemKind.UNKNOWN


def _target(trace: Trace, mailbox: Found, account: Account) -> Union[Target, Finding]:
    if isinstance(mailbox, Problem):
        gone = mailbox.kind is ProblemKind.NOT_FOUND
        problem = (
            replace(mailbox, cause="the mailbox is gone", remedy="nothing can be undone on it") if gone else mailbox
        )
        return _obstacle(trace, problem, "")
    if isinstance(account, Problem):
        gone = account.kind is ProblemKind.NOT_FOUND
        return _obstacle(trace, _gone(trace) if gone else account, mailbox.address)
    if account.is_bare_sid:
        return _obstacle(trace, _gone(trace), mailbox.address)
    if trace.account.sids and account.sids and trace.account.sids[0] not in account.sids:
        return _obstacle(trace, Problem(ProblemKind.AMBIGUOUS, "the account has another SID now"), mailbox.address)
    return Target(trace, Grant(mailbox, account, trace.right))


def _gone(trace: Trace) -> Problem:
    if not trace.granted:
        return Problem(ProblemKind.NOT_FOUND, "the account is gone", "it cannot be granted anything any more")
    sid = trace.account.sids[0] if trace.account.sids else trace.account.key
    remedy = f"what still stands under {sid} can be revoked with mailbox_permission, trustees {sid}, state absent"
    return Problem(ProblemKind.NOT_FOUND, "the account is gone", remedy)


def _obstacle(trace: Trace, problem: Problem, address: str) -> Finding:
    return Finding(
        host=trace.mailbox.address,
        address=address or trace.mailbox.address,
        account=trace.account.label,
        right=trace.right,
        state=State.ABSENT if trace.granted else State.PRESENT,
        outcome=_OUTCOME_OF[problem.kind],
        cause=problem.cause,
        next_step=problem.remedy or "look at it by hand",
    )


def _read(session: MeteredSession, targets: Sequence[Target], patience: float, watch: Watch) -> dict[Grant, Observed]:
    """What there is; what may still change is read again until it does or patience (seconds) ends."""
    observed: dict[Grant, Observed] = {}
    waiting = list(targets)
    deadline = watch.now() + patience
    while waiting:
        observed.update(observe(session, [target.grant for target in waiting]))
        waiting = [target for target in waiting if may_still_change(target, observed[target.grant])]
        if not waiting or watch.now() + POLL_EVERY > deadline:
            break
        watch.sleep(POLL_EVERY)
    return observed


def _carry_out(
    session: MeteredSession, moves: Sequence[Move], options: Options, watch: Watch, journal: Journal
) -> tuple[list[Finding], Stop | None]:
    """Grants of the same InheritanceType together, for a writer knows only one."""
    findings: list[Finding] = []
    stop: Stop | None = None
    for inheritance in sorted({move.inheritance for move in moves}):
        group = [move for move in moves if move.inheritance == inheritance]
        steps = [move.step for move in group]
        if stop:
            findings += [left_undone(step, f"not reached: {stop.why}", "restore again") for step in steps]
            continue
        writer = Writer(session, replace(options.write, inheritance=inheritance, auto_mapping=False), watch, journal)
        done, stop = writer.carry_out(steps)
        held, stop = _held_against_entries(session, list(zip(group, done, strict=True)), stop)
        findings += held
    return findings, stop


def _held_against_entries(
    session: Session, done: Sequence[tuple[Move, Finding]], stop: Stop | None
) -> tuple[list[Finding], Stop | None]:
    """Where several entries give a right, that it is held says nothing of each: they are compared one by one."""
    several = {move.target.grant: move.target for move, _found in done if _is_of_several(move.target.trace)}
    seen: Mapping[Grant, Observed] = dict.fromkeys(several, Unknown(stop.why if stop else ""))
    if several and (not stop or stop.can_read):
        try:
            seen = observe(session, several)
        except SessionLost as lost:
            stop = stop or Stop(str(lost), lost.failure, can_read=False)
            seen = dict.fromkeys(several, Unknown(str(lost)))
    return [_corrected(move, found, seen.get(move.target.grant)) for move, found in done], stop


def _is_of_several(trace: Trace) -> bool:
    return len(trace.before | trace.places) > 1


def _corrected(move: Move, found: Finding, seen: Observed | None) -> Finding:
    if isinstance(seen, Unknown) and found.outcome is Outcome.GRANTED:
        cause = f"the right is held, by which entry is not known: {seen.reason}"
        return replace(found, outcome=Outcome.UNKNOWN, cause=cause, next_step="restore again")
    settled = (Outcome.GRANTED, Outcome.REVOKED, Outcome.PENDING)
    if not isinstance(seen, Facts) or found.outcome not in settled:
        return found
    now, place = move.target.entries(seen), move.target.trace.places
    if move.target.trace.granted:
        undone = not (now & place)
        return replace(found, outcome=Outcome.REVOKED if undone else Outcome.PENDING, cause="", next_step="")
    there = any(one.inheritance_type in (move.inheritance, "") for one in now - (move.target.trace.before - place))
    return found if there else replace(found, outcome=Outcome.PENDING, cause="its entry does not show yet")


def _coverage(traces: Iterable[Trace], observed: Mapping[Grant, Observed]) -> dict[str, str]:
    asked = [trace.right for trace in traces]
    read = [grant.right for grant, seen in observed.items() if isinstance(seen, Facts)]
    return {right.value: f"{read.count(right)} of {asked.count(right)}" for right in Right if right in asked}
