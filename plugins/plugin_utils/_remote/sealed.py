# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where messages are encrypted, an answer counts only if it is, too: anybody on the way can write any other."""

from __future__ import annotations

from typing import Any

from .faults import FOREIGN, Recognised


def believe_only_sealed(transport: Any) -> None:
    """Takes from a transport of pywinrm its trust in plain answers to encrypted messages.

    A plain 200 is then a foreign answer (winrm facts F17), and of a plain error only its status counts, which a proxy
    or the HTTP service itself may well have sent.
    """
    set_up = transport.setup_encryption

    def setting_up(session: Any) -> None:
        set_up(session)
        encryption = transport.encryption
        unseal, mark = encryption.parse_encrypted_response, f'protocol="{encryption.protocol_string.decode()}"'

        def believed(response: Any) -> bytes:
            if mark in response.headers.get("Content-Type", ""):
                return bytes(unseal(response))
            if response.ok:
                raise Recognised(FOREIGN)
            return b""

        encryption.parse_encrypted_response = believed

    transport.setup_encryption = setting_up
