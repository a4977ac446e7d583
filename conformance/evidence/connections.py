"""How connections are made, and what is seen meanwhile: how long it takes, which certificate is shown, what goes wrong.

httpcore tells each of these events to a function that a request bears (its extension ``trace``).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import httpx

from conformance import rows
from conformance.targets import is_loopback
from conformance.vocabulary import Target


def opened(target: Target, transport: httpx.BaseTransport | None, headers: Mapping[str, str]) -> httpx.Client:
    """Return httpx's client for a target; nothing is redirected, no cookie is kept, and no proxy used for this machine.

    Raises rows.ConfigurationError where what the environment names is of no use.
    """
    wait, local = target.timeouts, is_loopback(urlsplit(target.base_url).hostname or "")
    try:
        return httpx.Client(
            transport=transport,
            timeout=httpx.Timeout(wait.whole, connect=wait.connect, read=min(wait.first_byte, wait.whole)),
            follow_redirects=False,
            trust_env=not local and transport is None,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            headers={**headers, "Accept-Encoding": "identity"},
        )
    except (ImportError, ValueError, OSError) as error:
        names = "HTTPS_PROXY, ALL_PROXY, SSL_CERT_FILE or SSL_CERT_DIR"
        raise rows.ConfigurationError(f"the environment ({names}) names what cannot be used: {error}") from None


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a host showed: who issued it, until when it is valid, and the version of TLS."""

    issuer: str
    expires: datetime
    protocol: str


@dataclass(frozen=True, slots=True)
class Connection:
    """One connection: the address that it leads to, the seconds that it took, and the error that ended it, if any.

    ``connected`` tells that the host was reached: an error came later, while TLS was agreed on.
    """

    address: str = ""
    seconds: float = 0.0
    certificate: Certificate | None = None
    error: BaseException | None = None
    connected: bool = False


@dataclass
class Connections:
    """Watches the requests of a client; ``last`` is the newest connection that it saw, None before there was one.

    Behind a proxy that speaks TLS itself, the last certificate is that of the host.
    """

    last: Connection | None = None
    _begun: float = field(default_factory=time.monotonic)

    def saw(self, event: str, told: Mapping[str, Any]) -> None:
        """Take notice of an event, as httpcore names them: ``connection.connect_tcp.started``."""
        what, _, stage = event.partition(".")[2].partition(".")
        if what == "connect_tcp":
            self._reached(stage, told)
        elif what == "start_tls":
            self._agreed(stage, told)

    def _reached(self, stage: str, told: Mapping[str, Any]) -> None:
        if stage == "started":
            self._begun = time.monotonic()
        elif stage == "failed":
            self.last = Connection(error=_cause(told["exception"]))
        else:
            address = told["return_value"].get_extra_info("server_addr")
            seconds = round(time.monotonic() - self._begun, 6)
            self.last = Connection(str(address[0]) if address else "", seconds, connected=True)

    def _agreed(self, stage: str, told: Mapping[str, Any]) -> None:
        before = self.last or Connection()
        if stage == "failed":
            self.last = replace(before, error=_cause(told["exception"]))
        elif stage == "complete":
            self.last = replace(before, certificate=_certificate(told["return_value"].get_extra_info("ssl_object")))


def _cause(error: BaseException) -> BaseException:
    """Return what the operating system or OpenSSL said, which httpcore wraps."""
    return error.__cause__ or error


def _certificate(agreed: Any) -> Certificate | None:  # noqa: ANN401 - ssl.SSLObject or ssl.SSLSocket
    shown = agreed.getpeercert() if agreed else None
    if not shown:
        return None
    issuer = {name: value for part in shown.get("issuer", ()) for name, value in part}
    expires = datetime.strptime(shown["notAfter"].removesuffix(" GMT"), "%b %d %H:%M:%S %Y").replace(tzinfo=UTC)
    return Certificate(issuer.get("organizationName") or issuer.get("commonName", "?"), expires, agreed.version() or "")
