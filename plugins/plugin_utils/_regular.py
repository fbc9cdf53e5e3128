# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Opening files that a user names: what is no file is told from one that is, and nobody is waited for."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from typing import BinaryIO


class NotRegular(OSError):
    """A directory, a pipe or a device."""


def opened(path: str) -> BinaryIO:
    """For reading. Judges what it has opened, so that nothing can take its place in between; never waits for whoever
    would write into a pipe. Raises OSError, and of it NotRegular."""
    number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(number).st_mode):
            raise NotRegular("it is no file")
        return open(number, "rb")
    except BaseException:
        with suppress(OSError):
            os.close(number)
        raise
