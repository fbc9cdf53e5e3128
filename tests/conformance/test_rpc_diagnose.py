# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/wire-protocol.md, diagnose: facts of the host, what it can reach, and the certificate that it would use."""

from __future__ import annotations

import base64
import json
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, cast

import pytest
from ansible_collections.email_router.exchange_online.tests.simulator.certificates import (
    AppCertificate,
    make_certificate,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.x509.oid import NameOID

from .conftest import serve
from .driver import TOKEN, Conversation, Server
from .test_rpc_sign_in import ABSENT, by_file, by_thumbprint

FACTS = {"platform", "framework", "execution_policies", "temp", "tls", "modules", "endpoints"}
CERTIFICATE = {"code", "text", "thumbprint", "not_after", "store", "key", "key_error"}


def facts(server: Server, **fields: Any) -> dict[str, Any]:
    """The result for a process that has only been greeted."""
    with server.greeted(read_only=True) as conversation:
        answer = conversation.ask("diagnose", **fields)
        assert answer["ok"], answer
        result: dict[str, Any] = answer["result"]
        return result


def with_variables(server: Server, **variables: str) -> Server:
    return replace(server, environment={**server.environment, **variables})


@contextmanager
def listener(backlog: int = 8) -> Iterator[tuple[socket.socket, str]]:
    with socket.create_server(("127.0.0.1", 0), backlog=backlog) as listening:
        yield listening, f"127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture
def closed() -> Iterator[str]:
    """A port that nobody listens on, and that nobody else takes."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{bound.getsockname()[1]}"


def test_the_facts_of_a_host_as_it_should_be(shared: Server) -> None:
    found = facts(shared)
    assert set(found) == FACTS
    assert found["modules"] == ["3.9.2"]
    assert found["endpoints"] == []
    assert found["temp"]["error"] == ""
    assert found["temp"]["path"].rstrip("/") == shared.environment["TMPDIR"]
    assert set(found["tls"]) == {"protocols", "enabled", "disabled_by_default"}
    assert found["tls"]["protocols"]
    if sys.platform != "win32":
        assert (found["platform"], found["framework"], found["tls"]["enabled"]) == ("Unix", None, None)


def test_policies_are_scopes_with_their_policies_or_cannot_be_told(shared: Server) -> None:
    policies = facts(shared)["execution_policies"]
    assert all(policy.partition("=")[2] for policy in policies)
    assert not policies or policies[0].startswith("MachinePolicy=")


def test_nothing_is_left_in_a_temporary_folder(server: Server) -> None:
    facts(server)
    assert list((server.directory / "tmp").glob("*.*")) == []


def test_a_temporary_folder_that_cannot_be_written_to(shared: Server) -> None:
    nowhere = str(shared.directory / "nowhere")
    temp = facts(with_variables(shared, TMPDIR=nowhere, TMP=nowhere, TEMP=nowhere))["temp"]
    assert temp["path"].rstrip("/") == nowhere
    assert nowhere in temp["error"]


def test_a_host_without_the_module(shared: Server) -> None:
    bare = with_variables(shared, EXO_MODULE_VERSION="none", PSModulePath=str(shared.directory / "none"))
    assert facts(bare)["modules"] == []


def test_an_endpoint_that_answers_and_one_that_does_not(shared: Server, closed: str) -> None:
    with listener() as (_socket, open_):
        reached = facts(shared, endpoints=[open_, closed, "exchange.invalid:443"])["endpoints"]
    assert [each["endpoint"] for each in reached] == [open_, closed, "exchange.invalid:443"]
    assert [bool(each["error"]) for each in reached] == [False, True, True]
    assert all(each["proxy"] == "" and each["ms"] >= 0 for each in reached)


def test_an_endpoint_that_stays_silent_is_waited_for_no_longer_than_asked(shared: Server) -> None:
    with listener(backlog=0) as (listening, silent), ExitStack() as stack:
        for _number in range(2):  # nobody takes these, so there is no room for another
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listening.getsockname())
        (reached,) = facts(shared, endpoints=[silent], timeout_ms=200)["endpoints"]
    assert reached["error"] == "no answer within 200 ms"
    assert 200 <= reached["ms"] < 5000


def test_behind_a_proxy_it_is_the_proxy_that_must_answer(shared: Server, closed: str) -> None:
    with listener() as (_socket, proxy):
        behind = with_variables(shared, https_proxy=f"http://user:secret@{proxy}")
        (reached,) = facts(behind, endpoints=["exchange.invalid:443"])["endpoints"]
    assert (reached["proxy"], reached["error"]) == (proxy, "")
    (lost,) = facts(with_variables(shared, https_proxy=f"http://{closed}"), endpoints=["exchange.invalid:443"])[
        "endpoints"
    ]
    assert lost["proxy"] == closed
    assert lost["error"]


MALFORMED = [
    {"endpoints": "a:1"}, {"endpoints": ["a"]}, {"endpoints": [5]}, {"endpoints": ["a:x"]}, {"endpoints": ["a b:1"]},
    {"endpoints": ["https://a:1"]}, {"endpoints": ["u@a:1"]}, {"timeout_ms": 99}, {"timeout_ms": 60001},
    {"timeout_ms": "5"}, {"sign_in": "x"}, {"sign_in": {"way": "certificate_thumbprint"}},
    {"sign_in": {"way": "certificate_file", "certificate_pfx": 5}}, {"sign_in": {"way": "certificate_other"}},
]  # fmt: skip


@pytest.mark.parametrize("fields", MALFORMED, ids=str)
def test_what_is_not_well_formed_is_refused(shared: Server, auditing: Conversation, fields: dict[str, Any]) -> None:
    assert auditing.error_of("diagnose", **fields) == "bad_request"


def test_a_diagnosis_ends_the_connection_and_another_can_be_made(server: Server) -> None:
    with server.connected() as conversation:
        assert conversation.ask("diagnose")["ok"]
        assert server.tenant.open == set()
        assert conversation.call("Get-Mailbox", Identity="a")["error"]["code"] == "not_connected"


@pytest.mark.parametrize("way", ["managed_identity", "access_token"])
def test_a_sign_in_without_certificate_needs_none(shared: Server, way: str) -> None:
    found = facts(shared, sign_in={"way": way, "access_token": TOKEN})
    assert set(found) == FACTS
    assert TOKEN not in json.dumps(found)


def test_a_certificate_that_would_do(server: Server) -> None:
    certificate = make_certificate("app", days=12)
    server.store.add(certificate)
    found = facts(server, sign_in=by_thumbprint(certificate.thumbprint))["certificate"]
    assert set(found) == CERTIFICATE
    assert (found["code"], found["text"], found["key_error"]) == ("", "", "")
    assert (found["thumbprint"], found["store"]) == (certificate.thumbprint, "CurrentUser\\My")
    assert found["key"].startswith("RSA")
    assert datetime.strptime(found["not_after"], "%Y-%m-%d") > datetime.now()


def test_a_file_that_would_do_and_one_that_is_none(server: Server) -> None:
    content = make_certificate("app").pfx("p\u00e4ss")
    found = facts(server, sign_in=by_file(content, "p\u00e4ss"))
    assert (found["certificate"]["code"], found["certificate"]["store"]) == ("", "file")
    assert base64.b64encode(content).decode()[:40] not in json.dumps(found)
    assert facts(server, sign_in=by_file("not base64", "p"))["certificate"]["code"] == "certificate_unreadable"


def test_a_diagnosis_signs_nobody_in_and_connect_may_follow(server: Server) -> None:
    certificate = make_certificate("app")
    server.store.add(certificate)
    app = replace(server.tenant.organisation.apps[0], thumbprints=(certificate.thumbprint,))
    server.tenant.organisation.apps = (app,)
    sign_in = by_thumbprint(certificate.thumbprint)
    with server.greeted(read_only=True) as conversation:
        assert conversation.ask("diagnose", sign_in=sign_in)["ok"]
        assert server.tenant.bodies == []
        fields = {"minimum_module": "3.2.0", "cmdlets": {}, "sign_in": sign_in}
        assert conversation.ask("connect", **fields)["ok"]


# What only a real PowerShell can tell


@pytest.mark.powershell
def test_a_certificate_that_is_in_no_store_is_told_as_connect_would(powershell: Server) -> None:
    found = facts(powershell, sign_in=by_thumbprint(ABSENT))["certificate"]
    assert (found["code"], found["thumbprint"]) == ("certificate_not_found", "")
    assert ABSENT in found["text"]


@pytest.mark.powershell
def test_a_certificate_without_its_key_is_described_all_the_same(powershell: Server) -> None:
    certificate = make_certificate("keyless")
    powershell.store.add(certificate, with_key=False)
    found = facts(powershell, sign_in=by_thumbprint(certificate.thumbprint))["certificate"]
    assert (found["code"], found["thumbprint"]) == ("certificate_key_missing", certificate.thumbprint)
    assert (found["key"], found["not_after"]) == ("", certificate.certificate.not_valid_after_utc.strftime("%Y-%m-%d"))


@pytest.mark.powershell
def test_a_key_that_is_not_rsa_is_told(powershell: Server) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "curve")])
    now = datetime.now(timezone.utc)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(7).not_valid_before(now).not_valid_after(now + timedelta(days=9))
    curve = AppCertificate(builder.sign(key, hashes.SHA256()), cast(RSAPrivateKey, key))
    powershell.store.add(curve)
    found = facts(powershell, sign_in=by_thumbprint(curve.thumbprint))["certificate"]
    assert (found["code"], found["key"]) == ("certificate_key_unusable", "")


@pytest.mark.powershell
def test_every_version_that_is_installed_is_told(powershell: Server) -> None:
    modules = powershell.directory / "modules" / "ExchangeOnlineManagement"
    (modules / "3.4.0").mkdir()
    (modules / "3.4.0" / "ExchangeOnlineManagement.psd1").write_text("@{ ModuleVersion = '3.4.0' }")
    assert set(facts(powershell)["modules"]) == {"3.9.2", "3.4.0"}


# What only the stand-in can pretend


def test_the_stand_in_says_what_it_is_told_to_say(tmp_path: Path) -> None:
    told = {"platform": "Win32NT", "execution_policies": ["MachinePolicy=AllSigned"], "edition": "Desktop", "x": 1}
    with serve(tmp_path, "standin", facts=told) as server:
        found = facts(server)
        assert (found["platform"], found["execution_policies"]) == ("Win32NT", ["MachinePolicy=AllSigned"])
        assert set(found) == FACTS
        with server.start() as conversation:
            assert conversation.ask("hello")["result"]["edition"] == "Desktop"
