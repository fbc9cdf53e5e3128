# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run: who and what is meant, who holds what, what is to be done, doing it, and reading back that it is done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from .._exchange import cmdlets
from .._exchange.accounts import find_accounts
from .._exchange.directory import Found, find_recipients
from .._exchange.identities import Principal
from .._exchange.memory import RememberingSession
from .._exchange.rights import Right
from .._exchange.session import Call, Session
from .._wording import counted, option
from .apply import WriteSettings
from .brakes import Brakes, left_by
from .desired import (
    AccountsUnknown,
    InputError,
    account_problems,
    failure_of,
    shared_sids,
    split_by_address,
    untold,
    wants_of,
)
from .estimate import estimate
from .exclusive import find_others
from .gate import Decided, Gate, first_stop
from .holdings import read_holdings
from .journal import Journal, NoJournal
from .meter import MeteredSession, Statistics, Watch
from .model import Facts, Finding, Grant, Observed, Report, State, Stop, Want, Wish, in_order
from .observe import doubts_in_words, doubts_of, observe
from .plan import Step, left_undone, plan
from .surplus import Surplus, SurplusRule, coverage_of, judge_holdings, why_held_back
from .writing import OUT_OF_TIME, Writer

_RETIRED = option("retired_accounts")


@dataclass(frozen=True)
class Options:
    """How a run goes about it. ``any_recipient``: Send As may be asked for on more than mailboxes.

    ``gates``: each may keep the run from its first write.
    """

    check_mode: bool
    write: WriteSettings = field(default_factory=WriteSettings)
    brakes: Brakes = field(default_factory=Brakes)
    any_recipient: bool = False
    gates: tuple[Gate, ...] = ()


@dataclass(frozen=True)
class Scope:
    """What a run is about: wishes for the selected mailboxes, accounts that shall hold nothing, surplus to look for.

    ``exclusive``: nobody but the accounts of the wishes is to hold the rights wished for on these mailboxes. ``first``:
    hosts that come before all others, for an earlier run did not reach them.
    """

    wishes: tuple[Wish, ...]
    retired: tuple[str, ...] = ()
    surplus: SurplusRule | None = None
    exclusive: bool = False
    first: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _Directory:
    """Everybody and everything that the scope names, as Exchange knows it. Keys: as named, in lower case."""

    mailboxes: Mapping[str, Found]
    principals: Mapping[str, Principal]

    def principals_of(self, accounts: Iterable[str]) -> list[Principal]:
        found = (self.principals[account.lower()] for account in accounts)
        return list({principal.key: principal for principal in found}.values())


def ensure(
    session: Session, scope: Scope, options: Options, watch: Watch, journal: Journal | None = None
) -> tuple[Report, Statistics]:
    """Brings about what is wished, or in check mode says what it would do. ``journal``: is told of every write.

    Raises InputError for accounts that cannot be used, AccountsUnknown where Exchange does not tell, and SessionLost
    for a session that ends, all before the first write; after it, what could not be reached is part of the report.
    """
    metered = MeteredSession(session, watch)
    reading = RememberingSession(metered)
    metered.enter("resolve")
    wishes, hopeless = split_by_address(scope.wishes)
    principals = _accounts(reading, metered, scope, wishes)
    watch.estimated(estimate(wishes, principals))
    reading.foresee(_bulk_reads(wishes, principals))
    directory = _Directory(_mailboxes(reading, scope, wishes), principals)
    wants, problems = wants_of(wishes, directory.mailboxes, directory.principals, options.any_recipient)
    wants = tuple(sorted(wants, key=lambda want: want.host not in scope.first))
    metered.enter("read")
    observed = observe(reading, [want.grant for want in wants], unresolved=scope.exclusive)
    made = plan(wants, observed)
    surplus = _look_for_surplus(reading, scope, directory, wants, [*hopeless, *problems])
    others = _look_for_others(reading, wants, directory, wishes) if scope.exclusive else Surplus((), ())
    rest = (*hopeless, *problems, *surplus.findings, *others.findings)
    decided = Decided(wants, observed, _spread((*made.steps, *surplus.steps, *others.steps)), rest, principals)
    brake = options.brakes.why_not(decided.steps, len({wish.host for wish in scope.wishes}))
    kept = kept_from(decided, options, brake)
    if kept is None:
        held = {want.grant.key for want in wants if _is_held(want, observed)}
        writer = Writer(metered, options.write, watch, journal or NoJournal())
        kept = writer.carry_out_in_order(decided.steps, held)
    done, stop = kept
    metered.enter("")
    report = Report(
        findings=in_order((*rest, *made.findings, *done)),
        warnings=tuple(_warnings(observed, wants, brake)),
        stop=stop,
        coverage={**_coverage(wants, observed), **surplus.coverage},
        decided=decided,
        brake=brake,
    )
    return report, metered.statistics


def kept_from(decided: Decided, options: Options, brake: str) -> tuple[list[Finding], Stop | None] | None:
    """What comes of the steps of a run that is kept from writing, and why it stopped, if it did; None where it may
    write. ``brake``: what its brakes say of the steps."""
    stop = first_stop(options.gates, decided)
    if stop:
        return [left_undone(step, stop.of_a_row) for step in decided.steps], stop
    if options.check_mode or brake:
        return [left_by(options.brakes, brake, step, options.check_mode) for step in decided.steps], None
    return None


def _accounts(session: Session, metered: MeteredSession, scope: Scope, wishes: Sequence[Wish]) -> dict[str, Principal]:
    """Raises InputError where an account is not what it must be, AccountsUnknown where Exchange does not tell, or there
    was no time: nothing may be written before all are known."""
    everything = _all_wishes(scope)
    asked = [account for wish in everything for account in (wish.account, wish.after) if account]
    asked += [*scope.retired, *(scope.surplus.accounts if scope.surplus else ())]
    accounts = find_accounts(session, asked)
    faults = account_problems(wishes, accounts)
    unknown = untold(accounts)
    if faults and len(faults) == len(unknown):
        raise AccountsUnknown(faults, OUT_OF_TIME.failure if metered.is_over else failure_of(unknown))
    principals = {one: account for one, account in accounts.items() if isinstance(account, Principal)}
    faults = faults or (*shared_sids(principals.values()), *_still_needed(scope.retired, everything, principals))
    if faults:
        raise InputError(faults)
    return principals


def _bulk_reads(wishes: Sequence[Wish], principals: Mapping[str, Principal]) -> Iterator[Call]:
    """What needs no mailbox: a list of a whole organisation takes longer than most calls, and another lane may look the
    mailboxes up meanwhile."""
    accounts = (principals[wish.account.lower()] for wish in wishes if wish.right is Right.SEND_AS)
    for sid in dict.fromkeys(sid for account in accounts for sid in account.sids):
        yield cmdlets.get_send_as_of(sid)


def _mailboxes(session: Session, scope: Scope, wishes: Sequence[Wish]) -> dict[str, Found]:
    listed, _hopeless = split_by_address(scope.surplus.listed if scope.surplus else ())
    return find_recipients(session, [wish.address for wish in (*wishes, *listed)])


def _look_for_surplus(
    session: Session, scope: Scope, directory: _Directory, wants: Sequence[Want], doubtful: Sequence[Finding]
) -> Surplus:
    """What the accounts hold beyond what is wanted of any listed mailbox, and all that retired ones hold.

    An account that another replaces somewhere in the list is no surplus there: the rotation itself takes it back.
    ``doubtful``: wishes of the run of which it is not certain what they mean.
    """
    rule = scope.surplus
    if rule is None and not scope.retired:
        return Surplus((), ())
    listed, hopeless = split_by_address(rule.listed if rule else ())
    all_wants, problems = wants_of(listed, directory.mailboxes, directory.principals)
    retired = directory.principals_of(scope.retired)
    wanted = {want.grant.key for want in all_wants if want.state is State.PRESENT or want.after}
    mailboxes = {want.grant.mailbox.guid: want for want in (*all_wants, *wants)}
    accounts = directory.principals_of([*(rule.accounts if rule else ()), *scope.retired])
    holdings = read_holdings(session, accounts, [want.grant.mailbox for want in mailboxes.values()])
    found = judge_holdings(
        holdings,
        wanted | {want.grant.key for want in wants},
        {guid: want.host for guid, want in mailboxes.items()},
        retired,
        rule,
        why_held_back(rule, [*doubtful, *hopeless, *problems]) if rule else "",
    )
    return replace(found, coverage=coverage_of(holdings, len(mailboxes), of_profiles=rule is not None))


def _look_for_others(session: Session, wants: Sequence[Want], directory: _Directory, wishes: Sequence[Wish]) -> Surplus:
    """Whoever else holds a wanted right. An account that cannot use its own right is not somebody else."""
    return find_others(session, wants, directory.principals_of(wish.account for wish in wishes))


def _all_wishes(scope: Scope) -> tuple[Wish, ...]:
    return (*scope.wishes, *(scope.surplus.listed if scope.surplus else ()))


def _still_needed(retired: Iterable[str], wishes: Iterable[Wish], principals: Mapping[str, Principal]) -> Iterator[str]:
    """Accounts that shall hold nothing and yet are needed, be it until another has taken their place."""
    gone = {principals[one.lower()].key: one for one in retired}
    reasons: dict[str, None] = {}
    for wish in wishes:
        name = gone.get(principals[wish.account.lower()].key)
        if name and wish.state is State.PRESENT:
            reasons[f"account {name}: it is in {_RETIRED} and in a profile that grants (take it out of one)"] = None
        elif name and wish.after:
            reasons[
                f"account {name}: it is in {_RETIRED}, and {wish.after} replaces it, which it must outlast "
                "(retire it when the rotation is done)"
            ] = None
    return iter(reasons)


def _spread(steps: Iterable[Step]) -> tuple[Step, ...]:
    """Right by right: no lane is to wait for another that still writes to the same mailbox."""
    return tuple(sorted(steps, key=lambda step: step.want.grant.right.value))


def _is_held(want: Want, observed: Mapping[Grant, Observed]) -> bool:
    seen = observed[want.grant]
    return want.state is State.PRESENT and isinstance(seen, Facts) and seen.allowed and not seen.denied


def _warnings(observed: Mapping[Grant, Observed], wants: Iterable[Want], brake: str) -> list[str]:
    warnings = [f"brake: {brake}"] if brake else []
    warnings += doubts_in_words(doubts_of(observed))
    wanted = [want.grant.mailbox for want in wants if want.state is State.PRESENT]
    hidden = sorted({mailbox.address for mailbox in wanted if mailbox.hidden})
    if hidden:
        shown = ", ".join(hidden[:5]) + (", …" if len(hidden) > 5 else "")
        warnings.append(
            f"{counted(len(hidden), 'mailbox is', 'mailboxes are')} hidden from address lists, where delegates may be "
            f"unable to open them or to send from them: {shown}"
        )
    return warnings


def _coverage(wants: Sequence[Want], observed: Mapping[Grant, Observed]) -> dict[str, str]:
    """Per right, on how many of the wanted grants it was looked at (design rule 12)."""
    coverage = {}
    for right in sorted({want.grant.right for want in wants}, key=lambda one: one.value):
        asked = [want for want in wants if want.grant.right is right]
        read = sum(isinstance(observed[want.grant], Facts) for want in asked)
        coverage[right.value] = f"{read} of {len(asked)}"
    return coverage
