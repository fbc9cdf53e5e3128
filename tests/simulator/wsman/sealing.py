# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The multipart body of an encrypted WSMan message, taken apart and put together."""

from __future__ import annotations

import struct
from dataclasses import dataclass

PROTOCOL = "application/HTTP-SPNEGO-session-encrypted"
CONTENT_TYPE = f'multipart/encrypted;protocol="{PROTOCOL}";boundary="Encrypted Boundary"'
_BOUNDARY = b"--Encrypted Boundary"
_OCTETS = b"\tContent-Type: application/octet-stream\r\n"


@dataclass(frozen=True)
class Sealed:
    """One sealed message: its signature, its ciphertext, and the length it had in the clear."""

    signature: bytes
    data: bytes
    length: int


def pack(sealed: Sealed) -> bytes:
    """Renders the body; the reverse of :func:`unpack`."""
    original = f"\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length={sealed.length}\r\n"
    return b"".join(
        (
            _BOUNDARY + b"\r\n",
            f"\tContent-Type: {PROTOCOL}\r\n".encode() + original.encode(),
            _BOUNDARY + b"\r\n",
            _OCTETS + struct.pack("<i", len(sealed.signature)) + sealed.signature + sealed.data,
            _BOUNDARY + b"--\r\n",
        )
    )


def unpack(body: bytes) -> Sealed:
    """Takes the body apart; raises ValueError where it is not made as MS-WSMV 2.2.9.1 says."""
    head, octets, payload = body.partition(_OCTETS)
    end = _BOUNDARY + b"--\r\n"
    if not octets or not payload.endswith(end) or b"Length=" not in head:
        raise ValueError("no encrypted message")
    payload = payload.removesuffix(end)
    length = int(head.split(b"Length=")[1].split()[0])
    size = struct.unpack("<i", payload[:4])[0]
    return Sealed(payload[4 : 4 + size], payload[4 + size :], length)
