"""Guard: stops pages of other sites from using Dagster through the operator's browser.

Dagster checks neither Host nor Origin. It accepts a POST of any content type, and changes by GET.
So any page open in the browser could start runs and read results.
"""

from collections.abc import Sequence
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from estore.dashboard.access import host_name

#: A browser asks the server before another site's page may send these.
JSON_TYPES = ("application/json", "application/graphql")
READS = ("GET", "HEAD")


class PageGuard:
    """Answers only under its own host names, and only to its own pages and to programs."""

    def __init__(self, app: ASGIApp, names: Sequence[str]) -> None:
        self.app, self.names = app, tuple(name.lower() for name in names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it with a message."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return

        async def send_unframed(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["X-Frame-Options"] = "SAMEORIGIN"
            await send(message)

        refusal = self.refusal(scope)
        if refusal is None:
            await self.app(scope, receive, send_unframed)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": refusal[1]})
        else:
            status, said = refusal
            await PlainTextResponse(f"{said}\n", status)(scope, receive, send)

    def refusal(self, scope: Scope) -> tuple[int, str] | None:
        """The status and the message of a refusal; None if the request may pass."""
        headers = Headers(scope=scope)
        host, origin = headers.get("host", "").lower(), headers.get("origin")
        if host_name(host) not in self.names:
            return 421, "this server does not have that host name; add it with --name"
        if origin is not None and urlsplit(origin.lower()).netloc != host:
            return 403, "pages of other sites may not send this request"
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin") and not (
            scope.get("method") in READS and headers.get("sec-fetch-mode") == "navigate"
        ):
            return 403, "pages of other sites may not send this request"
        if scope["type"] == "websocket":
            return None
        if scope["method"] in READS:
            has_query = "query" in parse_qs(scope["query_string"].decode("latin-1"))
            if has_query and scope["path"].rstrip("/").endswith("/graphql"):
                return 405, "send GraphQL by POST, as application/json"
        elif headers.get("content-type", "").split(";")[0].strip().lower() not in JSON_TYPES:
            return 415, "send it as application/json"
        return None
