# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What policies refuse: each rule, who and what it takes for the same, and on which side it errs."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.gate import Decided
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.model import State, Unknown
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.plan import Step, Verb
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.identities import Principal
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.rights import Right

from .._exchange.sessions import ACCOUNT
from .samples import ANYBODY, HELD, box, decided, refusals, unresolved, want

ALLOWED = "version: 1\naccounts:\n  - account: {account}\n    rights: [{rights}]\n"
BOARD = ANYBODY + "protected:\n  - mailboxes: ['board-*@contoso.com']\n"
SALES = box("sales@contoso.com")
OTHER = Principal(asked="eve@contoso.com", sids=("S-1-5-21-1-2-3-2000",), guid="e", upn="eve@contoso.com", name="Eve")


def allowed(account: str, rights: str = "send_as", more: str = "") -> str:
    return ALLOWED.format(account=account, rights=rights) + more


# Accounts


@pytest.mark.parametrize(
    "name",
    ["ROUTER@contoso.com", ACCOUNT.object_id.upper(), ACCOUNT.guid, ACCOUNT.sids[0].lower(), "primary@contoso.com",
     "S-1-5-21-7-7-7-7"],
)  # fmt: skip
def test_an_account_is_known_by_all_that_is_its_own(name: str) -> None:
    account = replace(ACCOUNT, address="Primary@contoso.com", sids=(*ACCOUNT.sids, "S-1-5-21-7-7-7-7"))
    assert refusals(allowed(name), decided([want(SALES, account=account)])) == []


def test_a_name_that_anybody_may_bear_makes_nobody_an_account() -> None:
    hostile = replace(OTHER, name="router@contoso.com", alias="router@contoso.com", asked="router@contoso.com")
    (said,) = refusals(allowed("router@contoso.com"), decided([want(SALES, account=hostile)]))
    assert (
        said == "policy.yml:2: eve@contoso.com is not among the accounts: sales@contoso.com, eve@contoso.com, Send As"
    )


@pytest.mark.parametrize("text", ["version: 1\n", "version: 1\naccounts: []\n"])
def test_a_policy_that_lists_nobody_allows_nobody_anything(text: str) -> None:
    (said,) = refusals(text, decided([want(SALES)]))
    assert "Router@contoso.com is refused, for the policy lists no account: sales@contoso.com" in said


def test_anybody_may_be_granted_what_the_policy_says_of_nobody() -> None:
    assert refusals(ANYBODY, decided([want(SALES, account=OTHER)])) == []


def test_what_is_held_already_is_refused_as_well() -> None:
    made = decided([want(SALES)], held=True)
    assert not made.steps
    assert len(refusals("version: 1\n", made)) == 1


def test_what_could_not_be_read_is_asked_for_all_the_same() -> None:
    one = want(SALES)
    assert len(refusals("version: 1\n", Decided((one,), {one.grant: Unknown("busy")}, (), ()))) == 1


def test_a_right_that_the_account_may_not_have_is_refused_at_its_line() -> None:
    wants = [want(SALES, right) for right in (Right.SEND_AS, Right.FULL_ACCESS)]
    (said,) = refusals(allowed(ACCOUNT.upn, "send_on_behalf, send_as"), decided(wants))
    assert said.startswith("policy.yml:3: Router@contoso.com may be granted Send As and Send on Behalf only: sales@")
    assert said.endswith("Full Access")


def test_several_entries_of_an_account_allow_what_any_of_them_does() -> None:
    more = "    mailboxes: [a@x.com]\n  - {account: router@contoso.com, rights: [full_access], mailboxes: [b@x.com]}\n"
    text = allowed(ACCOUNT.upn, more=more)
    a, b = box("a@x.com", number=1), box("b@x.com", number=2)
    assert refusals(text, decided([want(a), want(b, Right.FULL_ACCESS)])) == []
    assert len(refusals(text, decided([want(b), want(a, Right.FULL_ACCESS)]))) == 2


def test_entries_on_one_line_are_told_apart() -> None:
    eve = "{account: eve@contoso.com, rights: [send_as], mailboxes: [a@x.com]}"
    text = f"version: 1\naccounts: [{eve}, {{account: router@contoso.com, rights: [send_as]}}]\n"
    assert refusals(text, decided([want(SALES)])) == []
    assert len(refusals(text, decided([want(SALES, account=OTHER)]))) == 1


def test_where_an_account_is_allowed_is_the_primary_address_and_no_other() -> None:
    text = allowed(ACCOUNT.upn, more="    mailboxes: ['*@shop.contoso.com']\n")
    assert refusals(text, decided([want(box("A@Shop.Contoso.com", "a@contoso.onmicrosoft.com"))])) == []
    (said,) = refusals(text, decided([want(box("ceo@contoso.com", "ceo@shop.contoso.com"))]))
    assert "may be granted that only where the primary address is *@shop.contoso.com: ceo@contoso.com" in said


def test_where_an_account_is_allowed_takes_no_look_alike() -> None:
    text = allowed(ACCOUNT.upn, more="    mailboxes: ['ceo@contoso.com']\n")
    assert len(refusals(text, decided([want(box("\N{FULLWIDTH LATIN SMALL LETTER C}eo@contoso.com"))]))) == 1


def test_a_mailbox_without_a_primary_address_is_nowhere() -> None:
    text = allowed(ACCOUNT.upn, more="    mailboxes: ['*@*']\n")
    assert len(refusals(text, decided([want(box(""))]))) == 1


def test_on_how_many_mailboxes_an_account_is_wanted_counts_each_once_held_or_not() -> None:
    text = allowed(ACCOUNT.upn, "send_as, full_access", "    most_mailboxes: 2\n")
    wants = [
        want(box(f"a{n}@x.com", number=n), right) for n in (1, 2, 3) for right in (Right.SEND_AS, Right.FULL_ACCESS)
    ]
    assert refusals(text, decided(wants[:4])) == []
    for held in (False, True):
        (said,) = refusals(text, decided(wants, held))
        assert said == (
            "policy.yml:5: Router@contoso.com may be granted rights on at most 2 mailboxes of a run: 3 are asked for"
        )


def test_mailboxes_that_were_not_found_count_as_well() -> None:
    text = allowed(ACCOUNT.upn, more="    most_mailboxes: 1\n")
    assert len(refusals(text, decided([want(SALES)], rest=[unresolved("gone@x.com"), unresolved("GONE@x.com")]))) == 1


def test_what_is_taken_back_needs_no_account() -> None:
    assert refusals("version: 1\n", decided([want(SALES, state=State.ABSENT)], held=True)) == []


# Protected mailboxes


@pytest.mark.parametrize(
    "addresses",
    [
        ("board-1@contoso.com",),
        ("Board-1@CONTOSO.com",),
        ("harmless@contoso.com", "board-1@contoso.com"),
        ("board-\N{FULLWIDTH DIGIT ONE}@contoso.com",),
        ("\N{FULLWIDTH LATIN SMALL LETTER B}oard-1@contoso.com",),
    ],
)
def test_no_address_gets_around_a_protected_mailbox(addresses: tuple[str, ...]) -> None:
    (said,) = refusals(BOARD, decided([want(box(*addresses))]))
    assert said.startswith("policy.yml:4: nothing is granted on board-*@contoso.com: ")


def test_an_accent_is_an_accent_however_the_policy_writes_it() -> None:
    text = ANYBODY + "protected:\n  - mailboxes: ['caf?@contoso.com', 'stra?e@contoso.com']\n"
    assert len(refusals(text, decided([want(box("cafe\N{COMBINING ACUTE ACCENT}@contoso.com"))]))) == 1
    assert len(refusals(text, decided([want(box("stra\N{LATIN SMALL LETTER SHARP S}e@contoso.com"))]))) == 1
    text = ANYBODY + "protected:\n  - mailboxes: ['\N{LATIN SMALL LIGATURE FI}nance@contoso.com']\n"
    assert len(refusals(text, decided([want(box("finance@contoso.com"))]))) == 1


def test_a_neighbour_of_a_protected_mailbox_is_not_protected() -> None:
    assert refusals(BOARD, decided([want(box("board@contoso.com")), want(box("board-1@contoso.com.evil.org"))])) == []


def test_a_mailbox_that_was_not_found_is_protected_by_the_address_as_it_was_written() -> None:
    (said,) = refusals(BOARD, decided([], rest=[unresolved("Board-9@contoso.com")]))
    assert said.endswith("Board-9@contoso.com, Router@contoso.com, Send As")
    assert refusals(BOARD, decided([], rest=[unresolved("board-9@contoso.com", state=State.ABSENT)])) == []


def test_only_the_rights_that_a_rule_names_are_protected_and_its_reason_is_shown() -> None:
    text = BOARD + "    rights: [full_access, send_as]\n    reason: decision 2026-14\n"
    wants = [want(box("board-1@contoso.com", number=1), right) for right in Right]
    said = refusals(text, decided(wants))
    assert len(said) == 2
    assert "no Full Access and no Send As is granted on board-*@contoso.com (decision 2026-14)" in said[0]


def test_rights_may_be_taken_back_on_protected_mailboxes_unless_the_rule_says_otherwise() -> None:
    made = decided([want(box("board-1@contoso.com"), state=State.ABSENT)], held=True)
    assert refusals(BOARD, made) == []
    (said,) = refusals(BOARD + "    revocations: false\n", made)
    assert "nothing is granted or revoked on board-*@contoso.com: board-1@contoso.com" in said


def test_what_is_wanted_absent_and_is_so_is_no_revocation() -> None:
    made = decided([want(box("board-1@contoso.com"), state=State.ABSENT)], held=False)
    assert refusals(BOARD + "    revocations: false\n", made) == []


def test_the_first_rule_of_the_file_that_refuses_is_named() -> None:
    more = "    rights: [full_access]\n  - mailboxes: ['*@contoso.com']\n  - mailboxes: [board-1@contoso.com]\n"
    (said,) = refusals(BOARD + more, decided([want(box("board-1@contoso.com"))]))
    assert said.startswith("policy.yml:6: ")


# Whatever a run would write


def test_steps_that_nobody_wished_for_are_judged_as_well() -> None:
    """As those of a restore, of surplus, and for others' grants."""
    board = box("board-1@contoso.com")
    made = Decided(
        (), {}, (Step(want(board), Verb.GRANT, HELD), Step(want(board, state=State.ABSENT), Verb.REVOKE, HELD)), ()
    )
    assert len(refusals(BOARD, made)) == 1
    assert len(refusals(BOARD + "    revocations: false\n", made)) == 2
    assert len(refusals("version: 1\n", made)) == 1


def test_a_wish_that_is_no_want_is_of_the_account_that_was_looked_up_under_its_name() -> None:
    text = allowed(ACCOUNT.sids[0])
    asked = decided([], rest=[unresolved("gone@x.com", "Any.Of.Its@names.com")])
    assert refusals(text, replace(asked, accounts={"any.of.its@names.com": ACCOUNT})) == []
    assert len(refusals(text, replace(asked, accounts={"any.of.its@names.com": OTHER}))) == 1
    assert len(refusals(text, asked)) == 1
    assert refusals(allowed(ACCOUNT.asked), decided([], rest=[unresolved("gone@x.com", ACCOUNT.asked.upper())])) == []


def test_ten_thousand_mailboxes_and_a_thousand_patterns_take_no_time() -> None:
    shapes = ("board-{}-*@contoso.com", "vip{}@contoso.com", "*.secret{}@contoso.com", "*b{}*@*")
    patterns = "".join(f"  - mailboxes: ['{shapes[n % 4].format(n)}']\n" for n in range(1000))
    text = allowed(ACCOUNT.upn, "send_as, full_access", "    mailboxes: ['*@contoso.com']\nprotected:\n") + patterns
    boxes = [box(f"user{n}@contoso.com", f"user{n}@contoso.onmicrosoft.com", number=n + 1) for n in range(10_000)]
    made = decided([want(one, right) for one in boxes for right in (Right.SEND_AS, Right.FULL_ACCESS)])
    judged = refusals(text, decided([want(SALES)]))
    began = time.process_time()
    judged += refusals(text, made)
    assert judged == []
    assert time.process_time() - began < 5
