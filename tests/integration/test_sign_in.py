# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signing in by every way, and what is said where the PowerShell host, the application or its role is in the way."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, cast

import pytest
from ansible_collections.email_router.exchange_online.tests.simulator.certificates import (
    AppCertificate,
    make_certificate,
)
from ansible_collections.email_router.exchange_online.tests.simulator.host import HostOptions
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.x509.oid import NameOID

from .conftest import SetStage
from .harness import Run
from .stage import ROUTER, Stage, contoso

SALES, SUPPORT = "sales@contoso.com", "support@contoso.com"
RECIPIENTS = ({"address": SALES}, {"address": SUPPORT, "send_as": [ROUTER]})
THE_APP = "00000000-0000-0000-0000-000000000000"
STAND_IN = HostOptions(pwsh=None)
TOKEN = "eyJ0-a-token-of-an-hour"
_DAY = timedelta(days=1)
LOOK_UP = dict.fromkeys(("Get-EXORecipient", "Get-Recipient", "Get-User", "Get-Group"), True)
NO_CERTIFICATE: dict[str, Any] = {"certificate_thumbprint": None}


def refused(stage: Stage, *says: str, **options: Any) -> Run:
    """A run that fails with a message that says so, before the first write."""
    run = stage.ensure([SALES, SUPPORT], **options)
    assert run.status == 2, run.output
    for phrase in says:
        assert phrase in run.message
        assert phrase in run.text, "the message shows"
    assert not run.changed
    assert stage.writes == []
    return run


# The PowerShell host


@pytest.mark.parametrize("pwsh", [None, HostOptions().pwsh], ids=["stand-in", "powershell"])
@pytest.mark.parametrize(
    ("version", "says", "remedy"),
    [
        ("none", "the module ExchangeOnlineManagement is not installed", "Run Install-Module ExchangeOnlineManagement"),
        ("3.1.0", "ExchangeOnlineManagement 3.1.0 ", "Run Update-Module ExchangeOnlineManagement there"),
    ],
)
def test_a_module_that_is_missing_or_too_old(
    set_stage: SetStage, pwsh: str | None, version: str, says: str, remedy: str
) -> None:
    stage = set_stage(contoso(*RECIPIENTS), host=HostOptions(pwsh=pwsh, module_version=version))
    refused(stage, "PowerShell on ", says, remedy)
    assert stage.tenant.sign_ins == 0


@pytest.mark.usefixtures("powershell")
def test_constrained_language_mode(set_stage: SetStage) -> None:
    stage = set_stage(contoso(*RECIPIENTS), host=HostOptions(constrained=True))
    refused(
        stage,
        "PowerShell runs in Constrained Language Mode (AppLocker or App Control for Business)",
        "allow full language for this account, or use another PowerShell host",
    )
    assert stage.tenant.sign_ins == 0


# Certificates


@pytest.mark.usefixtures("powershell")
def test_a_certificate_that_is_in_no_store(set_stage: SetStage) -> None:
    thumbprint = "0123456789ABCDEF0123456789ABCDEF01234567"
    says = f"no certificate {thumbprint} in CurrentUser\\My or LocalMachine\\My"
    refused(set_stage(contoso(*RECIPIENTS)), says, "Check certificate_thumbprint", certificate_thumbprint=thumbprint)


@pytest.mark.usefixtures("powershell")
def test_a_certificate_without_its_key(set_stage: SetStage) -> None:
    stage = set_stage(contoso(*RECIPIENTS))
    certificate = make_certificate("keyless")
    stage.simulator.host.store.add(certificate, with_key=False)
    refused(
        stage,
        f"certificate {certificate.thumbprint} (CurrentUser\\My) comes without its private key",
        "import the certificate with its private key into LocalMachine\\My",
        certificate_thumbprint=certificate.thumbprint,
    )


@pytest.mark.usefixtures("powershell")
def test_a_certificate_whose_key_cannot_be_read(set_stage: SetStage) -> None:
    """Beyond Windows there are no access lists of keys; a key that is not RSA cannot be read as one either."""
    stage = set_stage(contoso(*RECIPIENTS))
    certificate = elliptic("unreadable")
    stage.simulator.host.store.add(certificate)
    refused(
        stage,
        f"the private key of certificate {certificate.thumbprint} (CurrentUser\\My) cannot be read",
        "Let that user read the key",
        certificate_thumbprint=certificate.thumbprint,
    )


def elliptic(name: str) -> AppCertificate:
    key, owner = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(timezone.utc)
    builder = x509.CertificateBuilder(owner, owner, key.public_key(), x509.random_serial_number(), now, now + _DAY)
    return AppCertificate(builder.sign(key, hashes.SHA256()), cast(RSAPrivateKey, key))


@pytest.mark.usefixtures("powershell")
def test_a_certificate_file_that_the_password_does_not_open(set_stage: SetStage) -> None:
    stage = set_stage(contoso(*RECIPIENTS))
    file = stage.simulator.applications[0].file
    options = {**NO_CERTIFICATE, "certificate_file": str(file.path), "certificate_password": "Wrong-Horse-7"}
    run = refused(stage, "Check certificate_password, and that certificate_file is a PKCS#12 (.pfx) file", **options)
    assert "Wrong-Horse-7" not in run.output


@pytest.mark.usefixtures("powershell")
def test_a_file_that_holds_no_certificate(set_stage: SetStage, tmp_path: Path) -> None:
    file = tmp_path / "app.pfx"
    file.write_text("-----BEGIN CERTIFICATE-----")
    options = {**NO_CERTIFICATE, "certificate_file": str(file)}
    refused(set_stage(contoso(*RECIPIENTS)), "certificate_file is a PKCS#12 (.pfx) file", **options)


# The application


@pytest.mark.parametrize(
    ("app", "says", "remedy"),
    [
        (
            {"consent": False},
            "UnAuthorized",
            "Give the application the permission Exchange.ManageAsApp with admin consent",
        ),
        ({"directory_role": False}, "isn't supported in this scenario", "and an Entra role (Exchange Administrator)"),
        ({"role": {}}, "No cmdlet assigned to the user have this feature enabled", "or a role group of Exchange"),
        (
            {"sign_in_error": "AADSTS53003: Access has been blocked by Conditional Access policies."},
            "AADSTS53003",
            "Exempt the application from the Conditional Access policy",
        ),
    ],
    ids=["no consent", "no role", "empty role", "conditional access"],
)
def test_an_application_that_may_not_sign_in(set_stage: SetStage, app: dict[str, Any], says: str, remedy: str) -> None:
    stage = set_stage(contoso(*RECIPIENTS, apps=[app]), host=STAND_IN)
    who = f"could not sign in to Exchange Online (application {THE_APP}, organization contoso.onmicrosoft.com)"
    refused(stage, who, says, remedy)


def test_an_application_that_does_not_exist(set_stage: SetStage) -> None:
    stage = set_stage(contoso(*RECIPIENTS), host=STAND_IN)
    app_id = "99999999-0000-0000-0000-000000000000"
    refused(
        stage, f"application {app_id}", "AADSTS700016", "Check app_id, and that the application exists", app_id=app_id
    )


def test_a_certificate_that_the_application_does_not_know(set_stage: SetStage) -> None:
    stage = set_stage(contoso(*RECIPIENTS))
    certificate = make_certificate("stranger")
    stage.simulator.host.store.add(certificate)
    remedy = "Register the certificate's public part with the application"
    refused(stage, "AADSTS700027", remedy, certificate_thumbprint=certificate.thumbprint)


def test_an_organisation_that_does_not_exist(set_stage: SetStage) -> None:
    stage = set_stage(contoso(*RECIPIENTS), host=STAND_IN)
    says = ("organization fabrikam.onmicrosoft.com", "AADSTS90002", "Check organization: there is no such tenant")
    refused(stage, *says, organization="fabrikam.onmicrosoft.com")


# Its role


def test_an_audit_needs_readers_only(set_stage: SetStage) -> None:
    stage = set_stage(contoso(*RECIPIENTS, apps=[{"role": "audit"}]))
    run = stage.ensure([SALES, SUPPORT], "--check")
    assert (run.status, run.changed) == (0, True)
    assert run.outcomes() == {f"{SALES} send_as": "missing", f"{SUPPORT} send_as": "compliant"}


def test_a_role_without_the_cmdlets_that_write_is_told_before_anything_is_written(set_stage: SetStage) -> None:
    stage = set_stage(contoso(*RECIPIENTS, apps=[{"role": "audit"}]))
    refused(
        stage,
        f"The application {THE_APP} may not use Add-RecipientPermission in contoso.onmicrosoft.com",
        "The Exchange role Mail Recipients carries them",
        "An audit (check mode) needs only the cmdlets that read",
    )
    assert stage.tenant.calls == []


@pytest.mark.parametrize("check", [[], ["--check"]], ids=["enforce", "audit"])
def test_a_role_without_a_cmdlet_that_reads(set_stage: SetStage, check: list[str]) -> None:
    stage = set_stage(contoso(*RECIPIENTS, apps=[{"role": LOOK_UP}]))
    run = stage.ensure([SALES], *check)
    assert run.status == 2
    assert "may not use Get-RecipientPermission" in run.message
    assert "The Exchange role Mail Recipients carries them" in run.message
    assert stage.tenant.calls == []


def test_a_role_without_a_parameter_that_is_needed(set_stage: SetStage) -> None:
    role = {
        **LOOK_UP,
        "Get-RecipientPermission": ["Identity", "ResultSize"],
        "Add-RecipientPermission": True,
    }
    stage = set_stage(contoso(*RECIPIENTS, apps=[{"role": role}]))
    refused(stage, "may not use Get-RecipientPermission -Trustee in contoso.onmicrosoft.com", "Mail Recipients")


# The ways to sign in


@pytest.mark.parametrize("way", ["certificate_file", "managed_identity", "access_token"])
@pytest.mark.parametrize("source", ["options", "environment"])
def test_the_other_ways_to_sign_in(set_stage: SetStage, way: str, source: str) -> None:
    stage = set_stage(contoso(*RECIPIENTS, apps=[{"managed_identity": True, "access_tokens": [TOKEN]}]))
    file = stage.simulator.applications[0].file
    ways: dict[str, dict[str, Any]] = {
        "certificate_file": {"certificate_file": str(file.path), "certificate_password": file.password},
        "managed_identity": {"managed_identity": True, "app_id": None},
        "access_token": {"access_token": TOKEN, "app_id": None},
    }
    options = ways[way]
    environment: dict[str, str] = {}
    if source == "environment":
        every = {"organization": stage.simulator.organization, "app_id": THE_APP, **options}
        environment = {f"EXCHANGE_ONLINE_{name.upper()}": str(value) for name, value in every.items() if value}
        options = dict.fromkeys(every)
    task = stage.task(**{**NO_CERTIFICATE, **options})
    run = stage.play("-i", stage.inventory([SALES]), stage.playbook(task), environment=environment)
    assert (run.status, run.changed) == (0, True), run.output
    assert stage.holds(SALES, "send_as")
    assert TOKEN not in run.output
    assert file.password not in run.output
