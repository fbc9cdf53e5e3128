# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in's op ``diagnose``: the facts of the host that it stands for, as true as Python can tell them."""

from __future__ import annotations

import json
import os
import re
import socket
import tempfile
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from .standin_exchange import Fault, certificate_report, field, fields
else:
    from standin_exchange import Fault, certificate_report, field, fields

_ENDPOINT = re.compile(r"[^\s/@]+:\d{1,5}")


def pretended(facts: dict[str, Any]) -> dict[str, Any]:
    """The facts of an answer, with those of HostOptions in their place: what a host on Windows says, for example."""
    instead = json.loads(os.environ.get("EXO_PRETENDED_FACTS", "{}"))
    return {name: instead.get(name, value) for name, value in facts.items()}


def diagnosis(request: dict[str, Any]) -> dict[str, Any]:
    """The result of ``diagnose``. Raises Fault."""
    milliseconds = field(request, "timeout_ms", int, 5000)
    if not 100 <= milliseconds <= 60000:
        raise Fault("bad_request", "timeout_ms must be 100 to 60000")
    endpoints = field(request, "endpoints", list, [])
    if not all(isinstance(each, str) and _ENDPOINT.fullmatch(each) for each in endpoints):
        raise Fault("bad_request", "field endpoints must be a list of name:port")
    sign_in = fields(field(request, "sign_in", dict, {}))
    version = os.environ.get("EXO_MODULE_VERSION", "3.9.2")
    facts: dict[str, Any] = {
        "platform": "Unix",
        "framework": None,
        "execution_policies": [],
        "temp": _temp(),
        "tls": {"protocols": "SystemDefault", "enabled": None, "disabled_by_default": None},
        "modules": [] if version == "none" else [version],
        "endpoints": [_reached(each, milliseconds / 1000) for each in endpoints],
    }
    if str(sign_in.get("way")).startswith("certificate_"):
        facts["certificate"] = _certificate(sign_in)
    return pretended(facts)


def _temp() -> dict[str, str]:
    path = os.environ.get("TMPDIR", "/tmp")
    try:
        with tempfile.TemporaryFile(dir=path):
            return {"path": path, "error": ""}
    except OSError as error:
        return {"path": path, "error": str(error)}


def _reached(endpoint: str, seconds: float) -> dict[str, object]:
    proxy = urlsplit(os.environ.get("https_proxy", "")).netloc.rpartition("@")[2]
    host, _colon, port = (proxy or endpoint).rpartition(":")
    begun, error = time.monotonic(), ""
    try:
        socket.create_connection((host, int(port)), seconds).close()
    except TimeoutError:
        error = f"no answer within {seconds * 1000:.0f} ms"
    except (OSError, OverflowError) as cause:
        error = str(cause)
    return {"endpoint": endpoint, "proxy": proxy, "error": error, "ms": int((time.monotonic() - begun) * 1000)}


def _certificate(sign_in: dict[str, Any]) -> Mapping[str, str]:
    """Any certificate is found, and its key is good; a file must be base64, as for ``connect``."""
    facts = dict.fromkeys(("code", "text", "thumbprint", "not_after", "store", "key", "key_error"), "")
    try:
        return {**facts, **certificate_report(sign_in), "key": "RSA"}
    except Fault as fault:
        if fault.error["code"] == "bad_request":
            raise
        return {**facts, "code": fault.error["code"], "text": fault.error["text"]}
