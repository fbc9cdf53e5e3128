# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks for secrets wherever a run may leave them: what it prints, hands on, writes, and what other users see of it."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path
from urllib.parse import quote, quote_plus

#: Fewer characters of base64 stand for many things.
_SHORTEST = 8


def written(secret: bytes) -> set[bytes]:
    """The ways in which a secret may stand in a file: as it is, escaped, or encoded, in UTF-8 or UTF-16."""
    forms = {secret, secret.hex().encode()}
    for data in (secret, *([secret.decode().encode("utf-16-le")] if _is_text(secret) else [])):
        forms.add(data)
        for offset in range(3):
            encoded = base64.b64encode(bytes(offset) + data)[4 if offset else 0 : -4]
            forms |= {encoded, encoded.replace(b"+", b"-").replace(b"/", b"_")}
    if _is_text(secret):
        text = secret.decode()
        texts = (json.dumps(text)[1:-1], repr(text)[1:-1], escape(text), quote(text, safe=""), quote_plus(text))
        forms |= {each.encode() for each in texts}
    return {form for form in forms if len(form) >= _SHORTEST}


def _is_text(secret: bytes) -> bool:
    try:
        return bool(secret.decode())
    except UnicodeDecodeError:
        return False


class Search:
    """``secrets``: texts, and the beginnings of files. What was seen of processes is kept for the end."""

    def __init__(self, secrets: Iterable[bytes]) -> None:
        self._forms = {form for secret in secrets for form in written(secret)}
        self._over = threading.Event()
        self.commands: dict[int, bytes] = {}
        self.environments: dict[int, bytes] = {}

    def in_text(self, text: str) -> set[bytes]:
        return self.in_bytes(text.encode("utf-8", "surrogateescape"))

    def in_bytes(self, data: bytes) -> set[bytes]:
        return {form for form in self._forms if form in data}

    def in_files(self, folder: Path, but: Iterable[Path] = ()) -> dict[str, set[bytes]]:
        """Files that hold any of it."""
        left_out = {file.resolve() for file in but}
        files = [file for file in folder.rglob("*") if file.is_file() and file.resolve() not in left_out]
        return {str(file): found for file in files if (found := self.in_bytes(file.read_bytes()))}

    def in_processes(self) -> list[bytes]:
        """Command lines of anybody, and environments of those that know the organisation, that hold any of it."""
        seen = (*self.commands.values(), *self.environments.values())
        return [data for data in seen if self.in_bytes(data)]

    @contextmanager
    def watching(self, key: str) -> Iterator[None]:
        """Looks at every process over and over. ``key``: what stands in the environment of a PowerShell."""
        thread = threading.Thread(target=self._watch, args=(key.encode(),), daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def _watch(self, key: bytes) -> None:
        while not self._over.wait(0.05):
            for folder in Path("/proc").glob("[0-9]*"):
                try:
                    command, environment = (folder / "cmdline").read_bytes(), (folder / "environ").read_bytes()
                except OSError:
                    continue
                self.commands[int(folder.name)] = command
                if key in environment:
                    self.environments[int(folder.name)] = environment
