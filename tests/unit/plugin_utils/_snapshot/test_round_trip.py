# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A check on a snapshot says the same as a check on the organisation that it was taken of, quirks and all."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.engine import Scope
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.model import State
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.surplus import SurplusRule
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._snapshot.contents import Detail
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.generator import generate
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Tenant

from .._exchange.sessions import ROUTER, mailbox, tenant_of
from .samples import checked, filed, rehearsed, rows, session_with, taken_of, wishes

SALES = "sales@contoso.com"
ACCOUNTS = ("crmrouter@contoso.com", "archiver@contoso.com")


def addresses(tenant: Tenant) -> list[str]:
    return [each.address for each in tenant.organisation.recipients if each.address and not each.soft_deleted]


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("detail", list(Detail))
@pytest.mark.parametrize("seed", range(6))
def test_a_check_says_the_same_as_on_the_organisation_itself(
    tmp_path: Path, detail: Detail, seed: int, state: State
) -> None:
    tenant = Tenant(generate(60, seed=seed, quirks=seed % 2 == 0, accounts=ACCOUNTS))
    play = [*addresses(tenant)[::2], "nobody@contoso.com", "not an address"]
    taken = taken_of(session_with(tenant), play, ACCOUNTS, detail)
    assert taken.snapshot.gaps == ()
    scope = Scope(wishes(play, ACCOUNTS, state))
    expected = rows(checked(session_with(tenant), scope).findings)
    assert rows(rehearsed(filed(taken.snapshot, tmp_path), scope).findings) == expected


@pytest.mark.parametrize("seed", range(6))
def test_a_full_snapshot_knows_those_whom_nobody_named_surplus_and_others(tmp_path: Path, seed: int) -> None:
    tenant = Tenant(generate(60, seed=seed, quirks=seed % 2 == 0, accounts=ACCOUNTS))
    play = addresses(tenant)[2:40:3]
    source = filed(taken_of(session_with(tenant), [], [], Detail.FULL).snapshot, tmp_path)
    rule = SurplusRule(wishes(play, ACCOUNTS[:1]), len(play), ACCOUNTS[:1])
    for scope in (
        Scope(wishes(play, ACCOUNTS)),
        Scope(wishes(play, ACCOUNTS[:1]), surplus=rule),
        Scope(wishes(play, ACCOUNTS[:1]), retired=ACCOUNTS[1:]),
        Scope(wishes(play, ACCOUNTS[:1]), exclusive=True),
    ):
        expected = rows(checked(session_with(tenant), scope).findings)
        assert rows(rehearsed(source, scope).findings) == expected


@pytest.mark.parametrize("detail", list(Detail))
def test_an_account_may_be_named_in_every_way_and_be_a_group_or_deleted(tmp_path: Path, detail: Detail) -> None:
    group = mailbox("group@contoso.com", kind="MailUniversalSecurityGroup", name="The Group")
    orphan = {"sid": "S-1-5-21-7-7-7-7777"}
    holders = [ROUTER, "group@contoso.com", orphan]
    tenant = tenant_of(group, mailbox(SALES, send_as=holders, full_access=holders, send_on_behalf=holders[:2]))
    router = tenant.organisation.recipients[0]
    for account in (router.guid, router.object_id, router.sid, router.upn, "group@contoso.com", orphan["sid"]):
        source = filed(taken_of(session_with(tenant), [SALES], [account], detail).snapshot, tmp_path)
        scope = Scope(wishes([SALES], [account], State.ABSENT))
        expected = rows(checked(session_with(tenant), scope).findings)
        assert "unwanted" in {row[6] for row in expected}
        assert rows(rehearsed(source, scope).findings) == expected
