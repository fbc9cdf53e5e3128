# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the collection's archive as a release does, and holds its contents against the files that it should hold."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path

from ansible_collections.email_router.exchange_online.tests.tools.checkout import ROOT, files

PACKED = {"CHANGELOG.md", "LICENSE", "README.md", "changelogs", "docs", "meta", "playbooks", "plugins", "roles"}
UNPACKED = {"changelogs/fragments"}
MADE = {"FILES.json", "MANIFEST.json"}
_SCRIPTS = ("bootstrap.ps1", "exchange.ps1", "diagnose.ps1", "runner.ps1")
NEEDED = {
    *("LICENSE", "README.md", "meta/runtime.yml", "playbooks/files/demo_organisation.json"),
    *(f"plugins/plugin_utils/_remote/{name}" for name in _SCRIPTS),
    *(f"plugins/plugin_utils/_report/page.{kind}" for kind in ("css", "js")),
}


def main() -> None:
    archive = build(ROOT / ".cache" / "package")
    with tarfile.open(archive) as tar:
        held = {member.name for member in tar if member.isfile()}
    wanted = expected() | MADE
    problems = [f"missing: {name}" for name in sorted((wanted | NEEDED) - held)]
    problems += [f"not to be packed: {name}" for name in sorted(held - wanted)]
    if problems:
        sys.exit("\n".join([f"{archive.name} is wrong", *problems]))
    print(f"{archive.name}: {len(held)} files, {archive.stat().st_size // 1024} KiB")


def build(directory: Path) -> Path:
    """The path of the fresh archive."""
    for old in directory.glob("*.tar.gz"):
        old.unlink()
    program = str(Path(sys.executable).with_name("ansible-galaxy"))
    command = [program, "collection", "build", "--output-path", str(directory), "--force"]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    (archive,) = directory.glob("*.tar.gz")
    return archive


def expected() -> set[str]:
    """The names of the files of the checkout that users get."""
    chosen = (name for name in files() if name.parts[0] in PACKED)
    return {str(name) for name in chosen if not any(name.is_relative_to(other) for other in UNPACKED)}


if __name__ == "__main__":
    main()
