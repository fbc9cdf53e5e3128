# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates with which an application signs in, and the store of the user under whom PowerShell runs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, NoEncryption, pkcs12
from cryptography.x509.oid import NameOID

#: Where .NET keeps ``CurrentUser\My`` on anything but Windows, below the home directory.
_STORE = Path(".dotnet/corefx/cryptography/x509stores/my")


@dataclass(frozen=True)
class AppCertificate:
    """A self-signed certificate with its RSA key."""

    certificate: x509.Certificate
    key: RSAPrivateKey

    @property
    def thumbprint(self) -> str:
        """SHA-1 in upper-case hexadecimal, as Windows and Entra ID name certificates."""
        return self.certificate.fingerprint(hashes.SHA1()).hex().upper()

    def pfx(self, password: str = "", with_key: bool = True) -> bytes:
        """The certificate as PKCS #12; each call gives other bytes."""
        encryption = BestAvailableEncryption(password.encode()) if password else NoEncryption()
        key = self.key if with_key else None
        return pkcs12.serialize_key_and_certificates(b"app", key, self.certificate, None, encryption)


def make_certificate(name: str, days: int = 365) -> AppCertificate:
    """Makes a certificate that is valid from yesterday for so many ``days``; a negative number: expired."""
    key = generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=min(days, 0) - 1))
        .not_valid_after(now + timedelta(days=days))
    )
    return AppCertificate(builder.sign(key, hashes.SHA256()), key)


class CertificateStore:
    """``CurrentUser\\My`` of the user whose home directory is given, as .NET reads it on Linux and macOS."""

    def __init__(self, home: Path) -> None:
        self._directory = home / _STORE
        self._directory.mkdir(parents=True, mode=0o700)

    def add(self, certificate: AppCertificate, with_key: bool = True) -> None:
        file = self._directory / f"{certificate.thumbprint}.pfx"
        file.touch(mode=0o600)
        file.write_bytes(certificate.pfx(with_key=with_key))

    def remove(self, certificate: AppCertificate) -> None:
        (self._directory / f"{certificate.thumbprint}.pfx").unlink()


@dataclass(frozen=True)
class CertificateFile:
    """A PFX file with a password. ``digest`` is the SHA-1 of the file: to the stand-in, which cannot open it, that
    is the thumbprint."""

    path: Path
    password: str
    digest: str


def write_file(certificate: AppCertificate, path: Path, password: str) -> CertificateFile:
    data = certificate.pfx(password)
    path.touch(mode=0o600)
    path.write_bytes(data)
    return CertificateFile(path, password, hashlib.sha1(data, usedforsecurity=False).hexdigest().upper())
