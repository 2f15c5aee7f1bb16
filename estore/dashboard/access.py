"""Access: who may read the pages, and what browsers may do with them."""

import base64
import hashlib
import hmac
import ipaddress
import json
from collections.abc import Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from estore.errors import EstoreError

#: Allows only our own files, no inline script or style, and no framing by other pages.
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
#: The path open to load balancers, which have no password; it shows no data.
OPEN_PATHS = ("/healthz",)
LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")
FORMS = "`bearer:TOKEN` or `basic:USER:PASSWORD`"


class Credentials:
    """The header that opens the pages; stored as a digest, so it cannot leak."""

    def __init__(self, setting: str) -> None:
        kind, _, secret = setting.partition(":")
        user, _, password = secret.partition(":")
        if kind == "bearer" and secret:
            self.challenge, expected = "Bearer", f"Bearer {secret}"
        elif kind == "basic" and user and password:
            self.challenge = 'Basic realm="estore", charset="UTF-8"'
            expected = "Basic " + base64.b64encode(secret.encode()).decode()
        else:
            raise EstoreError(f"ESTORE_DASHBOARD_AUTH must be {FORMS}")
        self._digest = _digest(expected)

    def opens(self, header: str) -> bool:
        """Whether an Authorization header matches, in constant time."""
        kind, _, secret = header.partition(" ")
        return hmac.compare_digest(_digest(f"{kind.capitalize()} {secret.strip()}"), self._digest)


class Guard:
    """Refuses unauthorized requests, and adds security headers to every response.

    hosts: the server's host names, checked if it needs no credentials. Otherwise another site could
    point its own name here (DNS rebinding) and read the data.
    """

    def __init__(
        self, app: ASGIApp, credentials: Credentials | None, hosts: Sequence[str] | None
    ) -> None:
        self.app, self.credentials, self.hosts = app, credentials, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it with a message."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_bounded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        headers = Headers(scope=scope)
        if self.hosts is not None and host_name(headers.get("host", "")) not in self.hosts:
            await _refuse(send_bounded, 421, "this server does not have that host name", {})
        elif (
            self.credentials
            and scope["path"] not in OPEN_PATHS
            and not self.credentials.opens(headers.get("authorization", ""))
        ):
            challenge = {"WWW-Authenticate": self.credentials.challenge}
            await _refuse(send_bounded, 401, "sign in to see the dashboard", challenge)
        else:
            await self.app(scope, receive, send_bounded)


def is_local(host: str) -> bool:
    """Whether an address is reachable only from this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _refuse(send: Send, status: int, said: str, headers: dict[str, str]) -> None:
    body = json.dumps({"error": said}).encode()
    headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


def host_name(host: str) -> str:
    """A Host header without its port."""
    return (host if host.endswith("]") else host.rsplit(":", 1)[0]).lower()


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()
