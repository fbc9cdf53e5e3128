# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signing in: the ways in, and what each refusal says (E25, E26, E27, E34, E35, E36, E42, E20)."""

from __future__ import annotations

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.generator import generate
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.organisation import (
    APP_ID,
    THUMBPRINT,
    Organisation,
    Settings,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Tenant, TenantError

from .desk import SIGN_IN, an_organisation

IDENTITY = "99999999-0000-0000-0000-000000000000"
APPS = [
    {"expired_thumbprints": ["DEAD"], "access_tokens": ["token"]},
    {"app_id": IDENTITY, "managed_identity": True, "role": "audit"},
]
WITHOUT_KEY = {"app_id": APP_ID, "organization": "contoso.onmicrosoft.com"}
ORGANIZATION = {"organization": "contoso.onmicrosoft.com"}


@pytest.mark.parametrize(
    ("keys", "app_id"),
    [
        (SIGN_IN, APP_ID),
        ({**SIGN_IN, "thumbprint": THUMBPRINT.lower(), "organization": "Contoso.OnMicrosoft.com"}, APP_ID),
        ({**ORGANIZATION, "access_token": "token"}, APP_ID),
        ({**ORGANIZATION, "managed_identity": True}, IDENTITY),
        ({**ORGANIZATION, "managed_identity": IDENTITY}, IDENTITY),
    ],
)
def test_ways_to_sign_in(keys: dict[str, object], app_id: str) -> None:
    tenant = Tenant(an_organisation(apps=APPS))
    connection = tenant.connect(keys)
    assert connection.app_id == app_id
    assert connection.tenant_id == tenant.organisation.tenant_id
    assert tenant.sign_ins == 1
    assert "Get-MailboxPermission" in connection.cmdlets


@pytest.mark.parametrize(
    ("row", "keys", "says"),
    [
        ("E25", {**ORGANIZATION, "access_token": "other"}, "UnAuthorized"),
        ("E25", {**ORGANIZATION, "managed_identity": APP_ID}, "UnAuthorized"),
        ("E34", {**SIGN_IN, "app_id": "12345678-0000-0000-0000-000000000000"}, "AADSTS700016"),
        ("E35", {**SIGN_IN, "organization": "fabrikam.onmicrosoft.com"}, "AADSTS90002"),
        ("E36", {**SIGN_IN, "thumbprint": "AB"}, "AADSTS700027"),
        ("E36", {**SIGN_IN, "thumbprint": "DEAD"}, "AADSTS700027"),
        ("E36", WITHOUT_KEY, "AADSTS700027"),
        ("E42", {**SIGN_IN, "organization": "11111111-2222-3333-4444-555555555555"}, "Organization cannot be a Guid"),
    ],
)
def test_who_is_not_let_in(row: str, keys: dict[str, object], says: str) -> None:
    tenant = Tenant(an_organisation(apps=APPS))
    with pytest.raises(TenantError, match=says):
        tenant.connect(keys)
    assert tenant.sign_ins == 0, row


@pytest.mark.parametrize(
    ("row", "app", "says"),
    [
        ("E25", {"consent": False}, "UnAuthorized"),
        (
            "E26",
            {"directory_role": False},
            f"The role assigned to application {APP_ID} isn't supported in this scenario",
        ),
        ("E27", {"role": {}}, "No cmdlet assigned to the user have this feature enabled"),
        ("E38", {"sign_in_error": "AADSTS53003: Blocked by conditional access."}, "AADSTS53003"),
    ],
)
def test_applications_that_may_not_do_anything(row: str, app: dict[str, object], says: str) -> None:
    with pytest.raises(TenantError, match=says) as refused:
        Tenant(an_organisation(apps=[app])).connect(SIGN_IN)
    assert refused.value.error.fqid == "Connect-ExchangeOnline", row


def test_e20_a_custom_domain_gets_in_and_fails_at_the_second_page() -> None:
    organisation = generate(1100, seed=1)
    organisation.settings = Settings(custom_domains=("contoso.com",))
    tenant = Tenant(organisation)
    connection = tenant.connect({**SIGN_IN, "organization": "contoso.com"})
    for cmdlet in ("Get-Mailbox", "Get-EXOMailbox"):
        answer = tenant.invoke(connection.connection_id, cmdlet, {"ResultSize": "Unlimited"})
        assert answer.error is not None
        assert "Expired or Invalid pagination request" in answer.error.text
        assert tenant.invoke(connection.connection_id, cmdlet, {}).error is None


def test_the_application_of_an_organisation_that_names_none_can_do_everything() -> None:
    connection = Tenant(Organisation.from_dict({})).connect(SIGN_IN)
    assert {"Set-Mailbox", "Add-MailboxPermission"} <= set(connection.cmdlets)


def test_e15_only_so_many_sessions_at_once_and_another_when_one_has_gone() -> None:
    tenant = Tenant(an_organisation(settings={"most_sessions": 2}))
    first, _second = tenant.connect(SIGN_IN), tenant.connect(SIGN_IN)
    with pytest.raises(TenantError, match="maximum number of connections allowed : 2"):
        tenant.connect(SIGN_IN)
    tenant.disconnect(first.connection_id)
    tenant.connect(SIGN_IN)
    assert tenant.sign_ins == 3
