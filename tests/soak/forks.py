# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients, each a process of its own that can be killed.

``python -m …soak.forks`` imports everything once. For each job, a line of JSON on standard input, it forks a process;
it prints the number of that, and once it has ended how: as os.waitpid tells.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from functools import partial

from .client import work
from .job import Job
from .mutants import MUTANTS


def forked(lived: Callable[[], int], log: str) -> int:
    """The number of a process that lives so, and writes to ``log`` what it prints."""
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    status = 70
    try:
        nothing = os.open(os.devnull, os.O_RDONLY)
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for ours, descriptor in ((nothing, 0), (output, 1), (output, 2)):
            os.dup2(ours, descriptor)
        status = lived()
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def life(job: Job) -> int:
    """Of a client, with what shall be wrong with it."""
    for name in job.mutants:
        MUTANTS[name]()
    return work(job)


def main() -> None:
    for line in sys.stdin:
        job = Job.from_line(line)
        pid = forked(partial(life, job), job.log)
        print(pid, flush=True)
        print(os.waitpid(pid, 0)[1], flush=True)


if __name__ == "__main__":
    main()
