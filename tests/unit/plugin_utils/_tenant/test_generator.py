# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generated organisations: the same from the same seed, of the size asked for, and with every quirk sown over them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.access import Entry
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.generator import ROUTER, generate
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.organisation import Organisation
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.quirks import Quirk
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.recipients import Kind, Recipient
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Tenant

from .desk import Desk

RIGHTS = ("send_as", "full_access", "send_on_behalf")


def mailboxes(organisation: Organisation) -> list[Recipient]:
    """Those that are in the organisation with and without quirks: the numbered ones."""
    return [each for each in organisation.recipients if each.traits.mailbox and each.kind is not Kind.GROUP_MAILBOX]


@pytest.mark.parametrize("quirks", [True, False])
def test_the_same_seed_gives_the_same_organisation(quirks: bool) -> None:
    assert generate(50, seed=3, quirks=quirks) == generate(50, seed=3, quirks=quirks)
    assert generate(50, seed=3, quirks=quirks) != generate(50, seed=4, quirks=quirks)


@pytest.mark.parametrize("size", [10, 500])
def test_an_organisation_has_the_size_asked_for(size: int) -> None:
    organisation = generate(size, seed=1)
    assert len(mailboxes(organisation)) == size + 1
    assert {each.kind for each in generate(500, seed=1).recipients} == set(Kind)
    assert len({each.name for each in organisation.recipients}) == len(organisation.recipients)
    assert len({each.address for each in mailboxes(organisation)}) == size + 1


@pytest.mark.parametrize(("granted", "held"), [(0.0, 0), (1.0, 60)])
def test_accounts_hold_the_part_asked_for(granted: float, held: int) -> None:
    accounts = ("one@contoso.com", "two@contoso.com")
    tenant = Tenant(generate(30, seed=1, granted=granted, accounts=accounts))
    for right in RIGHTS:
        holds = [tenant.holders(each.address, right) for each in mailboxes(tenant.organisation)]
        assert sum(map(len, holds)) == held


@pytest.mark.parametrize("size", [10, 100])
def test_quirks_do_not_change_what_the_account_holds(size: int) -> None:
    plain, sown = (Tenant(generate(size, seed=5, quirks=quirks)) for quirks in (False, True))
    for each in mailboxes(plain.organisation):
        twin = next(other for other in sown.organisation.recipients if other.guid == each.guid)
        for right in RIGHTS:
            holds = ROUTER in plain.holders(each.guid, right)
            assert (ROUTER in sown.holders(twin.guid, right)) is holds, (each.address, right)


def entries(organisation: Organisation) -> Iterator[Entry]:
    for access in organisation.access.values():
        yield from (*access.full_access, *access.send_as)


@pytest.mark.parametrize("size", [10, 100])
def test_every_quirk_is_sown(size: int) -> None:
    organisation = generate(size, seed=5, quirks=True, granted=0.9)
    sown = organisation.quirks.union(*(each.quirks for each in organisation.recipients))
    assert sown == set(Quirk) - {
        Quirk.WRITE_ANSWERS_ERROR, Quirk.WRITE_WITHOUT_EFFECT, Quirk.LAG_ANSWERS_ERROR, Quirk.OUT_OF_SCOPE,
    }  # fmt: skip
    people = organisation.recipients
    names = [each.name for each in people if not each.soft_deleted]
    router = people[0]
    assert len(set(names)) < len(names)
    assert {"soft_deleted", "hidden", "account_disabled"} <= {
        flag for each in mailboxes(organisation) for flag in each.to_dict()
    }
    assert any(each.name == each.object_id for each in people)
    assert any("'" in each.address for each in people)
    assert any(not each.name.isascii() for each in people)
    assert any(each.upn.isupper() for each in people)
    assert {each.display_name for each in people} & {each.address for each in people}
    assert {each.upn for each in people if each.kind is Kind.USER} & {
        alias for each in people for alias in each.aliases
    }
    found = list(entries(organisation))
    known = {sid for each in people for sid in (each.sid, *each.sid_history)}
    assert any(entry.sid in router.sid_history for entry in found)
    assert any(entry.sid not in known for entry in found)
    assert any(entry.inherited and entry.sid == router.sid for entry in found)
    assert any(entry.deny for entry in found)
    assert not any(entry.deny and entry.sid == router.sid for entry in found)
    assert any("FullAccess" in entry.rights and len(entry.rights) > 1 for entry in found)


def test_a_mailbox_is_found_by_its_address_in_a_sown_organisation_as_long_as_the_filter_can_be_read() -> None:
    organisation = generate(100, seed=5, quirks=True)
    desk = Desk(organisation)
    for each in mailboxes(organisation):
        if "'" not in each.address and not each.soft_deleted:
            text = f"EmailAddresses -eq 'smtp:{each.address}'"
            assert desk.row("Get-EXORecipient", Filter=text, Properties=["Guid"])["Guid"] == each.guid
