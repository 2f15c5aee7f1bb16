"""A real browser on the dashboard, with checks of what it must never do."""

import csv
import io
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from estore.dashboard.app import make_app
from estore.dashboard.report import CHROMIUMS
from estore.dashboard.snapshots import Snapshots
from estore.settings import Settings

CHROMIUM = next(filter(None, map(shutil.which, CHROMIUMS)), None)
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason=f"no browser found (looked for {', '.join(CHROMIUMS)})"
)
ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
#: The page sets this mark when all charts of a view are drawn.
PAINTED = "html[data-painted]"


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser installed on this machine."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def dashboard_of(settings: Settings) -> Iterator[str]:
    """The address of a running dashboard."""
    config = uvicorn.Config(
        make_app(Snapshots(settings), hosts=["localhost"]), port=0, log_config=None, lifespan="on"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        threading.Event().wait(0.02)
    yield f"http://localhost:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


class Visit:
    """A reader's visit: pages, cards and downloads by their names on the page."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.address, self.context = address, context
        self.page: Page = context.new_page()
        #: Messages of the console, and requests to other hosts.
        self.complaints: list[str] = []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        self.page.on("request", self._asked)

    def _heard(self, message: Any) -> None:
        # Violations of the content security policy are errors of the console too.
        if message.type in ("error", "warning") and "willReadFrequently" not in message.text:
            self.complaints.append(message.text)

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.address, "blob:", "data:")):
            self.complaints.append(f"asked {request.url}")

    def open(self, path: str) -> "Visit":
        """Open an address and wait until all charts are drawn."""
        self.page.goto(f"{self.address}{path}")
        self.page.wait_for_selector(PAINTED, state="attached")
        return self

    @contextmanager
    def repaint(self) -> Iterator[None]:
        """Run an action that changes the view, and wait until all charts are redrawn."""
        before = self.page.get_attribute("html", "data-painted")
        yield
        self.page.wait_for_selector(f'{PAINTED}:not([data-painted="{before}"])', state="attached")

    def choose(self, name: str, value: str) -> None:
        """Set a filter."""
        with self.repaint():
            self.page.select_option(f"#filter-{name}", value)

    def text(self, selector: str) -> str:
        """The visible text."""
        return self.page.locator(selector).inner_text()

    def press(self, card: str, button: str) -> None:
        """Press a button of a card."""
        self.page.locator(f"#{card} .tools button", has_text=button).click()

    def download(self, card: str, button: str) -> tuple[str, bytes]:
        """Name and content of a card's file."""
        with self.page.expect_download() as started:
            self.press(card, button)
        return started.value.suggested_filename, Path(started.value.path()).read_bytes()

    def csv(self, card: str) -> list[dict[str, str]]:
        """A card's CSV, by its headings."""
        text = self.download(card, "CSV")[1].decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text)))

    def table(self, card: str) -> list[list[str]]:
        """A card's table as it is shown."""
        if self.page.locator(f"#{card} table").count() == 0:
            self.press(card, "Table")
        return self.page.eval_on_selector_all(  # type: ignore[no-any-return]
            f"#{card} tbody tr", "rows => rows.map(r => [...r.cells].map(c => c.innerText))"
        )

    def cards(self) -> dict[str, str]:
        """Card → how it is drawn: canvas, tiles, table, empty or nothing."""
        return self.page.evaluate(  # type: ignore[no-any-return]
            """() => Object.fromEntries([...document.querySelectorAll('section.card')].map(card => {
                const canvas = card.querySelector('canvas');
                if (canvas) {
                    const {width, height} = canvas;
                    const pixels = new Uint32Array(
                        canvas.getContext('2d').getImageData(0, 0, width, height).data.buffer);
                    return [card.id, new Set(pixels).size > 2 ? 'canvas' : 'blank canvas'];
                }
                const kinds = {tiles: '.tiles', table: 'table', empty: '.empty'};
                const found = Object.keys(kinds).find(kind => card.querySelector(kinds[kind]));
                return [card.id, found ?? 'nothing'];
            }))"""
        )
