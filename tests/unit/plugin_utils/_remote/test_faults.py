# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of faults, row by row: exceptions as pywinrm raises them, never told apart by their text."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from xml.etree.ElementTree import ParseError

import pytest
import requests
import spnego.exceptions
import winrm.exceptions
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote import faults
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.channel import ChannelError
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.errors import ProcessEnded
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.faults import Action, classify
from urllib3.exceptions import MaxRetryError, NewConnectionError

from .fake_channel import FakeChannel, OnSend
from .test_rpc import calls, echoes, invoked, started, wanted


def fault(code: int | None, wmi: int | None = None) -> winrm.exceptions.WSManFaultError:
    return winrm.exceptions.WSManFaultError(
        500, "m", "<xml/>", "Grund", wsman_fault_code=code, wmierror_code=wmi
    )  # fmt: skip


def status(code: int) -> Exception:
    return winrm.exceptions.WinRMTransportError("http", code, "")


def caused(error: Exception, *causes: Exception) -> Exception:
    """An error with its causes behind it, the way ``raise … from`` leaves them."""
    link: BaseException = error
    for cause in causes:
        link.__cause__ = cause
        link = cause
    return error


def verification(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError()
    error.verify_code = code
    return error


def not_connected(cause: Exception) -> Exception:
    """What requests makes of a connection that cannot be opened."""
    unmade = caused(NewConnectionError(None, "unmade"), cause)  # type: ignore[arg-type]
    return caused(requests.ConnectionError(), MaxRetryError(None, "/wsman", unmade), unmade, cause)  # type: ignore[arg-type]


def in_tls(cause: Exception) -> Exception:
    return caused(requests.exceptions.SSLError(), MaxRetryError(None, "/wsman"), cause)  # type: ignore[arg-type]


class MutualAuthenticationError(requests.RequestException):
    """As requests_kerberos has it, which need not be installed."""


@dataclass(frozen=True)
class Case:
    """A fault as pywinrm reports it: the row and what is done, and words that the user reads, remedy included."""

    row: str
    error: Exception
    action: Action
    says: str
    remedy: str = ""


SHELLS, OVERLOAD, WIN_PING = "Get-WSManInstance", "overloaded", "win_ping"
CASES = (
    Case("F1", winrm.exceptions.WinRMOperationTimeoutError(), Action.NOTHING_CAME, "operation timeout", OVERLOAD),
    Case("F1", fault(2150858793), Action.NOTHING_CAME, "operation timeout", OVERLOAD),
    Case("F2", fault(2150858843), Action.LOST, "the remote shell is gone, and PowerShell with it", "again"),
    Case("F3", fault(2150859082), Action.LOST, "the remote shell is gone", "again"),
    Case("F3", fault(2150859087), Action.LOST, "the remote shell is gone", "again"),
    Case("F3", fault(2150859212), Action.LOST, "the remote shell is gone", "again"),
    Case("F4", fault(995), Action.RESUME, "was aborted: the shell or the service is stopping"),
    Case("F5", fault(170), Action.LATER, "stays busy with what was sent before", WIN_PING),
    Case("F6", fault(1460), Action.NOTHING_CAME, "operation timeout", OVERLOAD),
    Case("F7", fault(2150859173), Action.FAIL, "MaxShellsPerUser", SHELLS),
    Case("F7", fault(2150859174), Action.FAIL, "MaxConcurrentOperationsPerUser", SHELLS),
    Case("F7", fault(None, wmi=2150859174), Action.FAIL, "MaxConcurrentOperationsPerUser", SHELLS),
    Case("F7", fault(1, wmi=2150859174), Action.FAIL, "MaxConcurrentOperationsPerUser", SHELLS),
    Case("F7", fault(2150859175), Action.FAIL, "of the user", SHELLS),
    Case("F7", fault(2150859176), Action.FAIL, "of the system", SHELLS),
    Case("F7", fault(2150859179), Action.FAIL, "MaxConcurrentUsers", SHELLS),
    *(Case("F7", fault(code), Action.FAIL, "plug-in", SHELLS) for code in range(2150859236, 2150859243)),
    Case("F7", fault(2150858815), Action.FAIL, "of WinRM", SHELLS),
    Case("F8", fault(2150858817), Action.FAIL, "malformed (schema validation)"),
    Case("F8", fault(2150858823), Action.FAIL, "larger than the host allows", "MaxEnvelopeSizekb"),
    Case("F8", fault(2150858824), Action.FAIL, "larger than the host allows", "MaxEnvelopeSizekb"),
    Case("F8", fault(2150858802), Action.WAIT, "at the same time as another"),
    Case("F8", fault(2150859180), Action.FAIL, "allows no remote shells", "AllowRemoteShellAccess"),
    Case("F8", fault(5), Action.FAIL, "access denied", "Remote Management Users"),
    Case("F9", fault(2147943418), Action.WAIT, "profile is being unloaded"),
    Case("F10", fault(4711), Action.RESUME, "fault 4711: Grund", WIN_PING),
    Case("F10", fault(None), Action.RESUME, "fault None: Grund", WIN_PING),
    Case("F10", status(418), Action.RESUME, "HTTP status 418", WIN_PING),
    Case("F11", status(400), Action.REPEAT, "status 400, also over a new connection", WIN_PING),
    Case("F12", winrm.exceptions.InvalidCredentialsError("no"), Action.REPEAT, "tried once", "ansible_password"),
    Case("F12", MutualAuthenticationError(), Action.RESUME, "did not prove who it is"),
    Case("F12", PermissionError(), Action.FAIL, "does not offer NTLM", "ansible_winrm_transport"),
    Case("F12", status(403), Action.FAIL, "status 403", "account"),
    Case("F13", status(413), Action.SMALLER, "even small messages as too large (HTTP status 413)"),
    Case("F14", status(500), Action.RESUME, "status 500", "ansible_winrm_message_encryption"),
    Case("F15", status(502), Action.RESUME, "status 502", "ansible_winrm_proxy"),
    Case("F15", status(503), Action.RESUME, "status 503", "WinRM there"),
    Case("F15", status(504), Action.RESUME, "status 504", "ansible_winrm_proxy"),
    Case("F15", status(407), Action.FAIL, "status 407", "ansible_winrm_proxy"),
    Case("F16", status(404), Action.FAIL, "status 404", "ansible_winrm_path"),
    Case("F17", ParseError("syntax"), Action.FAIL, "not that of a WSMan service", "captive portal"),
    Case("F17", AttributeError("'NoneType'"), Action.RESUME, "(AttributeError)", "captive portal"),
    Case("F18", StopIteration(), Action.LOST, "without an exit code", "again"),
    Case("F19", requests.ConnectionError(), Action.RESUME, "the connection broke", "firewall"),
    Case("F19", requests.exceptions.ChunkedEncodingError(), Action.RESUME, "the connection broke", "firewall"),
    Case("F19", ConnectionResetError(104, "reset"), Action.RESUME, "the connection broke", "firewall"),
    Case("F19", requests.ReadTimeout(), Action.RESUME, "did not answer in time", "firewall"),
    Case("F19", requests.ConnectTimeout(), Action.RESUME, "cannot be reached in time", "firewall"),
    Case("F19", not_connected(ConnectionRefusedError()), Action.RESUME, "was refused", "Enable-PSRemoting"),
    Case("F19", not_connected(PermissionError()), Action.RESUME, "cannot be made", "firewall"),
    Case("F19", not_connected(socket.gaierror(-2, "?")), Action.RESUME, "cannot be resolved", "ansible_host"),
    Case("F19", requests.exceptions.ProxyError(), Action.RESUME, "the proxy cannot be used", "ansible_winrm_proxy"),
    Case(
        "F19",
        caused(requests.exceptions.ProxyError(), ConnectionRefusedError()),
        Action.RESUME,
        "the proxy cannot be used",
        "ansible_winrm_proxy",
    ),
    Case("F19", requests.exceptions.InvalidURL(), Action.FAIL, "no address", "ansible_host"),
    Case("F19", requests.exceptions.SSLError(), Action.FAIL, "TLS cannot be agreed on", "ansible_winrm_scheme"),
    Case("F19", in_tls(ssl.SSLEOFError()), Action.RESUME, "ended within TLS", "ansible_winrm_scheme"),
    Case("F19", in_tls(ssl.SSLZeroReturnError()), Action.RESUME, "ended within TLS", "ansible_winrm_scheme"),
    Case("F19", in_tls(verification(18)), Action.FAIL, "certificate is not trusted", "ansible_winrm_ca_trust_path"),
    Case("F19", in_tls(verification(62)), Action.FAIL, "certificate is for another name", "ansible_host"),
    Case("F19", in_tls(verification(64)), Action.FAIL, "certificate is for another name", "ansible_host"),
    Case("F19", in_tls(verification(10)), Action.FAIL, "certificate has expired", "Renew"),
    Case("F20", spnego.exceptions.BadMICError(), Action.RESUME, "the authentication broke", WIN_PING),
    Case("F21", fault(109), Action.LOST, "PowerShell has ended (broken pipe)", "again"),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.row} {case.error!r}")
def test_row(case: Case) -> None:
    found = classify(case.error)
    assert (found.row, found.action) == (case.row, case.action)
    assert case.says in found.text
    assert case.remedy in found.remedy


def test_f21_a_process_that_has_ended_is_reported_with_its_last_words() -> None:
    channel = FakeChannel()
    client = started(channel)
    channel.dies_with = (7, b"", b"out of memory")
    with pytest.raises(ProcessEnded, match=r"before it had answered, exit code 7\. It printed: out of memory"):
        client.request("ping")


def test_f22_half_a_line_is_said_again_after_a_line_feed() -> None:
    """The runner answers it with bad_frame, and goes on with what came whole."""
    channel = FakeChannel(on_send=[OnSend.ARRIVES, OnSend.ARRIVES, OnSend.CUT_SILENTLY])
    client = started(channel)
    assert sorted(echoes(client.stream(calls(range(10))))) == wanted(range(10))
    assert sorted(invoked(channel.runner)) == [str(number) for number in range(10)]
    assert all(sent.startswith(b"\n") for sent in channel.sends[1:])


def test_f22_what_never_arrives_whole_ends_the_run() -> None:
    channel = FakeChannel(on_send=[OnSend.ARRIVES, OnSend.ARRIVES, *[OnSend.CUT_SILENTLY] * 1000])
    with pytest.raises(ChannelError, match="lost 10 times in a row: what was sent or answered did not arrive whole"):
        list(started(channel).stream(calls(range(10))))


def test_no_row_is_without_a_case() -> None:
    """Winrm facts section 6 has rows F1 to F22; the last two are told by the process, and have tests of their own."""
    own = {name.split("_")[1].upper() for name in globals() if name.startswith("test_f")}
    assert {case.row for case in CASES} | own == {f"F{number}" for number in range(1, 23)}


def test_no_code_or_status_is_without_a_case() -> None:
    known = {*faults._BY_CODE, *faults._BY_STATUS}
    tried = {
        getattr(case.error, name, None) for case in CASES for name in ("wsman_fault_code", "wmierror_code", "code")
    }
    assert known - tried == set()


def test_what_was_handled_before_is_no_cause() -> None:
    error, handled = requests.ConnectionError(), ParseError("an earlier answer")
    error.__context__ = handled
    assert classify(error, handled).row == "F19"
    assert classify(error).row == "F17"


def test_a_timeout_that_pywinrm_found_in_an_http_error_is_a_timeout() -> None:
    error = winrm.exceptions.WinRMOperationTimeoutError()
    error.__context__ = status(500)
    assert classify(error).action is Action.NOTHING_CAME
