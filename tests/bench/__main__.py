# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the contenders side by side, and writes docs/bench.md and docs/bench.svg."""

from __future__ import annotations

import argparse
import sys
import time

from . import pages, plans
from .measure import measure_all
from .plot import picture
from .report import Book, section


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--full", action="store_true", help="measure up to 10,000 mailboxes: more than an hour")
    full = parser.parse_args(arguments).full
    begun = time.monotonic()
    costs = measure_all(plans.FULL if full else plans.QUICK, lambda line: print(line, flush=True))
    pages.write_section("contenders", section(costs, "make bench-full" if full else "make bench"))
    pages.PLOT.write_text(picture(Book(costs)), encoding="utf-8")
    print(f"docs/bench.md and docs/bench.svg written after {time.monotonic() - begun:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
