# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated organisation at work: signs applications in, runs cmdlets, keeps the books and a log of every call."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from .._exchange.session import WRITERS, Answer, Parameter, Row
from . import errors, permission_readers, recipient_readers, writers
from .binding import Bound, bind, granted
from .books import Books, holders
from .cmdlets import spelled
from .directory import Directory
from .errors import TenantError
from .filters import Filters
from .organisation import Organisation
from .sign_in import Connection, connection
from .state import State

__all__ = ["CallRecord", "Connection", "Tenant", "TenantError"]

_HANDLERS: dict[str, Callable[[State, Bound], Answer]] = {
    "Get-EXORecipient": recipient_readers.read,
    "Get-EXOMailbox": recipient_readers.read,
    "Get-Mailbox": recipient_readers.read,
    "Get-Recipient": recipient_readers.read,
    "Get-User": recipient_readers.read,
    "Get-Group": recipient_readers.read,
    "Get-RecipientPermission": permission_readers.read_recipient_permission,
    "Get-MailboxPermission": permission_readers.read_mailbox_permission,
    "Add-RecipientPermission": writers.add_recipient_permission,
    "Remove-RecipientPermission": writers.remove_recipient_permission,
    "Add-MailboxPermission": writers.add_mailbox_permission,
    "Remove-MailboxPermission": writers.remove_mailbox_permission,
    "Set-Mailbox": writers.set_mailbox,
}


@dataclass(frozen=True)
class CallRecord:
    """One line of the call log. ``outcome``: "ok" or "error"."""

    cmdlet: str
    parameters: Mapping[str, Parameter]
    writes: bool
    outcome: str
    connection_id: str


#: Asked before a cmdlet runs; an Answer takes its place, None lets it run.
BeforeInvoke = Callable[[str, Mapping[str, Parameter]], Answer | None]


class Tenant:
    """An organisation that can be signed in to. Safe to use from several threads."""

    def __init__(self, organisation: Organisation) -> None:
        self.organisation = organisation
        self.calls: list[CallRecord] = []
        self.sign_ins = 0
        self.before_invoke: BeforeInvoke | None = None
        self._lock = threading.Lock()
        self._connections: dict[str, Connection] = {}
        directory = Directory(organisation.recipients)
        books = Books(organisation, directory)
        self._state = State(organisation, directory, books, Filters(organisation, directory, books))

    def connect(self, sign_in: Mapping[str, object]) -> Connection:
        """Keys as POST /connect in tests/simulator/README.md. Raises TenantError."""
        with self._lock:
            made = connection(self.organisation, sign_in, str(UUID(int=self.sign_ins + 1)))
            self.sign_ins += 1
            self._connections[made.connection_id] = made
            return made

    def admit(self) -> Connection:
        """Signs whoever asks in as one that may do everything: for rehearsals, which need no application."""
        with self._lock:
            self.sign_ins += 1
            organisation, connection_id = self.organisation, str(UUID(int=self.sign_ins))
            made = Connection(connection_id, organisation.organization, organisation.tenant_id, "", granted("enforce"))
            self._connections[connection_id] = made
            return made

    def disconnect(self, connection_id: str) -> None:
        with self._lock:
            self._connections.pop(connection_id, None)

    def invoke(self, connection_id: str, cmdlet: str, parameters: Mapping[str, Parameter]) -> Answer:
        """Rows with all properties, or an error; whatever Exchange reports is in the answer, never raised."""
        hook = self.before_invoke
        answer = hook(cmdlet, parameters) if hook else None
        with self._lock:
            if answer is None:
                answer = self._run(connection_id, cmdlet, parameters)
            outcome = "error" if answer.error else "ok"
            record = CallRecord(cmdlet, dict(parameters), spelled(cmdlet) in WRITERS, outcome, connection_id)
            self.calls.append(record)
            return answer

    def holders(self, address: str, right: str) -> set[str]:
        """The books: who has a direct Allow (``send_as``, ``full_access``, ``send_on_behalf``) on a recipient.

        By UPN, else address, else SID. Raises KeyError where nothing has that address.
        """
        with self._lock:
            found = self._state.directory.find(address, lambda each: True)
            if not found:
                raise KeyError(address)
            return holders(self._state.books.of(found[0].guid), right, self._state.directory)

    def _run(self, connection_id: str, cmdlet: str, parameters: Mapping[str, Parameter]) -> Answer:
        try:
            made = self._connections.get(connection_id)
            if made is None:
                raise errors.session_lost()
            bound = bind(cmdlet, parameters, made.cmdlets)
            if bound.cmdlet == "Get-ConnectionInformation":
                return Answer((_information(made),))
            one_page = made.certificate and made.organization.casefold() != self.organisation.organization.casefold()
            return _HANDLERS[bound.cmdlet](replace(self._state, one_page=one_page), bound)
        except TenantError as refused:
            return Answer(error=refused.error)


def _information(made: Connection) -> Row:
    """Exchange facts 3.2."""
    return {
        "ConnectionId": made.connection_id,
        "State": "Connected",
        "Id": 1,
        "Name": "ExchangeOnline_1",
        "UserPrincipalName": None,
        "ConnectionUri": "https://outlook.office365.com",
        "AzureAdAuthorizationEndpointUri": "https://login.microsoftonline.com/organizations",
        "TokenExpiryTimeUTC": made.token_expires,
        "CertificateAuthentication": made.certificate,
        "ModuleName": None,
        "ModulePrefix": None,
        "Organization": made.organization,
        "DelegatedOrganization": None,
        "AppId": made.app_id,
        "PageSize": 1000,
        "TenantID": made.tenant_id,
        "TokenStatus": "Active",
        "ConnectionUsedForInbuiltCmdlets": True,
        "IsEopSession": False,
    }
