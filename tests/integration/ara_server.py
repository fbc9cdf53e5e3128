# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the callback of ara sends to its server, kept as it comes: nothing else is ever in ara's database."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from ara.setup import callback_plugins

#: Where ansible finds the callback.
CALLBACKS = Path(callback_plugins)


class AraServer(ThreadingHTTPServer):
    """Answers every request as if it had stored what came with it. ``received``: method, path and body of each."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.received: list[str] = []
        self._numbers = itertools.count(1)
        self._kept: dict[str, dict[str, Any]] = {}

    @property
    def environment(self) -> dict[str, str]:
        """Sends the callback here."""
        return {"ARA_API_CLIENT": "http", "ARA_API_SERVER": f"http://127.0.0.1:{self.server_port}"}

    @property
    def text(self) -> str:
        return "\n".join(self.received)

    def take(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """What the thing is now that was made, or changed."""
        self.received.append(f"{method} {path} {json.dumps(body, ensure_ascii=False)}")
        if method == "POST":
            number = next(self._numbers)
            path, body = f"{path}/{number}", {"name": None, "labels": [], **body, "id": number}
        self._kept[path] = {**self._kept.get(path, {}), **body}
        return self._kept[path]


class _Handler(BaseHTTPRequestHandler):
    server: AraServer

    def do_GET(self) -> None:
        self._answer({"count": 0, "results": []})

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(self.server.take(self.command, self.path.rstrip("/"), json.loads(content)))

    do_PATCH = do_POST

    def _answer(self, content: dict[str, Any]) -> None:
        data = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing: what it was asked is kept."""


@contextmanager
def ara_server() -> Iterator[AraServer]:
    server = AraServer()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
