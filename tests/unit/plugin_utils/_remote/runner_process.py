# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The runner in memory as a program of its own: what a remote shell or a local process starts in the tests."""

from __future__ import annotations

import os
import sys
from typing import Any

from ansible_collections.email_router.exchange_online.tests.unit.plugin_utils._remote.fake_channel import (
    FakeRunner,
    Request,
    echo,
)


def main() -> int:
    """Answers each cmdlet with what it was asked and how many ran before it; ends at once if told to by its name.

    The file that EXECUTED names gets a line for each that is carried out: its id, and what it was asked.
    """
    runner = FakeRunner()
    executed = os.environ.get("EXECUTED")

    def numbered(request: Request) -> dict[str, Any]:
        if request.get("cmdlet") == "Exit":
            sys.stderr.write("out of memory\n")
            sys.stderr.flush()
            os._exit(7)
        if executed and request["op"] == "invoke":
            with open(executed, "a", encoding="ascii") as file:
                file.write(f"{request['id']} {request['parameters']['Identity']}\n")
        answer = echo(request)
        for row in answer.get("rows", []):
            row["Nth"] = sum(each["op"] == "invoke" for each in runner.executed)
        return answer

    runner.handler = numbered
    while not runner.quit and (data := os.read(0, 65536)):
        sys.stdout.buffer.write(runner.feed(data))
        sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
