# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection as users have it: built, installed into a folder of its own, and nothing of the checkout in reach."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from ansible_collections.email_router.exchange_online.tests.tools.package import build

from .stage import Stage


def install(directory: Path) -> Path:
    """Builds the archive that users get and installs it, without any server. The folder to look for collections in."""
    collections = directory / "collections"
    galaxy = [str(Path(sys.executable).with_name("ansible-galaxy")), "collection", "install", "--no-deps", "--offline"]
    command = [*galaxy, "-p", str(collections), str(build(directory))]
    environment = {**os.environ, **only(collections), "HOME": str(directory)}
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    return collections


def as_user(stage: Stage, collections: Path) -> Stage:
    """The stage before somebody who has no settings of ansible, and no checkout, but the installed collection."""
    elsewhere = stage.directory / "elsewhere"
    elsewhere.mkdir()
    settings = elsewhere / "ansible.cfg"
    settings.touch()
    environment = {**stage.node.environment, **only(collections), "ANSIBLE_CONFIG": str(settings)}
    stage.node = replace(stage.node, environment=environment, cwd=elsewhere)
    return stage


def only(collections: Path) -> dict[str, str]:
    """The collections there and no others: Python's path, on which the checkout may be, is not looked at."""
    return {"ANSIBLE_COLLECTIONS_PATH": str(collections), "ANSIBLE_COLLECTIONS_SCAN_SYS_PATH": "false"}
