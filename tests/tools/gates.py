# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes one gate after another, tells what each one cost, and stops at the first that fails."""

from __future__ import annotations

import subprocess
import sys
import time


def main(gates: list[str]) -> None:
    """Each gate is a target of the Makefile; the exit status is that of the gate that failed."""
    begin = time.monotonic()
    for gate in gates:
        started = time.monotonic()
        print(f"== {gate}", flush=True)
        status = subprocess.run(["make", "--no-print-directory", gate], check=False).returncode
        print(f"== {gate}: {'failed' if status else 'done'} after {time.monotonic() - started:.0f} s\n", flush=True)
        if status:
            print(f"The gate {gate!r} failed. To run it alone: make {gate}", file=sys.stderr)
            sys.exit(status)
    print(f"All {len(gates)} gates are open, after {time.monotonic() - begin:.0f} s.")


if __name__ == "__main__":
    main(sys.argv[1:])
