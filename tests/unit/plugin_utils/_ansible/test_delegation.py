# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the task mailbox_delegation asks of ansible, which puts a host's variables together anew each time."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible.delegation import DelegationAction

HOSTS = [f"box{number}@contoso.com" for number in range(5)]


class Variables(Mapping[str, Any]):
    """Of one host. ``read``: every variable whose value was asked for."""

    def __init__(self, **said: Any) -> None:
        self.said = said
        self.read: list[str] = []

    def __getitem__(self, name: str) -> Any:
        self.read.append(name)
        return self.said[name]

    def __contains__(self, name: object) -> bool:
        return name in self.said

    def __iter__(self) -> Iterator[str]:
        return iter(self.said)

    def __len__(self) -> int:
        return len(self.said)


class Hostvars(dict[str, Variables]):
    """``asked``: how often the variables of each host were."""

    def __init__(self, *hosts: str, **said: Any) -> None:
        super().__init__({host: Variables(group_names=["crm"], **said) for host in hosts})
        self.asked: Counter[str] = Counter()

    def __getitem__(self, host: str) -> Variables:
        self.asked[host] += 1
        return super().__getitem__(host)


def run(hostvars: Hostvars, directory: Path, groups: list[str], **options: Any) -> dict[str, Any]:
    """The result of an audit of all hosts, of the first of which the task is."""
    snapshot = directory / "contoso.json"
    recipients = [{"kind": "UserMailbox", "address": one} for one in ("router@contoso.com", *HOSTS)]
    snapshot.write_text(json.dumps({"recipients": recipients}), encoding="utf-8")
    profile = {"account": "router@contoso.com", "access_type": "send_as", "groups": groups}
    arguments = {"profiles": {"router": profile}, "profile": "router", "snapshot": str(snapshot), **options}
    action: Any = DelegationAction.__new__(DelegationAction)
    task = {"environment": None, "check_mode": True, "async_val": 0, "diff": False, "delegate_to": "localhost"}
    action._task = SimpleNamespace(args=arguments, action="x.y.z", **task)
    action._connection = SimpleNamespace(transport="local", _shell=SimpleNamespace(tmpdir=None))
    action._templar = SimpleNamespace(template=lambda value: value)
    action._loader = None  # of files; there are no extra variables
    hosts = {"ansible_play_batch": HOSTS, "ansible_play_hosts": HOSTS, "groups": {"crm": HOSTS}}
    made: dict[str, Any] = action.run(task_vars={"inventory_hostname": HOSTS[0], "hostvars": hostvars, **hosts})
    return made


@pytest.mark.parametrize(
    "options",
    [{}, {"surplus_group": "crm", "surplus": "revoke", "surplus_group_minimum": 5}],
    ids=["plain", "with a surplus group"],
)
def test_the_variables_of_each_host_are_asked_for_once(tmp_path: Path, options: dict[str, Any]) -> None:
    hostvars = Hostvars(*HOSTS, crm_rejected_rows=0)
    made = run(hostvars, tmp_path, [], **options)
    assert (made["summary"]["total"], made["summary"]["missing"]) == (5, 5), made
    assert hostvars.asked == dict.fromkeys(HOSTS, 1)


@pytest.mark.parametrize(("groups", "read"), [([], []), (["crm"], ["group_names"])])
def test_no_variable_is_templated_that_nothing_depends_on(tmp_path: Path, groups: list[str], read: list[str]) -> None:
    hostvars = Hostvars(*HOSTS, something="else")
    assert run(hostvars, tmp_path, groups)["summary"]["total"] == 5
    assert {host: hostvars[host].read for host in HOSTS} == dict.fromkeys(HOSTS, read)
