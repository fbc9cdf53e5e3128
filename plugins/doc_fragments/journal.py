# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is kept of writes."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragment that modules name as email_router.exchange_online.journal."""

    DOCUMENTATION = r"""
options:
  journal:
    description:
      - A file on the controller to which every write is told before it is sent and after it is answered, one JSON
        object a line, synced to disk. With it M(email_router.exchange_online.mailbox_permission_restore) can undo a
        run, also one that was killed.
      - It is made with mode C(0600) and appended to. Only one run at a time can use it. Check mode leaves it alone.
      - If it cannot be written, nothing is.
    type: path
"""
