# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A control node before a simulated organisation: inventories, playbooks, runs, and the organisation's own books."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Any, Union

from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.access import AccessList
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.organisation import Organisation
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import (
    CallRecord,
    Connection,
    Tenant,
)
from ansible_collections.email_router.exchange_online.tests.simulator.simulator import Simulator, SimulatorOptions

from .harness import NEWEST, TASK, ControlNode, Run

ROUTER = "crmrouter@contoso.com"
MANAGEMENT = "exo-mgmt01"
#: The group of the mailboxes in every inventory.
MAILBOXES = "crm_mailboxes"
SEND_AS = {"account": ROUTER, "access_type": "send_as"}
EVERYTHING = {"account": ROUTER, "rights": ["send_as", "full_access", "send_on_behalf"]}

#: Names of hosts, or hosts with their variables.
Hosts = Union[Iterable[str], Mapping[str, Mapping[str, Any]]]


class Transport(Enum):
    """How PowerShell is reached; over WinRM the value is the one of ansible_winrm_transport."""

    NTLM = "ntlm"
    BASIC_TLS = "basic"
    CERTIFICATE_TLS = "certificate"
    LOCAL = "local"

    @property
    def is_tls(self) -> bool:
        return self in (Transport.BASIC_TLS, Transport.CERTIFICATE_TLS)

    @property
    def host(self) -> str:
        """What a task is delegated to."""
        return "localhost" if self is Transport.LOCAL else MANAGEMENT


class WatchedTenant(Tenant):
    """Remembers which of its connections are open."""

    def __init__(self, organisation: Organisation) -> None:
        super().__init__(organisation)
        self.open: set[str] = set()

    def connect(self, sign_in: Mapping[str, object]) -> Connection:
        made = super().connect(sign_in)
        self.open.add(made.connection_id)
        return made

    def disconnect(self, connection_id: str) -> None:
        super().disconnect(connection_id)
        self.open.discard(connection_id)

    def become(self, organisation: Organisation) -> None:
        """What the organisation is from now on, whoever made it so; all of it shows at once. Nobody may be signed in.

        The log goes on, and faults of the simulator stay.
        """
        assert not self.open, "somebody is signed in"
        calls, connections = self.calls, self.connections
        super().__init__(organisation)
        self.calls, self.connections, self.open = calls, connections, set()


@dataclass(frozen=True)
class Exhibit:
    """A task that fails, the hosts of its play with their variables, and keywords of the play.

    ``management``: variables on top of those of the host where PowerShell runs; the task then has one of its own.
    """

    task: Mapping[str, Any]
    hosts: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: {"sales@contoso.com": {}})
    play: Mapping[str, Any] = field(default_factory=dict)
    management: Mapping[str, Any] | None = None


def contoso(*recipients: Mapping[str, Any], **more: Any) -> Organisation:
    """An organisation with the account of the router and these recipients; a shared mailbox if no kind is given."""
    router = {"kind": "UserMailbox", "address": ROUTER, "name": "crmrouter", "display_name": "CRM Email Router"}
    others = [{"kind": "SharedMailbox", **each} for each in recipients]
    return Organisation.from_dict({"recipients": [router, *others], **more})


class Stage:
    """Everything that a run needs, in ``directory``; a context manager. After each run nothing of it may be left.

    ``options``: of the simulator, but for ``tls``, which the transport decides.
    """

    def __init__(
        self,
        directory: Path,
        organisation: Organisation,
        transport: Transport = Transport.NTLM,
        core: str = NEWEST,
        options: SimulatorOptions | None = None,
    ) -> None:
        self.directory = directory
        self.transport = transport
        self.tenant = WatchedTenant(organisation)
        self.simulator = Simulator(self.tenant, replace(options or SimulatorOptions(), tls=transport.is_tls))
        local = self.simulator.local().environment if transport is Transport.LOCAL else {}
        self.node = ControlNode(core, directory, local)

    def on(self, core: str) -> Stage:
        """The same stage, from now on before a control node with this version of ansible-core."""
        self.node = replace(self.node, core=core)
        return self

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.simulator.stop()

    @property
    def management(self) -> dict[str, Any]:
        """The variables of the host where PowerShell runs; of localhost there are none."""
        return {} if self.transport is Transport.LOCAL else dict(self.simulator.variables(self.transport.value))

    @property
    def sign_in(self) -> dict[str, str]:
        """Options of the task."""
        application = self.simulator.applications[0]
        return {
            "organization": self.simulator.organization,
            "app_id": application.app_id,
            "certificate_thumbprint": application.thumbprint,
        }

    @property
    def writes(self) -> list[CallRecord]:
        """The writing cmdlets that the organisation was ever sent."""
        return [call for call in self.tenant.calls if call.writes]

    def written_to(self, call: CallRecord) -> str:
        """The address of the mailbox that a write was for."""
        identity = call.parameters["Identity"]
        return next(each.address for each in self.tenant.organisation.recipients if each.guid == identity)

    def books(self) -> dict[str, AccessList]:
        """Every access list of the organisation, to be compared."""
        return dict(self.tenant.organisation.access)

    def holds(self, mailbox: str, right: str, account: str = ROUTER) -> bool:
        """What the organisation's own books say."""
        return account in self.tenant.holders(mailbox, right)

    def somebody(self, cmdlet: str, mailbox: str) -> None:
        """Somebody else gives the router Send As on a mailbox, or takes it, behind the back of whoever runs this."""
        (guid,) = (each.guid for each in self.tenant.organisation.recipients if each.address == mailbox)
        connection = self.tenant.admit().connection_id
        rights: dict[str, Any] = {"Trustee": ROUTER, "AccessRights": ["SendAs"], "Confirm": False}
        answer = self.tenant.invoke(connection, cmdlet, {"Identity": guid, **rights})
        self.tenant.disconnect(connection)
        assert answer.error is None

    def inventory(
        self,
        hosts: Hosts,
        groups: Mapping[str, Iterable[str]] | None = None,
        variables: Mapping[str, Any] | None = None,
        management: Mapping[str, Any] | None = None,
    ) -> Path:
        """An inventory: the mailboxes with the variables of their group, other ``groups`` of them, and the host where
        PowerShell runs, with ``management`` on top of its variables."""
        mailboxes = {name: dict(own) for name, own in _with_variables(hosts).items()}
        content: dict[str, Any] = {
            MAILBOXES: {"hosts": mailboxes, "vars": dict(variables or {})},
            **{name: {"hosts": dict.fromkeys(members)} for name, members in (groups or {}).items()},
        }
        if self.transport is not Transport.LOCAL:
            content["management"] = {"hosts": {MANAGEMENT: {**self.management, **(management or {})}}}
        return self.write("inventory.yml", content)

    def task(self, keywords: Mapping[str, Any] | None = None, **options: Any) -> dict[str, Any]:
        """The task as the README shows it, with ``options`` on top; None takes out one that every run has."""
        every = {**self.sign_in, "profiles": {"router": SEND_AS}, "profile": "router", **options}
        return {
            "name": "The service accounts hold what they need",
            TASK: {name: value for name, value in every.items() if value is not None},
            "delegate_to": self.transport.host,
            "run_once": True,
            "register": "access",
            **(keywords or {}),
        }

    def playbook(self, *tasks: Mapping[str, Any], **keywords: Any) -> Path:
        """One play over the mailboxes."""
        return self.write("playbook.yml", [{**_play(MAILBOXES, tasks), **keywords}])

    def play(self, *arguments: str | Path, environment: Mapping[str, str] | None = None) -> Run:
        """Runs ansible-playbook, and looks whether anything of it is left behind."""
        run = self.node.play(*arguments, environment=environment)
        left = self.left_behind()
        assert not left, f"left behind: {left}\n{run.output}"
        return run

    def ensure(self, hosts: Hosts, *arguments: str, **options: Any) -> Run:
        """One task over these mailboxes, with options on top of those of every run."""
        return self.play("-i", self.inventory(hosts), self.playbook(self.task(**options)), *arguments)

    def exhibit(self, exhibits: Mapping[str, Exhibit]) -> Run:
        """One playbook with a play for each, which goes on where a task fails. A task bears the name of its exhibit."""
        content: dict[str, Any] = {"management": {"hosts": {MANAGEMENT: self.management}}}
        plays = []
        for number, (name, exhibit) in enumerate(exhibits.items()):
            task = {**exhibit.task, "name": name, "ignore_errors": True}
            if exhibit.management is not None:
                task["delegate_to"] = f"{MANAGEMENT}-{number}"
                content["management"]["hosts"][task["delegate_to"]] = {**self.management, **exhibit.management}
            content[f"exhibit{number}"] = {"hosts": {host: dict(own) for host, own in exhibit.hosts.items()}}
            plays.append({**_play(f"exhibit{number}", [task]), **exhibit.play})
        return self.play("-i", self.write("inventory.yml", content), self.write("playbook.yml", plays))

    def powershells(self) -> list[int]:
        """The processes that know the way to the organisation: PowerShell, however it was started."""
        return _processes_with(self.simulator.tenant_server.key)

    def control_processes(self) -> list[int]:
        """ansible-playbook and its workers."""
        return _processes_with(str(self.node.records))

    def left_behind(self) -> list[str]:
        """Processes of PowerShell, remote shells and connections to the organisation that are still there."""
        shells = len(self.simulator.endpoint.service.shells)
        processes = [f"process {pid}" for pid in self.powershells()]
        return [*processes, *([f"{shells} shells"] if shells else []), *sorted(self.tenant.open)]

    def write(self, name: str, content: object) -> Path:
        """A file of YAML."""
        file = self.directory / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")  # JSON is YAML
        return file


def _play(hosts: str, tasks: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    return {"name": "Mailboxes", "hosts": hosts, "gather_facts": False, "tasks": list(tasks)}


def _with_variables(hosts: Hosts) -> Mapping[str, Mapping[str, Any]]:
    return hosts if isinstance(hosts, Mapping) else {name: {} for name in hosts}


def _processes_with(text: str) -> list[int]:
    """The processes that have this text in their environment."""
    files = Path("/proc").glob("[0-9]*/environ")
    return [int(file.parent.name) for file in files if text.encode() in _bytes(file)]


def _bytes(file: Path) -> bytes:
    """Empty where the process has gone, or is another user's."""
    try:
        return file.read_bytes()
    except OSError:
        return b""
