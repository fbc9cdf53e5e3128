# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which way to sign in: the task's, else the environment's, and no secret in sight."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.desired import InputError
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible.sign_in import (
    ENVIRONMENTS,
    WAYS,
    SignIn,
    choose_sign_in,
)

ORGANIZATION = "contoso.onmicrosoft.com"
APP = "00000000-0000-0000-0000-000000000000"
THUMBPRINT = "0123456789abcdef0123456789abcdef01234567"
TASK: dict[str, Any] = {"organization": ORGANIZATION, "app_id": APP}


def chosen(environ: dict[str, str] | None = None, **options: Any) -> SignIn:
    names = ("organization", "app_id", "certificate_password", "managed_identity_account_id", *WAYS)
    variables = {f"EXCHANGE_ONLINE_{name.upper()}": value for name, value in (environ or {}).items()}
    return choose_sign_in({**dict.fromkeys(names), "exchange_environment": "O365Default", **options}, variables)


def faults(environ: dict[str, str] | None = None, **options: Any) -> str:
    with pytest.raises(InputError) as raised:
        chosen(environ, **options)
    return str(raised.value)


@pytest.fixture
def pfx(tmp_path: Path) -> str:
    path = tmp_path / "exchange.pfx"
    path.write_bytes(b"\x30\x82pfx")
    return str(path)


def test_by_thumbprint() -> None:
    assert chosen(**TASK, certificate_thumbprint=THUMBPRINT).request == {
        "way": "certificate_thumbprint",
        "organization": ORGANIZATION,
        "app_id": APP,
        "certificate_thumbprint": THUMBPRINT.upper(),
    }


def test_by_file_which_is_read_here_and_sent_inside_the_request(pfx: str) -> None:
    assert chosen(**TASK, certificate_file=pfx, certificate_password="secret").request == {
        "way": "certificate_file",
        "organization": ORGANIZATION,
        "app_id": APP,
        "certificate_pfx": base64.b64encode(b"\x30\x82pfx").decode(),
        "certificate_password": "secret",
    }


def test_by_file_without_a_password(pfx: str) -> None:
    assert chosen(**TASK, certificate_file=pfx).request["certificate_password"] == ""


def test_by_managed_identity_which_needs_no_application() -> None:
    assert chosen(organization=ORGANIZATION, managed_identity=True).request == {
        "way": "managed_identity",
        "organization": ORGANIZATION,
    }
    named = chosen(organization=ORGANIZATION, managed_identity=True, managed_identity_account_id="1-2")
    assert named.request["managed_identity_account_id"] == "1-2"


def test_by_access_token_which_needs_no_application() -> None:
    assert chosen(organization=ORGANIZATION, access_token="ey.token").request == {
        "way": "access_token",
        "organization": ORGANIZATION,
        "access_token": "ey.token",
    }


def test_no_way_at_all_names_them_all() -> None:
    said = faults(**TASK)
    assert "no way to sign in was given" in said
    assert all(way in said for way in WAYS)


def test_a_managed_identity_that_is_refused_is_no_way() -> None:
    assert "no way to sign in" in faults(**TASK, managed_identity=False)


@pytest.mark.parametrize("second", [{"access_token": "t"}, {"managed_identity": True}, {"certificate_file": "x.pfx"}])
def test_two_ways_are_named_and_refused(second: dict[str, Any]) -> None:
    said = faults(**TASK, certificate_thumbprint=THUMBPRINT, **second)
    assert said.startswith("2 ways to sign in were given (")
    assert "certificate_thumbprint" in said
    assert next(iter(second)) in said


@pytest.mark.parametrize(
    ("environ", "way"),
    [
        ({"certificate_thumbprint": THUMBPRINT}, "certificate_thumbprint"),
        ({"managed_identity": "true"}, "managed_identity"),
        ({"access_token": " t "}, "access_token"),
    ],
)
def test_the_environment_chooses_where_the_task_names_no_way(environ: dict[str, str], way: str) -> None:
    sign_in = chosen(environ, **TASK)
    assert sign_in.way == way
    assert sign_in.request.get(way, "") == {"access_token": "t", "managed_identity": ""}.get(way, THUMBPRINT.upper())


def test_the_environment_can_give_everything(pfx: str) -> None:
    environ: dict[str, Any] = {**TASK, "certificate_file": pfx, "certificate_password": "secret"}
    assert chosen(environ) == chosen(**environ)


@pytest.mark.parametrize("said", ["false", "no", "0", "", " "])
def test_an_environment_that_says_no_chooses_nothing(said: str) -> None:
    assert "no way to sign in" in faults({"managed_identity": said}, **TASK)


def test_the_environment_never_chooses_against_the_task() -> None:
    environ = {"access_token": "t", "managed_identity": "true"}
    assert chosen(environ, **TASK, certificate_thumbprint=THUMBPRINT).way == "certificate_thumbprint"


def test_the_environment_fills_in_what_the_chosen_way_leaves_out(pfx: str) -> None:
    environ = {"certificate_password": "secret", "app_id": APP, "organization": ORGANIZATION}
    request = chosen(environ, certificate_file=pfx).request
    assert (request["certificate_password"], request["app_id"]) == ("secret", APP)
    assert chosen(environ, certificate_file=pfx, certificate_password="own").request["certificate_password"] == "own"


def test_two_ways_in_the_environment_are_refused() -> None:
    assert "2 ways" in faults({"access_token": "t", "certificate_thumbprint": THUMBPRINT}, **TASK)


@pytest.mark.parametrize(
    ("environment", "organization"),
    [
        ("O365Default", "contoso.onmicrosoft.com"),
        ("O365China", "contoso.partner.onmschina.cn"),
        ("O365USGovGCCHigh", "contoso.onmicrosoft.us"),
        ("O365USGovDoD", "contoso.onmicrosoft.us"),
    ],
)
def test_the_suffix_of_the_organisation_fits_its_cloud_and_no_other(environment: str, organization: str) -> None:
    options: dict[str, Any] = {"access_token": "t", "exchange_environment": environment}
    sign_in = chosen(organization=organization, **options)
    assert (sign_in.organization, sign_in.environment) == (organization, environment)
    for other in {"contoso" + suffix for suffix in ENVIRONMENTS.values()} - {organization}:
        said = faults(organization=other, **options)
        assert f"exchange_environment {environment}" in said
        assert repr(other) in said


@pytest.mark.parametrize(
    "organization",
    [
        "",
        "contoso.com",
        "11111111-2222-3333-4444-555555555555",
        ".onmicrosoft.com",
        "contoso.onmicrosoft.com.evil.com",
        "a.b.onmicrosoft.com",
        "contoso.onmicrosoft.com ",
    ],
)
def test_what_is_no_first_name_of_an_organisation_is_refused_and_shown(organization: str) -> None:
    assert f"not {organization!r}" in faults(organization=organization, access_token="t")


@pytest.mark.parametrize("thumbprint", ["01 23", THUMBPRINT[:-1], THUMBPRINT + "0", "g" * 40, f"\u200e{THUMBPRINT}"])
def test_a_thumbprint_that_is_none_is_refused(thumbprint: str) -> None:
    assert "40 hexadecimal digits" in faults(**TASK, certificate_thumbprint=thumbprint)


def test_a_certificate_needs_the_application_and_all_faults_are_said_at_once() -> None:
    said = faults(organization="contoso.com", certificate_thumbprint="x")
    assert "app_id is needed with certificate_thumbprint" in said
    assert "organization must be" in said
    assert "40 hexadecimal digits" in said


def test_a_file_that_cannot_be_read_is_named() -> None:
    assert "certificate_file no/such.pfx: No such file or directory" in faults(**TASK, certificate_file="no/such.pfx")


def test_no_secret_shows_in_what_is_printed_of_a_way(pfx: str) -> None:
    shown = repr(chosen(**TASK, certificate_file=pfx, certificate_password="secret"))
    shown += repr(chosen(organization=ORGANIZATION, access_token="ey.token"))
    assert "secret" not in shown
    assert "ey.token" not in shown
    assert base64.b64encode(b"\x30\x82pfx").decode() not in shown
    assert ORGANIZATION in shown
