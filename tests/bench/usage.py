# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a piece of work takes of the machine: it is done in a process of its own, of which the kernel keeps account."""

from __future__ import annotations

import multiprocessing
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Usage:
    """Seconds of wall clock and of CPU, and megabytes at the peak, of the work alone. ``aside``: CPU seconds and
    megabytes of it that are somebody else's."""

    wall: float
    cpu: float
    peak: float
    aside: tuple[float, float] = (0.0, 0.0)

    @property
    def own_cpu(self) -> float:
        return self.cpu - self.aside[0]

    @property
    def own_peak(self) -> float:
        return self.peak - self.aside[1]


#: What is done, with its arguments, gives the usage.
Work = Callable[..., Usage]


def measured(work: Work, *arguments: Any) -> Usage:
    """Does the work in a fresh process. Raises what it raises, as RuntimeError."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_do, args=(there, work, arguments))
    process.start()
    there.close()
    try:
        result = here.recv()
    except EOFError:
        raise RuntimeError(f"{work.__name__} ended without a word") from None
    finally:
        process.join()
    if isinstance(result, str):
        raise RuntimeError(result)
    assert isinstance(result, Usage)
    return result


def of_this_process(work: Callable[[], object]) -> Usage:
    """The work of all threads here. The peak is that of the whole process while it lasts."""
    _forget_peak()
    begun, cpu = time.monotonic(), time.process_time()
    work()
    return Usage(time.monotonic() - begun, time.process_time() - cpu, memory("VmHWM"))


def of_children(work: Callable[[], object]) -> Usage:
    """The work of the processes that are started and waited for. The peak is that of the largest."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.monotonic()
    work()
    wall = time.monotonic() - begun
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Usage(wall, cpu, after.ru_maxrss / 1024)


def memory(name: str) -> float:
    """Megabytes of this process: VmRSS now, VmHWM at the peak."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(float(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:"))


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def _do(line: Connection, work: Work, arguments: tuple[Any, ...]) -> None:
    try:
        line.send(work(*arguments))
    except Exception as error:
        line.send(f"{type(error).__name__}: {error}")
