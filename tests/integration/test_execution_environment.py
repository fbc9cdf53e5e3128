# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Execution environments as docs/execution-environment.md has them: up to the build context, for no image is built."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ansible_collections.email_router.exchange_online.tests.tools.package import build
from bindep.depends import Depends
from packaging.requirements import Requirement

from .harness import COLLECTION, ROOT
from .installed import only

DOCS = ROOT / "docs" / "execution-environment"
DEFINITIONS = ("winrm", "local")
PROGRAMS = Path(sys.executable).parent
#: Records how it was called.
RECORDER = "#!{python}\nimport json, sys\nprint(json.dumps(sys.argv))\n"


def run(*command: str | Path, cwd: Path, **variables: str) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, **variables},
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module", params=DEFINITIONS)
def context(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The build context of a definition, made as the documentation says."""
    directory = tmp_path_factory.mktemp(request.param)
    shutil.copy(DOCS / request.param / "execution-environment.yml", directory)
    build(directory)
    run(PROGRAMS / "ansible-builder", "create", "--output-filename", "Containerfile", cwd=directory)
    return directory / "context"


def commands(context: Path) -> list[str]:
    return (context / "Containerfile").read_text().splitlines()


def test_the_context_installs_the_collection_and_what_it_asks_for(context: Path, tmp_path: Path) -> None:
    """The steps of the Containerfile, run here as far as they need no image."""
    files = context / "_build"
    galaxy = (PROGRAMS / "ansible-galaxy", "collection", "install", "--offline", "-r", "requirements.yml")
    run(*galaxy, "--collections-path", tmp_path, cwd=files, HOME=str(tmp_path), **only(tmp_path))
    merged = {name: tmp_path / name for name in ("bindep.txt", "requirements.txt")}
    written = (f"--write-bindep={merged['bindep.txt']}", f"--write-pip={merged['requirements.txt']}")
    introspect = (sys.executable, files / "scripts" / "introspect.py", "introspect", tmp_path)
    run(*introspect, "--user-bindep=bindep.txt", *written, cwd=files)
    python = [Requirement(line.partition("#")[0]) for line in merged["requirements.txt"].read_text().splitlines()]
    assert {(each.name, *each.extras) for each in python} == {("pywinrm", "kerberos"), ("openpyxl",)}
    text = merged["bindep.txt"].read_text()
    assert COLLECTION in text
    assert packages(text, "rpm", "compile") == {"gcc", "krb5-devel", "python3-devel", "python3.12-devel"}
    assert packages(text, "rpm") == {"krb5-workstation"}


def packages(text: str, family: str, *profiles: str) -> set[str]:
    """What bindep names on a system of this family: with profiles for them alone, without for the image as it runs."""
    rules = Depends(text).active_rules([f"platform:{family}", *profiles])
    always = set() if not profiles else {name for name, *_rest in Depends(text).active_rules([f"platform:{family}"])}
    return {name for name, *_rest in rules} - always


def test_the_packages_of_debian_are_named_too() -> None:
    text = (ROOT / "meta" / "ee-bindep.txt").read_text()
    assert packages(text, "dpkg", "compile") == {"gcc", "libkrb5-dev", "python3-dev"}
    assert packages(text, "dpkg") == {"krb5-user"}


def test_the_context_names_what_is_pinned_here(context: Path) -> None:
    """The definitions are held against the versions that the tests run with, and that the collection has."""
    versions = [line for file in ("requirements-2.19.txt", "requirements-dev.txt") for line in lines(file)]
    core, runner = (
        next(line for line in versions if line.startswith(f"{name}==")) for name in ("ansible-core", "ansible-runner")
    )
    assert f'ARG ANSIBLE_INSTALL_REFS="{core} {runner}"' in commands(context)
    version = yaml.safe_load((ROOT / "galaxy.yml").read_text())["version"]
    (collection,) = yaml.safe_load((context / "_build" / "requirements.yml").read_text())["collections"]
    assert collection["name"] == f"archives/email_router-exchange_online-{version}.tar.gz"


def lines(file: str) -> list[str]:
    return (ROOT / file).read_text().splitlines()


@pytest.mark.parametrize("context", ["local"], indirect=True)
def test_the_local_way_adds_powershell_and_the_module_as_root(context: Path, tmp_path: Path) -> None:
    """A shell reads the steps as the build would, before programs that only tell how they were called."""
    final = commands(context)
    final = final[final.index("FROM base AS final") :]
    arguments = dict(line.removeprefix("ARG ").split("=") for line in final if line.startswith("ARG ") and "=" in line)
    ours = [line for line in final if line.startswith("RUN ") and ("pwsh" in line or "powershell" in line)]
    assert final.index(ours[-1]) < final.index("USER 1000"), "only root may install"
    programs = {name: tmp_path / name for name in ("dnf", "pwsh")}
    for program in programs.values():
        program.write_text(RECORDER.format(python=sys.executable))
        program.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    variables = {**arguments, "PKGMGR": "dnf", "PATH": path}
    told = [run("sh", "-c", line.removeprefix("RUN "), cwd=tmp_path, **variables).splitlines() for line in ours]
    (install, clean), (module,), (look,) = [[json.loads(line)[1:] for line in each] for each in told]
    powershell, exchange = arguments["POWERSHELL"], arguments["EXCHANGE"]
    assert install[:2] == ["install", "-y"]
    assert install[2].endswith(f"/v{powershell}/powershell-{powershell}-1.rh.x86_64.rpm")
    assert clean == ["clean", "all"]
    assert module[-1].startswith("$ErrorActionPreference = 'Stop'; Install-PSResource ")
    assert f"-Name ExchangeOnlineManagement -Version {exchange} -Scope AllUsers" in module[-1]
    assert f".Version -ne '{exchange}') {{ exit 1 }}" in look[-1]
    assert f"PowerShell {powershell}, ExchangeOnlineManagement {exchange}" in (DOCS.with_suffix(".md")).read_text()
