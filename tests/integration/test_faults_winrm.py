# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever breaks on the way to PowerShell, a run does each write once and says what came of it (winrm facts 6)."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Union

import pytest
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

from .conftest import SetStage
from .faults import STAND_IN, TIMES, assert_true, at_writes, boxes, only_sign_ins_are_left, organisation, said
from .harness import CORES, Run
from .stage import Exhibit, Stage, contoso

SEND, RECEIVE, CREATE = Action.SEND, Action.RECEIVE, Action.CREATE
PAGE = HttpAnswer(200, b"<html><body>Please sign in to the guest network<br></body></html>")

#: What PowerShell outlives; each strikes while another write is under way.
PASSING = {
    "F1 operation timeout of a Send": Fault(SoapFault(Code.OPERATION_TIMEOUT), SEND, acted=True),
    "F1 operation timeout of a Receive": Fault(SoapFault(Code.OPERATION_TIMEOUT), RECEIVE),
    "F4 operation aborted before": Fault(SoapFault(Code.OPERATION_ABORTED), SEND),
    "F4 operation aborted after": Fault(SoapFault(Code.OPERATION_ABORTED), RECEIVE, acted=True),
    "F5 busy": Fault(SoapFault(Code.BUSY), SEND),
    "F6 plug-in timeout": Fault(SoapFault(Code.PLUGIN_TIMEOUT), SEND, acted=True),
    "F8 concurrency": Fault(SoapFault(Code.CONCURRENCY), RECEIVE),
    "F10 unknown code": Fault(SoapFault(4711), RECEIVE, acted=True),
    "F11 idle connection dropped": Fault(DropIdle(), RECEIVE),
    "F12 signed out in mid-run": Fault(ForgetSignIn(), SEND),
    "F14 empty 500": Fault(HttpAnswer(500), RECEIVE),
    "F15 bad gateway": Fault(HttpAnswer(502), SEND, acted=True),
    "F15 unavailable": Fault(HttpAnswer(503), SEND),
    "F15 gateway timeout": Fault(HttpAnswer(504), RECEIVE, acted=True),
    "F19 reset before a Send": Fault(Reset(), SEND),
    "F19 reset after a Send": Fault(Reset(), SEND, acted=True),
    "F19 reset after a Receive": Fault(Reset(), RECEIVE, acted=True),
    "F19 orphaned Receive": Fault(OrphanReceive(), RECEIVE),
    "F19 refused for a while": Fault(Refuse(2), RECEIVE),
    "F19 silence": Fault(Slow(5), RECEIVE),
    "F19 slow trickle": Fault(Slow(4, pieces=40), RECEIVE),
    "F20 signature that is wrong": Fault(BadMic(), RECEIVE),
    "F22 half a line": Fault(CutSend(), SEND),
}
#: F13 at the source of the runner, which is cut in halves then; a single write is too small to be.
TOO_LARGE = Fault(HttpAnswer(413), SEND)
#: What PowerShell does not outlive.
FATAL = {
    "F2 shell gone": Fault(LoseShell(), RECEIVE),
    "F2 rebooted": Fault(Reboot(2), RECEIVE),
    "F3 command closed": Fault(CloseCommand(), RECEIVE),
    "F7 operations used up": Fault(SoapFault(Code.MAX_OPERATIONS), SEND),
    "F17 a page in between": Fault(PAGE, RECEIVE),
    "F18 done without exit code": Fault(LoseExitCode(), RECEIVE),
    "F21 killed": Fault(KillProcess(), RECEIVE),
    "F21 broken pipe": Fault(KillProcess(), SEND),
}
#: Those that come between: PowerShell is there, and is told to quit over the next connection.
HEARS = ("F7 operations used up", "F17 a page in between")


def _one_after_the_other(stage: Stage, faults: Sequence[Fault]) -> Callable[[], None]:
    """Puts the first in the way at once, and what it gives puts in the next one, where the one before has struck: two
    that wait for the same request would both count it, and only one of them would ever strike."""
    plan, coming, put = stage.simulator.faults, iter(faults), 0

    def put_next() -> None:
        nonlocal put
        if len(plan.fired) == put:
            plan.add(*itertools.islice(coming, 1))
            put += 1

    put_next()
    return put_next


def test_powershell_goes_on_over_a_connection_that_breaks_in_every_way(set_stage: SetStage) -> None:
    faults = [TOO_LARGE, *PASSING.values()]
    names = boxes(2 * len(faults))
    stage = set_stage(organisation(names))
    put_next = _one_after_the_other(stage, faults)
    at_writes(stage, dict.fromkeys(range(1, len(names)), put_next))
    run = stage.play("-i", stage.inventory(names, management=TIMES), stage.playbook(stage.task(sessions=1)))
    assert said(run) == (0, "", True), run.output
    assert stage.simulator.faults.fired == faults
    assert run.outcomes() == {f"{name} send_as": "granted" for name in names}
    assert_true(stage, run, frozenset())
    assert [stage.written_to(call) for call in stage.writes] == list(names), "each once, none twice"
    assert run.access["statistics"]["sessions"] == stage.tenant.sign_ins == 1


def test_powershell_is_replaced_whatever_ends_it(set_stage: SetStage) -> None:
    names = boxes(2 * len(FATAL) + 1)
    stage = set_stage(organisation(names), host=STAND_IN, core=min(CORES))
    faults = stage.simulator.faults
    at_writes(stage, {2 * number + 1: partial(faults.add, one) for number, one in enumerate(FATAL.values())})
    run = stage.node.play("-i", stage.inventory(names, management=TIMES), stage.playbook(stage.task(sessions=1)))
    assert said(run) == (0, "", True), run.output
    assert faults.fired == list(FATAL.values())
    assert run.outcomes() == {f"{name} send_as": "granted" for name in names}
    assert_true(stage, run, frozenset())
    written = [stage.written_to(call) for call in stage.writes]
    assert [written.count(name) for name in names[::2]] == [1] * (len(FATAL) + 1), "nothing hit them"
    assert all(written.count(name) <= 2 for name in names[1::2])
    assert run.access["statistics"]["sessions"] == stage.tenant.sign_ins == len(FATAL) + 1
    assert only_sign_ins_are_left(stage, lost=len(FATAL) - len(HEARS)), "the others signed out over a new connection"


@dataclass(frozen=True)
class Refusal:
    """What the host says to the first message, and what the run says as a whole."""

    fault: Fault
    failure_class: str
    retry_safe: bool
    says: str


def _refusal(kind: Union[SoapFault, HttpAnswer, Reset], failure_class: str, retry_safe: bool, says: str) -> Refusal:
    return Refusal(Fault(kind, CREATE), failure_class, retry_safe, says)


REFUSALS = {
    "F7 shells": _refusal(
        SoapFault(Code.MAX_SHELLS), "host_shell", True,
        "the quota MaxShellsPerUser of the host is used up. End shells that are left over",
    ),
    "F8 access denied": _refusal(
        SoapFault(Code.ACCESS_DENIED), "host_shell", False,
        "the user may not open a remote shell (access denied). Add the account to Remote Management Users",
    ),
    "F8 no shells": _refusal(
        SoapFault(Code.SHELLS_NOT_ALLOWED), "host_shell", False,
        "the host allows no remote shells. Set AllowRemoteShellAccess to true in winrm/config/winrs",
    ),
    "F11": _refusal(
        HttpAnswer(400), "host_unreachable", True,
        "the host answers with HTTP status 400, also over a new connection. Try the same host with",
    ),
    "F12": _refusal(
        HttpAnswer(401), "host_login", False,
        "the sign-in was refused (tried once, so that the account is not locked out). Check ansible_user",
    ),
    "F14": _refusal(
        HttpAnswer(500), "host_unreachable", True,
        "the host refused the message (HTTP status 500). It may refuse plain text: use https, or ntlm or kerberos",
    ),
    "F15 sign-in at a proxy": _refusal(
        HttpAnswer(407), "host_unreachable", False,
        "a proxy asks for a sign-in (HTTP status 407). Check the proxy (ansible_winrm_proxy)",
    ),
    "F15 unavailable": _refusal(
        HttpAnswer(503), "host_unreachable", True,
        "the service is not available (HTTP status 503). Check the proxy (ansible_winrm_proxy) between this machine",
    ),
    "F16": _refusal(
        HttpAnswer(404), "host_unreachable", False,
        "nothing is served at this path (HTTP status 404). Check port and ansible_winrm_path",
    ),
    "F17": _refusal(
        PAGE, "host_unreachable", False,
        "the answer is not that of a WSMan service (it begins: <html><body>Please sign in to the guest network",
    ),
    "F19": _refusal(
        Reset(), "host_unreachable", True,
        "the connection broke. Check ansible_host and ansible_port, the firewall, and that WinRM runs there",
    ),
    "F21": Refusal(
        Fault(KillProcess(), RECEIVE), "powershell", False, "PowerShell ended while it was being started, exit code 1"
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with Stage(tmp_path_factory.mktemp("refusals"), contoso({"address": "sales@contoso.com"})) as stage:
        yield stage


@pytest.fixture(scope="module")
def exhibition(stage: Stage) -> Run:
    """One fault after the other, each at the first message of a run, in a playbook that goes on after each."""
    creates = [each.fault for each in REFUSALS.values() if each.fault.on is CREATE]
    for number, fault in enumerate(creates, 1):
        stage.simulator.faults.add(Fault(fault.kind, CREATE, nth=number))
    stage.simulator.faults.add(REFUSALS["F21"].fault)
    return stage.exhibit({name: Exhibit(stage.task()) for name in REFUSALS})


@pytest.mark.parametrize("name", REFUSALS)
def test_a_first_contact_that_fails_is_told_once_and_as_a_whole(stage: Stage, exhibition: Run, name: str) -> None:
    result, expected = exhibition.task(name), REFUSALS[name]
    assert result.status == "failed"
    message = str(result.result["msg"])
    assert message.startswith("Whole run, not sales@contoso.com: ")
    assert expected.says in message
    assert expected.says.split(". ")[-1] in exhibition.text, "the remedy shows"
    assert (result.result["failure_class"], result.result["retry_safe"]) == (
        expected.failure_class,
        expected.retry_safe,
    )
    assert (stage.tenant.sign_ins, stage.writes) == (0, [])


def test_a_first_contact_is_not_tried_again(stage: Stage, exhibition: Run) -> None:
    assert len(stage.simulator.faults.fired) == len(REFUSALS) == len(exhibition.tasks)
    assert stage.simulator.requests[CREATE] == len(REFUSALS)
