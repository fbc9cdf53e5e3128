# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""WS-Management envelopes: a request is parsed into a message, a response is rendered; no input or output here."""

from __future__ import annotations

import re
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from .fault import Code, WsmanFault, fault_body

SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
CMD = f"{SHELL}/cmd"
_TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
_FAULT_ACTION = "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault"
_NAMESPACES = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "a": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    "x": _TRANSFER,
    "w": "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd",
    "p": "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd",
    "rsp": SHELL,
}
_DECLARATIONS = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in _NAMESPACES.items())
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")


class Action(Enum):
    """What an HTTP request asks for; the last two are requests without a message that could be read."""

    CREATE = "Create"
    COMMAND = "Command"
    SEND = "Send"
    RECEIVE = "Receive"
    SIGNAL = "Signal"
    DELETE = "Delete"
    GET = "Get"
    HANDSHAKE = "Handshake"
    UNREADABLE = "Unreadable"


_URIS = {
    **{f"{_TRANSFER}/{action.value}": action for action in (Action.CREATE, Action.DELETE, Action.GET)},
    **{f"{SHELL}/{action.value}": action for action in (Action.COMMAND, Action.SEND, Action.RECEIVE, Action.SIGNAL)},
}
_RESPONSE_URIS = {action: f"{uri}Response" for uri, action in _URIS.items()}


@dataclass(frozen=True)
class Message:
    """A request: header fields, and the one element of its body. ``timeout`` in seconds, ``max_envelope`` in bytes."""

    action: Action
    message_id: str
    resource: str
    timeout: float = 60.0
    max_envelope: int = 153600
    shell_id: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    body: ET.Element = field(default_factory=lambda: ET.Element("empty"))

    def text(self, path: str) -> str:
        """Gives the text at ``path`` below the body's element, prefixes as in this file; empty where there is none."""
        return self.body.findtext(path, "", _NAMESPACES) or ""

    def all(self, path: str) -> list[ET.Element]:
        return self.body.findall(path, _NAMESPACES)

    def one(self, path: str) -> ET.Element:
        """Gives the element at ``path``; raises the schema fault where there is none."""
        found = self.body.find(path, _NAMESPACES)
        if found is None:
            raise WsmanFault(Code.SCHEMA)
        return found


def parse(data: bytes) -> Message:
    """Reads an envelope; raises WsmanFault for what is no WSMan request or asks for an unknown action."""
    try:
        root = ET.fromstring(data)
    except ET.ParseError as error:
        raise WsmanFault(Code.SCHEMA) from error
    header, body = root.find("s:Header", _NAMESPACES), root.find("s:Body", _NAMESPACES)
    if header is None or body is None:
        raise WsmanFault(Code.SCHEMA)
    action = _URIS.get(header.findtext("a:Action", "", _NAMESPACES))
    if action is None:
        raise WsmanFault(Code.NOT_SUPPORTED)
    size = header.findtext("w:MaxEnvelopeSize", "153600", _NAMESPACES)
    return Message(
        action=action,
        message_id=header.findtext("a:MessageID", "", _NAMESPACES),
        resource=header.findtext("w:ResourceURI", "", _NAMESPACES),
        timeout=seconds(header.findtext("w:OperationTimeout", "PT60S", _NAMESPACES)),
        max_envelope=int(size) if size.isdecimal() else 153600,
        shell_id=_named(header, "w:SelectorSet/w:Selector").get("ShellId", ""),
        options=_named(header, "w:OptionSet/w:Option"),
        body=next(iter(body), ET.Element("empty")),
    )


def _named(header: ET.Element, path: str) -> dict[str, str]:
    return {element.get("Name", ""): element.text or "" for element in header.findall(path, _NAMESPACES)}


def seconds(duration: str) -> float:
    """Turns an xs:duration of days and below into seconds; anything else is the schema fault (winrm facts F8)."""
    match = _DURATION.fullmatch(duration.strip())
    if match is None or not any(match.groups()):
        raise WsmanFault(Code.SCHEMA)
    days, hours, minutes, rest = (float(part or 0) for part in match.groups())
    return days * 86400 + hours * 3600 + minutes * 60 + rest


def response(message: Message, body: str) -> bytes:
    """Renders the answer to ``message``; ``body`` is the content of ``s:Body`` with the prefixes of this file."""
    return _envelope(_RESPONSE_URIS[message.action], message.message_id, body)


def fault_response(code: int, message_id: str) -> bytes:
    return _envelope(_FAULT_ACTION, message_id, fault_body(code))


def _envelope(action: str, relates_to: str, body: str) -> bytes:
    return (
        f'<s:Envelope xml:lang="en-US" {_DECLARATIONS}><s:Header><a:Action>{action}</a:Action>'
        f"<a:MessageID>uuid:{str(uuid.uuid4()).upper()}</a:MessageID>"
        "<a:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:To>"
        f"<a:RelatesTo>{relates_to}</a:RelatesTo></s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()
