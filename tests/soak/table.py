# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What many runs came to, in one table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from .evidence import Evidence


@dataclass
class Table:
    """Sums over runs. ``violations``: by seed."""

    runs: int = 0
    seconds: float = 0.0
    kinds_of_run: Counter[str] = field(default_factory=Counter)
    endings: Counter[str] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    writes: int = 0
    strikes: Counter[str] = field(default_factory=Counter)
    runs_with: Counter[str] = field(default_factory=Counter)
    rows_with: Counter[str] = field(default_factory=Counter)
    unknown_with: Counter[str] = field(default_factory=Counter)
    rows_alone: Counter[str] = field(default_factory=Counter)
    unknown_alone: Counter[str] = field(default_factory=Counter)
    violations: dict[int, tuple[str, ...]] = field(default_factory=dict)

    def add(self, evidence: Evidence, violations: tuple[str, ...]) -> None:
        """One more run."""
        scenario, result = evidence.scenario, evidence.result or {}
        summary = {name: count for name, count in dict(result.get("summary") or {}).items() if name != "total"}
        self.runs += 1
        self.seconds += evidence.seconds
        self.calls += len(evidence.calls)
        self.writes += len(evidence.writes)
        self.kinds_of_run.update(_kinds_of(evidence))
        self.endings["killed" if evidence.killed else str(result.get("failure_class", "none")) or "well"] += 1
        self.rows.update(summary)
        self.strikes.update(evidence.struck)
        kinds = set(evidence.struck) | ({"max_runtime"} if "max_runtime" in scenario.options else set())
        rows, unknown = sum(summary.values()), summary.get("unknown", 0)
        for kind in kinds:
            self.runs_with[kind] += 1
            self.rows_with[kind] += rows
            self.unknown_with[kind] += unknown
        if len(kinds) == 1:
            self.rows_alone.update(dict.fromkeys(kinds, rows))
            self.unknown_alone.update(dict.fromkeys(kinds, unknown))
        if violations:
            self.violations[scenario.seed] = violations

    def lines(self) -> Iterator[str]:
        """For people."""
        yield from _counts("runs", self.kinds_of_run, self.runs)
        yield from _counts("ended", self.endings, self.runs)
        yield from _counts("rows", self.rows, sum(self.rows.values()))
        yield f"calls {self.calls}, writes {self.writes}, seconds of runs {self.seconds:.0f}"
        yield f"{'fault':36} {'struck':>7} {'runs':>5} {'rows':>7} {'unknown':>8} {'share':>9} {'struck alone':>13}"
        for kind in sorted(self.runs_with):
            rows, unknown = self.rows_with[kind], self.unknown_with[kind]
            alone = _share(self.unknown_alone[kind], self.rows_alone[kind])
            figures = f"{self.strikes[kind]:7} {self.runs_with[kind]:5} {rows:7} {unknown:8}"
            yield f"{kind:36} {figures} {_share(unknown, rows):>9} {alone:>13}"
        yield f"violations {sum(map(len, self.violations.values()))}, in {len(self.violations)} runs"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f} %" if whole else "-"


def _kinds_of(evidence: Evidence) -> Iterator[str]:
    scenario = evidence.scenario
    yield "ansible-playbook" if scenario.playbook else f"{scenario.way.value}"
    if scenario.check_mode:
        yield "check mode"
    if scenario.real_powershell:
        yield "real PowerShell"
    if len({each.carried_out.connection_id for each in evidence.writes if each.carried_out}) > 1:
        yield "written by several sessions"
    if not evidence.strikes and not evidence.fired:
        yield "nothing struck"
    if evidence.is_within_budget and (evidence.strikes or evidence.fired):
        yield "all passes"


def _counts(name: str, counts: Counter[str], total: int) -> Iterator[str]:
    told = ", ".join(f"{kind} {count}" for kind, count in counts.most_common() if count)
    yield f"{name} {total}: {told}"
