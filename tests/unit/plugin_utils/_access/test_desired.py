# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the inventory's words to what is wanted of each grant, and what cannot be meant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.desired import (
    InputError,
    MailboxItem,
    account_problems,
    split_by_address,
    wants_of,
    wishes_of,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.model import (
    Finding,
    Outcome,
    Profile,
    State,
    Want,
    Wish,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.directory import Found
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.identities import (
    Principal,
    Problem,
    ProblemKind,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.rights import Right

from .._exchange.sessions import ACCOUNT, ROUTER, SALES

OTHER = "reader@contoso.com"
PROFILES = {
    one.name: one
    for one in (
        Profile("sender", ROUTER, (Right.SEND_AS,)),
        Profile("reader", ROUTER, (Right.FULL_ACCESS,)),
        Profile("both", ROUTER, (Right.SEND_AS, Right.FULL_ACCESS)),
        Profile("other", OTHER, (Right.SEND_AS,)),
    )
}
PRINCIPALS = {ROUTER: ACCOUNT, OTHER: replace(ACCOUNT, guid="other", upn=OTHER, sids=("S-1-5-21-1-2-3-2000",))}


def item(
    *profiles: str, host: str = "sales", state: State = State.PRESENT, address: str = SALES.address
) -> MailboxItem:
    return MailboxItem(host, address, profiles, state)


def claims(wishes: Iterable[Wish]) -> list[tuple[str, str, str]]:
    return sorted((wish.account, wish.right.value, wish.state.value) for wish in wishes)


def faults(*items: MailboxItem, profiles: dict[str, Profile] = PROFILES) -> tuple[str, ...]:
    with pytest.raises(InputError) as raised:
        wishes_of(items, profiles)
    return raised.value.faults


def wish(right: Right = Right.SEND_AS, state: State = State.PRESENT, **more: str) -> Wish:
    words = {"host": "sales", "address": SALES.address, "account": ROUTER, **more}
    return Wish(words["host"], words["address"], words["account"], right, state)


def wanted(*wishes: Wish, found: Found = SALES) -> tuple[tuple[Want, ...], tuple[Finding, ...]]:
    return wants_of(wishes, {one.address.lower(): found for one in wishes}, PRINCIPALS)


def test_the_profiles_of_a_mailbox_are_united() -> None:
    assert claims(wishes_of([item("sender", "reader", "both", "other")], PROFILES)) == [
        (OTHER, "send_as", "present"),
        (ROUTER, "full_access", "present"),
        (ROUTER, "send_as", "present"),
    ]


def test_accounts_are_the_same_in_any_letter_case() -> None:
    twice = {"a": Profile("a", ROUTER, (Right.SEND_AS,)), "b": Profile("b", ROUTER.upper(), (Right.SEND_AS,))}
    assert len(wishes_of([item("a", "b")], twice)) == 1


def test_absent_means_none_of_the_three_rights_whatever_the_profile_gives() -> None:
    assert claims(wishes_of([item("sender", state=State.ABSENT)], PROFILES)) == [
        (ROUTER, "full_access", "absent"),
        (ROUTER, "send_as", "absent"),
        (ROUTER, "send_on_behalf", "absent"),
    ]


def test_a_mailbox_listed_twice_as_present_and_absent_says_both() -> None:
    both = wishes_of([item("sender"), item("sender", state=State.ABSENT)], PROFILES)
    wants, findings = wanted(*both)
    assert {want.grant.right for want in wants} == {Right.FULL_ACCESS, Right.SEND_ON_BEHALF}
    assert {one.outcome for one in findings} == {Outcome.AMBIGUOUS}
    assert {one.right for one in findings} == {Right.SEND_AS}


def test_a_mailbox_without_profile_is_named_with_the_remedy() -> None:
    (fault,) = faults(item())
    assert fault.startswith("sales: no profile. Set mailbox_delegation_profile")
    assert "both, other, reader, sender" in fault


def test_a_profile_that_nobody_defined_is_named_with_its_host() -> None:
    assert faults(item("sneder"), item("sender", "x", host="info")) == (
        "sales: there is no profile 'sneder' (profiles: both, other, reader, sender)",
        "info: there is no profile 'x' (profiles: both, other, reader, sender)",
    )


@pytest.mark.parametrize("account", ["", "CRM Router", "*", "CONTOSO\\router"])
def test_an_account_that_cannot_be_meant_is_named_with_its_profile(account: str) -> None:
    (fault,) = faults(item("bad"), profiles={"bad": Profile("bad", account, (Right.SEND_AS,))})
    assert fault.startswith(f"profile bad: account {account!r}: ")


def test_every_fault_is_said_once_and_all_are_said() -> None:
    profiles = {"bad": Profile("bad", "", (Right.SEND_AS,))}
    assert len(faults(item("bad"), item("bad", host="info"), item(host="none"), profiles=profiles)) == 2
    assert str(InputError(["a", "b"])) == "a; b"


@pytest.mark.parametrize("address", ["", "sales team@contoso.com", "*", "a$b@contoso.com", "sales"])
def test_an_address_that_must_not_be_sent_is_set_aside_and_the_rest_goes_on(address: str) -> None:
    good, bad = split_by_address([wish(), wish(host="bad", address=address)])
    assert good == (wish(),)
    assert [(one.host, one.outcome) for one in bad] == [("bad", Outcome.UNSUPPORTED)]
    assert repr(address) in bad[0].cause
    assert "mailbox_delegation_mailbox" in bad[0].next_step


@pytest.mark.parametrize("address", ["o'neil@contoso.com", "müller@contoso.com"])
def test_an_apostrophe_and_another_alphabet_are_no_fault(address: str) -> None:
    assert split_by_address([wish(address=address)]) == ((wish(address=address),), ())


def test_an_account_that_cannot_hold_a_right_is_a_problem_only_where_it_is_to_be_granted_one() -> None:
    user: Principal = replace(ACCOUNT, kind="User")
    (problem,) = account_problems([wish()], {ROUTER: user})
    assert problem.startswith(f"account {ROUTER}: it is of the kind User, which cannot use the right, so it cannot")
    assert "mail-enabled security group" in problem
    assert account_problems([wish(state=State.ABSENT)], {ROUTER: user}) == ()
    assert account_problems([wish()], {ROUTER: ACCOUNT}) == ()


def test_the_account_is_looked_for_in_any_letter_case() -> None:
    assert account_problems([wish(account=ROUTER.upper())], {ROUTER: replace(ACCOUNT, kind="User")})


@pytest.mark.parametrize("state", list(State))
def test_an_account_that_cannot_be_found_for_certain_is_always_a_problem(state: State) -> None:
    (problem,) = account_problems([wish(state=state)], {ROUTER: Problem(ProblemKind.NOT_FOUND, "it is gone", "do x")})
    assert problem == f"account {ROUTER}: it is gone (do x)"


@pytest.mark.parametrize("kind", list(ProblemKind))
def test_a_mailbox_that_cannot_be_found_becomes_the_outcome_of_the_same_name(kind: ProblemKind) -> None:
    wants, (finding,) = wanted(wish(), found=Problem(kind, "so it is", "do this"))
    assert wants == ()
    assert (finding.outcome.value, finding.cause, finding.next_step) == (kind.value, "so it is", "do this")
    assert finding.before == "unknown"


@pytest.mark.parametrize("kind", list(ProblemKind))
def test_absent_is_fulfilled_where_the_mailbox_is_gone_and_nowhere_else(kind: ProblemKind) -> None:
    _wants, (finding,) = wanted(wish(state=State.ABSENT), found=Problem(kind, "so it is"))
    if kind is ProblemKind.NOT_FOUND:
        assert (finding.outcome, finding.before) == (Outcome.COMPLIANT, "not held")
        assert finding.notes == ("the mailbox is gone: so it is",)
    else:
        assert finding.outcome.value == kind.value


@pytest.mark.parametrize(
    ("recipient_type", "kind", "said"),
    [
        ("MailUser", "MailUser", "on-premises or elsewhere"),
        ("MailUniversalDistributionGroup", "GroupMailbox", "Microsoft 365 group"),
        ("MailContact", "MailContact", "of the kind MailContact, which has no mailbox"),
        ("MailUniversalSecurityGroup", "MailUniversalSecurityGroup", "has no mailbox"),
    ],
)
@pytest.mark.parametrize("state", list(State))
def test_what_is_no_mailbox_of_its_own_is_unsupported(recipient_type: str, kind: str, said: str, state: State) -> None:
    found = replace(SALES, recipient_type=recipient_type, kind=kind)
    wants, (finding,) = wanted(wish(state=state), found=found)
    assert wants == ()
    assert finding.outcome is Outcome.UNSUPPORTED
    assert said in finding.cause
    assert finding.next_step


def test_the_mailbox_of_the_account_itself_is_unsupported() -> None:
    _wants, (finding,) = wanted(wish(), found=replace(SALES, guid=ACCOUNT.guid))
    assert finding.outcome is Outcome.UNSUPPORTED
    assert "of the account itself" in finding.cause


def test_a_wish_becomes_a_want_that_names_account_and_mailbox_for_people() -> None:
    (want,), findings = wanted(wish())
    assert findings == ()
    assert (want.host, want.account, want.grant.mailbox, want.notes) == ("sales", "Router@contoso.com", SALES, ())


def test_two_hosts_that_are_one_mailbox_are_united_with_a_note() -> None:
    twins = [wish(), wish(host="info", address="info@contoso.com"), wish(host="info2", address="info@contoso.com")]
    (want,), findings = wanted(*twins)
    assert findings == ()
    assert want.host == "sales"
    assert want.notes == ("the same mailbox is listed as info, info2 too",)


def test_two_hosts_that_are_one_mailbox_and_want_the_opposite_are_a_conflict_and_neither_is_done() -> None:
    wants, findings = wanted(wish(), wish(host="info", address="info@contoso.com", state=State.ABSENT))
    assert wants == ()
    assert [(one.host, one.state, one.outcome) for one in findings] == [
        ("sales", State.PRESENT, Outcome.AMBIGUOUS),
        ("info", State.ABSENT, Outcome.AMBIGUOUS),
    ]
    assert {one.cause for one in findings} == {
        "conflict: these hosts are the same mailbox (sales@contoso.com): info says absent, sales says present"
    }
    assert {one.address for one in findings} == {SALES.address}


def test_present_and_absent_are_no_conflict_for_another_right_or_account() -> None:
    wants, findings = wanted(
        wish(),
        wish(Right.FULL_ACCESS, State.ABSENT, host="info"),
        wish(Right.SEND_AS, State.ABSENT, host="info", account=OTHER),
    )
    assert findings == ()
    assert len(wants) == 3


def test_one_account_written_in_two_ways_is_one() -> None:
    both = [wish(), wish(account=ACCOUNT.guid)]
    principals = {ROUTER: ACCOUNT, ACCOUNT.guid: ACCOUNT}
    (want,), _findings = wants_of(both, {SALES.address: SALES}, principals)
    assert want.notes == ()
