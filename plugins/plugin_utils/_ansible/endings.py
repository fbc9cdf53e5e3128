# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ending the PowerShells that a run left: what they are still at must not land after it was undone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from .._remote.channel import ChannelError, Ending
from .._remote.process import end_local
from .._remote.pywinrm import options_of
from .._remote.winrm import end_shell
from .channels import kind_of, winrm_options

NOT_TRIED = "not tried in check mode"
#: The shell of a client that is gone is deleted by its host after that (winrm facts 3.6).
_GONE_AFTER = "Restore once more in a quarter of an hour, when it is gone for certain"


def end_powershells(
    places: Iterable[Mapping[str, object]], connection: Any, check_mode: bool
) -> tuple[list[dict[str, str]], list[str]]:
    """What became of each, as rows of the result, and a warning for each that may still work.

    ``connection``: of the task, over which shells on a Windows host are ended if they are on that host.
    """
    rows, warnings = [], []
    for place in places:
        where = _in_words(place)
        outcome, why = (NOT_TRIED, "") if check_mode else _end(place, connection)
        rows.append({"channel": str(place.get("channel", "")), "where": where, "outcome": outcome})
        if why:
            warnings.append(f"the PowerShell of the run, {where}, may still work: {why}. {_GONE_AFTER}")
    return rows, warnings


def _end(place: Mapping[str, object], connection: Any) -> tuple[str, str]:
    """What became of it, and why it may live on, or empty."""
    try:
        ending = _end_shell(place, connection) if place.get("channel") == "winrm" else end_local(place)
    except ChannelError as error:
        return Ending.LIVES.value, str(error)
    gone = ending in (Ending.ENDED, Ending.WAS_GONE)
    return ending.value, "" if gone else f"it {ending.value}"


def _end_shell(place: Mapping[str, object], connection: Any) -> Ending:
    """Raises ChannelError where the host does not answer, or is another."""
    endpoint = str(place.get("endpoint"))
    own = winrm_options(connection.get_option) if kind_of(connection) == "winrm" else {}
    if _host(str(own.get("endpoint", ""))) != _host(endpoint):
        raise ChannelError("the task is delegated to somewhere else")
    return end_shell(options_of(own), str(place.get("shell")))


def _host(endpoint: str) -> tuple[str, str | None, int | None, str]:
    """What makes two endpoints the same."""
    parts = urlsplit(endpoint)
    return (parts.scheme, parts.hostname, parts.port, parts.path)


def _in_words(place: Mapping[str, object]) -> str:
    if place.get("channel") == "winrm":
        return f"shell {place.get('shell')} of {place.get('endpoint')}"
    return f"process {place.get('pid')} of {place.get('host') or 'this machine'}"
