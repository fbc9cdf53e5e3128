# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A WSMan endpoint on loopback: listens, counts, keeps the connections, and leaves nothing behind when it stops."""

from __future__ import annotations

import socket
import sys
import tempfile
import threading
import traceback
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from types import TracebackType

from .authentication import Accounts, Authenticator, Scheme
from .connection import Connection
from .fault import WsmanFault
from .injection import Fault, FaultPlan
from .process import ShellProcess
from .service import Program, Service
from .shells import Limits
from .soap import Action, Message
from .tls import Authority


@dataclass(frozen=True)
class EndpointOptions:
    """How the endpoint is set up; times in seconds.

    ``certificates``: SHA-256 fingerprint of a client certificate → user. ``authority``: serve HTTPS with it.
    ``allow_unencrypted``: take messages in the clear over HTTP. ``idle_connection``: HTTP.sys drops a connection
    after 120 s without a request (winrm facts 1.3). ``keytab``: the keys of the service in a Kerberos realm, whose
    users are among ``passwords`` as ``name@REALM``. ``port`` 0: any free one.
    """

    programs: Mapping[str, Program] = field(default_factory=dict)
    passwords: Mapping[str, str] = field(default_factory=dict)
    certificates: Mapping[str, str] = field(default_factory=dict)
    schemes: frozenset[Scheme] = frozenset(Scheme)
    authority: Authority | None = None
    allow_unencrypted: bool = False
    check_channel_binding: bool = True
    keytab: Path | None = None
    latency: float = 0.0
    idle_connection: float = 120.0
    limits: Limits = field(default_factory=Limits)
    port: int = 0


class Listener(ThreadingHTTPServer):
    """The listening socket; a thread per connection."""

    daemon_threads = False

    def __init__(self, site: Endpoint, port: int) -> None:
        self.site = site
        super().__init__(("127.0.0.1", port), Connection)
        self._loop = threading.Thread(target=self._accept, name="wsman-accept", daemon=True)
        self._loop.start()

    def server_bind(self) -> None:
        TCPServer.server_bind(self)  # HTTPServer's own asks DNS for our name

    @property
    def listening(self) -> bool:
        return self.socket.fileno() >= 0

    def stop_listening(self) -> None:
        if self.listening:
            self.socket.shutdown(socket.SHUT_RDWR)
            self._loop.join()
            self.socket.close()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away or that does not like our certificate is no error of ours."""
        if not isinstance(sys.exc_info()[1], OSError):
            traceback.print_exc()

    def _accept(self) -> None:
        while True:
            try:
                request, address = self.get_request()
            except OSError:
                return
            self.process_request(request, address)


class Endpoint:
    """A running service: ``requests`` counts HTTP requests by action, ``connections`` the TCP connections so far,
    ``rejections`` how often wrong credentials were presented, ``bytes_received`` and ``bytes_sent`` the bodies of HTTP.
    ``faults`` is the plan of what shall go wrong.

    It serves from its making until ``stop``; a context manager.
    """

    def __init__(self, options: EndpointOptions) -> None:
        self.options = options
        self.faults = FaultPlan()
        self.requests: Counter[Action] = Counter()
        self.connections = self.rejections = self.bytes_received = self.bytes_sent = 0
        self.stopping = threading.Event()
        self._open: set[Connection] = set()
        self._orphans: list[threading.Thread] = []
        self._lock = threading.Lock()
        ask_client = Scheme.CERTIFICATE in options.schemes
        self.tls_context = options.authority.server_context(ask_client) if options.authority else None
        with ExitStack() as stack:
            self._directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wsman-")))
            self._accounts = Accounts(options.passwords, options.certificates, self._directory)
            self.service = Service(options.programs, options.limits)
            stack.callback(self.service.shells.close)
            self._listeners = [Listener(self, options.port)]
            self.port: int = self._listeners[0].server_address[1]
            stack.callback(self._close)
            self._stack = stack.pop_all()

    @property
    def url(self) -> str:
        return f"{'https' if self.tls_context else 'http'}://127.0.0.1:{self.port}/wsman"

    @property
    def plain_allowed(self) -> bool:
        return self.options.allow_unencrypted or self.tls_context is not None

    @property
    def open_connections(self) -> int:
        return len(self._open)

    @property
    def processes(self) -> list[ShellProcess]:
        """Every process that was started, ended ones too."""
        return self.service.shells.processes

    def __enter__(self) -> Endpoint:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Ends shells with their processes, connections and the listener; returns when all of them are gone."""
        self._stack.close()

    def _close(self) -> None:
        self.stopping.set()
        with self._lock:
            self._listeners[-1].stop_listening()
        self.service.shells.close()  # ends the requests that wait for output
        self.drop_connections()
        for listener in self._listeners:
            listener.server_close()
        for orphan in self._orphans:
            orphan.join()

    def drop_connections(self) -> None:
        """Ends every connection, as HTTP.sys does with idle ones."""
        for connection in tuple(self._open):
            connection.sever()

    def refuse(self, seconds: float) -> None:
        """Drops every connection and takes no new one for some seconds; shells live on."""
        with self._lock:
            self._listeners[-1].stop_listening()
        self.drop_connections()
        threading.Thread(target=self._listen_again, args=(seconds,), daemon=True).start()

    def serve_orphan(self, message: Message, user: str) -> None:
        """Serves a request whose connection is gone: whatever it brings nobody gets."""

        def serve() -> None:
            with suppress(WsmanFault):
                self.service.serve(message, user)

        orphan = threading.Thread(target=serve, name="wsman-orphan", daemon=True)
        self._orphans.append(orphan)
        orphan.start()

    def note(self, action: Action) -> Fault | None:
        """Counts a request and gives the fault that is due at it."""
        with self._lock:
            self.requests[action] += 1
        return self.faults.take(action)

    def carried(self, received: int = 0, sent: int = 0) -> None:
        """Counts the bytes of a body."""
        with self._lock:
            self.bytes_received += received
            self.bytes_sent += sent

    def authenticator(self, peer_certificate: bytes | None) -> Authenticator:
        authority = self.options.authority
        bound = authority.server_hash if authority and self.options.check_channel_binding else None
        options = self.options
        return Authenticator(self._accounts, options.schemes, bound, peer_certificate, options.keytab)

    def delay(self) -> None:
        if self.options.latency:
            self.stopping.wait(self.options.latency)

    def connected(self, connection: Connection) -> None:
        with self._lock:
            self.connections += 1
            self._open.add(connection)

    def disconnected(self, connection: Connection) -> None:
        with self._lock:
            self._open.discard(connection)

    def _listen_again(self, seconds: float) -> None:
        self.stopping.wait(seconds)
        with self._lock:
            if not self.stopping.is_set() and not self._listeners[-1].listening:
                self._listeners.append(Listener(self, self.port))
