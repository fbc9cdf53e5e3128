# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/wire-protocol.md, connect: modules, ways to sign in, certificates, and what a session does not offer."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.organisation import App, Role
from ansible_collections.email_router.exchange_online.tests.simulator.certificates import (
    AppCertificate,
    make_certificate,
)

from .driver import CONNECT, ORGANIZATION, SIGN_IN, TOKEN, Conversation, EchoTenant, Server

APP_ID = App().app_id
ABSENT = "0123456789ABCDEF0123456789ABCDEF01234567"


@pytest.fixture(scope="module")
def certificate() -> AppCertificate:
    return make_certificate("app")


def by_thumbprint(thumbprint: str) -> dict[str, str]:
    way = {"way": "certificate_thumbprint", "organization": ORGANIZATION, "app_id": APP_ID}
    return {**way, "certificate_thumbprint": thumbprint}


def by_file(content: bytes | str, password: str) -> dict[str, str]:
    pfx = content if isinstance(content, str) else base64.b64encode(content).decode()
    way = {"way": "certificate_file", "organization": ORGANIZATION, "app_id": APP_ID}
    return {**way, "certificate_pfx": pfx, "certificate_password": password}


def admit(tenant: EchoTenant, *thumbprints: str) -> None:
    tenant.organisation.apps = (App(thumbprints=thumbprints, managed_identity=True, access_tokens=(TOKEN,)),)


def connect(conversation: Conversation, sign_in: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return conversation.ask("connect", **{**CONNECT, "sign_in": sign_in, **fields})


def refused(conversation: Conversation, sign_in: dict[str, Any]) -> str:
    """The code of the refusal; afterwards there is no connection."""
    error = connect(conversation, sign_in)["error"]
    assert conversation.call("Get-Mailbox", Identity="a")["error"]["code"] == "not_connected"
    return str(error["code"])


def test_connect_says_what_it_has_opened(server: Server) -> None:
    with server.greeted() as conversation:
        result = connect(conversation, SIGN_IN)["result"]
        assert server.tenant.open == {result["connection_id"]}
        assert result["module_version"] == "3.9.2"
        assert result["organization"] == ORGANIZATION
        assert result["tenant_id"] == server.tenant.organisation.tenant_id
        assert datetime.fromisoformat(result["token_expires"][:19] + "+00:00") > datetime.now(timezone.utc)
        assert result["missing"] == []
        assert "certificate" not in result
        assert TOKEN not in json.dumps(result)


def test_what_the_role_does_not_grant_is_missing(server: Server) -> None:
    role: Role = {"Get-Mailbox": True, "Get-User": ["Identity"], "Get-EXORecipient": True}
    server.tenant.organisation.apps = (App(access_tokens=(TOKEN,), role=role),)
    asked = {
        "Get-EXORecipient": ["Filter"],
        "Get-Mailbox": ["Identity", "NoSuchThing"],
        "Get-User": ["identity", "Filter", "ResultSize"],
        "Set-Mailbox": ["Identity"],
    }
    with server.greeted() as conversation:
        missing = connect(conversation, SIGN_IN, cmdlets=asked)["result"]["missing"]
        assert missing == ["Get-Mailbox -NoSuchThing", "Get-User -Filter", "Get-User -ResultSize", "Set-Mailbox"]
        error = conversation.call("Set-Mailbox", Identity="a")["error"]
        assert (error["type"], error["fqid"]) == (
            "System.Management.Automation.CommandNotFoundException", "CommandNotFoundException",
        )  # fmt: skip


def test_a_cmdlet_that_was_not_asked_for_is_not_there(server: Server) -> None:
    with server.greeted() as conversation:
        assert connect(conversation, SIGN_IN, cmdlets={"Get-User": []})["ok"]
        assert conversation.call("Get-User", Identity="a")["ok"]
        assert conversation.call("Get-EXOMailbox", Identity="a")["ok"]
        assert conversation.call("Get-Mailbox", Identity="a")["error"]["fqid"] == "CommandNotFoundException"


def test_a_second_connect_ends_the_first(server: Server) -> None:
    with server.connected() as conversation:
        first = set(server.tenant.open)
        assert connect(conversation, SIGN_IN)["ok"]
        assert len(server.tenant.open) == 1
        assert not server.tenant.open & first
        assert conversation.call("Get-Mailbox", Identity="a")["ok"]
        assert refused(conversation, {**SIGN_IN, "access_token": "stolen"}) == "connect_failed"
        assert server.tenant.open == set()


def test_a_sign_in_that_the_service_refuses_is_told_in_its_words(server: Server) -> None:
    text = "AADSTS53003: Access has been blocked by Conditional Access policies."
    server.tenant.organisation.apps = (App(access_tokens=(TOKEN,), sign_in_error=text),)
    with server.greeted() as conversation:
        error = connect(conversation, SIGN_IN)["error"]
        assert (error["code"], error["text"]) == ("connect_failed", text)
        assert error["type"] == "Microsoft.Identity.Client.MsalServiceException"
        assert set(error) == {"code", "type", "text", "category", "fqid"}


@pytest.mark.parametrize(
    ("sign_in", "body"),
    [
        ({"way": "managed_identity"}, {"managed_identity": True}),
        ({"way": "managed_identity", "managed_identity_account_id": APP_ID}, {"managed_identity": APP_ID}),
        ({"way": "access_token", "access_token": TOKEN}, {"access_token": TOKEN}),
    ],
    ids=["managed_identity", "managed_identity_account_id", "access_token"],
)
def test_a_way_without_certificate(server: Server, sign_in: dict[str, str], body: dict[str, object]) -> None:
    admit(server.tenant)
    with server.greeted() as conversation:
        assert connect(conversation, {"organization": ORGANIZATION, **sign_in})["ok"]
    (seen,) = server.tenant.bodies
    assert {name: value for name, value in seen.items() if value is not None} == {"organization": ORGANIZATION, **body}


def test_a_certificate_of_the_store(server: Server, certificate: AppCertificate) -> None:
    server.store.add(certificate)
    admit(server.tenant, certificate.thumbprint)
    with server.greeted() as conversation:
        report = connect(conversation, by_thumbprint(certificate.thumbprint))["result"]["certificate"]
        assert (report["thumbprint"], report["store"]) == (certificate.thumbprint, "CurrentUser\\My")
        assert datetime.strptime(report["not_after"], "%Y-%m-%d") > datetime.now()
    assert server.tenant.bodies[0]["app_id"] == APP_ID


def test_a_certificate_of_a_file(server: Server, certificate: AppCertificate) -> None:
    """The stand-in cannot open the file: to it, the file's SHA-1 is the thumbprint."""
    content = certificate.pfx("p\u00e4ss")
    digest = hashlib.sha1(content, usedforsecurity=False).hexdigest().upper()
    admit(server.tenant, certificate.thumbprint, digest)
    with server.greeted() as conversation:
        report = connect(conversation, by_file(content, "p\u00e4ss"))["result"]["certificate"]
        assert report["thumbprint"] in (certificate.thumbprint, digest)
        assert report["store"] == "file"


INCOMPLETE = [
    None, "text", {}, {"way": "credential", "organization": ORGANIZATION, "app_id": APP_ID},
    {"way": "access_token", "organization": ORGANIZATION}, {"way": "access_token", "access_token": TOKEN},
    {"way": "access_token", "organization": ORGANIZATION, "access_token": " "},
    {"way": "certificate_thumbprint", "organization": ORGANIZATION, "app_id": APP_ID},
    {"way": "certificate_thumbprint", "organization": ORGANIZATION, "certificate_thumbprint": ABSENT},
    {"way": "certificate_file", "organization": ORGANIZATION, "app_id": APP_ID, "certificate_password": "p"},
    {"way": "certificate_file", "organization": ORGANIZATION, "app_id": APP_ID, "certificate_pfx": "eA==",
     "certificate_password": 5},
    {"way": "managed_identity", "organization": ORGANIZATION, "managed_identity_account_id": True},
]  # fmt: skip


@pytest.mark.parametrize("sign_in", INCOMPLETE, ids=range(len(INCOMPLETE)))
def test_a_sign_in_that_lacks_something_is_refused(shared: Server, sign_in: dict[str, Any]) -> None:
    with shared.greeted() as conversation:
        assert refused(conversation, sign_in) == "bad_request"


FIELDS = [
    {"cmdlets": None}, {"cmdlets": ["Get-Mailbox"]}, {"cmdlets": {"Get-Mailbox": True}},
    {"minimum_module": None}, {"minimum_module": ""}, {"minimum_module": "new"}, {"minimum_module": 3},
    {"environment": 5},
]  # fmt: skip


@pytest.mark.parametrize("fields", FIELDS, ids=str)
def test_a_connect_that_is_not_well_formed_is_refused(server: Server, fields: dict[str, Any]) -> None:
    with server.greeted() as conversation:
        assert connect(conversation, SIGN_IN, **fields)["error"]["code"] == "bad_request"
        assert server.tenant.bodies == []


def test_a_cmdlet_off_the_list_cannot_be_asked_for(server: Server) -> None:
    with server.greeted() as conversation:
        assert connect(conversation, SIGN_IN, cmdlets={"Remove-Mailbox": []})["error"]["code"] == "not_allowed"
        assert server.tenant.bodies == []


def test_the_module_must_be_there_and_new_enough(server: Server) -> None:
    with server.greeted() as conversation:
        assert connect(conversation, SIGN_IN, minimum_module="3.10.0")["error"]["code"] == "module_too_old"
        assert connect(conversation, SIGN_IN, minimum_module="3.9.2")["ok"]
    bare = {**server.environment, "EXO_MODULE_VERSION": "none", "PSModulePath": str(server.directory / "none")}
    with replace(server, environment=bare).greeted() as conversation:
        assert refused(conversation, SIGN_IN) == "module_missing"


def test_a_file_that_is_no_base64_is_unreadable(server: Server) -> None:
    with server.greeted() as conversation:
        assert refused(conversation, by_file("not base64", "p")) == "certificate_unreadable"


@pytest.mark.powershell
def test_a_certificate_that_is_in_no_store(powershell: Server) -> None:
    with powershell.greeted() as conversation:
        error = connect(conversation, by_thumbprint(ABSENT))["error"]
        assert error["code"] == "certificate_not_found"
        assert ABSENT in error["text"]


@pytest.mark.powershell
def test_a_certificate_without_its_key(powershell: Server, certificate: AppCertificate) -> None:
    powershell.store.add(certificate, with_key=False)
    with powershell.greeted() as conversation:
        assert refused(conversation, by_thumbprint(certificate.thumbprint)) == "certificate_key_missing"
        content = certificate.pfx("p", with_key=False)
        assert refused(conversation, by_file(content, "p")) == "certificate_key_missing"


@pytest.mark.powershell
@pytest.mark.parametrize("password", ["", "wrong", "2024-01-31T10:00:00Z"])
def test_a_file_opens_with_its_password_only(powershell: Server, certificate: AppCertificate, password: str) -> None:
    admit(powershell.tenant, certificate.thumbprint)
    with powershell.greeted() as conversation:
        assert connect(conversation, by_file(certificate.pfx(password), password))["ok"]
        error = connect(conversation, by_file(certificate.pfx("p"), password))["error"]
        assert error["code"] == "certificate_unreadable"
        assert "password" in error["text"].lower()
        assert refused(conversation, by_file(b"no PFX at all", password)) == "certificate_unreadable"
