# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The quirks of Exchange Online that can be switched on for a whole organisation or for one recipient."""

from __future__ import annotations

from enum import Enum


class Quirk(str, Enum):
    """One of the organisation holds for every recipient; one of a recipient for what is read of it or done to it."""

    #: Q1: the rights of an entry come as one comma-joined element.
    JOINED_RIGHTS = "joined_rights"
    #: Q2: SELF has two rows with different rights.
    DOUBLE_SELF = "double_self"
    #: The sign of a broken read (exchange facts 3.3): no row of SELF.
    NO_SELF = "no_self"
    #: Q3: trustees are shown by their UPN in another letter case.
    UPPER_CASE_USERS = "upper_case_users"
    #: Q4: users, too, are shown by display name only.
    DISPLAY_NAMES = "display_names"
    #: Q6: trustees are shown as DOMAIN\name.
    DOMAIN_PREFIX = "domain_prefix"
    #: Q9 in text: IsInherited, Deny and the like arrive as "True" and "False".
    TEXT_BOOLEANS = "text_booleans"
    #: Q8: delegates of Send on Behalf are shown by UPN, or by GUID, not by Name.
    DELEGATES_BY_UPN = "delegates_by_upn"
    DELEGATES_BY_GUID = "delegates_by_guid"
    #: Exchange facts 1.4: a Get-* by a name answers with everything that bears it or begins with it.
    LOOK_ALIKES = "look_alikes"
    #: Get-EXO* cannot read a doubled apostrophe in a filter (office-docs-powershell issue 8082).
    APOSTROPHES_REFUSED = "apostrophes_refused"
    #: W8, E9: the other wording for a trustee that does not exist.
    TRUSTEE_WAS_NOT_FOUND = "trustee_was_not_found"
    #: E12: what still lags behind a write answers with an error instead of what was before.
    LAG_ANSWERS_ERROR = "lag_answers_error"
    #: E30: outside the write scope of every role.
    OUT_OF_SCOPE = "out_of_scope"
    #: A write that works and answers with a time-out all the same (exchange facts E18, E21).
    WRITE_ANSWERS_ERROR = "write_answers_error"
    #: A write that answers with success and does nothing (exchange facts 1.7).
    WRITE_WITHOUT_EFFECT = "write_without_effect"
