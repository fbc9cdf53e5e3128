# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells what a plan would do, or a change of it: the action behind the module of the same name."""

from __future__ import annotations

from ..plugin_utils._ansible.access_plan import PlanAction


class ActionModule(PlanAction):
    """What ansible looks for."""
