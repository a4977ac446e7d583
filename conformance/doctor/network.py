"""The way to the host: its name, the connection, its certificate, whatever stands in between, clocks and browsers."""

from __future__ import annotations

import email.utils
import ipaddress
import socket
import ssl
import urllib.request
from contextlib import suppress
from datetime import UTC, datetime
from urllib.parse import urlsplit

from conformance.checks.clocks import SKEW
from conformance.doctor.steps import Seen, Step, unknown
from conformance.judge import answers
from conformance.targets import is_loopback
from conformance.vocabulary import CouldNotCheck, Exchange, Status

SLOW = 1.0
DAYS_AHEAD = 14
NOT_CONNECTED = "No connection was made yet."
# By the numbers that OpenSSL gives its reasons: https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error/
NOT_YET_VALID, EXPIRED, NAMES_ANOTHER = 9, 10, (62, 64)
UNTRUSTED = (18, 19, 20, 21)


def dns(seen: Seen) -> Step:
    """Judge whether the name of the host leads to an address."""
    if proxy := proxy_of(seen):
        return Step(Status.NOT_APPLICABLE, f"The proxy {proxy} looks up the name {seen.host}.")
    if _is_address(seen.host):
        return Step(Status.NOT_APPLICABLE, f"{seen.host} is an address and needs no look-up.")
    link = seen.connection
    if link is None:
        return unknown(NOT_CONNECTED)
    if isinstance(link.error, socket.gaierror | UnicodeError):
        advice = "Look for a typing error in the address, and whether this machine has a network and a DNS server."
        return Step(Status.FAIL, f"The name {seen.host} leads to no address: {_reason(link.error)}.", advice)
    return Step(Status.PASS, f"{seen.host} is {link.address}." if link.address else f"{seen.host} has an address.")


def connection(seen: Seen) -> Step:
    """Judge whether a connection can be made, and how long that takes."""
    link, proxy = seen.connection, proxy_of(seen)
    way = f"through the proxy {proxy}" if proxy else "without a proxy"
    if link is None:
        return unknown(NOT_CONNECTED)
    if link.error and not link.connected:
        place = f"The proxy {proxy}" if proxy else urlsplit(seen.target.base_url).netloc
        return Step(Status.FAIL, f"{place} cannot be reached: {_reason(link.error)}.", _unreached(link.error))
    if link.seconds > SLOW:
        return Step(Status.WARN, f"Connecting took {link.seconds:.3f} s, {way}.", "Every new connection waits so long.")
    return Step(Status.PASS, f"Connecting took {link.seconds:.3f} s, {way}.")


def _unreached(error: BaseException) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "Nothing listens there: look at the port, and whether the server runs."
    return "A firewall may be in the way; where this network needs a proxy, set HTTPS_PROXY."


def tls(seen: Seen) -> Step:
    """Judge the certificate: whom it is for, who issued it, and for how long."""
    if not seen.secure:
        return Step(Status.NOT_APPLICABLE, "This machine is asked by plain http, without a certificate.")
    link = seen.connection
    if link is None:
        return unknown(NOT_CONNECTED)
    if link.error:
        return _not_secured(seen, link.error)
    if link.certificate is None:
        return unknown("No certificate was shown yet.")
    shown, day = link.certificate, link.certificate.expires.date()
    told = f"{shown.protocol}, with a certificate for {seen.host} by {shown.issuer} until {day}"
    left = (shown.expires - datetime.now(UTC)).days
    if left < DAYS_AHEAD:
        return Step(Status.WARN, f"{told}, which is in {left} days.", "It must be renewed soon, or all clients fail.")
    return Step(Status.PASS, f"{told}.")


def _not_secured(seen: Seen, error: BaseException) -> Step:
    advice = "Something between here and the host breaks TLS: a proxy, a firewall, or plain http on that port."
    if isinstance(error, ssl.SSLCertVerificationError):
        advice = _mistrusted(error.verify_code)
        return Step(Status.FAIL, f"The certificate of {seen.host} is not accepted: {error.verify_message}.", advice)
    return Step(Status.FAIL, f"TLS with {seen.host} could not be agreed on: {_reason(error)}.", advice)


def _mistrusted(code: int) -> str:
    if code in (EXPIRED, NOT_YET_VALID):
        return (
            f"The host must renew it, unless the clock of this machine is wrong: it says {datetime.now(UTC):%F %R} UTC."
        )
    if code in NAMES_ANOTHER:
        return "Look for a typing error in the address; else another host answers in place of this one."
    if code in UNTRUSTED:
        return (
            "A company's proxy may open TLS: name the file of its authority in SSL_CERT_FILE. "
            "Do not turn the verification off: the key could be read on the way."
        )
    return "Do not turn the verification off: the key could be read on the way."


def answer(seen: Seen) -> Step:
    """Judge whether what answers is an API, and no page that stands in its way."""
    early, first = seen.preflight, next(iter(seen.with_key), None)
    for exchange in filter(None, (early, first)):
        if page := _page(exchange):
            advice = "Sign in to the network, or let the proxy pass the host; a wrong address may be the cause, too."
            return Step(Status.FAIL, f"{seen.host} answered with {page}.", advice)
    if first and first.response is None:
        advice = "Try again later; a proxy or a firewall may swallow what is sent."
        return Step(Status.FAIL, f"{seen.host} did not answer: {first.failure}.", advice)
    answered = next((said for said in (first, early) if said and said.response), None)
    if answered is None or answered.response is None:
        return unknown("Nothing was answered yet.")
    return Step(Status.PASS, f"{seen.host} answers with status {answered.response.status}, and no page is in the way.")


def _page(exchange: Exchange) -> str | None:
    """Return what stands in place of an answer, or None.

    A server may answer a preflight or a path that it does not know with a page of its own, and be an API.
    """
    said = exchange.response
    if said is None or said.status in (404, 405):
        return None
    if said.status in (407, 511):
        return f"{said.status}: the network wants a login first"
    if exchange.request.method == "OPTIONS" and not 200 <= said.status < 300:
        return None
    if 300 <= said.status < 400:
        return f"{said.status}, which leads to {exchange.header('location') or 'no address'}"
    if not answers.is_html(said, exchange.header("content-type")):
        return None
    try:
        answers.response(exchange)
    except CouldNotCheck as found:
        return str(found.finding.actual)
    return None


def clock(seen: Seen) -> Step:
    """Judge whether the clocks of this machine and of the host agree."""
    for exchange in seen.said:
        with suppress(TypeError, ValueError, OverflowError):
            theirs = email.utils.parsedate_to_datetime(exchange.header("date") or "")
            return _apart((exchange.made_at or datetime.now(UTC)).timestamp() - theirs.timestamp())
    return Step(Status.NOT_APPLICABLE, "The host does not tell the time.")


def _apart(seconds: float) -> Step:
    if abs(seconds) <= SKEW:
        return Step(Status.PASS, f"The clocks of this machine and of the host are {abs(seconds):.0f} s apart.")
    which = "ahead of" if seconds > 0 else "behind"
    advice = "Set the clock: certificates, and the day that clauses are judged by, depend on it."
    return Step(Status.WARN, f"This machine's clock is {abs(seconds):.0f} s {which} the host's.", advice)


# What a browser asks ahead of a chat with a key: https://fetch.spec.whatwg.org/#cors-preflight-fetch
ORIGIN = "https://app.example"
ASKED_FOR = ("authorization", "content-type")
PREFLIGHT_HEADERS = (
    ("Origin", ORIGIN),
    ("Access-Control-Request-Method", "POST"),
    ("Access-Control-Request-Headers", ",".join(ASKED_FOR)),
)
FROM_A_SERVER = "Pages in a browser need a server of their own in between; all other clients are not concerned."


def cors(seen: Seen) -> Step:
    """Judge whether a page in a browser may ask the host; most clients need not care."""
    preflight = seen.preflight
    if preflight is None:
        return unknown("No preflight was sent.")
    missing = _forbidden(preflight)
    if missing is None:
        return Step(Status.PASS, f"A page in a browser may ask with the headers {' and '.join(ASKED_FOR)}.")
    return Step(Status.WARN, f"A page in a browser may not ask: {missing}.", FROM_A_SERVER)


def _forbidden(preflight: Exchange) -> str | None:
    said = preflight.response
    if said is None:
        return f"its preflight got no answer: {preflight.failure}"
    if not 200 <= said.status < 300:
        return f"its preflight is answered with {said.status}"
    origin = preflight.header("access-control-allow-origin")
    if origin not in ("*", ORIGIN):
        return f"the origin that is allowed is {origin or 'none'}"
    listed = preflight.header("access-control-allow-headers") or ""
    allowed = {name.strip().lower() for name in listed.split(",")}
    # The star stands for all headers but this one, which must be named.
    lacking = [name for name in ASKED_FOR if name not in allowed and ("*" not in allowed or name == "authorization")]
    return f"the header {lacking[0]} is not allowed" if lacking else None


def proxy_of(seen: Seen) -> str | None:
    """Return the proxy that the environment sets for the host, without its login, or None."""
    if is_loopback(seen.host) or urllib.request.proxy_bypass(seen.host):
        return None
    found = urllib.request.getproxies()
    scheme = "https" if seen.secure else "http"
    told = found.get(scheme) or found.get("all") or ""
    url = urlsplit(told if "://" in told else f"http://{told}")
    with suppress(ValueError):
        return f"{url.hostname}:{url.port}" if url.port else url.hostname
    return url.hostname


def _is_address(host: str) -> bool:
    try:
        return bool(ipaddress.ip_address(host))
    except ValueError:
        return False


def _reason(error: BaseException) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
