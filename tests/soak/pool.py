# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many runs, three at a time, for each waits a good deal, for as long as there is time."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import ExitStack
from itertools import islice

from ..simulator.host import find_powershell
from .checks import violations_of
from .evidence import Evidence
from .run import Workshop, play
from .scenario import scenario_of

AT_ONCE = 3


class _Worker:
    """The state of a process of the pool."""

    workshop: Workshop
    stack = ExitStack()


def _begin(mutants: tuple[str, ...]) -> None:
    _Worker.workshop = _Worker.stack.enter_context(Workshop(mutants))


def _run(seed: int) -> tuple[Evidence, tuple[str, ...]]:
    evidence = play(scenario_of(seed, find_powershell() is not None), _Worker.workshop)
    return evidence, violations_of(evidence)


def soak(
    seeds: Iterable[int], seconds: float, mutants: tuple[str, ...] = (), at_once: int = AT_ONCE
) -> Iterator[tuple[Evidence, tuple[str, ...]]]:
    """Each run with what is not as it must be, as they end. After ``seconds`` no more is begun."""
    end = time.monotonic() + seconds
    left = iter(seeds)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(at_once, context, _begin, (mutants,)) as pool:
        under_way: set[Future[tuple[Evidence, tuple[str, ...]]]] = set()
        while True:
            if time.monotonic() < end:
                more = islice(left, at_once + 1 - len(under_way))
                under_way |= {pool.submit(_run, seed) for seed in more}
            if not under_way:
                return
            done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
            for each in done:
                yield each.result()
