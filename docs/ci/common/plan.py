# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a pipeline asks of a plan between the job that makes it and the one that applies it.

``plan.py digest FILE``: its digest, which the plan for a person shows, too. ``plan.py writes FILE``: how
many grants and revocations it holds. ``plan.py check FILE --digest DIGEST``: exit status 0, and a line that says both,
if it is the plan of which that digest was told. Whether the file is what its digest says, apply looks itself.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

FORMAT = "email_router.exchange_online/access-plan"


def main() -> None:
    parser = argparse.ArgumentParser(description="What a pipeline asks of a plan.")
    questions = parser.add_subparsers(dest="question", required=True)
    for name in ("digest", "writes", "check"):
        question = questions.add_parser(name)
        question.add_argument("plan", type=Path)
    question.add_argument("--digest", required=True)
    arguments = parser.parse_args()
    try:
        plan = read(arguments.plan)
        digest = str(plan["hashes"]["plan"])
        numbers = {name: len([row for row in plan["rows"] if row["action"] == name]) for name in ("grant", "revoke")}
    except OSError as error:
        sys.exit(f"{arguments.plan}: there is no plan ({error.strerror})")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        sys.exit(f"{arguments.plan}: it is no plan ({type(error).__name__})")
    if arguments.question == "check":
        if digest != arguments.digest:
            sys.exit(f"{arguments.plan}: it is the plan {digest}, and approved was the plan {arguments.digest or '?'}")
        print(f"{arguments.plan}: plan {digest}, with {numbers['grant']} to grant and {numbers['revoke']} to revoke")
    else:
        print(digest if arguments.question == "digest" else sum(numbers.values()))


def read(file: Path) -> dict[str, Any]:
    plan = json.loads(file.read_text(encoding="utf-8"))
    if plan["format"] != FORMAT or plan["version"] != 1:
        raise ValueError(f"neither {FORMAT} nor version 1")
    found: dict[str, Any] = plan
    return found


if __name__ == "__main__":
    main()
