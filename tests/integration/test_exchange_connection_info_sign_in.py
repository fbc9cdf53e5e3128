# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The preflight as a user runs it: certificates, sign-in, roles and accounts are made to fail, point by point."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.tests.simulator.certificates import (
    AppCertificate,
    make_certificate,
)

from .conftest import SetStage
from .preflights import POINTS, RECIPIENTS, SALES, assert_fails, preflight
from .stage import ROUTER, Stage, contoso

ABSENT = "FEDCBA9876543210FEDCBA9876543210FEDCBA98"
LOOK_UP = dict.fromkeys(("Get-EXORecipient", "Get-Recipient", "Get-User", "Get-Group"), True)
ACCOUNT_ROWS = ("account", "account_kind", "account_address_lists", "account_mailbox")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """For what goes wrong outside of the host."""
    with Stage(tmp_path_factory.mktemp("shared"), contoso(*RECIPIENTS)) as stage:
        yield stage


# Certificates


@pytest.mark.usefixtures("powershell")
def test_a_certificate_that_is_in_no_store(shared: Stage) -> None:
    done = preflight(shared, certificate_thumbprint=ABSENT)
    assert_fails(done, "certificate", ABSENT, "Check certificate_thumbprint")


@pytest.mark.usefixtures("powershell")
def test_a_file_that_cannot_be_opened(shared: Stage) -> None:
    file = shared.simulator.applications[0].file
    options: dict[str, Any] = {"certificate_file": str(file.path), "certificate_password": "wrong"}
    assert_fails(preflight(shared, certificate_thumbprint=None, **options), "certificate", "Check certificate_password")


@pytest.mark.usefixtures("powershell")
def test_a_certificate_without_its_key(shared: Stage) -> None:
    certificate = make_certificate("keyless")
    shared.simulator.host.store.add(certificate, with_key=False)
    done = preflight(shared, certificate_thumbprint=certificate.thumbprint)
    assert_fails(done, "certificate_key", "comes without its private key", "import the certificate")


@pytest.mark.usefixtures("powershell")
def test_a_certificate_that_has_expired(shared: Stage) -> None:
    certificate = enrolled(shared, make_certificate("old", days=-2))
    done = preflight(shared, certificate_thumbprint=certificate.thumbprint)
    assert_fails(done, "certificate_expiry", "2 days ago", "Make a new certificate")


@pytest.mark.usefixtures("powershell")
def test_a_certificate_that_expires_in_ten_days_warns_here_and_in_every_run(shared: Stage) -> None:
    certificate = enrolled(shared, make_certificate("soon", days=10))
    done = preflight(shared, certificate_thumbprint=certificate.thumbprint)
    assert done.run.status == 0
    assert done.with_status("warn") == ["certificate_expiry"]
    assert "in 10 days" in done.row("certificate_expiry")["found"]
    assert "in 10 days" in done.run.text.partition("[WARNING]")[2]
    assert preflight(shared, certificate_thumbprint=certificate.thumbprint, fail_on="warn").run.status == 2
    run = shared.ensure([SALES], "--check", certificate_thumbprint=certificate.thumbprint)
    (warning,) = run.access["warnings"]
    assert f"the certificate {certificate.thumbprint} of the application expires" in warning
    assert "in 10 days" in warning
    assert run.status == 0


def enrolled(stage: Stage, certificate: AppCertificate) -> AppCertificate:
    """In the store of the host, and registered with the application."""
    stage.simulator.host.store.add(certificate)
    app = stage.tenant.organisation.apps[0]
    known = replace(app, thumbprints=(*app.thumbprints, certificate.thumbprint))
    stage.tenant.organisation.apps = (known, *stage.tenant.organisation.apps[1:])
    return certificate


# Signing in, the role, the accounts


@pytest.mark.parametrize(
    ("app", "says", "remedy"),
    [
        ({"directory_role": False}, "isn't supported in this scenario", "Give the application the permission"),
        ({"sign_in_error": "AADSTS53003: Access has been blocked"}, "AADSTS53003", "Conditional Access"),
        ({"sign_in_error": "Something new"}, "Something new", "Look the message up"),
    ],
)
def test_a_sign_in_that_is_refused(set_stage: SetStage, app: dict[str, Any], says: str, remedy: str) -> None:
    done = preflight(set_stage(contoso(*RECIPIENTS, apps=[app])))
    assert_fails(done, "sign_in", says, remedy)


def test_a_role_for_audits_is_not_enough_to_enforce(set_stage: SetStage) -> None:
    stage = set_stage(contoso(*RECIPIENTS, apps=[{"role": "audit"}]))
    done = preflight(stage)
    assert_fails(done, "role_enforce", "Add-RecipientPermission", "Set-Mailbox", "Mail Recipients", skips=[])
    assert preflight(stage, purpose="audit").run.status == 0


def test_an_audit_needs_no_right_to_write_and_a_narrow_role_not_the_cmdlets_of_other_rights(
    set_stage: SetStage,
) -> None:
    role: dict[str, bool] = {**LOOK_UP, "Get-RecipientPermission": True}
    stage = set_stage(contoso(*RECIPIENTS, apps=[{"role": role}]))
    done = preflight(stage, purpose="audit", rights=["send_as"])
    assert done.run.status == 0
    assert done.with_status("skipped") == ["role_enforce"]
    role["Add-RecipientPermission"] = role["Remove-RecipientPermission"] = True
    stage.tenant.organisation.apps = (replace(stage.tenant.organisation.apps[0], role=dict(role)),)
    assert preflight(stage, rights=["send_as"]).with_status("pass") == POINTS


@pytest.mark.parametrize("lacks", ["Get-RecipientPermission", "Get-EXOMailbox"])
def test_a_role_that_is_not_enough_to_audit(set_stage: SetStage, lacks: str) -> None:
    """Get-EXOMailbox comes with the module; that it is not granted, only the service says."""
    role = {**LOOK_UP, "Get-RecipientPermission": True, "Get-MailboxPermission": True, "Get-EXOMailbox": True}
    del role[lacks]
    stage = set_stage(contoso(*RECIPIENTS, apps=[{"role": role}]))
    done = preflight(stage, purpose="audit", fail_on="never")
    assert done.with_status("fail") == ["role_audit"]
    assert done.row("role_audit")["found"] == f"the role lacks {lacks}"
    assert done.row("account")["found"] == "not looked at, because role_audit failed"


@pytest.mark.parametrize(
    ("account", "statuses", "says"),
    [
        ("nobody@contoso.com", "fail skipped skipped skipped", "no user or group of this name exists"),
        ("sec.group@contoso.com", "pass pass pass skipped", "a group has none"),
        ("list@contoso.com", "pass fail pass skipped", "MailUniversalDistributionGroup"),
        ("hidden@contoso.com", "pass pass warn pass", "hidden from address lists"),
        ("external@contoso.com", "pass pass pass warn", "no mailbox of its own"),
        ("s-1-5-21-1-2-3-4", "fail skipped skipped skipped", "no account that exists has this SID"),
    ],
)
def test_accounts(shared: Stage, account: str, statuses: str, says: str) -> None:
    done = preflight(shared, accounts=[ROUTER, account], fail_on="never")
    rows = [row for row in done.points if row["found"].startswith(f"{account}: ") or account in row["found"]]
    assert [row["point"] for row in rows] == list(ACCOUNT_ROWS)
    assert " ".join(row["status"] for row in rows) == statuses
    assert says in " ".join(row["found"] for row in rows)
    assert ("warnings" in done.result) is ("warn" in statuses)
