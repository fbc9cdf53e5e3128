# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A check on a snapshot says the same as a check on the organisation that it was taken of, quirks and all."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.engine import Scope
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.model import State
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._snapshot.contents import Detail
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.generator import generate
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Tenant

from .samples import checked, filed, rehearsed, rows, session_with, taken_of, wishes

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
