# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The endpoint as a service of a Kerberos realm: it takes tickets for the keys of a keytab, by python-gssapi."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import spnego

#: The object identifier of Kerberos as it stands in a token, by itself or as one of the mechanisms of SPNEGO.
_MECHANISM = bytes.fromhex("06092a864886f712010202")
_BOUND = 2048  # GSS_C_CHANNEL_BOUND_FLAG


def speaks_kerberos(token: bytes) -> bool:
    """Tells whether a first token of Negotiate is one of Kerberos."""
    return token.startswith(b"\x60") and _MECHANISM in token[:128]


class KerberosContext:
    """The security context of one connection, with as much of ``spnego.ContextProxy`` as the endpoint needs.

    ``bindings``: what a client must have bound its ticket to; None: not checked. Tokens and messages that are not good
    raise SpnegoError.
    """

    def __init__(self, keytab: Path, bindings: bytes | None) -> None:
        self._gssapi = import_module("gssapi")
        self._raw = import_module("gssapi.raw")
        store = {b"keytab": bytes(keytab), b"rcache": b"none:"}  # a client may take the same ticket again
        self._wants_binding = bindings is not None
        binding = self._raw.ChannelBindings(application_data=bindings) if bindings is not None else None
        try:
            credentials = self._gssapi.Credentials(usage="accept", store=store)
        except self._gssapi.exceptions.GSSError as error:
            raise ValueError(f"{keytab} holds no keys") from error
        self._context: Any = self._gssapi.SecurityContext(creds=credentials, usage="accept", channel_bindings=binding)

    @property
    def complete(self) -> bool:
        return bool(self._context.complete)

    @property
    def client_principal(self) -> str:
        return str(self._context.initiator_name).rstrip("\x00")

    def step(self, token: bytes) -> bytes | None:
        try:
            answer: bytes | None = self._context.step(token)
        except self._gssapi.exceptions.GSSError as error:
            raise spnego.exceptions.InvalidTokenError(context_msg=str(error)) from error
        if self.complete and self._wants_binding and not int(self._context.actual_flags) & _BOUND:
            raise spnego.exceptions.BadBindingsError(context_msg="not bound to the TLS channel")
        return answer

    def wrap_winrm(self, clear: bytes) -> spnego.WinRMWrapResult:
        kinds = self._raw.IOVBufferType
        buffers = self._raw.IOV(kinds.header, clear, kinds.padding, std_layout=False)
        self._raw.wrap_iov(self._context, buffers, confidential=True)
        header, data, padding = (each.value or b"" for each in buffers)
        return spnego.WinRMWrapResult(header, data + padding, len(padding))

    def unwrap_winrm(self, signature: bytes, data: bytes) -> bytes:
        kinds = self._raw.IOVBufferType
        buffers = self._raw.IOV((kinds.header, False, signature), data, kinds.data, std_layout=False)
        try:
            self._raw.unwrap_iov(self._context, buffers)
        except self._gssapi.exceptions.GSSError as error:
            raise spnego.exceptions.BadMICError(context_msg=str(error)) from error
        return bytes(buffers[1].value or b"")
