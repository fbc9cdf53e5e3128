# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One TCP connection of a client: HTTP in, authentication, decryption, and the answer back, disturbed where wanted."""

from __future__ import annotations

import contextlib
import socket
import struct
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, cast

from .authentication import Authenticator, Verdict
from .fault import WsmanFault
from .injection import (
    BadMic,
    CloseCommand,
    CutSend,
    DropIdle,
    Fault,
    ForgetSignIn,
    HttpAnswer,
    KillProcess,
    Kind,
    LoseExitCode,
    LoseShell,
    OrphanReceive,
    Reboot,
    Refuse,
    Reset,
    Slow,
    SoapFault,
)
from .sealing import CONTENT_TYPE, PROTOCOL, Sealed, pack, unpack
from .soap import Action, Message, fault_response, parse

if TYPE_CHECKING:
    from .endpoint import Endpoint, Listener

_SOAP = "application/soap+xml;charset=UTF-8"
_EFFECTS = (KillProcess, LoseExitCode, LoseShell, CloseCommand, CutSend)
#: The service does not get to see the request, unless the fault says so.
_INSTEAD = (SoapFault, HttpAnswer, Reset, Refuse, Reboot, ForgetSignIn, OrphanReceive)
#: A larger body is not even read.
_HOPELESS = 64 * 1024 * 1024


@dataclass(frozen=True)
class Reply:
    """An answer of the service, before encryption."""

    status: int
    body: bytes


class Connection(BaseHTTPRequestHandler):
    """Handles the requests of one connection one after the other, as HTTP.sys and the WinRM service do together."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # without it every answer costs 40 ms (winrm facts section 4)
    wbufsize = -1

    def setup(self) -> None:
        self.site: Endpoint = cast("Listener", self.server).site
        self.request.settimeout(self.site.options.idle_connection)
        self._peer: bytes | None = None
        if self.site.tls_context is not None:
            self.request = self.site.tls_context.wrap_socket(self.request, server_side=True)
            self._peer = self.request.getpeercert(binary_form=True)
        super().setup()
        self.site.connected(self)
        self.authenticator: Authenticator = self.site.authenticator(self._peer)
        self._headers: tuple[str, ...] = ()

    def finish(self) -> None:
        self.site.disconnected(self)
        try:
            super().finish()
        finally:
            self.request.close()

    def sever(self) -> None:
        """Ends the connection from another thread."""
        with contextlib.suppress(OSError):  # the client may have been first
            self.request.shutdown(socket.SHUT_RDWR)

    def version_string(self) -> str:
        return "Microsoft-HTTPAPI/2.0"

    def log_message(self, *_args: object) -> None:
        """Requests are counted, not logged."""

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > _HOPELESS:
            self.close_connection = True
            return self._answer(413 if length.isdecimal() else 411)
        body = self.rfile.read(int(length))
        self.site.carried(received=len(body))
        self.site.delay()
        self._headers = ()
        if self.path.rstrip("/") != "/wsman":
            return self._answer(404)
        verdict = self.authenticator.accept(self.headers.get("Authorization"))
        self._headers = verdict.headers
        if verdict.user is None or not body:
            return self._handshake(verdict)
        return self._message(body, verdict.user)

    def _handshake(self, verdict: Verdict) -> None:
        fault = self.site.note(Action.HANDSHAKE)
        self.site.rejections += verdict.rejected
        if fault is None or not self._disturb(fault.kind):
            self._answer(401 if verdict.user is None else 200)

    def _message(self, body: bytes, user: str) -> None:
        if len(body) > self.site.options.limits.max_envelope_bytes:
            return self._unreadable(413)
        encrypted = PROTOCOL in self.headers.get("Content-Type", "")
        if not encrypted and not self.site.plain_allowed:
            return self._unreadable(500)
        try:
            clear = self.authenticator.unseal(unpack(body)) if encrypted else body
        except ValueError:
            return self._unreadable(400)
        try:
            message = parse(clear)
        except WsmanFault as fault:
            self.site.note(Action.UNREADABLE)
            return self._reply(Reply(500, fault_response(fault.code, "")), encrypted, None)
        return self._serve(message, user, encrypted)

    def _unreadable(self, status: int) -> None:
        self.site.note(Action.UNREADABLE)
        self._answer(status)

    def _serve(self, message: Message, user: str, encrypted: bool) -> None:
        fault = self.site.note(message.action) or _NO_FAULT
        reply = Reply(500, b"")
        if fault.acted or not isinstance(fault.kind, _INSTEAD):
            reply = self._act(message, user, fault.kind)
        if isinstance(fault.kind, OrphanReceive):
            self.site.serve_orphan(message, user)
        if isinstance(fault.kind, SoapFault):
            reply = Reply(500, fault_response(fault.kind.code, message.message_id))
        if not self._disturb(fault.kind):
            self._reply(reply, encrypted, fault.kind)

    def _act(self, message: Message, user: str, kind: Kind | None) -> Reply:
        try:
            if isinstance(kind, _EFFECTS):
                self.site.service.suffer(kind, message, user)
            return Reply(200, self.site.service.serve(message, user))
        except WsmanFault as fault:
            return Reply(500, fault_response(fault.code, message.message_id))

    def _disturb(self, kind: Kind | None) -> bool:
        """Does what stands in for an answer; says whether that was all."""
        if isinstance(kind, HttpAnswer):
            self._answer(kind.status, kind.body, kind.content_type)
        elif isinstance(kind, ForgetSignIn):
            self.authenticator = self.site.authenticator(self._peer)
            self._headers = self.authenticator.accept(None).headers
            self._answer(401)
        elif isinstance(kind, (Reset, Refuse, Reboot, OrphanReceive)) or (
            isinstance(kind, CutSend) and not kind.silent
        ):
            if isinstance(kind, Reboot):
                self.site.service.shells.delete_all()
            if isinstance(kind, (Refuse, Reboot)):
                self.site.refuse(kind.seconds)
            self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
        else:
            return False
        return True

    def _reply(self, reply: Reply, encrypted: bool, kind: Kind | None) -> None:
        slow = kind if isinstance(kind, Slow) else Slow(0.0)
        self.close_connection = self.close_connection or isinstance(kind, DropIdle)
        if not encrypted:
            if isinstance(kind, BadMic):
                raise ValueError("an answer that is not encrypted has no signature to spoil")
            return self._answer(reply.status, reply.body, _SOAP, slow)
        sealed = self.authenticator.seal(reply.body)
        if isinstance(kind, BadMic):
            sealed = Sealed(bytes(byte ^ 0xFF for byte in sealed.signature), sealed.data, sealed.length)
        return self._answer(reply.status, pack(sealed), CONTENT_TYPE, slow)

    def _answer(self, status: int, body: bytes = b"", content_type: str = "", slow: Slow | None = None) -> None:
        self.send_response(status)
        for value in self._headers:
            self.send_header("WWW-Authenticate", value)
        if content_type:
            self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.site.carried(sent=len(body))
        size = -(-len(body) // slow.pieces) if slow else len(body)
        for start in range(0, len(body), size or 1):
            if slow:
                self.site.stopping.wait(slow.seconds / slow.pieces)
            self.wfile.write(body[start : start + size])
            if slow:
                self.wfile.flush()
        self.wfile.flush()


_NO_FAULT = Fault(Slow(0.0), on=None)
