"""App: routes from URLs to the pages of the newest snapshot."""

import asyncio
import gzip
import hashlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from html import escape

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from estore.dashboard.access import Credentials, Guard
from estore.dashboard.answers import chart_csv, compact_json, inline_json, page_answer
from estore.dashboard.assets import Assets
from estore.dashboard.encodings import best_encoding
from estore.dashboard.pages import Pages, Query, read_pages
from estore.dashboard.selection import Selection, filters_of, select
from estore.dashboard.shown import Shown
from estore.dashboard.snapshots import Snapshots

#: Seconds between checks of CURRENT.
LOOK = 1.0
#: Size of the cache of compressed answers, in bytes.
KEPT = 8_000_000
#: Bodies smaller than this are sent uncompressed.
WORTH_COMPRESSING = 1_000
BACK = '<p><a href="./">To the dashboard</a></p>'
WAITING = (
    "Nothing is published yet. Run `estore run PATH` to load files and publish their numbers; "
    "this page then shows them automatically."
)


@dataclass(frozen=True)
class Body:
    """An answer ready to send, plain and compressed."""

    plain: bytes
    gzipped: bytes
    media_type: str
    etag: str


class Bodies:
    """A cache of answers by version and query; the least recently used are removed first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[object, ...], Body] = OrderedDict()
        self._size = 0

    def get(self, key: tuple[object, ...], media_type: str, make: Callable[[], str]) -> Body:
        """The body for a key, from the cache or newly made."""
        if body := self._kept.get(key):
            self._kept.move_to_end(key)
            return body
        plain = make().encode("utf-8")
        etag = hashlib.blake2b(plain, digest_size=12).hexdigest()
        body = Body(plain, gzip.compress(plain, 5, mtime=0), media_type, etag)
        self._kept[key] = body
        self._size += _weight(body)
        while self._size > KEPT and len(self._kept) > 1:
            self._size -= _weight(self._kept.popitem(last=False)[1])
        return body


def make_app(
    snapshots: Snapshots,
    *,
    credentials: Credentials | None = None,
    hosts: Sequence[str] | None = None,
    assets: Assets | None = None,
) -> Starlette:
    """The app for a home's snapshots. hosts: see Guard."""
    site = _Site(snapshots, read_pages(), assets or Assets())
    pages = "|".join(site.pages.queries)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await run_in_threadpool(snapshots.refresh)
        looking = asyncio.create_task(_look(snapshots))
        yield
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking

    routes = [
        Route("/", site.page),
        *(Route(f"/{page}", site.page, name=page) for page in pages.split("|")),
        Route("/api/page/{page}", site.page_json),
        Route("/api/page/{page}/{query}.csv", site.chart_csv),
        Route("/api/options", site.options),
        Route("/static/{name}", site.asset),
        Route("/healthz", site.health),
    ]
    return Starlette(
        routes=routes,
        lifespan=lifespan,
        middleware=[Middleware(Guard, credentials=credentials, hosts=hosts)],
        exception_handlers={HTTPException: site.refusal, Exception: _fault},
    )


async def _look(snapshots: Snapshots) -> None:
    """Load a new version within a second or two of its publication."""
    while True:
        await asyncio.sleep(LOOK)
        await run_in_threadpool(snapshots.refresh)


class _Site:
    """The handlers of the routes."""

    def __init__(self, snapshots: Snapshots, pages: Pages, assets: Assets) -> None:
        self.snapshots, self.pages, self.assets = snapshots, pages, assets
        self.bodies = Bodies()
        self._answered_from: Shown | None = None  # a version's name may be reused

    async def page(self, request: Request) -> Response:
        """The page with its first data included, so it needs no further request."""
        page = request.url.path.strip("/") or next(iter(self.pages.queries))
        if self.snapshots.shown is None:
            return self._in_words(503, "No numbers yet", WAITING, refresh=5)
        try:
            shown, selection = self._asked(request)
        except HTTPException as error:
            return self._in_words(error.status_code, "This view does not exist", str(error.detail))
        key = (id(shown), page, selection, "html")
        return self._send(request, key, "text/html", lambda: self._first(shown, page, selection))

    async def page_json(self, request: Request) -> Response:
        """All charts of a page under the URL's filters."""
        page, shown, selection = self._page_of(request)
        make = partial(self._page_json, shown, page, selection)
        return self._send(request, (id(shown), page, selection), "application/json", make)

    async def chart_csv(self, request: Request) -> Response:
        """One chart's rows for a spreadsheet."""
        page, shown, selection = self._page_of(request)
        query = self._query(page, request.path_params["query"])
        asked = filters_of(request.query_params)
        try:
            query = self.pages.obeying(query, asked)
        except ValueError as error:
            raise HTTPException(400, str(error)) from error
        key = (id(shown), page, selection, query.name, query.obeys)
        make = partial(chart_csv, shown, query, selection)
        response = self._send(request, key, "text/csv", make)
        name = f"{page}-{query.name}-{shown.manifest.as_of_date}.csv"
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    async def options(self, request: Request) -> Response:
        """The values of the filters."""
        shown = self._shown()
        make = partial(compact_json, shown.options)
        return self._send(request, (id(shown), "options"), "application/json", make)

    async def asset(self, request: Request) -> Response:
        """A file of the built page."""
        accepted = request.headers.get("accept-encoding", "")
        asset = self.assets.get(request.path_params["name"], accepted)
        if asset is None:
            raise HTTPException(404, "file not found")
        is_lasting = request.query_params.get("v") == self.assets.hash
        headers = {
            "Cache-Control": "public, max-age=31536000, immutable" if is_lasting else "no-cache",
            "Vary": "Accept-Encoding",
        }
        if asset.encoding:
            headers["Content-Encoding"] = asset.encoding
        return Response(asset.body, media_type=asset.media_type, headers=headers)

    async def refusal(self, request: Request, error: Exception) -> Response:
        """The error of a request: a page for a typed address, otherwise JSON."""
        assert isinstance(error, HTTPException)
        wants_page = "text/html" in request.headers.get("accept", "")
        if wants_page and error.status_code == 404 and request.url.path.count("/") == 1:
            return self._in_words(404, "Page not found", f"Pages: {', '.join(self._names)}")
        return JSONResponse({"error": error.detail}, error.status_code, headers=error.headers)

    async def health(self, request: Request) -> Response:
        """Whether the server is up and has a snapshot to show."""
        return JSONResponse({"status": "ok" if self.snapshots.shown else "waiting"})

    # ------------------------------------------------------------------ what a URL asks

    def _shown(self) -> Shown:
        if self.snapshots.shown is None:
            raise HTTPException(503, WAITING, headers={"Retry-After": "5"})
        return self.snapshots.shown

    def _asked(self, request: Request) -> tuple[Shown, Selection]:
        shown = self._shown()
        try:
            return shown, select(request.query_params, shown.days, self.pages)
        except ValueError as error:
            raise HTTPException(400, str(error)) from error

    def _page_of(self, request: Request) -> tuple[str, Shown, Selection]:
        page = request.path_params["page"]
        if page not in self.pages.queries:
            raise HTTPException(404, f"page not found; pages are {', '.join(self._names)}")
        return page, *self._asked(request)

    def _query(self, page: str, name: str) -> Query:
        query = self.pages.queries[page].get(name)
        if query is None:
            there_are = ", ".join(self.pages.queries[page])
            raise HTTPException(404, f"{page} has no such chart; its charts are {there_are}")
        return query

    @property
    def _names(self) -> list[str]:
        return list(self.pages.queries)

    # ------------------------------------------------------------------ what it is answered with

    def _page_json(self, shown: Shown, page: str, selection: Selection) -> str:
        return compact_json(page_answer(shown, self.pages, page, selection))

    def _first(self, shown: Shown, page: str, selection: Selection) -> str:
        first = page_answer(shown, self.pages, page, selection)
        block = inline_json(first, "first")
        html = self.assets.text("index.html").replace("?v=HASH", f"?v={self.assets.hash}")
        return html.replace("<!--first-->", block)

    def _in_words(
        self, status: int, title: str, said: str, *, refresh: int | None = None
    ) -> Response:
        """A page with only a message; it reloads itself if data will follow."""
        again = f'<meta http-equiv="refresh" content="{refresh}">' if refresh else ""
        headers = {
            "Cache-Control": "no-store",
            **({"Retry-After": str(refresh)} if refresh else {}),
        }
        return HTMLResponse(
            f'<!doctype html><html lang="en"><head><meta charset="utf-8">{again}'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f'<link rel="stylesheet" href="static/app.css?v={self.assets.hash}">'
            f"<title>{escape(title)} · estore analytics</title>"
            f'<link rel="icon" href="static/icon.svg?v={self.assets.hash}" type="image/svg+xml">'
            '</head><body><header class="top"><div class="wide">'
            '<span class="brand">estore analytics</span></div></header>'
            f'<main class="wide"><h1>{escape(title)}</h1><p>{escape(said.rstrip("."))}.</p>'
            f"{'' if refresh else BACK}</main></body></html>",
            status, headers,
        )  # fmt: skip

    def _send(
        self, request: Request, key: tuple[object, ...], media_type: str, make: Callable[[], str]
    ) -> Response:
        if self.snapshots.shown is not self._answered_from:
            self.bodies, self._answered_from = Bodies(), self.snapshots.shown
        body = self.bodies.get(key, media_type, make)
        is_small = len(body.plain) < WORTH_COMPRESSING
        accepted = request.headers.get("accept-encoding", "")
        is_plain = is_small or best_encoding(accepted, ["gzip"]) is None
        headers = {
            "Cache-Control": "private, no-cache",
            "ETag": f'"{body.etag}{"" if is_plain else "-gz"}"',
            "Vary": "Accept-Encoding",
        }
        if body.etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        if not is_plain:
            headers["Content-Encoding"] = "gzip"
        content = body.plain if is_plain else body.gzipped
        return Response(content, media_type=body.media_type, headers=headers)


def _weight(body: Body) -> int:
    return len(body.plain) + len(body.gzipped)


async def _fault(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": "internal server error; see the server's log"}, 500)
