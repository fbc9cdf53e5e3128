# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small program to run: ``echo | exit N | flood N | stderr TEXT | variable NAME | wait | family``."""

from __future__ import annotations

import os
import subprocess
import sys
import time


def main(mode: str, argument: str = "") -> int:
    """``echo`` gives every line back until the end of input; ``wait`` and ``family`` read nothing and never end, the
    latter with a child whose pid it prints."""
    if mode == "echo":
        for line in sys.stdin.buffer:
            sys.stdout.buffer.write(line)
            sys.stdout.buffer.flush()
    elif mode == "exit":
        return int(argument)
    elif mode == "flood":
        sys.stdout.write("x" * int(argument))
    elif mode == "stderr":
        sys.stderr.write(argument)
    elif mode == "variable":
        sys.stdout.write(os.environ.get(argument, ""))
    elif mode in ("wait", "family"):
        if mode == "family":
            child = subprocess.Popen([sys.executable, "-S", __file__, "wait"])
            print(child.pid, flush=True)
        time.sleep(3600)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
