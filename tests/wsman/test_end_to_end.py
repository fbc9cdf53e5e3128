# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every fault on the way to PowerShell, at every step of a conversation: what is survived, and how the rest ends.

Each time each answer is that of its request, nothing is carried out twice, and neither a process nor a shell is left.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from unittest import mock

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote import contact, rpc
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.channel import (
    ChannelError,
    ChannelInterrupted,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.errors import (
    AnswerOverdue,
    LoginRefused,
    ProcessEnded,
    ShellLost,
    ShellRefused,
)
from ansible_collections.email_router.exchange_online.tests.simulator.wsman import (
    Action,
    BadMic,
    CloseCommand,
    Code,
    CutSend,
    DropIdle,
    Fault,
    ForgetSignIn,
    HttpAnswer,
    KillProcess,
    LoseExitCode,
    LoseShell,
    OrphanReceive,
    Reboot,
    Refuse,
    Reset,
    Slow,
    SoapFault,
)
from ansible_collections.email_router.exchange_online.tests.simulator.wsman.injection import Kind
from ansible_collections.email_router.exchange_online.tests.unit.plugin_utils._remote.test_rpc import READ, WRITE, call

from .far_end import FarEnd, far_end

REQUESTS = [call(number, WRITE if number % 20 == 11 else READ) for number in range(60)]
PAGE = b"<html><p>Sign in"
EVER = 100_000
BOTH = (Action.SEND, Action.RECEIVE)
STEPS = (Action.CREATE, Action.COMMAND)


@pytest.fixture(autouse=True)
def brisk() -> Iterator[None]:
    """What takes half a minute takes a second."""
    with (
        mock.patch.object(rpc, "PING_AFTER", 1.0),
        mock.patch.object(contact, "RECONNECT_FOR", 1.5),
        mock.patch.object(contact, "PARTING_SECONDS", 1),
        mock.patch.object(contact, "PARTING_FOR", 4.0),
    ):
        yield


@pytest.fixture
def far() -> Iterator[FarEnd]:
    with far_end() as running:
        yield running
        running.assert_nothing_left()


@dataclass(frozen=True)
class Told:
    """How a run ends: the class of the error, and words of its text."""

    error: type[ChannelError]
    words: str


def stream(far: FarEnd, client: rpc.RpcClient, patience: float = 30.0) -> dict[int, str]:
    """The answers, each looked at; what was carried out, counted. An error is let through once all that is done."""
    answers: dict[int, str] = {}
    before = len(far.executed())
    try:
        for token, reply in client.stream(REQUESTS, patience):
            assert token not in answers
            answers[token] = reply.body["rows"][0]["Echo"]
    finally:
        assert all(answers[token] == str(token) for token in answers)
        executed = far.executed()[before:]
        assert len(executed) == len(set(executed))
        assert {str(token) for token in answers} <= set(executed)
        assert len(far.endpoint.processes) == 1
    return answers


#: One fault → the steps that it may strike.
SURVIVED: dict[str, tuple[Fault, tuple[Action, ...]]] = {
    "F1 nothing came": (Fault(SoapFault(Code.OPERATION_TIMEOUT), None), BOTH),
    "F1 nothing came, and yet": (Fault(SoapFault(Code.OPERATION_TIMEOUT), None, acted=True), BOTH),
    "F4 aborted": (Fault(SoapFault(Code.OPERATION_ABORTED), None), BOTH),
    "F4 aborted, and yet": (Fault(SoapFault(Code.OPERATION_ABORTED), None, acted=True), BOTH),
    "F5 busy": (Fault(SoapFault(Code.BUSY), None, times=5), (Action.SEND,)),
    "F6 plug-in timeout": (Fault(SoapFault(Code.PLUGIN_TIMEOUT), None), (Action.SEND,)),
    "F8 at the same time": (Fault(SoapFault(Code.CONCURRENCY), None, times=3), BOTH),
    "F9 profile": (Fault(SoapFault(Code.PROFILE_BEING_UNLOADED), None), BOTH),
    "F10 unknown": (Fault(SoapFault(4711), None), BOTH),
    "F11 not readable": (Fault(HttpAnswer(400), None), BOTH),
    "F11 dropped while idle": (Fault(DropIdle(), None), BOTH),
    "F12 rejected once": (Fault(HttpAnswer(401), None), BOTH),
    "F12 sign-in forgotten": (Fault(ForgetSignIn(), None), BOTH),
    "F14 empty 500": (Fault(HttpAnswer(500), None, acted=True), BOTH),
    "F15 502": (Fault(HttpAnswer(502, PAGE), None, times=2), BOTH),
    "F15 503": (Fault(HttpAnswer(503), None, times=4), BOTH),
    "F15 504": (Fault(HttpAnswer(504), None, times=2), BOTH),
    "F19 reset before": (Fault(Reset(), None), BOTH),
    "F19 reset after": (Fault(Reset(), None, acted=True), BOTH),
    "F19 refused for a while": (Fault(Refuse(0.5), None), BOTH),
    "F19 trickle": (Fault(Slow(1.5, pieces=30), None), BOTH),
    "F19 silent": (Fault(Slow(4.0), None), BOTH),
    "F19 orphaned": (Fault(OrphanReceive(), None), (Action.RECEIVE,)),
    "F20 signature": (Fault(BadMic(), None), BOTH),
    "F22 half a line": (Fault(CutSend(), None), (Action.SEND,)),
    "F22 half a line, silently": (Fault(CutSend(silent=True), None), (Action.SEND,)),
}


@pytest.fixture(scope="module")
def lasting() -> Iterator[tuple[FarEnd, rpc.RpcClient]]:
    """One conversation for all that is survived."""
    with far_end() as running:
        client = running.client()
        yield running, client
        client.close()
        running.assert_nothing_left()


@pytest.mark.parametrize(("name", "action"), [(name, on) for name, (_fault, steps) in SURVIVED.items() for on in steps])
def test_survived(lasting: tuple[FarEnd, rpc.RpcClient], name: str, action: Action) -> None:
    far, client = lasting
    fault = SURVIVED[name][0]
    far.endpoint.faults.fired.clear()
    far.endpoint.faults.add(Fault(fault.kind, action, nth=2, times=fault.times, acted=fault.acted))
    assert len(stream(far, client)) == len(REQUESTS)
    assert len(far.endpoint.faults.fired) == fault.times


AWAY = Told(ChannelError, "Contact (with PowerShell )?was lost")
GONE = Told(ShellLost, "the remote shell is gone, and PowerShell with it .* Run the task again")
ENDED: dict[str, tuple[Kind, tuple[Action, ...], Told]] = {
    "F1 never": (SoapFault(Code.OPERATION_TIMEOUT), BOTH, Told(AnswerOverdue, "did not answer .* within 4 seconds")),
    "F2 shell gone": (LoseShell(), BOTH, GONE),
    "F2 reboot": (Reboot(0.3), (Action.RECEIVE,), GONE),
    "F3 command closed": (CloseCommand(), BOTH, GONE),
    "F3 command terminated": (SoapFault(Code.COMMAND_TERMINATED), (Action.RECEIVE,), GONE),
    "F4 aborted": (SoapFault(Code.OPERATION_ABORTED), BOTH, AWAY),
    "F5 busy": (SoapFault(Code.BUSY), (Action.SEND,), Told(AnswerOverdue, "within 4 seconds")),
    "F6 never": (SoapFault(Code.PLUGIN_TIMEOUT), (Action.SEND,), Told(AnswerOverdue, "within 4 seconds")),
    "F7 quota": (SoapFault(Code.USER_QUOTA), BOTH, Told(ChannelError, "quota of the user .*Get-WSManInstance")),
    "F8 denied": (SoapFault(Code.ACCESS_DENIED), BOTH, Told(ChannelError, "access denied.*Remote Management Users")),
    "F8 at the same time": (SoapFault(Code.CONCURRENCY), BOTH, Told(ChannelError, "at the same time as another")),
    "F9 profile": (SoapFault(Code.PROFILE_BEING_UNLOADED), BOTH, Told(ChannelError, "profile is being unloaded")),
    "F10 unknown": (SoapFault(4711), BOTH, AWAY),
    "F11 not readable": (HttpAnswer(400), BOTH, Told(ChannelError, "400, also over a new connection.*win_ping")),
    "F12 forbidden": (HttpAnswer(403), BOTH, Told(ChannelError, "forbids it .*Check the account")),
    "F13 too large": (HttpAnswer(413), (Action.SEND,), Told(ChannelError, "even small messages as too large")),
    "F14 empty 500": (HttpAnswer(500), BOTH, AWAY),
    "F15 502": (HttpAnswer(502), BOTH, AWAY),
    "F15 503": (HttpAnswer(503), BOTH, AWAY),
    "F15 504": (HttpAnswer(504), BOTH, AWAY),
    "F15 407": (HttpAnswer(407), BOTH, Told(ChannelError, "a proxy asks for a sign-in.*ansible_winrm_proxy")),
    "F16 404": (HttpAnswer(404), BOTH, Told(ChannelError, "nothing is served at this path.*ansible_winrm_path")),
    "F17 page": (
        HttpAnswer(200, PAGE),
        (Action.RECEIVE,),
        Told(ChannelError, r"it begins: <html><p>Sign in\).*portal"),
    ),
    "F18 no exit code": (LoseExitCode(), (Action.RECEIVE,), Told(ShellLost, "without an exit code")),
    "F19 reset": (Reset(), BOTH, AWAY),
    "F20 signature": (BadMic(), (Action.RECEIVE,), AWAY),
    "F21 killed": (KillProcess(), BOTH, Told(ProcessEnded, "PowerShell ended before it had answered, exit code 1")),
    "F22 half a line": (CutSend(silent=True), (Action.SEND,), Told(ChannelError, "did not arrive whole")),
}


@pytest.mark.parametrize(
    ("name", "action"), [(name, on) for name, (_kind, steps, _told) in ENDED.items() for on in steps]
)
def test_ended(far: FarEnd, name: str, action: Action) -> None:
    """Again and again, from the middle on. The run ends in time, with the words of the fault."""
    kind, _steps, told = ENDED[name]
    client = far.client()
    far.endpoint.faults.add(Fault(kind, action, nth=2, times=EVER))
    begun = time.monotonic()
    with pytest.raises(told.error, match=told.words) as caught:
        stream(far, client, patience=4.0)
    assert not isinstance(caught.value, ChannelInterrupted)
    assert time.monotonic() - begun < 30
    with pytest.raises(ChannelError, match=told.words):
        client.request("ping")
    client.close()


def test_ended_by_a_host_that_stays_away_for_long(far: FarEnd) -> None:
    """What is left there is ended all the same where it comes back in time."""
    client = far.client(sleep=time.sleep)
    far.endpoint.faults.add(Fault(Refuse(5.0), Action.SEND))
    with pytest.raises(ChannelError, match=r"Contact was lost.*refused\. Check ansible_host and ansible_port"):
        stream(far, client)
    with mock.patch.object(contact, "PARTING_FOR", 8.0):
        client.close()


def test_ended_by_a_reboot_in_the_middle_of_a_send(far: FarEnd) -> None:
    client = far.client()
    far.endpoint.faults.add(Fault(Reboot(0.3), Action.SEND, nth=2))
    with pytest.raises(ShellLost, match="the remote shell is gone"):
        stream(far, client)
    client.close()


#: At the first contact nothing is tried twice, a profile and a request at the same time apart.
STARTING: dict[str, tuple[Kind, Told]] = {
    "F1": (SoapFault(Code.OPERATION_TIMEOUT), Told(ShellRefused, "overloaded")),
    "F2": (SoapFault(Code.UNEXPECTED_SELECTORS), Told(ShellRefused, "the remote shell is gone")),
    "F3": (SoapFault(Code.SHELL_ALREADY_CLOSED), Told(ShellRefused, "the remote shell is gone")),
    "F4": (SoapFault(Code.OPERATION_ABORTED), Told(ShellRefused, "stopping")),
    "F5": (SoapFault(Code.BUSY), Told(ShellRefused, "stays busy")),
    "F7": (SoapFault(Code.MAX_SHELLS), Told(ShellRefused, "MaxShellsPerUser .*raise MaxShellsPerUser")),
    "F7 operations": (SoapFault(Code.MAX_OPERATIONS), Told(ShellRefused, "MaxConcurrentOperationsPerUser")),
    "F7 users": (SoapFault(Code.SHELL_USERS), Told(ShellRefused, "MaxConcurrentUsers")),
    "F7 plug-in": (SoapFault(Code.PLUGIN_QUOTA), Told(ShellRefused, "plug-in")),
    "F8": (SoapFault(Code.SCHEMA), Told(ShellRefused, "malformed")),
    "F8 shells": (SoapFault(Code.SHELLS_NOT_ALLOWED), Told(ShellRefused, "AllowRemoteShellAccess")),
    "F9": (SoapFault(Code.PROFILE_BEING_UNLOADED), Told(ShellRefused, "profile")),
    "F10": (SoapFault(4711), Told(ShellRefused, "fault 4711.*win_ping")),
    "F11": (HttpAnswer(400), Told(ChannelError, "HTTP status 400")),
    "F12": (HttpAnswer(401), Told(LoginRefused, "the sign-in was refused.*ansible_password")),
    "F13": (HttpAnswer(413), Told(ChannelError, "HTTP status 413")),
    "F14": (HttpAnswer(500), Told(ChannelError, "ansible_winrm_message_encryption")),
    "F15": (HttpAnswer(503), Told(ChannelError, "HTTP status 503")),
    "F16": (HttpAnswer(404), Told(ChannelError, "ansible_winrm_path")),
    "F17": (HttpAnswer(200, PAGE), Told(ChannelError, "it begins: <html>")),
    "F17 XML": (HttpAnswer(200, b"<html><p/></html>"), Told(ChannelError, "not that of a WSMan service")),
    "F19": (Reset(), Told(ChannelError, "the connection broke")),
    "F20": (BadMic(), Told(LoginRefused, "the authentication broke.*win_ping")),
}


@pytest.mark.parametrize("action", STEPS)
@pytest.mark.parametrize("name", STARTING)
def test_refused_at_the_first_contact(name: str, action: Action) -> None:
    """Where the shell is there, it is deleted; one whose id was never heard ends by itself (winrm facts rule 2)."""
    kind, told = STARTING[name]
    with far_end() as far:
        far.endpoint.faults.add(Fault(kind, action, times=EVER))
        channel = far.channel()
        with pytest.raises(told.error, match=told.words) as caught:
            channel.open("powershell.exe", [])
        assert caught.type is told.error
        channel.close()
        left = list(far.endpoint.service.shells._shells.values())
        unheard = isinstance(kind, BadMic) and action is Action.CREATE
        shut_out = isinstance(kind, HttpAnswer) and kind.status == 401 and action is Action.COMMAND
        assert [shell.idle_timeout for shell in left] == [900.0] * (unheard or shut_out)
        assert len(far.endpoint.processes) == (isinstance(kind, BadMic) and action is Action.COMMAND)
        assert not any(process.alive for process in far.endpoint.processes)
        assert far.endpoint.requests[Action.COMMAND] <= (2 if action is Action.COMMAND else 0)


@pytest.mark.parametrize("action", STEPS)
def test_a_start_that_was_carried_out_unheard_is_not_repeated(far: FarEnd, action: Action) -> None:
    far.endpoint.faults.add(Fault(Reset(), action, acted=True))
    channel = far.channel()
    with pytest.raises(ChannelError, match="the connection broke"):
        channel.open("powershell.exe", [])
    assert far.endpoint.requests[action] == 1
    channel.close()
    left = list(far.endpoint.service.shells._shells.values())
    assert [shell.idle_timeout for shell in left] == ([900.0] if action is Action.CREATE else [])
    far.endpoint.service.shells.delete_all()


PARTING: tuple[Fault, ...] = (
    Fault(SoapFault(Code.OPERATION_TIMEOUT), None),
    Fault(SoapFault(Code.OPERATION_ABORTED), None),
    Fault(SoapFault(Code.BUSY), None, times=2),
    Fault(SoapFault(4711), None),
    Fault(LoseShell(), None),
    Fault(CloseCommand(), None),
    Fault(KillProcess(), None),
    Fault(HttpAnswer(400), None),
    Fault(HttpAnswer(401), None),
    Fault(HttpAnswer(500), None, acted=True),
    Fault(HttpAnswer(503), None, times=2),
    Fault(HttpAnswer(200, PAGE), None),
    Fault(Reset(), None),
    Fault(Reset(), None, acted=True),
    Fault(Refuse(0.5), None),
    Fault(Reboot(0.5), None),
    Fault(BadMic(), None),
    Fault(DropIdle(), None),
    Fault(ForgetSignIn(), None),
    Fault(Slow(3.0), None),
)


@pytest.mark.parametrize("action", [Action.SIGNAL, Action.DELETE])
@pytest.mark.parametrize("fault", PARTING, ids=str)
def test_the_end_leaves_nothing_and_never_fails(far: FarEnd, fault: Fault, action: Action) -> None:
    channel = far.channel()
    channel.open("echo", [])
    far.endpoint.faults.add(Fault(fault.kind, action, times=fault.times, acted=fault.acted))
    begun = time.monotonic()
    channel.terminate()
    channel.close()
    assert time.monotonic() - begun < 12
    assert far.endpoint.faults.fired


def rows(*tables: dict[str, Any]) -> set[str]:
    return {name.split()[0] for table in tables for name in table}


def test_every_row_strikes_somewhere() -> None:
    assert rows(SURVIVED, ENDED, STARTING) == {f"F{number}" for number in range(1, 23)}
