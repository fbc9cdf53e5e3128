# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tickets without a realm: how kinit is run, what becomes of its cache, and what errors of GSSAPI mean.

With a real KDC: tests/kerberos.
"""

from __future__ import annotations

import os
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote import kerberos
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.faults import (
    Action,
    Recognised,
    classify,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.kerberos import (
    Kinit,
    ManagedTickets,
    Tickets,
    obtain,
)

SECRET = "Correct-Horse-9"
KINIT = Kinit("svc@EXO.TEST", SECRET)


class GSSError(Exception):
    """As pykerberos raises it."""


class KerberosExchangeError(Exception):
    """As requests-kerberos raises it, while it handles a GSSError."""


class Authentication:
    """As much of requests-kerberos as tickets have to do with: raises each of ``errors`` once, at one request each."""

    def __init__(self, *errors: GSSError, proves: bool = True) -> None:
        self.caches: list[str | None] = []
        self._errors = list(errors)
        self._proves = proves

    def generate_request_header(self, response: object, host: str, is_preemptive: bool = False) -> str:
        self.caches.append(os.environ.get("KRB5CCNAME"))
        try:
            if self._errors:
                raise self._errors.pop(0)
        except GSSError as error:
            raise KerberosExchangeError(f"authGSSClientStep() failed: {error.args}")  # noqa: B904
        return f"Negotiate for {host}"

    def authenticate_server(self, response: object) -> bool:
        return self._proves


def gss_error(major: int, minor: int) -> GSSError:
    return GSSError(("what went wrong", major), ("and why", minor))


def program(directory: Path, *lines: str) -> str:
    """A kinit of these lines of shell."""
    file = directory / "kinit"
    file.write_text("\n".join(("#!/bin/sh", *lines)) + "\n")
    file.chmod(0o755)
    return str(file)


@pytest.fixture
def kinit(tmp_path: Path) -> Kinit:
    """One that copies the password into the cache, as the ticket, and counts."""
    lines = ('cat > "${KRB5CCNAME#FILE:}"', f'echo "$@" >> "{tmp_path}/calls"')
    return replace(KINIT, command=program(tmp_path, *lines), directory=str(tmp_path))


def calls(kinit: Kinit) -> list[str]:
    file = Path(str(kinit.directory), "calls")
    return file.read_text().splitlines() if file.exists() else []


def caches(kinit: Kinit) -> list[Path]:
    return list(Path(str(kinit.directory)).glob("krb5cc-*/*"))


def failure(kinit: Kinit, cache: Path) -> str:
    with pytest.raises(Recognised) as caught:
        obtain(kinit, cache)
    fault = classify(caught.value)
    assert (fault.row, fault.action) == ("F12", Action.FAIL), "one try: accounts lock out"
    assert SECRET not in f"{fault.text}{fault.remedy}{caught.value!r}"
    return f"{fault.text}. {fault.remedy}"


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({}, ["kinit", "svc@EXO.TEST"]),
        ({"delegation": True}, ["kinit", "-f", "svc@EXO.TEST"]),
        ({"arguments": "-l '1 h' -R", "delegation": True}, ["kinit", "-l", "1 h", "-R", "svc@EXO.TEST"]),
        ({"arguments": " ", "delegation": True}, ["kinit", "-f", "svc@EXO.TEST"]),
        ({"command": "krb 5/kinit"}, ["krb 5/kinit", "svc@EXO.TEST"]),
    ],
)
def test_the_command_line_is_ansibles(options: dict[str, Any], line: list[str]) -> None:
    assert replace(KINIT, **options).line() == line
    assert SECRET not in repr(KINIT)


def test_kinit_sees_the_variables_that_it_was_promised_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KRB5_CONFIG", "/etc/other.conf")
    monkeypatch.setenv("KRB5CCNAME", "FILE:of-the-user")
    monkeypatch.setenv("EXCHANGE_ONLINE_ACCESS_TOKEN", SECRET)
    kinit = replace(KINIT, variables=("KRB5_CONFIG", "KRB5CCNAME", "ABSENT"))
    environment = kinit.environment(Path("/private"))
    assert environment == {"PATH": os.environ["PATH"], "KRB5_CONFIG": "/etc/other.conf", "KRB5CCNAME": "FILE:/private"}


def test_the_password_goes_to_its_standard_input_in_a_session_of_its_own(tmp_path: Path) -> None:
    said = 'cat; echo "$@"; cut -d" " -f6 /proc/$$/stat; echo $$'
    lines = (f'{{ {said}; }} > "${{KRB5CCNAME#FILE:}}"',)
    obtain(replace(KINIT, command=program(tmp_path, *lines)), tmp_path / "cache")
    secret, arguments, session, process = (tmp_path / "cache").read_text().split("\n")[:4]
    assert (secret, arguments) == (SECRET, "svc@EXO.TEST")
    assert session.strip() == process.strip()


def test_a_password_that_nobody_gave_is_empty(tmp_path: Path) -> None:
    obtain(replace(KINIT, password=None, command=program(tmp_path, 'cat > "${KRB5CCNAME#FILE:}"')), tmp_path / "cache")
    assert (tmp_path / "cache").read_text() == "\n"


def test_what_kinit_said_is_told_without_prompts_and_password(tmp_path: Path) -> None:
    lines = ('echo "Password for svc: "', "read secret", 'echo "Expired."', 'echo "no: $secret" >&2', "exit 1")
    text = failure(replace(KINIT, command=program(tmp_path, *lines)), tmp_path / "cache")
    assert "got no ticket for svc@EXO.TEST: Expired. no: <redacted> (tried once" in text
    assert "Check ansible_user (user@REALM" in text


def test_a_kinit_that_says_nothing(tmp_path: Path) -> None:
    assert "svc@EXO.TEST: status 7" in failure(replace(KINIT, command=program(tmp_path, "exit 7")), tmp_path / "cache")


def test_a_kinit_that_is_not_there(tmp_path: Path) -> None:
    text = failure(replace(KINIT, command="kinit-of-nobody"), tmp_path / "cache")
    assert "kinit-of-nobody, which gets Kerberos tickets, cannot be run: No such file or directory. Install it" in text


def test_a_kinit_that_writes_elsewhere(tmp_path: Path) -> None:
    text = failure(replace(KINIT, command=program(tmp_path, "exit 0")), tmp_path / "cache")
    assert "left no ticket in the cache" in text
    assert "Take -c out of ansible_winrm_kinit_args" in text


def test_a_kinit_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kerberos, "KINIT_TIMEOUT", 0.5)
    lines = ("sleep 600 &", f'echo $! > "{tmp_path}/child"', "wait")
    assert "did not end within 0 seconds" in failure(
        replace(KINIT, command=program(tmp_path, *lines)), tmp_path / "cache"
    )
    child = int((tmp_path / "child").read_text())
    for _time in range(500):
        if not _runs(child):
            return
        time.sleep(0.01)
    pytest.fail("what kinit started lives on")


def test_no_place_for_tickets(kinit: Kinit) -> None:
    tickets = ManagedTickets(replace(kinit, directory="/dev/null/absent"))
    authentication = Authentication()
    tickets.guard(authentication)
    with pytest.raises(Recognised, match="there is no place for Kerberos tickets: /dev/null/absent"):
        authentication.generate_request_header(None, "host", is_preemptive=True)


def test_the_cache_is_private_there_while_it_is_asked_for_and_gone_afterwards(
    kinit: Kinit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KRB5CCNAME", "FILE:of-the-user")
    tickets, authentication = ManagedTickets(kinit), Authentication()
    tickets.guard(authentication)
    assert calls(kinit) == [], "nothing before it is needed"
    assert authentication.generate_request_header(None, "host", is_preemptive=True) == "Negotiate for host"
    (cache,) = caches(kinit)
    assert authentication.caches == [f"FILE:{cache}"]
    assert (cache.stat().st_mode & 0o777, cache.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert os.environ["KRB5CCNAME"] == "FILE:of-the-user"
    for _time in range(2):
        tickets.forget()
        assert not cache.parent.exists()


def test_a_variable_that_was_not_set_is_not_set_afterwards(kinit: Kinit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KRB5CCNAME", raising=False)
    tickets = ManagedTickets(kinit)
    authentication = Authentication(gss_error(7 << 16, 0))
    tickets.guard(authentication)
    with pytest.raises(Recognised):
        authentication.generate_request_header(None, "host", is_preemptive=True)
    assert authentication.caches != [None]
    assert "KRB5CCNAME" not in os.environ
    tickets.forget()


def test_two_channels_wait_for_each_other_with_the_variable(kinit: Kinit) -> None:
    mine, others = ManagedTickets(kinit), ManagedTickets(kinit)
    seen: list[str] = []
    entered = threading.Event()

    def other() -> None:
        entered.set()
        with others.at_hand():
            seen.append(os.environ["KRB5CCNAME"])

    with mine.at_hand():
        own = os.environ["KRB5CCNAME"]
        thread = threading.Thread(target=other)
        thread.start()
        entered.wait()
        thread.join(0.3)
        assert seen == []
        assert os.environ["KRB5CCNAME"] == own
    thread.join()
    assert seen != [own]
    mine.forget()
    others.forget()


def test_tickets_that_exist_already_are_found_as_by_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KRB5CCNAME", "FILE:of-the-user")
    tickets, authentication = Tickets(), Authentication()
    tickets.guard(authentication)
    authentication.generate_request_header(None, "host", is_preemptive=True)
    tickets.forget()
    assert authentication.caches == ["FILE:of-the-user"]


def session(tickets: ManagedTickets, *errors: GSSError, proves: bool = True) -> None:
    """A new session asks for a ticket, and looks at the host's proof."""
    authentication = Authentication(*errors, proves=proves)
    tickets.guard(authentication)
    authentication.generate_request_header(None, "host", is_preemptive=True)
    authentication.authenticate_server("answer")


def test_a_ticket_serves_every_session_until_it_is_of_no_use(kinit: Kinit) -> None:
    tickets = ManagedTickets(kinit)
    session(tickets)
    session(tickets)
    assert len(calls(kinit)) == 1
    tickets.judged(refused=True)
    tickets.judged(refused=False)
    session(tickets)
    assert len(calls(kinit)) == 1, "a refusal that was overcome in the same session"
    tickets.judged(refused=True)
    session(tickets)
    assert len(calls(kinit)) == 2, "refused by the host"
    session(tickets, proves=False)
    session(tickets)
    assert len(calls(kinit)) == 3, "the host took it, the library did not"
    with pytest.raises(Recognised, match="has expired"):
        session(tickets, gss_error(11 << 16, 100001))
    session(tickets)
    assert len(calls(kinit)) == 4
    with pytest.raises(Recognised, match="no domain controller"):
        session(tickets, gss_error(13 << 16, -1765328228))
    session(tickets)
    assert len(calls(kinit)) == 4, "that was no fault of the ticket"
    tickets.forget()
    session(tickets)
    assert len(calls(kinit)) == 5
    tickets.forget()


def test_a_kinit_that_failed_is_not_tried_again(tmp_path: Path) -> None:
    command = program(tmp_path, f'echo "$@" >> "{tmp_path}/calls"', "exit 1")
    tickets = ManagedTickets(replace(KINIT, command=command, directory=str(tmp_path)))
    for _time in range(3):
        with pytest.raises(Recognised, match="got no ticket"):
            session(tickets)
    assert len(calls(tickets.kinit)) == 1
    tickets.forget()


@pytest.mark.parametrize(
    ("major", "minor", "row", "action", "says"),
    [
        (13 << 16, -1765328377, "F12", Action.REPEAT, "the realm does not know the service on this host"),
        (13 << 16, -1765328352, "F12", Action.REPEAT, "the Kerberos ticket has expired"),
        (11 << 16, 0, "F12", Action.REPEAT, "the Kerberos ticket has expired"),
        (13 << 16, -1765328351, "F12", Action.REPEAT, "the clocks differ"),
        (13 << 16, -1765328347, "F12", Action.REPEAT, "the clocks differ"),
        (7 << 16, -1765328243, "F12", Action.REPEAT, "there is no Kerberos ticket of the user"),
        (7 << 16, -1765328189, "F12", Action.REPEAT, "there is no Kerberos ticket of the user"),
        (7 << 16, 100001, "F12", Action.REPEAT, "there is no Kerberos ticket of the user"),
        (13 << 16, -1765328228, "F19", Action.RESUME, "no domain controller (KDC) of the realm can be reached"),
        (13 << 16, -1765328230, "F19", Action.RESUME, "no domain controller (KDC) of the realm can be reached"),
        (13 << 16, 2529638919, "F12", Action.REPEAT, "the realm does not know the service on this host"),
        (13 << 16, 4711, "F12", Action.REPEAT, "Kerberos gave no ticket for the host: authGSSClientStep() failed: (('"),
    ],
)
def test_errors_of_gssapi_are_told_by_their_codes(major: int, minor: int, row: str, action: Action, says: str) -> None:
    authentication = Authentication(gss_error(major, minor))
    Tickets().guard(authentication)
    with pytest.raises(Recognised) as caught:
        authentication.generate_request_header(None, "host", is_preemptive=True)
    fault = classify(caught.value)
    assert (fault.row, fault.action) == (row, action)
    assert says in fault.text
    assert fault.remedy


def test_after_a_refusal_the_library_is_let_say_that_it_was_refused() -> None:
    """It answers a KerberosExchangeError with the 401 that it had; a known code says more than that."""
    authentication = Authentication(gss_error(9 << 16, 100001), gss_error(13 << 16, -1765328352))
    Tickets().guard(authentication)
    with pytest.raises(KerberosExchangeError):
        authentication.generate_request_header("401", "host")
    with pytest.raises(Recognised, match="has expired"):
        authentication.generate_request_header("401", "host")


def _runs(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
