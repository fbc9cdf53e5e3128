# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds the assumptions about Exchange Online against a tenant: the action behind the module of the same name."""

from __future__ import annotations

from ..plugin_utils._ansible.selftest import SelftestInfoAction


class ActionModule(SelftestInfoAction):
    """What ansible looks for."""
