# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes a snapshot of an organisation: the action behind the module of the same name."""

from __future__ import annotations

from ..plugin_utils._ansible.snapshot import SnapshotAction


class ActionModule(SnapshotAction):
    """What ansible looks for."""
