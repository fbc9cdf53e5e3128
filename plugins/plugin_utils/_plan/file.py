# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans in files: read with care, written whole or not at all, and never a stale one in the place of a new one."""

from __future__ import annotations

import os

from .._access.desired import InputError
from .._regular import opened
from .._report.files import write
from .._wording import option
from .build import render
from .document import FORMAT, Plan
from .parse import parsed

#: Of its owner only: it tells who may do what.
MODE = 0o600
#: In bytes. A plan of a hundred thousand mailboxes with all rights is of a hundred and fifty million.
LARGEST = 512 * 1024 * 1024
#: Within so many bytes of its beginning a plan says that it is one.
_BEGINNING = 4096


def load(path: str) -> Plan:
    """Raises InputError with what is wrong with the file, in one sentence that names it."""
    try:
        with opened(path) as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise ValueError(f"it has more than {LARGEST} bytes, which no plan does")
        return parsed(content.decode("ascii"))
    except OSError as error:
        raise InputError([f"the plan {path} cannot be read: {error.strerror or error}"]) from error
    except UnicodeDecodeError as error:
        raise InputError([f"the plan {path}: it is no JSON in ASCII, as plans are; make a new plan"]) from error
    except ValueError as error:
        raise InputError([f"the plan {path}: {error}"]) from error


def clear(path: str) -> None:
    """Takes away the plan that is at the place of a new one, so that it cannot pass for that if none is written.

    Raises InputError where something else is there, for it may be a mistake, or what is there cannot be taken away.
    """
    try:
        with opened(path) as file:
            beginning = file.read(_BEGINNING)
        if beginning.strip() and FORMAT.encode("ascii") not in beginning:
            fault = f"{option('plan_file')}: {path} is there, and is no plan: remove it, or name another file"
            raise InputError([fault])
        os.unlink(os.path.realpath(path))
    except FileNotFoundError:
        return
    except OSError as error:
        fault = f"{option('plan_file')}: what is at {path} cannot be taken away: {error.strerror or error}"
        raise InputError([fault]) from error


def save(path: str, plan: Plan) -> None:
    """Raises OSError; then there is no plan."""
    write(path, render(plan), MODE)
