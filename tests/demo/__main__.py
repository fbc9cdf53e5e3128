# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job on a simulated organisation: from an export of Dynamics CRM to audit, enforce, audit, enforce, and
the report of each."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from ...plugins.plugin_utils._tenant.organisation import Organisation
from ...plugins.plugin_utils._tenant.tenant import Tenant
from ..simulator.simulator import Simulator

_HERE = Path(__file__).resolve().parent
_ROOT = _HERE.parents[1]
#: The reports of each run, in a directory of its number; those of the last demo go.
_REPORTS = _ROOT / ".cache" / "demo"
_FORMATS = {"json": "json", "junit": "xml", "markdown": "md", "csv": "csv", "html": "html"}
_COLUMNS = ("mailbox", "account", "right", "before", "outcome")


@dataclass(frozen=True)
class Act:
    """One run of a playbook. ``status``, ``writes``: the exit status and the writes that it must come to."""

    title: str
    playbook: Path
    status: int
    writes: int
    moral: str


_EXPORT = _HERE / "export.crm_mailboxes.yml"
_AUDIT, _ENFORCE = _ROOT / "playbooks" / "audit.yml", _HERE / "enforce.yml"
_ACTS = (
    Act(
        "Audit: how far is the organisation from what is wanted?",
        _AUDIT,
        2,
        0,
        "there is drift, and an audit fails on it",
    ),
    Act(
        "Enforce: grant what is missing, take back what is not wanted",
        _ENFORCE,
        0,
        15,
        "everything was done and read back",
    ),
    Act("Audit again", _AUDIT, 0, 0, "as it is wanted; what the router holds where CRM uses it no more is surplus"),
    Act("Enforce again", _ENFORCE, 0, 0, "nothing was left to do: changed=0"),
)
#: What the inventory plugin says of rows that are no host, and of all of them.
_ROW = re.compile(r"^(?:left out|rejected): .*", re.MULTILINE)
_SUMMARY = re.compile(r"crm_export\.csv: 40 rows, 26 mailboxes; .*?4 rejected \(.*?\)")


def main() -> int:
    """Exit status 0 if every act ended as it must."""
    tenant = Tenant(Organisation.load(_ROOT / "playbooks" / "files" / "demo_organisation.json"))
    with Simulator(tenant) as simulator, tempfile.TemporaryDirectory(prefix="exchange-online-demo-") as folder:
        _say_who_is_there(simulator)
        return 0 if _read_the_export() and _play(simulator, Path(folder)) else 1


def _say_who_is_there(simulator: Simulator) -> None:
    powershell = simulator.host.options.pwsh
    far_end = "a real PowerShell 7" if powershell else "a stand-in in Python, for this machine has no PowerShell (pwsh)"
    _say(f"The far end is {far_end}.")
    _say(f"A simulated organisation ({simulator.organization}) listens behind WinRM at {simulator.url}.")


def _read_the_export() -> bool:
    """Tells which rows are no mailbox of the router's, and why. False if the export is not what it should be."""
    _say("\n=== The mailboxes: an export of Dynamics CRM is the inventory (tests/demo/crm_export.csv)")
    command = [_program("ansible-inventory"), "-i", str(_EXPORT), "--graph", "-v"]
    answer = subprocess.run(command, cwd=_ROOT, env=_environment(), capture_output=True, text=True, check=False)
    said = answer.stdout + answer.stderr
    summary = _SUMMARY.search(" ".join(said.split()))
    if answer.returncode or not summary:
        _say(said)
        return False
    for row in _ROW.findall(said):
        _say(f"    {row}")
    _say(f"    {summary.group()}")
    return True


def _play(simulator: Simulator, folder: Path) -> bool:
    """False if an act did not end as it must."""
    inventory = _inventory(simulator, folder)
    shutil.rmtree(_REPORTS, ignore_errors=True)
    tables = []
    for number, act in enumerate(_ACTS, 1):
        writes = _writes(simulator)
        _say(f"\n=== {number} of {len(_ACTS)}: {act.title}")
        result = folder / f"result-{number}.json"
        status = _run(act.playbook, inventory, {"demo_result": str(result), **_reporting(number)})
        written = _writes(simulator) - writes
        _say(f"    exit status {status}: {act.moral}; the organisation's call log has {written} writes of it")
        if (status, written) != (act.status, act.writes):
            _say(f"    That is not as it should be: exit status {act.status} and {act.writes} writes were expected.")
            return False
        if result.exists():
            tables.append(json.loads(result.read_text(encoding="utf-8")))
    rows = [row for row in tables[0] if row["outcome"] != "compliant"]
    _say("\nWhat the first enforcement found and did:\n")
    _say(table(rows))
    _say(f"\nand {len(tables[0]) - len(rows)} grants that were as wanted")
    return _told_of_reports()


def _reporting(number: int) -> dict[str, object]:
    """The variables of the role by which a run leaves reports, with what changed since the run before."""
    formats = {name: str(_REPORTS / str(number) / f"access.{ending}") for name, ending in _FORMATS.items()}
    before = {"mailbox_delegation_previous_report": str(_REPORTS / str(number - 1) / "access.json")}
    return {"mailbox_delegation_reports": formats, **(before if number > 1 else {})}


def _told_of_reports() -> bool:
    """Ends with the page that there is most to see on. False if a report is missing."""
    _say("\nEach run left its report as JSON, JUnit, Markdown, CSV and HTML, with what changed since the run before:\n")
    for number, act in enumerate(_ACTS, 1):
        files = [_REPORTS / str(number) / f"access.{ending}" for ending in _FORMATS.values()]
        if not all(file.is_file() for file in files):
            _say(f"    A report is missing in {files[0].parent}.")
            return False
        _say(f"    {files[0].parent}/access.*  {act.title}")
    _say("\nOpen the one of the first enforcement in a browser:")
    _say(str(_REPORTS / "2" / "access.html"))
    return True


def _inventory(simulator: Simulator, folder: Path) -> list[str]:
    """The mailboxes of the export, what it cannot tell, and how the simulator says that its host is reached."""
    certificate = simulator.applications[0]
    management = folder / "management.yml"
    variables = {
        "exchange_certificate_thumbprint": certificate.thumbprint,
        "exchange_endpoints": [simulator.tenant_server.url.removeprefix("http://")],
    }
    content = {
        "management": {"hosts": {"exo-mgmt01": simulator.variables("ntlm")}},
        "crm_mailboxes": {"vars": variables},
    }
    management.write_text(yaml.safe_dump(content), encoding="utf-8")
    return [str(_EXPORT), str(_HERE / "mailboxes.yml"), str(management)]


def _run(playbook: Path, inventory: Sequence[str], variables: Mapping[str, object]) -> int:
    command = [_program("ansible-playbook"), str(playbook), "-e", json.dumps(variables)]
    for source in inventory:
        command += ["-i", source]
    return subprocess.run(command, cwd=_ROOT, env=_environment(), check=False).returncode


def _program(name: str) -> str:
    return str(Path(sys.executable).parent / name)


def _environment() -> dict[str, str]:
    return {**os.environ, "ANSIBLE_CONFIG": str(_ROOT / "ansible.cfg"), "ANSIBLE_NOCOWS": "1"}


def _writes(simulator: Simulator) -> int:
    return sum(call.writes for call in simulator.tenant.calls)


def table(rows: Sequence[Mapping[str, str]]) -> str:
    """Rows of a result as text in columns."""
    cells = [_COLUMNS, *(tuple(str(row[column]) for column in _COLUMNS) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(_COLUMNS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    rule = "  ".join("-" * width for width in widths)
    return "\n".join([lines[0], rule, *lines[1:]])


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
