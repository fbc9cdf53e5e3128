# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Serves a simulated organisation from the command line, until it is told to stop."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from dataclasses import replace
from pathlib import Path

from ...plugins.plugin_utils._tenant.generator import generate
from ...plugins.plugin_utils._tenant.organisation import Organisation
from ...plugins.plugin_utils._tenant.tenant import Tenant
from .host import HostOptions
from .latency import Latency
from .simulator import Simulator, SimulatorOptions

_EPILOG = """\
It prints the variables of an ansible host in an inventory, and what to sign in to Exchange Online with. SIGTERM or
SIGINT (Ctrl+C) stops it; then its processes and files are gone. It listens on 127.0.0.1 only.
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="simulator", description=__doc__, epilog=_EPILOG)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--organisation", type=Path, metavar="FILE", help="an organisation as JSON")
    source.add_argument("--mailboxes", type=int, metavar="N", help="make an organisation with so many mailboxes")
    parser.add_argument("--seed", type=int, default=1, help="of the organisation that is made (default: %(default)s)")
    parser.add_argument("--quirks", action="store_true", help="sow every known quirk over the organisation made")
    parser.add_argument("--tls", action="store_true", help="serve HTTPS, with a certificate authority of its own")
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: any free one)")
    parser.add_argument("--pwsh", metavar="PATH", help="PowerShell 7 to run (default: variable PWSH, else pwsh)")
    parser.add_argument("--stand-in", action="store_true", help="run the stand-in even where there is a PowerShell")
    parser.add_argument("--latency", type=float, default=0.0, metavar="SECONDS", help="of every HTTP request")
    parser.add_argument("--exchange-latency", type=float, metavar="SCALE", help="of cmdlets; 1: as was measured")
    parser.add_argument("--ready-file", type=Path, metavar="FILE", help="write how to reach it there, as JSON")
    return parser


def _simulator(arguments: argparse.Namespace) -> Simulator:
    made = arguments.organisation is None
    organisation = (
        generate(arguments.mailboxes, arguments.seed, quirks=arguments.quirks)
        if made
        else Organisation.load(arguments.organisation)
    )
    host = HostOptions()
    if arguments.stand_in or arguments.pwsh:
        host = replace(host, pwsh=None if arguments.stand_in else arguments.pwsh)
    scale = arguments.exchange_latency
    options = SimulatorOptions(
        tls=arguments.tls, host=host, tenant_latency=None if scale is None else Latency(scale=scale)
    )
    endpoint = replace(options.endpoint, port=arguments.port, latency=arguments.latency)
    return Simulator(Tenant(organisation), replace(options, endpoint=endpoint))


def describe(simulator: Simulator) -> dict[str, object]:
    """How to reach the host and the organisation; the content of the ready file."""
    app = simulator.applications[0]
    return {
        "pid": os.getpid(),
        "url": simulator.url,
        "powershell": simulator.host.options.pwsh or "stand-in",
        "variables": simulator.variables(),
        "organization": simulator.organization,
        "app_id": app.app_id,
        "certificate_thumbprint": app.thumbprint,
        "certificate_file": str(app.file.path),
        "certificate_password": app.file.password,
    }


def main(arguments: list[str]) -> int:
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_received: stopped.set())
    parsed = _parser().parse_args(arguments)
    try:
        simulator = _simulator(parsed)
    except (OSError, ValueError) as error:
        print(f"simulator: {error}", file=sys.stderr)
        return 2
    with simulator:
        description = describe(simulator)
        for name, value in description.items():
            print(f"{name}: {json.dumps(value)}", flush=True)
        if parsed.ready_file:
            _write_whole(parsed.ready_file, json.dumps(description))
        stopped.wait()
    return 0


def _write_whole(file: Path, text: str) -> None:
    """Whoever waits for the file never sees half of it; it holds passwords."""
    fresh = file.with_name(f".{file.name}.new")
    fresh.touch(mode=0o600)
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(file)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
