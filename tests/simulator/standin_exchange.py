# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in's module ExchangeOnlineManagement: signs in to the tenant over HTTP, and has it run the cmdlets."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import re
import time
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

#: As in exchange.ps1, the parameters with which each may run; in small letters, since PowerShell takes any.
_FILTERED = ("identity", "filter", "resultsize")
READERS = {
    "get-exorecipient": (*_FILTERED, "properties", "recipienttype", "includesoftdeletedrecipients"),
    "get-exomailbox": (*_FILTERED, "properties"),
    "get-mailbox": _FILTERED,
    "get-recipient": _FILTERED,
    "get-user": _FILTERED,
    "get-group": _FILTERED,
    "get-recipientpermission": ("identity", "trustee", "resultsize"),
    "get-mailboxpermission": (
        "identity", "resultsize", "includeunresolvedpermissions", "includesoftdeleteduserpermissions",
    ),
    "get-connectioninformation": (),
}  # fmt: skip
WRITERS = {
    "add-recipientpermission": ("identity", "trustee", "accessrights", "confirm"),
    "remove-recipientpermission": ("identity", "trustee", "accessrights", "confirm"),
    "add-mailboxpermission": ("identity", "user", "accessrights", "inheritancetype", "automapping", "confirm"),
    "remove-mailboxpermission": ("identity", "user", "accessrights", "inheritancetype", "confirm"),
    "set-mailbox": ("identity", "grantsendonbehalfto", "confirm"),
}
NATIVE = ("get-exorecipient", "get-exomailbox", "get-connectioninformation")
#: No cmdlet of the module waits longer (exchange facts 5.1).
TIMEOUT = 960
LAYOUT = re.compile(r"\s*(Ex\w+)?\|([^|\s]+)\|(.*)", re.DOTALL)
REST = re.compile(r".*\sErrorMessage=(\{.*\})", re.DOTALL)
_REQUIRED = object()
#: Nobody signs with a certificate here, so there is none to read this from.
NOT_AFTER = "2099-12-31"


class Fault(Exception):
    """An error of the runner; ``error`` is what the answer says."""

    def __init__(self, code: str, text: str, kind: str = "", category: str = "", fqid: str = "") -> None:
        super().__init__(text)
        self.error = {"code": code, "type": kind, "text": text, "category": category, "fqid": fqid}


def fields(table: dict[str, Any]) -> dict[str, Any]:
    """Names without regard to case; a number without a fraction is an integer, as PowerShell takes it."""
    return {
        name.lower(): int(value) if isinstance(value, float) and value.is_integer() else value
        for name, value in table.items()
    }


def field(table: dict[str, Any], name: str, kind: type, default: Any = _REQUIRED) -> Any:
    """A field of a request. Raises Fault."""
    value = table.get(name)
    if value is None and default is not _REQUIRED:
        return default
    if not isinstance(value, kind) or (kind is int and not is_integer(value)):
        raise Fault("bad_request", f"field {name} is missing or not of type {kind.__name__}")
    if default is _REQUIRED and isinstance(value, str) and not value.strip():
        raise Fault("bad_request", f"field {name} is blank")
    return value


def is_integer(value: object) -> bool:
    """Truth values of JSON are no numbers."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_argument(name: str, value: object) -> bool:
    """Text, a truth value or an integer, or a list of them, none of it blank; for delegates also an edit."""
    if isinstance(value, dict):
        edits = value.items() if name.lower() == "grantsendonbehalfto" else ()
        return bool(edits) and all(
            edit.lower() in ("add", "remove") and isinstance(each, list) and is_argument(name, each)
            for edit, each in edits
        )
    if isinstance(value, list):
        return bool(value) and all(_is_scalar(each) for each in value)
    return _is_scalar(value)


def _is_scalar(value: object) -> bool:
    return isinstance(value, (bool, int)) or (isinstance(value, str) and bool(value.strip()))


class Exchange:
    """At most one connection to the tenant."""

    def __init__(self) -> None:
        self._connection: dict[str, Any] = {}
        self._offered: set[str] = set()
        self._http: HTTPConnection | None = None

    def connect(self, request: dict[str, Any]) -> dict[str, Any]:
        """The result of ``connect``. Raises Fault."""
        cmdlets = field(request, "cmdlets", dict)
        for name in cmdlets:
            field(cmdlets, name, list)
            if name.lower() not in READERS and name.lower() not in WRITERS:
                raise Fault("not_allowed", f"{name} is not on the list of cmdlets that may run")
        minimum = _version(field(request, "minimum_module", str))
        self.disconnect()
        module = _installed_module(minimum)
        sign_in, certificate = _sign_in(fields(field(request, "sign_in", dict)))
        field(request, "environment", str, "")
        connection = self._post("/connect", sign_in)
        if connection.get("error"):
            raise _connect_failed(connection["error"])
        self._connection = connection
        granted = {name.lower(): {each.lower() for each in known} for name, known in connection["cmdlets"].items()}
        self._offered = ({name.lower() for name in cmdlets} & granted.keys()) | set(NATIVE)
        return {
            "module_version": module,
            **{key: connection[key] for key in ("connection_id", "organization", "tenant_id", "token_expires")},
            "missing": _missing(cmdlets, granted),
            **certificate,
        }

    def invoke(self, cmdlet: str, parameters: dict[str, Any], select: list[str]) -> dict[str, Any]:
        """The answer to ``invoke``. Raises Fault."""
        if not self._connection:
            raise Fault("not_connected", "connect comes first")
        begun = time.monotonic()
        if cmdlet.lower() in self._offered:
            call = {"connection_id": self._connection["connection_id"], "cmdlet": cmdlet, "parameters": parameters}
            reply = self._post("/invoke", call)
        else:
            reply = {"error": _not_recognised(cmdlet)}
        answer: dict[str, Any] = {"ok": not reply["error"]}
        if reply["error"]:
            answer["error"] = _taken_apart(reply["error"])
        else:
            answer["rows"] = [_selected(row, select) for row in reply["rows"]] if select else []
        return {**answer, "warnings": reply.get("warnings", []), "ms": int((time.monotonic() - begun) * 1000)}

    def disconnect(self) -> None:
        """Never fails, as the runner never does."""
        if self._connection:
            with suppress(OSError, HTTPException, ValueError):
                self._post("/disconnect", {"connection_id": self._connection["connection_id"]})
        self._connection = {}

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        if self._http is None:
            self._http = HTTPConnection(urlsplit(os.environ["EXO_TENANT_URL"]).netloc, timeout=TIMEOUT)
        headers = {"Authorization": f"Bearer {os.environ['EXO_TENANT_KEY']}", "Content-Type": "application/json"}
        try:
            self._http.request("POST", path, json.dumps(body), headers)
            reply: dict[str, Any] = json.loads(self._http.getresponse().read())
        except (OSError, HTTPException, ValueError) as cause:
            self._http.close()
            return {"error": {"code": "", "type": "System.Net.Http.HttpRequestException", "text": str(cause),
                              "category": "NotSpecified", "fqid": f"WebError{path}"}}  # fmt: skip
        return reply


def _version(text: str) -> tuple[int, ...]:
    if not re.fullmatch(r"\d+(\.\d+){1,3}", text):
        raise Fault("bad_request", "field minimum_module is not a version")
    return tuple(int(part) for part in text.split("."))


def _installed_module(minimum: tuple[int, ...]) -> str:
    version = os.environ.get("EXO_MODULE_VERSION", "3.9.2")
    if version == "none":
        raise Fault("module_missing", "the module ExchangeOnlineManagement is not installed")
    if _version(version) < minimum:
        raise Fault("module_too_old", f"ExchangeOnlineManagement {version} is too old")
    return version


def _sign_in(keys: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The body for the tenant, and the report on the certificate, where one is used."""
    body, way = {"organization": field(keys, "organization", str)}, field(keys, "way", str)
    if way == "managed_identity":
        return {**body, "managed_identity": field(keys, "managed_identity_account_id", str, "") or True}, {}
    if way == "access_token":
        return {**body, "access_token": field(keys, "access_token", str)}, {}
    body["app_id"] = field(keys, "app_id", str)
    report = certificate_report(keys)
    return {**body, "thumbprint": report["thumbprint"]}, {"certificate": report}


def certificate_report(keys: dict[str, Any]) -> dict[str, str]:
    """Of the certificate that a sign-in names. Raises Fault. There is no store, and no way to open a PFX file: any
    thumbprint is found, and the SHA-1 of a file stands for the thumbprint of its certificate."""
    way = field(keys, "way", str)
    if way == "certificate_thumbprint":
        thumbprint, store = field(keys, "certificate_thumbprint", str), "CurrentUser\\My"
    elif way == "certificate_file":
        field(keys, "certificate_password", str, "")
        thumbprint, store = _digest(field(keys, "certificate_pfx", str)), "file"
    else:
        raise Fault("bad_request", f"unknown way to sign in: {way}")
    return {"thumbprint": thumbprint, "not_after": NOT_AFTER, "store": store}


def _digest(pfx: str) -> str:
    try:
        return hashlib.sha1(base64.b64decode(pfx, validate=True), usedforsecurity=False).hexdigest().upper()
    except binascii.Error as cause:
        raise Fault("certificate_unreadable", str(cause)) from cause


def _missing(cmdlets: dict[str, list[str]], granted: dict[str, set[str]]) -> list[str]:
    missing: list[str] = []
    for name, parameters in cmdlets.items():
        known = granted.get(name.lower())
        if name.lower() in NATIVE:
            continue
        missing += [name] if known is None else [f"{name} -{each}" for each in parameters if each.lower() not in known]
    return missing


def _selected(row: dict[str, Any], select: list[str]) -> dict[str, Any]:
    known = {name.lower(): value for name, value in row.items()}
    return {name: known.get(name.lower()) for name in select}


def _taken_apart(error: dict[str, str]) -> dict[str, str]:
    """As Get-ErrorDetail of exchange.ps1: the layout of module v3, also where Get-EXO* hide it in JSON."""
    texts = [error["text"]]
    if found := REST.match(error["text"]):
        with suppress(ValueError, AttributeError):
            body = json.loads(found[1])["error"]
            texts += [*(str(detail.get("message")) for detail in body.get("details", [])), str(body.get("message"))]
    for text in texts:
        if match := LAYOUT.match(text):
            return {**error, "code": match[1] or "", "type": match[2], "text": match[3]}
    return error


def _connect_failed(error: dict[str, str]) -> Fault:
    return Fault("connect_failed", error["text"], error["type"], error["category"], error["fqid"])


def _not_recognised(cmdlet: str) -> dict[str, str]:
    """What the engine says of a command that the session does not have (exchange facts E28)."""
    return {
        "code": "", "type": "System.Management.Automation.CommandNotFoundException",
        "text": f"The term '{cmdlet}' is not recognized as a name of a cmdlet, function, script file, or executable"
        " program.", "category": "ObjectNotFound", "fqid": "CommandNotFoundException",
    }  # fmt: skip
