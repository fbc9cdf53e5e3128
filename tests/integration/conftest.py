# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stages for the tests: set as asked for, cleared at the end of the test."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.organisation import Organisation
from ansible_collections.email_router.exchange_online.tests.simulator.host import HostOptions, find_powershell
from ansible_collections.email_router.exchange_online.tests.simulator.simulator import SimulatorOptions
from ansible_collections.email_router.exchange_online.tests.tools import newest

from .harness import CORES
from .installed import as_user, install
from .stage import Stage

SetStage = Callable[..., Stage]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is about a core that is not among those chosen is left out, and counted."""
    cores = {item: item.callspec.params.get("core") for item in items if hasattr(item, "callspec")}
    others = [item for item, core in cores.items() if isinstance(core, str) and core not in CORES]
    config.hook.pytest_deselected(items=others)
    items[:] = [item for item in items if item not in others]


@pytest.fixture(scope="session", autouse=True)
def _cores_are_there() -> None:
    """The newest ones cannot be had everywhere."""
    why = newest.PLACE.missing() if newest.ENVIRONMENTS.keys() & CORES.keys() else ""
    if why:
        pytest.skip(f"the newest ansible-cores are NOT TESTED: {why}")


@pytest.fixture(scope="session", autouse=True)
def _powershell_in_ci() -> None:
    """What is found here for the stand-in alone is not found for PowerShell."""
    if os.environ.get("CI") and not find_powershell():
        pytest.fail("no PowerShell 7: set PWSH, or install pwsh")


@pytest.fixture
def powershell() -> None:
    """For a test that is about PowerShell itself."""
    if not find_powershell():
        pytest.skip("no PowerShell 7: set PWSH, or install pwsh")


@pytest.fixture
def set_stage(tmp_path: Path) -> Iterator[SetStage]:
    """Sets a stage for an organisation; keyword arguments are those of Stage, and ``host``: HostOptions.

    PowerShell is a real one where the machine has one, else the stand-in.
    """
    with ExitStack() as stack:

        def start(organisation: Organisation, *, host: HostOptions | None = None, **arguments: Any) -> Stage:
            if host:
                arguments["options"] = replace(arguments.get("options", SimulatorOptions()), host=host)
            return stack.enter_context(Stage(tmp_path, organisation, **arguments))

        yield start


@pytest.fixture(scope="session")
def collections(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the collection, built and installed as users do it."""
    return install(tmp_path_factory.mktemp("installed"))


@pytest.fixture
def set_user_stage(set_stage: SetStage, collections: Path) -> SetStage:
    """As ``set_stage``, before somebody who has the collection installed, and no checkout."""
    return lambda organisation, **arguments: as_user(set_stage(organisation, **arguments), collections)
