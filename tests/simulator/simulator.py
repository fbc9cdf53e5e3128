# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated Exchange Online organisation with a management host, to be reached over WinRM or started locally."""

from __future__ import annotations

import tempfile
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType

from ...plugins.plugin_utils._tenant.organisation import App
from ...plugins.plugin_utils._tenant.tenant import Tenant
from .certificates import AppCertificate, CertificateFile, make_certificate, write_file
from .faults import Fault as TenantFault
from .host import HostOptions, LocalPowerShell, ManagementHost
from .latency import Latency
from .tenant_server import TenantServer
from .wsman import Action, Authority, Endpoint, EndpointOptions, FaultPlan, ShellProcess

USER, PASSWORD = "svc-exo", "Correct-Horse-7"


@dataclass(frozen=True)
class SimulatorOptions:
    """``tls``: HTTPS. ``endpoint``: as in wsman; what the simulator knows better (programs, users, certificates) is
    filled in."""

    tls: bool = False
    host: HostOptions = field(default_factory=HostOptions)
    endpoint: EndpointOptions = field(default_factory=EndpointOptions)
    tenant_latency: Latency | None = None
    tenant_faults: tuple[TenantFault, ...] = ()


@dataclass(frozen=True)
class Application:
    """How an application of the organisation can sign in: its certificate lies in the host's store, and in a file."""

    app_id: str
    certificate: AppCertificate
    file: CertificateFile

    @property
    def thumbprint(self) -> str:
        return self.certificate.thumbprint


class Simulator:
    """Serves ``tenant`` from its making until ``stop``; a context manager.

    Every application of the organisation gets one more certificate. ``applications`` are in the organisation's order.
    ``client_certificate`` is that of ``user``, for the endpoint over TLS.
    """

    user, password, address = USER, PASSWORD, "127.0.0.1"

    def __init__(self, tenant: Tenant, options: SimulatorOptions | None = None) -> None:
        self.tenant = tenant
        self.options = options or SimulatorOptions()
        with ExitStack() as stack:
            self.directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="exchange-online-")))
            self.tenant_server = stack.enter_context(
                TenantServer(tenant, latency=self.options.tenant_latency, faults=self.options.tenant_faults)
            )
            self.host = ManagementHost(self.directory, self.tenant_server.environment, self.options.host)
            self.applications = tuple(self._enrol(app) for app in tenant.organisation.apps)
            self._authority = Authority(self.directory)
            self.client_certificate = self._authority.issue_client(f"{USER}@localhost")
            self.endpoint = stack.enter_context(Endpoint(self._endpoint_options()))
            self._stack = stack.pop_all()

    def __enter__(self) -> Simulator:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        """Ends the endpoint with all its processes and the tenant's server, and removes the host's files."""
        self._stack.close()

    @property
    def url(self) -> str:
        return self.endpoint.url

    @property
    def port(self) -> int:
        return self.endpoint.port

    @property
    def ca_file(self) -> Path:
        """The certificate authority to trust, where the endpoint serves HTTPS."""
        return self._authority.ca_file

    @property
    def requests(self) -> Counter[Action]:
        """HTTP requests so far, by what they asked for."""
        return self.endpoint.requests

    @property
    def processes(self) -> list[ShellProcess]:
        """Every PowerShell that was started over WinRM; ``alive`` tells of each whether it still runs."""
        return self.endpoint.processes

    @property
    def faults(self) -> FaultPlan:
        """What shall go wrong on the way to the host; faults of Exchange itself are among the options."""
        return self.endpoint.faults

    @property
    def organization(self) -> str:
        return self.tenant.organisation.organization

    def local(self) -> LocalPowerShell:
        """A PowerShell on this machine that finds the module, the certificates and the tenant as one on the host."""
        return self.host.local()

    def variables(self, transport: str = "ntlm") -> dict[str, str | int]:
        """The variables of an ansible host that stands for the management host."""
        login: dict[str, str | int] = {"ansible_user": self.user, "ansible_password": self.password}
        if transport == "certificate":
            login = {
                "ansible_winrm_cert_pem": str(self.client_certificate.certificate),
                "ansible_winrm_cert_key_pem": str(self.client_certificate.key),
            }
        trust = {"ansible_winrm_ca_trust_path": str(self.ca_file)} if self.options.tls else {}
        return {
            "ansible_connection": "winrm",
            "ansible_host": self.address,
            "ansible_port": self.port,
            "ansible_winrm_scheme": "https" if self.options.tls else "http",
            "ansible_winrm_transport": transport,
            **login,
            **trust,
        }

    def _endpoint_options(self) -> EndpointOptions:
        given = self.options.endpoint
        return replace(
            given,
            programs={**self.host.programs(), **given.programs},
            passwords={self.user: self.password, **given.passwords},
            certificates={self.client_certificate.fingerprint: self.user, **given.certificates},
            authority=self._authority if self.options.tls else None,
        )

    def _enrol(self, app: App) -> Application:
        certificate = make_certificate(app.app_id)
        self.host.store.add(certificate)
        file = write_file(certificate, self.directory / f"{app.app_id}.pfx", PASSWORD)
        organisation = self.tenant.organisation
        known = replace(app, thumbprints=(*app.thumbprints, certificate.thumbprint, file.digest))
        organisation.apps = tuple(known if each is app else each for each in organisation.apps)
        return Application(app.app_id, certificate, file)
