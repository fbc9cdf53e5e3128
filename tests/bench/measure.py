# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the contenders through the cases, and says of larger cases what the measured ones let expect."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace

from . import competitors, ours
from .site import BENCH, Case, Place, Site, Situation

SIZES = (10, 100, 1_000, 10_000)
#: The part of the mailboxes that has drifted.
DRIFT = 0.01


@dataclass(frozen=True)
class Contender:
    """A way to do it. ``letter``: as in the tables."""

    letter: str
    name: str
    drive: Callable[[Place], None]


CONTENDERS = (
    Contender("a", "`win_powershell` in a loop", competitors.one_by_one),
    Contender("b", "one script, both rights read of each mailbox", competitors.foreach),
    Contender("c", "one script, `-Trustee` for Send As", competitors.trustee),
    Contender("d", "a desired state for each mailbox and right", competitors.states),
    Contender("e1", "this collection, 1 session", ours.one_lane),
    Contender("e3", "this collection, 3 sessions", ours.three_lanes),
)


@dataclass(frozen=True)
class Cost:
    """What a run took. ``wall`` and ``service`` in real seconds: those of the bench, divided by its scale."""

    calls: float
    writes: float
    sign_ins: float
    requests: float
    bytes: float
    wall: float
    service: float

    def and_so_on(self, other: Cost, factor: float) -> Cost:
        """The point on the line from this to the other one, 0 here and 1 there."""
        return Cost(*(mine + (its - mine) * factor for mine, its in zip(_values(self), _values(other), strict=True)))


def _values(cost: Cost) -> list[float]:
    return [getattr(cost, field.name) for field in fields(cost)]


@dataclass(frozen=True)
class Estimate:
    """A cost, and how it is known. ``measured_at``: sizes from which it was extrapolated; empty: it was measured."""

    cost: Cost
    measured_at: tuple[int, ...] = ()


#: A question of the bench: letter, both rights, situation.
Key = tuple[str, bool, Situation]
Sizes = Mapping[Key, tuple[int, ...]]


class Unfinished(Exception):
    """A contender did not do what it was there for."""


def measure(site: Site, contender: Contender, case: Case) -> Cost:
    """One run. Raises Unfinished where grants are missing afterwards, or a connection is left open."""
    place = site.stage(case)
    begun = time.monotonic()
    contender.drive(place)
    wall = time.monotonic() - begun
    bill = site.bill()
    if bill.undone or bill.left_open:
        raise Unfinished(f"{contender.letter}, {case}: {bill.undone} grants missing, {bill.left_open} connections open")
    real = case.scale or 1.0
    return Cost(
        bill.calls.total(), bill.writes, bill.sign_ins, bill.requests, bill.bytes, wall / real, bill.service / real
    )  # fmt: skip


def measure_all(sizes: Sizes, tell: Callable[[str], None]) -> dict[Key, dict[int, Cost]]:
    """Every case of a plan, one after the other."""
    known = {contender.letter: contender for contender in CONTENDERS}
    costs: dict[Key, dict[int, Cost]] = {}
    with Site() as site:
        for key, every in sizes.items():
            letter, both, situation = key
            for size in every:
                cost = measure(site, known[letter], Case(size, situation, both, BENCH))
                costs.setdefault(key, {})[size] = cost
                rights = "both rights" if both else "Send As"
                tell(f"{letter:2}  {size:6} mailboxes, {rights}, {situation.value}: {cost.wall * BENCH:.1f} s")
    return costs


def estimate(costs: Mapping[Key, Mapping[int, Cost]], key: Key, size: int) -> Estimate:
    """What was measured, else the straight line through the two largest sizes that were.

    A run with drift that was not measured lies between a steady one and a first one, in the part that has drifted.
    """
    letter, both, situation = key
    measured = costs.get(key, {})
    if size in measured:
        return Estimate(measured[size])
    if situation is Situation.DRIFT:
        steady = estimate(costs, (letter, both, Situation.STEADY), size)
        first = estimate(costs, (letter, both, Situation.FIRST), size)
        at = tuple(sorted({*(steady.measured_at or (size,)), *(first.measured_at or (size,))}))
        part = -(-size // round(1 / DRIFT)) / size
        return Estimate(steady.cost.and_so_on(first.cost, part), at)
    *_smaller, near, far = (0, *sorted(measured))
    if near == 0:  # a contender that starts anew for each mailbox: nothing is there before the first
        nothing = Cost(*(0.0 for _field in fields(Cost)))
        return Estimate(nothing.and_so_on(measured[far], size / far), (far,))
    line = measured[near].and_so_on(measured[far], (size - near) / (far - near))
    if measured[far].sign_ins < far:  # it does not grow with the mailboxes: there are as many sessions as there may be
        line = replace(line, sign_ins=measured[far].sign_ins)
    return Estimate(line, (near, far))


def limit(of_one_session: Estimate) -> Estimate:
    """The service time alone of the calls that this collection makes with one session."""
    cost = of_one_session.cost
    return replace(of_one_session, cost=replace(cost, requests=0, bytes=0, wall=cost.service))
