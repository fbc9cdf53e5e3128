# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Taking secrets out of texts that others made: errors of libraries, what PowerShell printed, a traceback."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, quote_plus

HIDDEN = "********"
#: Fields of ``sign_in`` (docs/wire-protocol.md) that nobody may read.
SECRET_FIELDS = ("certificate_password", "certificate_pfx", "access_token")
#: Shorter pieces stand in many a text that is no secret.
_SHORTEST_PIECE = 6
#: Nothing that helps anybody is so long without a break: it is a token, a key, or a file, in lines of 79 perhaps.
_LONG_RUN = re.compile(r"[A-Za-z0-9+/_=%-]{76,}")
#: A longer secret is found by its length, broken or not.
_LONGEST_BROKEN = 300


def secrets_in(sign_in: object) -> frozenset[str]:
    """The secrets of a field ``sign_in``."""
    fields = sign_in if isinstance(sign_in, Mapping) else {}
    return frozenset(str(fields[name]) for name in SECRET_FIELDS if fields.get(name))


def forms_of(secrets: Iterable[str]) -> list[str]:
    """Each secret as it may be written: itself, escaped for JSON, Python, XML or an address, and in base64 of any text
    that holds it, in UTF-8 or UTF-16. The longest come first."""
    forms = {form for secret in secrets if secret for form in _forms(secret)}
    return sorted(forms, key=len, reverse=True)


def _forms(secret: str) -> Iterable[str]:
    sent = secret.encode("utf-8", "surrogatepass")
    wide = secret.encode("utf-16-le", "surrogatepass")
    yield from (secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1])
    yield from (html.escape(secret), html.escape(secret, quote=False), quote(sent, safe=""), quote(sent))
    yield from (quote_plus(sent), "\0".join(secret))
    for data in (sent, wide):
        yield from _pieces(data)


def _pieces(data: bytes) -> Iterable[str]:
    """What stands in the base64 of any bytes that hold these: it depends on the place, of which there are three."""
    for offset in range(3):
        text = base64.b64encode(bytes(offset) + data).decode("ascii")
        piece = text[4 if offset else 0 : len(text) if (offset + len(data)) % 3 == 0 else -4]
        if len(piece) >= _SHORTEST_PIECE:
            yield from (piece, piece.replace("+", "-").replace("/", "_"))


def redacted(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without the secrets in any of their forms, and without whatever is long enough to be one."""
    known = [secret for secret in secrets if secret]
    for form in forms_of(known):
        text = text.replace(form, HIDDEN)
    for secret in known:
        if 1 < len(secret) <= _LONGEST_BROKEN and not secret.isspace():
            text = re.sub(r"\s*".join(map(re.escape, secret)), HIDDEN, text)  # PowerShell breaks long lines
    return _LONG_RUN.sub(HIDDEN, text)
