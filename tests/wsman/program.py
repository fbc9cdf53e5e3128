# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small program for the endpoint to run: ``program.py echo | exit N | flood N | stderr TEXT | variable NAME | wait``."""

from __future__ import annotations

import os
import sys
import time


def main(mode: str, argument: str = "") -> int:
    """``echo`` gives every line back until the end of input, ``wait`` reads nothing and never ends."""
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
    elif mode == "wait":
        time.sleep(3600)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
