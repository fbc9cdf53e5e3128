# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Endpoints for the tests: started as asked for, stopped at the end of the test."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.tests.simulator.wsman import (
    Authority,
    Endpoint,
    EndpointOptions,
    Program,
)

from .client import PASSWORD, USER

_PROGRAM = (sys.executable, "-S", str(Path(__file__).parent / "program.py"))
Serve = Callable[..., Endpoint]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts an endpoint; keyword arguments are those of EndpointOptions."""
    programs = {"program.exe": Program(_PROGRAM, {"COLOUR": "red"}), "powershell": Program((*_PROGRAM, "exit", "7"))}
    with ExitStack() as stack:

        def start(**options: Any) -> Endpoint:
            defaults = {"programs": programs, "passwords": {USER: PASSWORD}}
            return stack.enter_context(Endpoint(EndpointOptions(**{**defaults, **options})))

        yield start


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))
