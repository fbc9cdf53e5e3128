# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a pipeline asks of the JSON report: whether it is new and whole, and whether the run may be tried again.

``report.py fresh REPORT --started FILE --mailboxes NUMBER --mode audit|enforcement``: exit status 0 if the report is of
a run that began after the moment in FILE, in this mode, on the real organisation; if it has at least that many
mailboxes, lets nothing pass in a grace that no report before it counts from, and its verdict is not "failed".
``report.py retry-safe REPORT``: exit status 0 if something failed that a machine may try again.
"""

from __future__ import annotations

import argparse
import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

FORMAT = "email_router.exchange_online/access-report"


def main() -> None:
    parser = argparse.ArgumentParser(description="What a pipeline asks of the JSON report.")
    questions = parser.add_subparsers(dest="question", required=True)
    fresh = questions.add_parser("fresh")
    fresh.add_argument("report", type=Path)
    fresh.add_argument("--started", type=Path, required=True)
    fresh.add_argument("--mailboxes", type=_number, required=True)
    fresh.add_argument("--mode", choices=["audit", "enforcement"], required=True)
    questions.add_parser("retry-safe").add_argument("report", type=Path)
    arguments = parser.parse_args()
    if arguments.question == "retry-safe":
        sys.exit(0 if retry_safe(arguments.report) else 1)
    problems = problems_of(arguments.report, _moment(arguments.started), arguments.mailboxes, arguments.mode)
    if problems:
        sys.exit(f"{arguments.report}: {'; '.join(problems)}")
    print(f"{arguments.report}: new, with every mailbox")


def retry_safe(file: Path) -> bool:
    """Drift is no failure that passes by itself. Where there is no report nobody knows, so a person has to look."""
    try:
        verdict = read(file)["verdict"]
        return bool(verdict["failure_class"]) and verdict["retry_safe"] is True
    except (OSError, ValueError, KeyError, TypeError):
        return False


def problems_of(file: Path, started: datetime, mailboxes: int, mode: str) -> list[str]:
    """Why this report does not show that the run did its work; empty if it does."""
    try:
        report = read(file)
        head, verdict = report["head"], report["verdict"]
        seen = len(mailboxes_of(report))
        began = head["began"]
        waiting = without_beginning(report)
        found = [
            (_time(began) < started, f"it is from {began}, before this run began"),
            (head["mode"] != mode, f"it is of an {head['mode']}, not of an {mode}"),
            (head["rehearsal"] is not False, "it is of a rehearsal on a snapshot"),
            (mailboxes < 1, f"EXPECTED_MAILBOXES is {mailboxes}: it is to be 1 at least"),
            (seen < mailboxes, f"it has {seen} mailboxes, expected are at least {mailboxes}"),
            (verdict["failed"] is not False, verdict["sentence"]),
            (
                waiting > 0,
                f"{waiting} of its rows wait in a grace, and no report before it says since when: if this is the first "
                "one, run it again with it as the one before; else mend how reports are handed on",
            ),
        ]
    except OSError as error:
        return [f"there is no report ({error.strerror})"]
    except (ValueError, KeyError, TypeError) as error:
        return [f"it is no report ({type(error).__name__}: {error})"]
    return [problem for is_so, problem in found if is_so]


def mailboxes_of(report: dict[str, Any]) -> set[str]:
    """The mailboxes that the inventory wants something of; surplus may be found on others."""
    return {row["mailbox"] for row in report["rows"] if row["state"] == "present" or row["until"]}


def without_beginning(report: dict[str, Any]) -> int:
    """How many rows a grace lets pass, where no report before says since when.

    Were the one before lost every night, the grace would never end. What passes by its verdict alone counts no time.
    """
    if report["changes"] is not None:
        return 0
    grace = report["verdict"]["grace"]
    return len([row for row in report["rows"] if row["standing"] in grace and row["verdict"] != "fail"])


def read(file: Path) -> dict[str, Any]:
    try:
        report = json.loads(file.read_text(encoding="utf-8"))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(report, dict) or report.get("format") != FORMAT or report.get("version") != 1:
        raise ValueError(f"neither {FORMAT} nor version 1")
    return report


def _number(text: str) -> int:
    """What a variable of the pipeline holds: nothing, or its own name, where nobody has set it."""
    try:
        return int(text)
    except ValueError:
        told = f"{text!r} is no number: set the variable EXPECTED_MAILBOXES (AWX: exchange_expected_mailboxes)"
        raise argparse.ArgumentTypeError(told) from None


def _moment(file: Path) -> datetime:
    return _time(file.read_text(encoding="utf-8").strip())


def _time(text: str) -> datetime:
    """RFC 3339 with an offset; Python before 3.11 does not read a Z."""
    time = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if time.tzinfo is None:
        raise ValueError(f"{text} has no offset")
    return time


if __name__ == "__main__":
    main()
