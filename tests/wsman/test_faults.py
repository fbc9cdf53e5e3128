# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each injected fault, as pywinrm 0.5.0 reports it: the exceptions of winrm facts section 6, F1 to F21."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass

import pytest
import requests
import spnego
from ansible_collections.email_router.exchange_online.tests.simulator.wsman import (
    Action,
    Authority,
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
from winrm.exceptions import (
    InvalidCredentialsError,
    WinRMOperationTimeoutError,
    WinRMTransportError,
    WSManFaultError,
)

from .client import connect, converse, wait_until
from .conftest import Serve


@dataclass(frozen=True)
class Case:
    """A fault, and what pywinrm makes of it: an exception with these attributes."""

    kind: Kind
    raises: type[BaseException]
    code: int | None = None
    wmierror_code: int | None = None


CASES = {
    "F1 operation timeout": Case(SoapFault(Code.OPERATION_TIMEOUT), WinRMOperationTimeoutError),
    "F2 shell gone": Case(LoseShell(), WSManFaultError, 2150858843),
    "F3 command closed": Case(CloseCommand(), WSManFaultError, 2150859087),
    "F3 shell closed": Case(SoapFault(Code.SHELL_ALREADY_CLOSED), WSManFaultError, 2150859082),
    "F3 command terminated": Case(SoapFault(Code.COMMAND_TERMINATED), WSManFaultError, 2150859212),
    "F4 operation aborted": Case(SoapFault(Code.OPERATION_ABORTED), WSManFaultError, 995),
    "F5 busy": Case(SoapFault(Code.BUSY), WSManFaultError, 170),
    "F6 timeout of winrscmd.dll": Case(SoapFault(Code.PLUGIN_TIMEOUT), WSManFaultError, 1460),
    "F7 too many shells": Case(SoapFault(Code.MAX_SHELLS), WSManFaultError, 2150859173),
    "F7 too many operations": Case(SoapFault(Code.MAX_OPERATIONS), WSManFaultError, None, 2150859174),
    "F7 quota of the user": Case(SoapFault(Code.USER_QUOTA), WSManFaultError, 2150859175),
    "F7 quota of the system": Case(SoapFault(Code.SYSTEM_QUOTA), WSManFaultError, 2150859176),
    "F7 users of shells": Case(SoapFault(Code.SHELL_USERS), WSManFaultError, 2150859179),
    "F7 quota of a plug-in": Case(SoapFault(Code.PLUGIN_QUOTA), WSManFaultError, 2150859236),
    "F8 schema": Case(SoapFault(Code.SCHEMA), WSManFaultError, 2150858817),
    "F9 profile": Case(SoapFault(Code.PROFILE_BEING_UNLOADED), WSManFaultError, 2147943418),
    "F10 unknown code": Case(SoapFault(4711), WSManFaultError, 4711),
    "F11 400": Case(HttpAnswer(400), WinRMTransportError),
    "F12 401": Case(HttpAnswer(401), InvalidCredentialsError),
    "F13 413": Case(HttpAnswer(413), WinRMTransportError),
    "F14 500 empty": Case(HttpAnswer(500), WinRMTransportError),
    "F14 500 HTML": Case(HttpAnswer(500, b"<html>broken</html>"), WinRMTransportError),
    "F15 502": Case(HttpAnswer(502, b"<html>proxy</html>"), WinRMTransportError),
    "F15 503": Case(HttpAnswer(503), WinRMTransportError),
    "F15 504": Case(HttpAnswer(504), WinRMTransportError),
    "F17 200 with rubbish": Case(HttpAnswer(200, b"<html><p>Sign in</html>"), ET.ParseError),
    "F17 200 empty": Case(HttpAnswer(200, b"", "application/soap+xml"), ET.ParseError),
    "F18 done without exit code": Case(LoseExitCode(), StopIteration),
    "F19 reset": Case(Reset(), requests.ConnectionError),
    "F19 orphaned": Case(OrphanReceive(), requests.ConnectionError),
    "F19 refused": Case(Refuse(0.2), requests.ConnectionError),
    "F19 reboot": Case(Reboot(0.2), requests.ConnectionError),
    "F19 silent server": Case(Slow(60), requests.ReadTimeout),
    "F20 bad MIC": Case(BadMic(), spnego.exceptions.BadMICError),
}


@pytest.mark.parametrize("name", CASES)
def test_pywinrm_raises_what_the_facts_say(name: str, serve: Serve) -> None:
    case, endpoint = CASES[name], serve()
    talk = converse(connect(endpoint, read_timeout_sec=2), "echo")
    endpoint.faults.add(Fault(case.kind, on=Action.RECEIVE))
    with pytest.raises(case.raises) as raised:
        talk.receive()
    error = raised.value
    if isinstance(error, WSManFaultError):
        assert (error.wsman_fault_code, error.wmierror_code, error.code) == (case.code, case.wmierror_code, 500)
    if isinstance(error, WinRMTransportError):
        assert isinstance(case.kind, HttpAnswer)
        assert error.code == case.kind.status
    assert len(endpoint.faults.fired) == 1


def test_f21_a_process_that_dies_is_done_and_takes_no_more_input(serve: Serve) -> None:
    endpoint = serve()
    talk = converse(connect(endpoint), "echo")
    endpoint.faults.add(Fault(KillProcess(), on=Action.RECEIVE))
    assert talk.receive() == (b"", b"", 1, True)
    with pytest.raises(WSManFaultError) as failed:
        talk.send(b"more\n")
    assert (failed.value.wsman_fault_code, failed.value.code) == (Code.PIPE_ENDED, 500)


def test_f21_a_send_to_a_process_that_was_just_killed_fails(serve: Serve) -> None:
    endpoint = serve()
    talk = converse(connect(endpoint), "echo")
    endpoint.faults.add(Fault(KillProcess(), on=Action.SEND))
    with pytest.raises(WSManFaultError) as failed:
        talk.send(b"to nobody\n")
    assert failed.value.wsman_fault_code == Code.PIPE_ENDED


def test_f11_an_idle_connection_is_dropped_and_only_close_session_heals_it(serve: Serve) -> None:
    endpoint = serve()
    talk = converse(connect(endpoint), "echo")
    assert talk.lockstep(b"one\n") == b"one\n"
    endpoint.drop_connections()
    for _attempt in range(3):
        with pytest.raises(WinRMTransportError) as refused:
            talk.send(b"never arrives\n")
        assert refused.value.code == 400
    talk.protocol.transport.close_session()
    assert talk.lockstep(b"two\n") == b"two\n"


def test_f11_over_tls_an_idle_drop_heals_by_itself(serve: Serve, authority: Authority) -> None:
    endpoint = serve(authority=authority)
    talk = converse(connect(endpoint), "echo")
    before = endpoint.requests[Action.HANDSHAKE]
    endpoint.drop_connections()
    assert talk.lockstep(b"one\n") == b"one\n"
    assert endpoint.requests[Action.HANDSHAKE] == before + 2


def test_f19_after_a_reset_the_session_stays_broken_until_it_is_closed(serve: Serve) -> None:
    endpoint = serve()
    talk = converse(connect(endpoint), "echo")
    endpoint.faults.add(Fault(Reset(), on=Action.RECEIVE))
    talk.send(b"one\n")
    with pytest.raises(requests.ConnectionError):
        talk.receive()
    with pytest.raises(WinRMTransportError, match="400"):
        talk.receive()
    talk.protocol.transport.close_session()
    assert talk.receive()[0] == b"one\n"


@pytest.mark.parametrize("acted", [False, True])
def test_a_send_whose_answer_is_lost_may_have_been_served(acted: bool, serve: Serve) -> None:
    endpoint = serve()
    talk = converse(connect(endpoint), "echo")
    endpoint.faults.add(Fault(Reset(), on=Action.SEND, nth=2, acted=acted))
    talk.send(b"one\n")
    with pytest.raises(requests.ConnectionError):
        talk.send(b"two\n")
    talk.protocol.transport.close_session()
    talk.send(b"three\n", end=True)
    assert talk.drain()[0] == (b"one\ntwo\nthree\n" if acted else b"one\nthree\n")


def test_an_orphaned_receive_takes_output_that_nobody_gets(serve: Serve) -> None:
    endpoint = serve()
    talk = converse(connect(endpoint), "echo")
    endpoint.faults.add(Fault(SoapFault(Code.OPERATION_TIMEOUT), on=Action.RECEIVE, acted=True))
    talk.send(b"lost\n")
    with pytest.raises(WinRMOperationTimeoutError):
        talk.receive()
    assert talk.lockstep(b"kept\n") == b"kept\n"


def test_refused_connections_come_back_with_the_shell_still_there(serve: Serve) -> None:
    endpoint = serve()
    talk = converse(connect(endpoint), "echo")
    endpoint.faults.add(Fault(Refuse(0.3), on=Action.SEND))
    errors = 0
    while True:
        try:
            assert talk.lockstep(b"again\n") == b"again\n"
            break
        except requests.ConnectionError:
            errors += 1
            talk.protocol.transport.close_session()
    assert errors >= 2


def test_an_answer_in_small_pieces_is_whole(serve: Serve) -> None:
    endpoint = serve()
    talk = converse(connect(endpoint), "flood", "5000")
    endpoint.faults.add(Fault(Slow(0.2, pieces=50), on=Action.RECEIVE))
    assert talk.drain()[0] == b"x" * 5000
    assert endpoint.faults.fired


def test_a_fault_may_strike_several_times_and_counts_from_when_it_was_added(serve: Serve) -> None:
    endpoint = serve()
    talk = converse(connect(endpoint), "echo")
    talk.lockstep(b"before\n")
    endpoint.faults.add(Fault(SoapFault(Code.BUSY), on=Action.SEND, nth=2, times=2))
    outcomes = []
    for _attempt in range(4):
        try:
            talk.send(b"line\n")
            outcomes.append("sent")
        except WSManFaultError as error:
            outcomes.append(str(error.wsman_fault_code))
    assert outcomes == ["sent", "170", "170", "sent"]


def test_a_handshake_can_meet_a_proxy_that_is_down(serve: Serve) -> None:
    endpoint = serve()
    endpoint.faults.add(Fault(HttpAnswer(503), on=Action.HANDSHAKE))
    with pytest.raises(WinRMTransportError) as refused:
        connect(endpoint).open_shell()
    assert refused.value.code == 503
    assert connect(endpoint).open_shell()


def test_a_closed_command_stays_closed_while_its_shell_lives(serve: Serve) -> None:
    endpoint = serve()
    talk = converse(connect(endpoint), "echo")
    endpoint.faults.add(Fault(CloseCommand(), on=Action.SEND))
    for _attempt in range(2):
        with pytest.raises(WSManFaultError) as closed:
            talk.send(b"line\n")
        assert closed.value.wsman_fault_code == Code.COMMAND_ALREADY_CLOSED
    assert not endpoint.processes[0].alive
    assert len(endpoint.service.shells) == 1


@pytest.mark.parametrize("silent", [False, True])
def test_f22_of_a_cut_send_the_first_bytes_arrive(silent: bool, serve: Serve) -> None:
    endpoint = serve()
    talk = converse(connect(endpoint), "echo")
    endpoint.faults.add(Fault(CutSend(0.5, silent), on=Action.SEND))
    if silent:
        talk.send(b"halfLOST")
    else:
        with pytest.raises(requests.ConnectionError):
            talk.send(b"halfLOST")
        talk.protocol.transport.close_session()
    talk.send(b" and more\n", end=True)
    assert talk.drain()[0] == b"half and more\n"


def test_an_orphaned_receive_lives_on_and_takes_what_comes_later(serve: Serve) -> None:
    """Until its operation timeout; only then the next one gets everything."""
    endpoint = serve()
    talk = converse(connect(endpoint), "echo")
    endpoint.faults.add(Fault(OrphanReceive(), on=Action.RECEIVE))
    with pytest.raises(requests.ConnectionError):
        talk.receive()
    talk.protocol.transport.close_session()
    talk.send(b"swallowed\n")
    wait_until(lambda: not any(thread.is_alive() for thread in endpoint._orphans))
    assert talk.lockstep(b"kept\n") == b"kept\n"


def test_f11_a_connection_dropped_while_idle_makes_what_was_encrypted_for_it_unreadable(serve: Serve) -> None:
    endpoint = serve()
    talk = converse(connect(endpoint), "echo")
    endpoint.faults.add(Fault(DropIdle(), on=Action.SEND))
    talk.send(b"one\n")
    wait_until(lambda: not endpoint.open_connections)
    with pytest.raises(WinRMTransportError) as refused:
        talk.receive()
    assert refused.value.code == 400
    talk.protocol.transport.close_session()
    assert talk.receive()[0] == b"one\n"


def test_f12_a_forgotten_sign_in_is_asked_for_again_and_old_ciphertext_is_not_readable(serve: Serve) -> None:
    """The challenge is real: requests-ntlm signs in anew by itself, and sends what it had encrypted before."""
    endpoint = serve()
    talk = converse(connect(endpoint), "echo")
    before = endpoint.requests[Action.HANDSHAKE]
    endpoint.faults.add(Fault(ForgetSignIn(), on=Action.SEND))
    with pytest.raises(WinRMTransportError) as refused:
        talk.send(b"one\n")
    assert refused.value.code == 400
    assert endpoint.requests[Action.HANDSHAKE] == before + 1
    talk.protocol.transport.close_session()
    assert talk.lockstep(b"two\n") == b"two\n"


def test_f12_over_tls_a_forgotten_sign_in_heals_by_itself(serve: Serve, authority: Authority) -> None:
    endpoint = serve(authority=authority)
    talk = converse(connect(endpoint), "echo")
    endpoint.faults.add(Fault(ForgetSignIn(), on=Action.SEND))
    assert talk.lockstep(b"one\n") == b"one\n"
    assert endpoint.faults.fired


def test_after_a_reboot_the_host_comes_back_without_the_shell(serve: Serve) -> None:
    endpoint = serve()
    talk = converse(connect(endpoint), "echo")
    endpoint.faults.add(Fault(Reboot(0.2), on=Action.SEND))
    with pytest.raises(requests.ConnectionError):
        talk.send(b"one\n")
    assert not endpoint.processes[0].alive
    wait_until(lambda: endpoint._listeners[-1].listening)
    talk.protocol.transport.close_session()
    with pytest.raises(WSManFaultError) as gone:
        talk.send(b"one\n")
    assert gone.value.wsman_fault_code == Code.UNEXPECTED_SELECTORS
