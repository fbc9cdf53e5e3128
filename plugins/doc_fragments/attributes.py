# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Attributes that the collection's modules share."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragments that modules name as email_router.exchange_online.attributes."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode and say what it would do, without changing anything.
  diff_mode:
    description: Returns what changed, or would change, as a diff.
  idempotent:
    description: When run twice in a row, the second run changes nothing, unless somebody else did in between.
  action:
    description: Has an action plugin, which does the work on the controller.
  async:
    description: Supports being used with the C(async) keyword.
  bypass_host_loop:
    description: Runs once for all hosts of the play (of the batch, with C(serial)), not once for each.
  delegation:
    description: Can be used with C(delegate_to); the connection of that host is the one PowerShell is reached by.
  platform:
    description: Where it works.
    platforms: windows, posix
  action_group:
    description: Is in the action group of the collection, for C(module_defaults).
"""
