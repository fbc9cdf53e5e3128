# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""kill -9 in the middle of many grants, at random moments, each followed by playbook restore: all must be as before."""

from __future__ import annotations

import argparse
import random
import stat
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...plugins.plugin_utils._exchange.lanes import MOST_LANES as LANES
from ...plugins.plugin_utils._exchange.session import Answer, Parameter
from ...plugins.plugin_utils._tenant.organisation import Organisation
from ..integration.harness import Run
from ..integration.restores import WRITERS, enforce, held, journal, kill_control_node, recorded, restore, restored
from ..integration.stage import ROUTER, Stage, Transport, contoso
from ..simulator.host import HostOptions
from ..simulator.simulator import SimulatorOptions

EVE = "eve@contoso.com"
RIGHTS = ("send_as", "full_access", "send_on_behalf")
#: Milliseconds after the write of the choice reached the organisation, at most: one round trip and its answer.
LATEST = 40.0
_STAND_IN = SimulatorOptions(host=HostOptions(pwsh=None))


@dataclass(frozen=True)
class Kill:
    """One run that was killed. ``writes``: that reached the organisation before. ``faults``: what must not be."""

    seed: int
    transport: Transport
    killed: bool
    writes: int
    in_doubt: int
    faults: tuple[str, ...]

    def __str__(self) -> str:
        end = f"killed after {self.writes} writes" if self.killed else f"came to its end after {self.writes} writes"
        verdict = "; ".join(self.faults) or "as before"
        return f"seed {self.seed}, {self.transport.name.lower()}: {end}, {self.in_doubt} in doubt: {verdict}"


class Killer(threading.Thread):
    """Waits for the write of that number, then some seconds, and kills ansible-playbook with all its workers."""

    def __init__(self, stage: Stage, number: int, pause: float) -> None:
        super().__init__(daemon=True)
        self._stage = stage
        self._left = number
        self._pause = pause
        self._due = threading.Event()
        self._over = threading.Event()
        stage.tenant.before_invoke = self._see

    def run(self) -> None:
        self._due.wait()
        if not self._over.wait(self._pause):
            kill_control_node(self._stage)

    def stop(self) -> None:
        """The run is over, one way or the other."""
        self._stage.tenant.before_invoke = None
        self._over.set()
        self._due.set()
        self.join()

    def _see(self, cmdlet: str, _parameters: Mapping[str, Parameter]) -> Answer | None:
        if cmdlet in WRITERS:
            self._left -= 1
            if self._left == 0:
                self._due.set()
        return None


def organisation(chance: random.Random, grants: int) -> Organisation:
    """One in which that many grants are missing; some mailboxes have holders of their own, who must keep them."""
    boxes = []
    for number in range(-(-grants // len(RIGHTS))):
        holders = {right: [EVE] for right in RIGHTS if chance.random() < 0.2}
        boxes.append({"address": f"box{number:03}@contoso.com", **holders})
    lost = {"address": "lost@contoso.com", **{right: [ROUTER, EVE] for right in RIGHTS}}
    return contoso({"kind": "UserMailbox", "address": EVE}, *boxes, lost)


def hosts(grants: int) -> dict[str, dict[str, object]]:
    """What the inventory says: all rights on each mailbox, the last of them fewer, and none on the one to lose."""
    listed: dict[str, dict[str, object]] = {}
    for number in range(-(-grants // len(RIGHTS))):
        whole = (number + 1) * len(RIGHTS) <= grants
        listed[f"box{number:03}@contoso.com"] = {"mailbox_delegation_profile": "everything" if whole else "router"}
    listed["lost@contoso.com"] = {
        "mailbox_delegation_profile": "everything",
        "mailbox_delegation_state": "absent",
    }
    return listed


def kill_once(seed: int, grants: int, transport: Transport) -> Kill:
    """A run, its end, its restore, and what was found wrong."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="kills-") as directory:
        made = organisation(chance, grants)
        with Stage(Path(directory), made, transport=transport, options=_STAND_IN) as stage:
            before = held(stage)
            killer = Killer(stage, chance.randint(1, grants), chance.uniform(0, LATEST) / 1000)
            killer.start()
            try:
                run = enforce(stage, hosts(grants))
            finally:
                killer.stop()
            writes = len(stage.writes)
            (told,) = recorded(stage)
            doubt = sum(write.state.value == "in_doubt" for write in told.writes)
            faults = (*_untold(stage), *_not_undone(stage, before), *_wrong_end(run))
            return Kill(seed, transport, run.status != 0, writes, doubt, faults)


def _wrong_end(run: Run) -> Iterator[str]:
    if run.status not in (0, -9):
        yield f"the run ended with status {run.status}: {run.text[-400:]}"


def _untold(stage: Stage) -> Iterator[str]:
    """Writes that the journal does not tell of, and answers that it makes up."""
    if stat.S_IMODE(journal(stage).stat().st_mode) != 0o600:
        yield "others can read the journal"
    (run,) = recorded(stage)
    told = Counter((write.sent.cmdlet, write.sent.mailbox.guid) for write in run.writes)
    sent = Counter((call.cmdlet, str(call.parameters["Identity"])) for call in stage.writes)
    if sent - told:
        yield f"{(sent - told).total()} of {sent.total()} writes were sent of which the journal does not tell"
    if (told - sent).total() > LANES:
        yield f"the journal tells of {told.total()} writes where {sent.total()} were sent, in {LANES} sessions at most"
    answered = sum(write.state.value == "ok" for write in run.writes)
    if answered > sent.total():
        yield f"the journal tells of {answered} answers to {sent.total()} writes"


def _not_undone(stage: Stage, before: Mapping[str, object]) -> Iterator[str]:
    try:
        run = restore(stage)
    except AssertionError as error:
        yield str(error)[:400]
        return
    if run.status != 0:
        yield f"restore ended with status {run.status}: {run.text[-400:]}"
    elif held(stage) != before:
        rows = [row for row in restored(run)["grants"] if row["outcome"] == "compliant"]
        yield f"the organisation is not as it was before; left as found: {rows[:3]}"


def transports(seed: int) -> Transport:
    """Both channels, in turn."""
    return Transport.LOCAL if seed % 2 else Transport.NTLM


def main(arguments: Sequence[str]) -> int:
    """Exit status 1 if anything was not as it must be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--grants", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1, help="of the first; a single kill is run again with --kills 1")
    parsed = parser.parse_args(arguments)
    done: list[Kill] = []
    for seed in range(parsed.seed, parsed.seed + parsed.kills):
        done.append(kill_once(seed, parsed.grants, transports(seed)))
        print(done[-1], flush=True)
    killed = sum(kill.killed for kill in done)
    violations = sum(bool(kill.faults) for kill in done)
    doubt = sum(kill.in_doubt for kill in done)
    print(
        f"{len(done)} runs of {parsed.grants} grants, {killed} killed, {sum(kill.writes for kill in done)} writes, "
        f"{doubt} in doubt, {violations} violations"
    )
    return 1 if violations or not killed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
