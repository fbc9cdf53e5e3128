# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rotation: the new account is granted and read back before the old one loses the same right."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.desired import (
    InputError,
    MailboxItem,
    wishes_of,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.model import (
    Outcome,
    Profile,
    State,
    Wish,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.rights import Right
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import (
    Answer,
    CmdletError,
    Parameter,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Tenant

from .._exchange.sessions import ROUTER, mailbox, tenant_of
from .runs import run, writes
from .samples import ALREADY

SALES, SUPPORT, NEW = "sales@contoso.com", "support@contoso.com", "new@contoso.com"
REFUSAL = CmdletError("Access is denied.", type="Microsoft.Exchange.Configuration.Tasks.ThrowTerminatingException")
RIGHTS = (Right.SEND_AS, Right.FULL_ACCESS)
PROFILES = {"rotated": Profile("rotated", NEW, RIGHTS, replaces=ROUTER)}


def wishes(state: State = State.PRESENT) -> tuple[Wish, ...]:
    return wishes_of([MailboxItem(one, one, ("rotated",), state) for one in (SALES, SUPPORT)], PROFILES)


def before() -> Tenant:
    held = {"send_as": [ROUTER], "full_access": [ROUTER], "send_on_behalf": [ROUTER]}
    return tenant_of(mailbox(NEW), mailbox(SALES, **held), mailbox(SUPPORT, **held))


def test_the_new_account_holds_everything_before_the_old_one_loses_anything() -> None:
    tenant = before()
    gaps: list[str] = []

    def watch_the_books(cmdlet: str, parameters: Mapping[str, Parameter]) -> Answer | None:
        for address in (SALES, SUPPORT):
            for right in ("send_as", "full_access"):
                if not tenant.holders(address, right) & {ROUTER, NEW}:
                    gaps.append(f"{address} {right} at {cmdlet}")
        return None

    tenant.before_invoke = watch_the_books
    run(tenant, wishes(), verify=0)
    assert gaps == []
    names = writes(tenant)
    assert [name.split("-")[0] for name in names] == ["Add"] * 4 + ["Remove"] * 4
    for address in (SALES, SUPPORT):
        assert tenant.holders(address, "send_as") == tenant.holders(address, "full_access") == {NEW}
        assert tenant.holders(address, "send_on_behalf") == {ROUTER}  # not one of the profile's rights


def test_where_the_new_account_could_not_be_granted_the_old_one_keeps_its_right() -> None:
    tenant = before()
    sales = next(one.guid for one in tenant.organisation.recipients if one.address == SALES)

    def refuse(cmdlet: str, parameters: Mapping[str, Parameter]) -> Answer | None:
        blocked = cmdlet == "Add-RecipientPermission" and parameters["Identity"] == sales
        return Answer(error=REFUSAL) if blocked else None

    tenant.before_invoke = refuse
    done = run(tenant, wishes(), verify=0)
    assert tenant.holders(SALES, "send_as") == {ROUTER}
    assert tenant.holders(SUPPORT, "send_as") == {NEW}
    kept = [one for one in done.report.findings if one.outcome is Outcome.UNWANTED]
    assert [(one.host, one.account, one.right) for one in kept] == [(SALES, ROUTER, Right.SEND_AS)]
    assert "replaces it" in kept[0].cause
    assert done.fails


def test_a_second_run_finds_nothing_to_do() -> None:
    tenant = before()
    run(tenant, wishes(), verify=0)
    done = len(writes(tenant))
    again = run(tenant, wishes(), verify=0)
    assert set(again.outcomes) == {Outcome.COMPLIANT}
    assert len(writes(tenant)) == done


def test_an_old_account_that_another_profile_still_needs_is_a_conflict_and_stays() -> None:
    tenant = before()
    profiles = {**PROFILES, "old": Profile("old", ROUTER, (Right.SEND_AS,))}
    wanted = wishes_of([MailboxItem(SALES, SALES, ("rotated", "old"), State.PRESENT)], profiles)
    done = run(tenant, wanted, verify=0)
    conflicts = [one for one in done.report.findings if one.outcome is Outcome.AMBIGUOUS]
    assert {(one.account, one.right) for one in conflicts} == {(ROUTER, Right.SEND_AS)}
    assert all("its profiles want the account" in one.cause for one in conflicts)
    assert tenant.holders(SALES, "send_as") == {ROUTER, NEW}


def test_an_old_account_is_not_taken_away_on_the_word_of_a_write_that_no_read_bears_out() -> None:
    tenant = before()

    def say_so(cmdlet: str, parameters: Mapping[str, Parameter]) -> Answer | None:
        return ALREADY if cmdlet.startswith("Add-") else None

    tenant.before_invoke = say_so
    done = run(tenant, wishes(), verify=0)
    assert tenant.holders(SALES, "send_as") == {ROUTER}
    assert {one.outcome for one in done.report.findings if one.account == ROUTER} == {Outcome.UNWANTED}


@pytest.mark.parametrize("order", [("rotated", "second"), ("second", "rotated")])
def test_an_account_that_two_others_replace_waits_for_both(order: tuple[str, str]) -> None:
    second = "second@contoso.com"
    denied = {"trustee": second, "deny": True}
    tenant = tenant_of(mailbox(NEW), mailbox(second), mailbox(SALES, send_as=[ROUTER, denied]))
    profiles = {
        "rotated": Profile("rotated", NEW, (Right.SEND_AS,), replaces=ROUTER),
        "second": Profile("second", second, (Right.SEND_AS,), replaces=ROUTER),
    }
    run(tenant, wishes_of([MailboxItem(SALES, SALES, order, State.PRESENT)], profiles), verify=0)
    assert tenant.holders(SALES, "send_as") == {ROUTER, NEW}


def test_accounts_that_share_a_sid_are_told_before_the_first_write() -> None:
    old, sid = "old@contoso.com", "S-1-5-21-9-9-9-500"
    tenant = tenant_of(mailbox(NEW, sid_history=[sid]), mailbox(old, sid=sid), mailbox(SALES, send_as=[old]))
    profiles = {"rotated": Profile("rotated", NEW, (Right.SEND_AS,), replaces=old)}
    with pytest.raises(InputError, match=f"{sid} stands for both"):
        run(tenant, wishes_of([MailboxItem(SALES, SALES, ("rotated",), State.PRESENT)], profiles), verify=0)
    assert tenant.holders(SALES, "send_as") == {old}


def test_a_mailbox_wanted_absent_is_rid_of_both_accounts() -> None:
    tenant = before()
    run(tenant, wishes(State.ABSENT), verify=0)
    assert tenant.holders(SALES, "send_as") == tenant.holders(SALES, "send_on_behalf") == set()


def test_an_account_cannot_replace_itself() -> None:
    profiles = {"odd": Profile("odd", ROUTER, RIGHTS, replaces=ROUTER.upper())}
    with pytest.raises(InputError, match="replaces names the account itself"):
        wishes_of([], profiles)
