# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A realm for the tests of Kerberos, and endpoints that are services of it; where they cannot be had, why."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.tests.tools import kerberos

# Before pywinrm is imported, which looks for them then.
sys.path.insert(0, str(kerberos.PYTHON))

from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.winrm import WinRMChannel
from ansible_collections.email_router.exchange_online.tests.simulator.wsman import (
    Authority,
    Endpoint,
    EndpointOptions,
    Program,
)

from .realm import HOST, OTHER_USER, PASSWORD, USER, Realm, Spy

RUNNER = Path(__file__).parents[1] / "unit" / "plugin_utils" / "_remote" / "runner_process.py"
Serve = Callable[..., Endpoint]
Reach = Callable[..., WinRMChannel]


@pytest.fixture(scope="session", autouse=True)
def _kerberos_is_there() -> None:
    why = kerberos.PLACE.missing()
    if why:
        pytest.skip(f"Kerberos is NOT TESTED: {why}")


@pytest.fixture(scope="session")
def realm(_kerberos_is_there: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Realm]:
    with Realm(tmp_path_factory.mktemp("realm")) as running:
        yield running


@pytest.fixture(autouse=True)
def _in_the_realm(realm: Realm, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KRB5_CONFIG", str(realm.configuration))
    monkeypatch.setenv("KRB5CCNAME", f"FILE:{tmp_path / 'of-the-user'}")


@pytest.fixture
def spy(realm: Realm, tmp_path: Path) -> Spy:
    return realm.spy(tmp_path)


@pytest.fixture
def serve(realm: Realm) -> Iterator[Serve]:
    """Starts an endpoint; keyword arguments are those of EndpointOptions."""
    program = Program((sys.executable, str(RUNNER)), os.environ)
    with ExitStack() as stack:

        def start(**options: Any) -> Endpoint:
            users = dict.fromkeys((USER, OTHER_USER), "unused, for tickets speak")
            defaults = {"programs": {"powershell.exe": program}, "passwords": users, "keytab": realm.keytab}
            return stack.enter_context(Endpoint(EndpointOptions(**{**defaults, **options})))

        yield start


@pytest.fixture
def reach(spy: Spy, tmp_path: Path) -> Iterator[Reach]:
    """Makes a channel to an endpoint; keyword arguments are those of the channel."""
    directory = tmp_path / "tickets"
    directory.mkdir()
    with ExitStack() as stack:

        def make(endpoint: Endpoint, **options: Any) -> WinRMChannel:
            authority = endpoint.options.authority
            defaults = {
                "endpoint": endpoint.url,
                "transport": "kerberos",
                "username": USER,
                "password": PASSWORD,
                "kerberos_hostname_override": HOST,
                "ca_trust_path": str(authority.ca_file) if authority else None,
                "kinit_cmd": str(spy.program),
                "kinit_env_vars": ("KRB5_CONFIG",),
                "kinit_directory": str(directory),
                "operation_timeout_sec": 2,
                "read_timeout_sec": 4,
            }
            channel = WinRMChannel(sleep=lambda _seconds: None, **{**defaults, **options})
            stack.callback(channel.close)
            return channel

        yield make


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))
