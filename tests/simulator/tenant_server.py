# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tenant's HTTP face on loopback (README.md here): what a PowerShell process or its stand-in talks to."""

from __future__ import annotations

import json
import secrets
import sys
import threading
from collections.abc import Mapping
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from ...plugins.plugin_utils._tenant.tenant import Tenant, TenantError
from .faults import Fault, FaultyTenant
from .latency import Latency

_CONNECTION = ("connection_id", "organization", "tenant_id", "token_expires", "cmdlets")


class TenantServer:
    """Serves a tenant on 127.0.0.1 at ``url``, to whoever sends ``key`` as bearer; a context manager.

    Latency and faults, if given, are laid over the tenant as in :class:`FaultyTenant`.
    """

    def __init__(self, tenant: Tenant, *, latency: Latency | None = None, faults: tuple[Fault, ...] = ()) -> None:
        self.key = secrets.token_urlsafe(24)
        self.tenant = FaultyTenant(tenant, latency=latency, faults=faults)
        self._http = _Server(("127.0.0.1", 0), self.tenant, self.key)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), name="tenant", daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables by which a PowerShell process finds the tenant."""
        return {"EXO_TENANT_URL": self.url, "EXO_TENANT_KEY": self.key}

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stop serving; answers under way are abandoned, those that never come are let go."""
        self._http.shutdown()
        self.tenant.stop()
        self._http.server_close()
        self._thread.join()

    def __enter__(self) -> TenantServer:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a client that keeps its connection open must not hold up the stop

    def __init__(self, address: tuple[str, int], tenant: FaultyTenant, key: str) -> None:
        super().__init__(address, _Handler)
        self.tenant = tenant
        self.key = key

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that is killed while it waits is no news; anything else is shown."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # header and body leave in one piece

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if self.headers.get("Authorization") != f"Bearer {self.server.key}":
            return self._reply(401, {})
        action = {"/connect": self._connect, "/invoke": self._invoke, "/disconnect": self._disconnect}.get(self.path)
        if action is None:
            return self._reply(404, {})
        return self._reply(200, action(json.loads(body)))

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """No log: tests look at the tenant's own record of calls."""

    def _connect(self, request: dict[str, Any]) -> Mapping[str, object]:
        try:
            connection = asdict(self.server.tenant.connect(request))
        except TenantError as error:
            return {"error": asdict(error.error)}
        return {name: connection[name] for name in _CONNECTION}

    def _invoke(self, request: dict[str, Any]) -> Mapping[str, object]:
        answer = self.server.tenant.invoke(request["connection_id"], request["cmdlet"], request["parameters"])
        error = asdict(answer.error) if answer.error else None
        return {"rows": [dict(row) for row in answer.rows], "warnings": list(answer.warnings), "error": error}

    def _disconnect(self, request: dict[str, Any]) -> Mapping[str, object]:
        self.server.tenant.disconnect(request["connection_id"])
        return {}

    def _reply(self, status: int, answer: Mapping[str, object]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()
