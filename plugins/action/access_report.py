# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes reports on a run, and judges it: the action behind the module of the same name."""

from __future__ import annotations

from ..plugin_utils._ansible.report import ReportAction


class ActionModule(ReportAction):
    """What ansible looks for."""
