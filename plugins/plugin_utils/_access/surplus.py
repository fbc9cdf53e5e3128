# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Surplus: what accounts hold that nobody wants, and whether it may be taken back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from .._exchange.identities import Principal
from .._exchange.rights import Right
from .._wording import counted, counted_noun, option
from .holdings import EVERYWHERE, Blank, Holdings
from .model import Facts, Finding, GrantKey, Outcome, State, Want, Wish
from .plan import Step, Verb, finding_of

_SURPLUS, _MINIMUM = option("surplus"), option("surplus_group_minimum")


@dataclass(frozen=True)
class SurplusRule:
    """``listed``: the wishes of every mailbox that may hold grants, whatever this run selects. ``hosts``: how many.

    ``accounts``: those whose surplus is looked for. It is taken back only if ``revoke`` is set and the list can be
    trusted: at least ``minimum`` mailboxes, every one of them found, and no ``rejected`` row of an export that might be
    one more.
    """

    listed: tuple[Wish, ...]
    hosts: int
    accounts: tuple[str, ...]
    revoke: bool = False
    minimum: int = 0
    rejected: int = 0


def why_held_back(rule: SurplusRule, problems: Sequence[Finding]) -> str:
    """Empty where surplus may be taken back, else why not. ``problems``: of the list, and of what the run selects.

    A slice of the inventory, a broken source, a rejected row or a renamed mailbox must not revoke; nor must a mailbox
    of the run of which it is not known which one it is, or what is wanted of it.
    """
    if not rule.revoke:
        return ""
    if rule.hosts < max(rule.minimum, 1):
        hosts = counted_noun(rule.hosts, "mailbox")
        return f"held back: surplus_group has {hosts}, fewer than {rule.minimum}, {_MINIMUM}"
    if rule.rejected:
        rejected = counted(rule.rejected, "row of exports was", "rows of exports were")
        return f"held back: {rejected} rejected (crm_rejected_rows), each may be a mailbox"
    if problems:
        first = problems[0]
        names = {finding.host for finding in problems}
        where = "of the task or of surplus_group"
        found = counted(len(names), f"mailbox {where} is", f"mailboxes {where} are")
        return f"held back: {found} not certain, the first {first.host}: {first.cause or '; '.join(first.notes)}"
    return ""


@dataclass(frozen=True)
class Surplus:
    """Findings for what is only reported, steps for what is to be taken back. ``coverage``: what was looked at."""

    findings: tuple[Finding, ...]
    steps: tuple[Step, ...]
    coverage: Mapping[str, str] = field(default_factory=dict)


def coverage_of(holdings: Holdings, mailboxes: int, of_profiles: bool) -> dict[str, str]:
    """Per right, where the holdings were looked for (design rule 12). Full Access is seen on ``mailboxes`` alone.

    ``of_profiles``: also those of the accounts of profiles. Where it were not said, what only retired accounts were
    looked at for would count as surplus that is gone.
    """
    kind = "surplus" if of_profiles else "retired"
    coverage = {}
    for right in Right:
        missed = sum(blank.right is right for blank in holdings.blanks)
        where = f"{counted_noun(mailboxes, 'mailbox')}, no others" if right is Right.FULL_ACCESS else EVERYWHERE
        coverage[f"{kind}_{right.value}"] = where + (f", but for {counted_noun(missed, 'place')}" if missed else "")
    return coverage


def judge_holdings(
    holdings: Holdings,
    wanted: Iterable[GrantKey],
    hosts: Mapping[str, str],
    retired: Iterable[Principal],
    rule: SurplusRule | None,
    held_back: str,
) -> Surplus:
    """What of the holdings is surplus, and what is to come of it. ``hosts``: GUID of a mailbox → its host name.

    An account that is retired shall hold nothing at all; of the others, what is wanted or dealt with is left alone.
    """
    spoken_for, gone = set(wanted), {principal.key for principal in retired}
    findings: list[Finding] = [_blank(blank) for blank in holdings.blanks]
    steps: list[Step] = []
    for grant, facts in holdings.held.items():
        if grant.key in spoken_for:
            continue
        want = Want(hosts.get(grant.mailbox.guid, grant.mailbox.address), grant, State.ABSENT, grant.principal.label)
        if grant.principal.key in gone or (rule is not None and rule.revoke and not held_back):
            steps.append(Step(want, Verb.REVOKE, facts))
        else:
            findings.append(_reported(want, facts, held_back))
    return Surplus(tuple(findings), tuple(steps))


def _reported(want: Want, facts: Facts, held_back: str) -> Finding:
    cause = held_back or "held, and wanted by no profile"
    step = "mend what holds it back" if held_back else f"set {_SURPLUS} to revoke, or list the mailbox with a profile"
    return finding_of(want, Outcome.SURPLUS, facts, cause, step)


def _blank(blank: Blank) -> Finding:
    return Finding(
        host=blank.where,
        address="",
        account=blank.principal.label,
        right=blank.right,
        state=State.ABSENT,
        outcome=Outcome.UNKNOWN,
        cause=f"what the account holds there could not be read: {blank.reason}",
        next_step="mend the cause and run it again",
        may_pass=blank.may_pass,
    )
