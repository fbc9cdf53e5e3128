# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever Exchange Online answers, or leaves unanswered, each row says what the organisation's own books say."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Union

from ansible_collections.email_router.exchange_online.tests.simulator.faults import (
    CONNECT,
    FOREVER,
    Effect,
    Fault,
    Throttling,
    Trouble,
)
from ansible_collections.email_router.exchange_online.tests.simulator.simulator import SimulatorOptions

from .conftest import SetStage
from .faults import STAND_IN, TIMES, assert_true, at_writes, boxes, held, only_sign_ins_are_left, organisation, said
from .harness import CORES, Run
from .stage import ROUTER, Exhibit, Stage, Transport, contoso

READ, WRITE = "Get-MailboxPermission", "Add-MailboxPermission"
FULL_ACCESS = {"router": {"account": ROUTER, "rights": ["full_access"]}}
HINT = Throttling(1)


@dataclass(frozen=True)
class Case:
    """A fault of one mailbox, and what its row comes to. ``writes``: how many are sent.

    ``held``: the right is there before the run. ``says``: words of the cause, the next step or a note.
    """

    fault: Fault
    outcome: str
    held: bool = False
    writes: int = 0
    says: tuple[str, ...] = ()


def a_read(trouble: Union[Trouble, Throttling], times: int = 1) -> Case:
    return Case(Fault(READ, trouble, times=times), "compliant", held=True)


def a_lie(effect: Effect) -> Case:
    """Whoever believed it would write, for the right is held."""
    return Case(Fault(READ, effect=effect), "compliant", held=True)


def a_write(trouble: Union[Trouble, Throttling]) -> Case:
    """Not done, and so sent again: once a read has shown it."""
    return Case(Fault(WRITE, trouble), "granted", writes=2, says=("written 2 times: ",))


def a_deed(trouble: Trouble) -> Case:
    return Case(
        Fault(WRITE, trouble, Effect.DONE_YET_FAILED), "granted", writes=1,
        says=("the write answered an error, yet was done: ",),
    )  # fmt: skip


PASSING = {
    "E4 slowed": a_lie(Effect.SLOWED),
    "E12 replication": a_read(Trouble.REPLICATION),
    "E13 throttled, with a hint": a_read(HINT, times=2),
    "E16 directory": a_read(Trouble.DIRECTORY, times=2),
    "E17 unavailable": a_read(Trouble.UNAVAILABLE),
    "E18 bad gateway": a_read(Trouble.BAD_GATEWAY),
    "E18 unavailable": a_read(Trouble.SERVICE_UNAVAILABLE),
    "E18 gateway timeout": a_read(Trouble.GATEWAY_TIMEOUT),
    "E19 server side": a_read(Trouble.SERVER_SIDE),
    "E20 page expired": a_read(Trouble.PAGE_EXPIRED),
    "E21 timed out": a_read(Trouble.TIMED_OUT),
    "E21 closed": a_read(Trouble.CONNECTION_CLOSED),
    "E21 name": a_read(Trouble.NAME_UNRESOLVED),
    "E22 session lost": a_read(Trouble.SESSION_LOST),
    "E23 token expired": a_read(Trouble.TOKEN_EXPIRED),
    "no row at all": a_lie(Effect.EMPTY),
    "E3 truncated": a_lie(Effect.TRUNCATED),
    "no row of SELF": a_lie(Effect.WITHOUT_SELF),
    "rows of another": a_lie(Effect.ANOTHERS),
    "E13 write throttled": a_write(HINT),
    "E16 write": a_write(Trouble.DIRECTORY),
    "E18 write": a_write(Trouble.BAD_GATEWAY),
    "E22 write": a_write(Trouble.SESSION_LOST),
    "E23 write": a_write(Trouble.TOKEN_EXPIRED),
    "E18 write done": a_deed(Trouble.GATEWAY_TIMEOUT),
    "E19 write done": a_deed(Trouble.SERVER_SIDE),
    "E21 write done": a_deed(Trouble.TIMED_OUT),
    "E22 write done": a_deed(Trouble.SESSION_LOST),
    "not seen at once": Case(Fault(WRITE, effect=Effect.LATE, reads=1), "granted", writes=1),
    "never answered, and done": Case(
        Fault(WRITE, effect=Effect.DONE_YET_SILENT), "granted", writes=1,
        says=("yet was done: never answered: PowerShell did not answer Add-MailboxPermission within 4 seconds",),
    ),
    "never answered": Case(
        Fault(WRITE, effect=Effect.SILENT), "granted", writes=2, says=("written 2 times: never answered: ",)
    ),
}  # fmt: skip
#: What needs a person, or more patience than a run has.
LASTING = {
    "E11 refused": Case(
        Fault(WRITE, Trouble.OUT_OF_SCOPE, times=FOREVER), "refused", writes=1,
        says=("Exchange refused: ", "isn't within your current write scope", "widen the write scope"),
    ),
    "E13 throttled": Case(
        Fault(READ, HINT, times=FOREVER), "unknown", says=("Exchange answered: ", "Too many requests", "run it again")
    ),
    "E19 server side": Case(
        Fault(READ, Trouble.SERVER_SIDE, times=FOREVER), "unknown",
        says=("A server side error has occurred", "the application may lack a role"),
    ),
    "E20 page expired": Case(
        Fault(READ, Trouble.PAGE_EXPIRED, times=FOREVER), "unknown",
        says=("Expired or Invalid pagination request", "check that organization is the *.onmicrosoft.com name"),
    ),
    "E23 token expired": Case(
        Fault(READ, Trouble.TOKEN_EXPIRED, times=FOREVER), "unknown",
        says=("The AccessToken expired", "sign in with a certificate"),
    ),
    "no row at all": Case(
        Fault(READ, effect=Effect.EMPTY, times=FOREVER), "unknown", held=True, says=("empty access list, twice",)
    ),
    "E3 truncated": Case(
        Fault(READ, effect=Effect.TRUNCATED, times=FOREVER), "unknown", held=True, says=("left rows out",)
    ),
    "rows of another": Case(
        Fault(READ, effect=Effect.ANOTHERS, times=FOREVER), "unknown", held=True, says=("entries of another mailbox",)
    ),
    "no row of SELF": Case(Fault(READ, effect=Effect.WITHOUT_SELF, times=FOREVER), "compliant", held=True),
    "never answered": Case(
        Fault(READ, effect=Effect.SILENT), "unknown",
        says=("never answered: PowerShell did not answer Get-MailboxPermission within 4 seconds", "run it again"),
    ),
    "success without effect": Case(
        Fault(WRITE, effect=Effect.PRETENDED, times=FOREVER), "pending", writes=1,
        says=("Exchange accepted the write; its directory does not show it yet", "run it again in an hour"),
    ),
}  # fmt: skip


def set_for(
    set_stage: SetStage, cases: Mapping[str, Case], *faults: Fault, transport: Transport, core: str
) -> tuple[Stage, dict[str, Case]]:
    """A stage with a mailbox for each case, and the cases by mailbox."""
    by_box = dict(zip(boxes(len(cases)), cases.values(), strict=True))
    recipients = ({"address": box, "full_access": [ROUTER] if case.held else []} for box, case in by_box.items())
    each = tuple(replace(case.fault, identity=box) for box, case in by_box.items())
    options = SimulatorOptions(host=STAND_IN, tenant_faults=(*faults, *each))
    return set_stage(contoso(*recipients), transport=transport, core=core, options=options), by_box


def ensure(stage: Stage, by_box: Mapping[str, Case]) -> Run:
    """One run. A PowerShell that waits for an answer that never comes is killed, and its sign-in stays."""
    task = stage.task(profiles=FULL_ACCESS, request_timeout=4, verify=15, sessions=1)
    run = stage.node.play("-i", stage.inventory(list(by_box), management=TIMES), stage.playbook(task))
    silent = sum(strike.fault.effect.silent for strike in stage.simulator.tenant_server.tenant.strikes)
    assert only_sign_ins_are_left(stage, lost=silent), run.output
    return run


def sends(stage: Stage) -> Counter[str]:
    """How often a write was sent, by mailbox: those that were carried out, and those that a fault kept from it."""
    strikes = stage.simulator.tenant_server.tenant.strikes
    kept = [strike.fault for strike in strikes if strike.cmdlet == WRITE and not strike.fault.effect.carried_out]
    return Counter([*map(stage.written_to, stage.writes), *(fault.identity for fault in kept)])


def assert_rows(stage: Stage, run_rows: list[Mapping[str, object]], by_box: Mapping[str, Case]) -> None:
    rows = {str(row["mailbox"]): row for row in run_rows}
    assert {box: row["outcome"] for box, row in rows.items()} == {box: case.outcome for box, case in by_box.items()}
    sent = sends(stage)
    assert {box: sent[box] for box in by_box} == {box: case.writes for box, case in by_box.items()}
    for box, case in by_box.items():
        text = f"{rows[box]['cause']} {rows[box]['next_step']} {rows[box]['notes']}"
        assert [words for words in case.says if words not in text] == [], text


def test_what_passes_leaves_no_trace_but_time(set_stage: SetStage) -> None:
    busy = Fault(CONNECT, Trouble.ENTRA_BUSY)
    lookup = Fault("Get-EXORecipient", Trouble.DIRECTORY)
    stage, by_box = set_for(set_stage, PASSING, busy, lookup, transport=Transport.NTLM, core=min(CORES))
    before = held(stage)
    run = ensure(stage, by_box)
    assert said(run) == (0, "", True), run.output
    assert_rows(stage, run.access["grants"], by_box)
    assert_true(stage, run, before)
    struck = {strike.fault for strike in stage.simulator.tenant_server.tenant.strikes}
    assert struck == {busy, lookup, *(replace(case.fault, identity=box) for box, case in by_box.items())}


def test_what_stays_is_told_of_its_mailbox_and_of_no_other(set_stage: SetStage) -> None:
    stage, by_box = set_for(set_stage, LASTING, transport=Transport.LOCAL, core=max(CORES))
    before = held(stage)
    run = ensure(stage, by_box)
    assert said(run) == (2, "mailboxes", False), run.output
    assert run.message.startswith(f"{len(by_box)} grants on {len(by_box)} mailboxes: ")
    assert "Whole run" not in run.message
    assert_rows(stage, run.access["grants"], {box: case for box, case in by_box.items() if case.outcome != "compliant"})
    assert_true(stage, run, before)
    assert held(stage) == before


def test_a_run_that_only_lacks_knowledge_may_be_made_again_by_a_machine(set_stage: SetStage) -> None:
    names = boxes(3)
    fault = Fault(READ, Trouble.SERVER_SIDE, times=2, identity=names[1])
    options = SimulatorOptions(host=STAND_IN, tenant_faults=(fault,))
    stage = set_stage(organisation(names), transport=Transport.LOCAL, options=options)
    run = stage.ensure(names, profiles=FULL_ACCESS)
    assert said(run) == (2, "mailboxes", True)
    assert_true(stage, run, frozenset())
    again = stage.ensure(names, profiles=FULL_ACCESS)
    assert said(again) == (0, "", True)
    assert list(again.outcomes().values()) == ["compliant", "granted", "compliant"]


def test_what_was_not_reached_in_time_is_said_and_the_run_fails_as_a_whole(set_stage: SetStage) -> None:
    names = boxes(5)
    stage = set_stage(organisation(names), transport=Transport.LOCAL, host=STAND_IN)
    at_writes(stage, {3: partial(time.sleep, 12)})
    run = stage.ensure(names, profiles=FULL_ACCESS, max_runtime=12, sessions=1)
    assert said(run) == (2, "max_runtime", True), run.output
    whole = f"Whole run, not {names[0]}: the time of the run (max_runtime) was over. 5 grants on 5 mailboxes: "
    assert run.message == f"{whole}2 missing, 3 unknown"
    assert list(run.outcomes().values()) == ["unknown"] * 3 + ["missing"] * 2
    rows = [row["full_access"] for row in map(run.rows, names)]
    unread = "the time of the run (max_runtime) was over, before the write could be read back"
    assert {row["cause"] for row in rows[:3]} == {unread}
    assert {row["cause"] for row in rows[3:]} == {"not reached: the time of the run (max_runtime) was over"}
    assert all("run it again" in row["next_step"] for row in rows)
    assert [stage.written_to(call) for call in stage.writes] == list(names[:3])
    assert_true(stage, run, frozenset())


#: What becomes of the sign-ins of one playbook, in their order, and what each task says.
SIGN_INS = {
    "E36 refused": (
        Fault(CONNECT, Trouble.ENTRA_REFUSES), False, "AADSTS700027",
        "Register the certificate's public part with the application",
    ),
    "E40 busy, and no time to wait": (
        Fault(CONNECT, Trouble.ENTRA_BUSY, first=2), True, "AADSTS90033", "again"
    ),
}  # fmt: skip


def test_a_sign_in_that_is_refused_ends_the_run_as_a_whole(set_stage: SetStage) -> None:
    options = SimulatorOptions(host=STAND_IN, tenant_faults=tuple(fault for fault, *_rest in SIGN_INS.values()))
    stage = set_stage(organisation(boxes(1)), transport=Transport.LOCAL, options=options)
    run = stage.exhibit({name: Exhibit(stage.task(max_runtime=4)) for name in SIGN_INS})
    for name, (_fault, retry_safe, code, remedy) in SIGN_INS.items():
        result = run.task(name).result
        assert (result["failure_class"], result["retry_safe"]) == ("sign_in", retry_safe)
        assert result["msg"].startswith("Whole run, not sales@contoso.com: PowerShell on ")
        assert code in result["msg"]
        assert remedy in result["msg"]
    assert (stage.tenant.sign_ins, stage.writes) == (0, [])
