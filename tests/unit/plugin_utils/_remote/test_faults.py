# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of faults, row by row: exceptions as pywinrm raises them, never told apart by their text."""

from __future__ import annotations

import socket
import ssl
from xml.etree.ElementTree import ParseError

import pytest
import requests
import spnego.exceptions
import winrm.exceptions
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.faults import Action, classify
from urllib3.exceptions import MaxRetryError, NewConnectionError


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


@pytest.mark.parametrize(
    ("error", "row", "action"),
    [
        (winrm.exceptions.WinRMOperationTimeoutError(), "F1", Action.NOTHING_CAME),
        (fault(2150858793), "F1", Action.NOTHING_CAME),
        (fault(2150858843), "F2", Action.LOST),
        (fault(2150859082), "F3", Action.LOST),
        (fault(2150859087), "F3", Action.LOST),
        (fault(2150859212), "F3", Action.LOST),
        (fault(995), "F4", Action.RESUME),
        (fault(170), "F5", Action.LATER),
        (fault(1460), "F6", Action.NOTHING_CAME),
        (fault(2150859173), "F7", Action.FAIL),
        (fault(None, wmi=2150859174), "F7", Action.FAIL),
        (fault(1, wmi=2150859174), "F7", Action.FAIL),
        (fault(2150859242), "F7", Action.FAIL),
        (fault(2150858815), "F7", Action.FAIL),
        (fault(2150858817), "F8", Action.FAIL),
        (fault(2150858823), "F8", Action.FAIL),
        (fault(2150858802), "F8", Action.WAIT),
        (fault(2150859180), "F8", Action.FAIL),
        (fault(5), "F8", Action.FAIL),
        (fault(2147943418), "F9", Action.WAIT),
        (fault(4711), "F10", Action.RESUME),
        (fault(None), "F10", Action.RESUME),
        (status(400), "F11", Action.REPEAT),
        (status(413), "F13", Action.SMALLER),
        (status(500), "F14", Action.RESUME),
        (status(407), "F15", Action.FAIL),
        (status(502), "F15", Action.RESUME),
        (status(503), "F15", Action.RESUME),
        (status(504), "F15", Action.RESUME),
        (status(404), "F16", Action.FAIL),
        (status(418), "F10", Action.RESUME),
        (winrm.exceptions.InvalidCredentialsError("no"), "F12", Action.REPEAT),
        (ParseError("syntax"), "F17", Action.FAIL),
        (AttributeError("'NoneType'"), "F17", Action.RESUME),
        (StopIteration(), "F18", Action.LOST),
        (requests.ConnectionError(), "F19", Action.RESUME),
        (requests.exceptions.ChunkedEncodingError(), "F19", Action.RESUME),
        (requests.ReadTimeout(), "F19", Action.RESUME),
        (requests.ConnectTimeout(), "F19", Action.RESUME),
        (requests.exceptions.ProxyError(), "F19", Action.RESUME),
        (requests.exceptions.SSLError(), "F19", Action.FAIL),
        (not_connected(ConnectionRefusedError()), "F19", Action.RESUME),
        (not_connected(socket.gaierror(-2, "?")), "F19", Action.RESUME),
        (ConnectionResetError(104, "reset"), "F19", Action.RESUME),
        (spnego.exceptions.BadMICError(), "F20", Action.RESUME),
        (fault(109), "F21", Action.LOST),
    ],
    ids=repr,
)
def test_row(error: Exception, row: str, action: Action) -> None:
    found = classify(error)
    assert (found.row, found.action) == (row, action)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (not_connected(ConnectionRefusedError()), "the connection was refused"),
        (not_connected(socket.gaierror(-2, "?")), "the name cannot be resolved"),
        (not_connected(PermissionError()), "the connection cannot be made"),
        (caused(requests.exceptions.ProxyError(), ConnectionRefusedError()), "the proxy cannot be used"),
        (caused(requests.exceptions.SSLError(), verification(18)), "its certificate is not trusted"),
        (caused(requests.exceptions.SSLError(), verification(62)), "its certificate is for another name"),
        (caused(requests.exceptions.SSLError(), verification(10)), "its certificate has expired"),
        (PermissionError(), "the host does not offer NTLM"),
        (fault(4711), "fault 4711: Grund"),
    ],
    ids=repr,
)
def test_what_the_user_reads(error: Exception, words: str) -> None:
    assert words in classify(error).text


def test_every_end_names_a_remedy_or_says_all() -> None:
    wordless = {"F4", "F5", "F8", "F9", "F13"}
    codes = [2150858843, 2150859173, 2150858823, 2150859180, 5, 4711]
    for error in [*map(fault, codes), *map(status, (400, 404, 407, 500, 502)), ParseError(), requests.ReadTimeout()]:
        assert classify(error).remedy or classify(error).row in wordless


def test_what_was_handled_before_is_no_cause() -> None:
    error, handled = requests.ConnectionError(), ParseError("an earlier answer")
    error.__context__ = handled
    assert classify(error, handled).row == "F19"
    assert classify(error).row == "F17"


def test_a_timeout_that_pywinrm_found_in_an_http_error_is_a_timeout() -> None:
    error = winrm.exceptions.WinRMOperationTimeoutError()
    error.__context__ = status(500)
    assert classify(error).action is Action.NOTHING_CAME
