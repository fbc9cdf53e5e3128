# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may talk to the endpoint: Basic, NTLM, Negotiate, Kerberos, client certificates; the security of a connection."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Union

import spnego
from spnego.channel_bindings import GssChannelBindings

from .kerberos import KerberosContext, speaks_kerberos
from .sealing import Sealed

Context = Union[spnego.ContextProxy, KerberosContext]

#: pyspnego's acceptor finds its users through this process-wide variable, so it is set only while a token is looked at.
_USER_FILE = "NTLM_USER_FILE"
_user_file_lock = threading.Lock()


class Scheme(Enum):
    """The ways to authenticate, by the word of the Authorization header."""

    BASIC = "Basic"
    NTLM = "NTLM"
    NEGOTIATE = "Negotiate"
    CERTIFICATE = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual"


class Accounts:
    """The users of the endpoint: names (``name``, ``DOMAIN\\\\name`` or UPN) with passwords, and certificates of users.

    ``certificates`` maps the SHA-256 fingerprint (hexadecimal) of a client certificate to a name. ``directory`` is a
    private directory for the file that pyspnego reads.
    """

    def __init__(self, passwords: Mapping[str, str], certificates: Mapping[str, str], directory: Path) -> None:
        unfit = [name for name, password in passwords.items() if set(":\r\n") & set(name + password)]
        if unfit:
            raise ValueError(f"no colon or line break may be in the name or password of {', '.join(unfit)}")
        self._passwords = {name.casefold(): (name, password) for name, password in passwords.items()}
        self._certificates = {mark.lower(): name for mark, name in certificates.items()}
        self._file = directory / "ntlm-users"
        self._file.touch(mode=0o600)
        self._file.write_text("".join(_lines(name, password) for name, password in passwords.items()))

    def check(self, name: str, password: str) -> str | None:
        """Gives the user's name as configured, or None."""
        known = self._passwords.get(name.casefold())
        return known[0] if known and known[1] == password else None

    def of_certificate(self, der: bytes | None) -> str | None:
        return self._certificates.get(hashlib.sha256(der).hexdigest()) if der else None

    def of_principal(self, principal: str | None) -> str | None:
        """Finds the user behind ``DOMAIN\\\\name`` as NTLM reports it; a local name matches with any domain."""
        whole = (principal or "").casefold()
        known = self._passwords.get(whole) or self._passwords.get(whole.rpartition("\\")[2])
        return known[0] if known else None

    @contextmanager
    def at_hand(self) -> Iterator[None]:
        with _user_file_lock:
            before = os.environ.get(_USER_FILE)
            os.environ[_USER_FILE] = str(self._file)
            try:
                yield
            finally:
                os.environ.pop(_USER_FILE)
                if before is not None:
                    os.environ[_USER_FILE] = before


def _lines(name: str, password: str) -> str:
    """A name without domain is a local account, which clients also write as ``HOST\\\\name`` and ``.\\\\name``."""
    domain, _slash, user = name.rpartition("\\")
    domains = [domain] if domain else ["", ".", socket.gethostname()]
    return "".join(f"{each}:{user}:{password}\n" for each in domains)


@dataclass(frozen=True)
class Verdict:
    """Whether the request may go on, and the WWW-Authenticate values to answer with. ``rejected``: credentials were
    looked at and found wrong, which brings an account nearer to being locked out."""

    user: str | None = None
    headers: tuple[str, ...] = ()
    rejected: bool = False


@dataclass
class Authenticator:
    """The authentication of one TCP connection: NTLM and Negotiate hold for all that follows on it.

    ``certificate_hash`` is the hash of the TLS certificate that a client must have bound its NTLM message to; None:
    not checked. ``keytab``: the keys of the service in its Kerberos realm; tickets come by Negotiate. None: there is
    no Kerberos.
    """

    accounts: Accounts
    schemes: frozenset[Scheme]
    certificate_hash: bytes | None = None
    peer_certificate: bytes | None = None
    keytab: Path | None = None
    user: str | None = None
    context: Context | None = field(default=None, repr=False)

    def accept(self, header: str | None) -> Verdict:
        """Judges the Authorization header of a request; None where there is none."""
        word, _space, token = (header or "").partition(" ")
        scheme = next((each for each in self.schemes if each.value.lower() == word.lower()), None)
        if scheme is None:
            return Verdict(self.user) if self.user and not header else self._challenge()
        if scheme is Scheme.BASIC:
            return self._known(self._basic(token))
        if scheme is Scheme.CERTIFICATE:
            return self._known(self.accounts.of_certificate(self.peer_certificate))
        try:
            return self._step(scheme, base64.b64decode(token, validate=True))
        except (spnego.exceptions.SpnegoError, ValueError):
            self.context = self.user = None
            return self._challenge(rejected=True)

    def unseal(self, sealed: Sealed) -> bytes:
        """Decrypts; raises ValueError where this connection's context did not encrypt it."""
        try:
            if self.context is None:
                raise ValueError("the connection has no security context")
            clear = self.context.unwrap_winrm(sealed.signature, sealed.data)
        except spnego.exceptions.SpnegoError as error:
            raise ValueError("the message was encrypted by another context") from error
        if len(clear) != sealed.length:
            raise ValueError("the message has another length than it says")
        return clear

    def seal(self, clear: bytes) -> Sealed:
        if self.context is None:
            raise ValueError("the connection has no security context")
        wrapped = self.context.wrap_winrm(clear)
        return Sealed(wrapped.header, wrapped.data, len(clear) + wrapped.padding_length)

    def _challenge(self, rejected: bool = False) -> Verdict:
        offers = [each for each in Scheme if each in self.schemes and each is not Scheme.CERTIFICATE]
        words = {Scheme.BASIC: 'Basic realm="WSMAN"'}
        return Verdict(None, tuple(words.get(each, each.value) for each in offers), rejected)

    def _known(self, user: str | None) -> Verdict:
        return Verdict(user) if user else self._challenge(rejected=True)

    def _basic(self, token: str) -> str | None:
        try:
            raw = base64.b64decode(token, validate=True)
        except binascii.Error:
            return None
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            text = raw.decode("latin-1")
        name, _colon, password = text.partition(":")
        return self.accounts.check(name, password)

    def _step(self, scheme: Scheme, token: bytes) -> Verdict:
        if self.context is None or self.context.complete or _opens(token):
            self.context, self.user = self._new_context(scheme, token), None
        with self.accounts.at_hand():
            answer = self.context.step(token)
        reply = f"{scheme.value} {base64.b64encode(answer).decode()}" if answer else ""
        if not self.context.complete:
            return Verdict(headers=(reply,))
        self.user = self.accounts.of_principal(self.context.client_principal)
        if self.user is None:  # whom the realm knows, the host need not
            return self._challenge(rejected=True)
        # SPNEGO's last token goes back with the answer, else the client takes the first answer for forged
        return Verdict(self.user, (reply,) if reply else ())

    def _new_context(self, scheme: Scheme, token: bytes) -> Context:
        ntlm = scheme is Scheme.NTLM
        options = spnego.NegotiateOptions
        bound = b"tls-server-end-point:" + self.certificate_hash if self.certificate_hash else None
        if self.keytab and not ntlm and speaks_kerberos(token):
            return KerberosContext(self.keytab, bound)
        bindings = bound and GssChannelBindings(application_data=bound)
        with self.accounts.at_hand():
            return spnego.server(
                protocol="ntlm" if ntlm else "negotiate",
                options=options.use_ntlm if ntlm else options.use_negotiate,
                channel_bindings=bindings or None,
            )


def _opens(token: bytes) -> bool:
    """Tells whether a client begins anew: a NEGOTIATE_MESSAGE of NTLM, or an initial token of SPNEGO or Kerberos."""
    return token.startswith((b"NTLMSSP\x00\x01", b"\x60"))
