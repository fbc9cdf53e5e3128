# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated organisation at work: signs applications in, runs cmdlets, keeps the books and a log of every call."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
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

__all__ = ["CallRecord", "Connection", "SignInRecord", "Tenant", "TenantError"]

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
    """One line of the call log. ``outcome``: "ok" or "error".

    ``changed``: the access lists are others than before. ``at``: Unix time. ``falsified``: how the caller was told
    something else than what happened; empty where it was not.
    """

    cmdlet: str
    parameters: Mapping[str, Parameter]
    writes: bool
    outcome: str
    connection_id: str
    changed: bool = False
    at: float = field(default=0.0, compare=False)
    falsified: str = ""


@dataclass(frozen=True)
class SignInRecord:
    """A connection from its sign-in to its sign-out, in Unix time; one that was left open has no sign-out."""

    connection_id: str
    app_id: str
    signed_in: float
    signed_out: float | None = None


#: Asked before a cmdlet runs; an Answer takes its place, None lets it run.
BeforeInvoke = Callable[[str, Mapping[str, Parameter]], Answer | None]


class Tenant:
    """An organisation that can be signed in to. Safe to use from several threads."""

    def __init__(self, organisation: Organisation) -> None:
        self.organisation = organisation
        self.calls: list[CallRecord] = []
        self.connections: dict[str, SignInRecord] = {}
        self.before_invoke: BeforeInvoke | None = None
        self._lock = threading.Lock()
        self._connections: dict[str, Connection] = {}
        directory = Directory(organisation.recipients)
        books = Books(organisation, directory)
        self._state = State(organisation, directory, books, Filters(organisation, directory, books))

    @property
    def sign_ins(self) -> int:
        """How often somebody has been let in."""
        return len(self.connections)

    @property
    def left_open(self) -> tuple[str, ...]:
        """The connections that have not been signed out."""
        return tuple(each for each, record in self.connections.items() if record.signed_out is None)

    def connect(self, sign_in: Mapping[str, object]) -> Connection:
        """Keys as POST /connect in tests/simulator/README.md. Raises TenantError."""
        with self._lock:
            made = connection(self.organisation, sign_in, self._next_id())
            most = self.organisation.settings.most_sessions
            if most and len(self._connections) >= most:
                raise errors.too_many_sessions(most)
            return self._let_in(made)

    def admit(self) -> Connection:
        """Signs whoever asks in as one that may do everything: for rehearsals, which need no application."""
        with self._lock:
            organisation, grants = self.organisation, granted("enforce")
            name, tenant_id = organisation.organization, organisation.tenant_id
            return self._let_in(Connection(self._next_id(), name, tenant_id, "", grants))

    def disconnect(self, connection_id: str) -> None:
        with self._lock:
            if self._connections.pop(connection_id, None):
                record = self.connections[connection_id]
                self.connections[connection_id] = replace(record, signed_out=time.time())

    def invoke(
        self,
        connection_id: str,
        cmdlet: str,
        parameters: Mapping[str, Parameter],
        *,
        lag: int = 0,
        falsified: str = "",
    ) -> Answer:
        """Rows with all properties, or an error; whatever Exchange reports is in the answer, never raised.

        ``lag``: how many reads of the object will not see yet what this call writes. ``falsified``: for the log, what
        the caller of this will make of the answer.
        """
        hook = self.before_invoke
        answer = hook(cmdlet, parameters) if hook else None
        with self._lock:
            changes = self._state.books.changes
            if answer is None:
                answer = self._run(connection_id, cmdlet, parameters, lag)
            record = CallRecord(
                cmdlet,
                dict(parameters),
                spelled(cmdlet) in WRITERS,
                "error" if answer.error else "ok",
                connection_id,
                self._state.books.changes > changes,
                time.time(),
                falsified,
            )
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

    def _next_id(self) -> str:
        return str(UUID(int=len(self.connections) + 1))

    def _let_in(self, made: Connection) -> Connection:
        self._connections[made.connection_id] = made
        self.connections[made.connection_id] = SignInRecord(made.connection_id, made.app_id, time.time())
        return made

    def _run(self, connection_id: str, cmdlet: str, parameters: Mapping[str, Parameter], lag: int) -> Answer:
        try:
            made = self._connections.get(connection_id)
            if made is None:
                raise errors.session_lost()
            bound = bind(cmdlet, parameters, made.cmdlets)
            if bound.cmdlet == "Get-ConnectionInformation":
                return Answer((_information(made),))
            one_page = made.certificate and made.organization.casefold() != self.organisation.organization.casefold()
            return _HANDLERS[bound.cmdlet](replace(self._state, one_page=one_page, lag=lag), bound)
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
