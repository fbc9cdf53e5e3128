# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A certificate to sign in with, as files, made once for the process."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12

PASSWORD = "correct horse"  # of a key that lives as long as the test


def _certificate(key: rsa.RSAPrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "router")])
    begin = datetime.now(timezone.utc) - timedelta(days=1)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    return builder.not_valid_before(begin).not_valid_after(begin + timedelta(days=30)).sign(key, hashes.SHA256())


_KEY = rsa.generate_private_key(65537, 2048)
_CERTIFICATE = _certificate(_KEY)
THUMBPRINT = _CERTIFICATE.fingerprint(hashes.SHA1()).hex().upper()  # as Windows counts it


def write_certificates(directory: Path) -> tuple[Path, Path]:
    """The certificate with its key as a PFX file under PASSWORD, and without it."""
    pfx, public = directory / "router.pfx", directory / "router.cer"
    encryption = serialization.BestAvailableEncryption(PASSWORD.encode())
    pfx.write_bytes(pkcs12.serialize_key_and_certificates(b"router", _KEY, _CERTIFICATE, None, encryption))
    public.write_bytes(_CERTIFICATE.public_bytes(serialization.Encoding.DER))
    return pfx, public
