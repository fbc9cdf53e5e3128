# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many runs with faults by chance, and what they came to: ``make soak``."""

from __future__ import annotations

import argparse
import sys
import time

from .evidence import Evidence
from .mutants import names
from .pool import soak
from .table import Table


def main() -> int:
    """Exit status: 1 where something was not as it must be."""
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1, help="of the first run; each further run has the next")
    parser.add_argument("--seconds", type=float, default=1500.0, help="after which no further run is begun")
    parser.add_argument("--mutant", action="append", default=[], help="a fault of the client's own, to be found out")
    options = parser.parse_args()
    table, begun = Table(), time.monotonic()
    seeds = range(options.seed, options.seed + options.runs)
    for evidence, violations in soak(seeds, options.seconds, names(options.mutant)):
        table.add(evidence, violations)
        if options.runs == 1:
            print(*_log(evidence), sep="\n")
        for violation in violations:
            print(f"seed {evidence.scenario.seed}: {violation}", flush=True)
        if table.runs % 50 == 0:
            print(f"{table.runs} runs, {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
    print(*table.lines(), sep="\n")
    print(f"seconds {time.monotonic() - begun:.0f}; {options.runs - table.runs} runs for which there was no time")
    for seed in sorted(table.violations):
        print(f"again: make soak SOAK_SEED={seed} SOAK_RUNS=1")
    return 1 if table.violations or not table.runs else 0


def _log(evidence: Evidence) -> list[str]:
    """Everything about one run."""
    scenario = evidence.scenario
    lines = [
        f"{scenario.way.value}, check mode {scenario.check_mode}, {scenario.kill}, signs in by {scenario.sign_in}",
        f"options: {dict(scenario.options)}",
        *(f"fault: {fault}" for fault in (*scenario.exchange_faults, *scenario.host_faults)),
    ]
    for heard in evidence.calls:
        error = heard.answer.error.text if heard.answer and heard.answer.error else ""
        told = "never answered" if heard.answer is None else error or f"{len(heard.answer.rows)} rows"
        done = "" if heard.carried_out is None else " carried out" + (", changed" if heard.carried_out.changed else "")
        warnings = ", ".join(heard.answer.warnings) if heard.answer else ""
        lines.append(f"{heard.at:.3f} {heard.cmdlet} {dict(heard.parameters)} → {told}{done} {warnings}"[:600])
    lines += [f"struck: {evidence.struck}", "journal:", evidence.journal.decode("utf-8", "replace")]
    lines += [f"row: {dict(row)}" for row in evidence.rows]
    lines += [f"exit status {evidence.status}", evidence.output]
    return lines


if __name__ == "__main__":
    sys.exit(main())
