# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificates of an endpoint: an authority of its own, the server's certificate, those of clients."""

from __future__ import annotations

import hashlib
import ssl
from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True)
class ClientCertificate:
    """A client certificate as files in PEM, and its SHA-256 fingerprint in hexadecimal."""

    certificate: Path
    key: Path
    fingerprint: str


class Authority:
    """Issues certificates into ``directory``; whoever trusts ``ca_file`` trusts the server's."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._authority = trustme.CA()
        self._server = self._authority.issue_cert("127.0.0.1", "localhost")
        self.ca_file = directory / "ca.pem"
        self._authority.cert_pem.write_to_path(self.ca_file)

    @property
    def server_hash(self) -> bytes:
        """What clients bind their NTLM message to: the hash of the server's certificate (RFC 5929, section 4.1)."""
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(self._server.cert_chain_pems[0].bytes().decode())).digest()

    def server_context(self, ask_client: bool) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._server.configure_cert(context)
        if ask_client:
            self._authority.configure_trust(context)
            context.verify_mode = ssl.CERT_OPTIONAL
        return context

    def issue_client(self, name: str) -> ClientCertificate:
        """Makes a client certificate for ``name``, an address such as ``svc@example.com``."""
        issued = self._authority.issue_cert(name, common_name=name)
        pem = issued.cert_chain_pems[0]
        certificate, key = self._directory / f"{name}.pem", self._directory / f"{name}.key"
        pem.write_to_path(certificate)
        issued.private_key_pem.write_to_path(key)
        key.chmod(0o600)
        der = ssl.PEM_cert_to_DER_cert(pem.bytes().decode())
        return ClientCertificate(certificate, key, hashlib.sha256(der).hexdigest())
