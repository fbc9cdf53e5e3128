# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks find out a client that was broken on purpose, each for what is wrong with it, and no other."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from ansible_collections.email_router.exchange_online.tests.simulator import faults as exchange
from ansible_collections.email_router.exchange_online.tests.simulator.effects import Effect
from ansible_collections.email_router.exchange_online.tests.simulator.faults import ANY_WRITER, FOREVER, Trouble
from ansible_collections.email_router.exchange_online.tests.soak import run
from ansible_collections.email_router.exchange_online.tests.soak.checks import violations_of
from ansible_collections.email_router.exchange_online.tests.soak.mutants import MUTANTS, names
from ansible_collections.email_router.exchange_online.tests.soak.run import Workshop, play
from ansible_collections.email_router.exchange_online.tests.soak.scenario import Scenario, Way, scenario_of

#: Of a run in which something is granted, something revoked, something held before, something denied.
SEED = 78
PRETENDED = exchange.Fault(ANY_WRITER, effect=Effect.PRETENDED, times=FOREVER, kind="pretended", lasting=True)
REFUSED = exchange.Fault(ANY_WRITER, Trouble.OUT_OF_SCOPE, times=FOREVER, kind="refused", lasting=True)
UNREADABLE = exchange.Fault("Get-MailboxPermission", Trouble.DIRECTORY, times=FOREVER, kind="unread", lasting=True)
UNANSWERED = exchange.Fault(ANY_WRITER, Trouble.TIMED_OUT, Effect.DONE_YET_SILENT, first=2, kind="silent")
LOST = exchange.Fault("Get-MailboxPermission", Trouble.SESSION_LOST, first=2, kind="session_lost")

#: Mutant → the fault that brings it out, the way, and what is said of it.
CASES: dict[str, tuple[tuple[exchange.Fault, ...], Way, str]] = {
    "claims": ((PRETENDED,), Way.LOCAL, "it is not held, or was, or is nobody's doing"),
    "repeats": ((UNANSWERED,), Way.LOCAL, "while the journal told of"),
    "swallows": ((UNREADABLE,), Way.LOCAL, "it is not so, or was brought about"),
    "presumes": ((UNREADABLE,), Way.LOCAL, "before it was held"),
    "unrecorded": ((), Way.LOCAL, "write 1 of .* while the journal told of 0"),
    "misrecorded": ((REFUSED,), Way.LOCAL, "said to be done, and Exchange did not say so"),
    "leaves": ((), Way.WINRM, "left behind: 1 shells"),
    "strays": ((), Way.LOCAL, "a write that nobody wished for"),
    "tells": ((), Way.LOCAL, "a secret is in the output"),
    "writes": ((), Way.LOCAL, "a write in check mode"),
    "forgets": ((), Way.LOCAL, "0 rows for"),
    "unchanged": ((), Way.LOCAL, "changed is false, and the books are others than before"),
    "impatient": ((LOST,), Way.LOCAL, "all that struck passes, yet"),
}


def scenario(name: str = "") -> Scenario:
    """One that ends well, but for the mutant."""
    faults, way, _said = CASES.get(name, ((), Way.LOCAL, ""))
    return replace(
        scenario_of(SEED),
        way=way,
        exchange_faults=faults,
        host_faults=(),
        at_once=False,
        kill=None,
        check_mode=name == "writes",
        sign_in="token",
        playbook=False,
        real_powershell=False,
    )


def test_every_mutant_is_put_to_the_test() -> None:
    assert CASES.keys() == MUTANTS.keys()


@pytest.mark.parametrize(
    "fault", [None, PRETENDED, REFUSED, UNREADABLE, UNANSWERED, LOST], ids=lambda fault: fault.kind if fault else "none"
)
def test_a_client_that_is_not_broken_is_not_blamed(workshop: Workshop, fault: exchange.Fault | None) -> None:
    assert violations_of(play(replace(scenario(), exchange_faults=(fault,) if fault else ()), workshop)) == ()


@pytest.mark.parametrize("name", sorted(MUTANTS))
def test_a_client_that_is_broken_is_found_out(workshop: Workshop, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(run, "ENDING", 1.0)
    monkeypatch.setattr(workshop, "mutants", (name,))
    found = violations_of(play(scenario(name), workshop))
    said = CASES[name][2]
    assert any(re.search(said, one) for one in found), found


def test_a_mutant_that_there_is_not_is_told_at_once() -> None:
    with pytest.raises(ValueError, match="no such mutant: shy"):
        names(["claims", "shy"])
