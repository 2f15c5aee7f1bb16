"""Report: all pages with working filters in one file that opens without a server, or as a PDF."""

import base64
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from html import escape
from pathlib import Path, PurePath
from typing import Any

from estore.dashboard.answers import compact_json
from estore.dashboard.assets import Assets
from estore.dashboard.cubes import Cube, CubeAnswer
from estore.dashboard.packing import cut_to_brands, cut_to_days, packed, packed_cube, packed_table
from estore.dashboard.pages import Pages, Query, read_pages
from estore.dashboard.reading import REMAINDERS, read_version
from estore.dashboard.selection import DAY, DataDays
from estore.dashboard.shown import Shown
from estore.errors import EstoreError
from estore.load.advice import EXAMPLE
from estore.settings import Settings
from estore.snapshot.manifest import current_snapshot, missing_snapshot

#: A size that mailboxes accept. To stay below it, the report leaves out brands.
LARGEST = 1_500_000
#: Numbers of brands to filter by and to show on the products page; the first that fits wins.
BRANDS = ((100, 100), (20, 20), (15, 15), (12, 15), (10, 12), (8, 10), (6, 8), (5, 8), (5, 6),
          (4, 8), (5, 5), (4, 6), (4, 4), (3, 6), (3, 4), (2, 4), (1, 4), (0, 4),
          (0, 0))  # fmt: skip
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
#: Seconds for a browser to draw and print the pages, and its own virtual time.
PATIENCE, DRAWING = 120, 20
UNPACK = """
(async () => {
  for (const name of ['charts', 'app']) {
    const text = document.getElementById('packed-' + name).textContent;
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
    const script = document.createElement('script');
    script.textContent = await new Response(stream).text();
    document.body.append(script);
  }
})();
"""


@dataclass(frozen=True)
class Report:
    """A finished report, and the number of brands it includes."""

    html: str
    brands: int
    brands_in_all: int

    @property
    def size(self) -> int:
        """The file's size in bytes."""
        return len(self.html.encode())


def make_report(
    settings: Settings, *, first: date | None, last: date | None, with_ids: bool
) -> Report:
    """The newest snapshot as one file. Raises EstoreError without a snapshot or days."""
    assets, pages = Assets(), read_pages()
    with current_snapshot(settings) as folder:
        if folder is None:
            raise EstoreError(missing_snapshot(settings))
        shown = read_version(folder, pages)
    kept, defaults = _of_days(shown, first, last)
    brands = [brand for brand in shown.options["brands"] if brand not in REMAINDERS]
    content = {
        **kept.about(),
        "findings": shown.findings,
        "defaults": defaults,
        "tables": _tables(shown, pages, with_ids=with_ids),
    }
    room = LARGEST - len(_html(assets, {**content, "options": shown.options}, kept).encode())

    @cache
    def cube_of(name: str, count: int) -> dict[str, Any]:
        return packed_cube(cut_to_brands(kept.cubes[name], brands[:count]))

    @cache
    def size_of(name: str, count: int, level: int) -> int:
        return len(packed(compact_json(cube_of(name, count)), level=level))

    for filtered, named in BRANDS:
        counts = {
            name: min(filtered if _has_all(cube) else named, len(brands))
            for name, cube in kept.cubes.items()
        }
        # Strong compression is slow, so use it only if fast compression comes close to the limit.
        fast = sum(size_of(*each, 5) for each in counts.items())
        if fast <= room or (
            fast <= 1.1 * room and sum(size_of(*each, 9) for each in counts.items()) <= room
        ):
            break
    content["options"] = {**shown.options, "brands": brands[:filtered]}
    content["tables"] |= {name: cube_of(name, count) for name, count in counts.items()}
    return Report(_html(assets, content, kept), min(filtered, len(brands)), len(brands))


def print_pdf(html: Path, pdf: Path, chromium: Path | None) -> None:
    """Print a report as a PDF. Raises EstoreError without a browser."""
    program = str(chromium) if chromium else next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if program is None or shutil.which(program) is None:
        raise EstoreError(
            f"printing a PDF needs Chromium, but {chromium or 'it'} was not found; "
            "install it (Debian: apt install chromium), set --chromium, or print "
            f"{html} from a browser"
        )
    with tempfile.TemporaryDirectory() as profile:
        arguments = [
            program, "--headless", "--disable-gpu", "--no-first-run", "--disable-sync",
            "--disable-background-networking", "--disable-component-update", "--disable-quic",
            f"--user-data-dir={profile}", f"--virtual-time-budget={DRAWING * 1000}",
            "--no-pdf-header-footer", f"--print-to-pdf={pdf.resolve()}",
            *(["--no-sandbox"] if _is_root() else []), f"{html.resolve().as_uri()}#print",
        ]  # fmt: skip
        try:
            done = subprocess.run(arguments, capture_output=True, text=True, timeout=PATIENCE)
        except subprocess.TimeoutExpired as error:
            raise EstoreError(f"{program} did not print within {PATIENCE} seconds") from error
    if done.returncode or not pdf.is_file():
        said = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise EstoreError(f"{program} could not print: {said}")


def _of_days(
    shown: Shown, first: date | None, last: date | None
) -> tuple[Shown, dict[str, str] | None]:
    """The cubes of the requested days, and of as many days before for comparison."""
    days = shown.days
    if first and last and first > last:
        raise EstoreError(f"--to {last} is before --from {first}")
    if days.first is None or days.last is None or not (first or last):
        return shown, None
    first, last = max(first or days.first, days.first), min(last or days.last, days.last)
    if first > last:
        raise EstoreError(f"no data for these days: the data cover {days.first} to {days.last}")
    earliest = max(first - (last - first) - DAY, days.first)
    complete = min(days.last_complete, last) if days.last_complete else None
    cubes = {name: cut_to_days(cube, earliest, last) for name, cube in shown.cubes.items()}
    kept = replace(shown, cubes=cubes, days=DataDays(earliest, last, complete))
    return kept, {"from": str(first), "to": str(last)}


def _has_all(cube: Cube) -> bool:
    return cube.shape.filters.get("brand") in cube.shape.star


def _tables(shown: Shown, pages: Pages, *, with_ids: bool) -> dict[str, Any]:
    """Each table with the columns that queries use."""
    found: dict[str, dict[str, Sequence[Any]]] = {}
    asked: dict[str, Query] = {}
    for query in pages.all_queries():
        answer = shown.tables.get((query.page, query.name))
        if query.table is None or answer is None or answer.is_missing:
            continue
        before = asked.setdefault(query.table, query)
        if (before.where, before.sort) != (query.where, query.sort):
            raise ValueError(f"pages.json queries {query.table} in two ways")
        found.setdefault(query.table, {}).update(_columns(query, answer, with_ids))
    return {
        name: packed_table(list(columns), list(zip(*columns.values(), strict=True)))
        for name, columns in found.items()
    }


def _columns(query: Query, answer: CubeAnswer, with_ids: bool) -> dict[str, Sequence[Any]]:
    columns: dict[str, Sequence[Any]] = {
        name: [row[place] for row in answer.rows] for place, name in enumerate(answer.columns)
    }
    # A list of values: each row's own is among the asked columns.
    columns |= {
        name: [value] * len(answer.rows)
        for name, value in query.where.items()
        if name not in columns
    }
    if not with_ids:
        columns |= {name: [None] * len(answer.rows) for name in query.personal}
        if "uri" in columns:
            columns["uri"] = [PurePath(uri).name for uri in columns["uri"]]
        if "error" in columns:
            columns["error"] = [said and said.partition(EXAMPLE)[0] for said in columns["error"]]
    return columns


def _html(assets: Assets, content: dict[str, Any], shown: Shown) -> str:
    """The self-contained page; its policy blocks all other content and connections."""
    style, charts, app = (assets.text(name) for name in ("app.css", "charts.js", "app.js"))
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; img-src data:; base-uri 'none'; "
        f"script-src '{_hash(UNPACK)}' '{_hash(charts)}' '{_hash(app)}'; form-action 'none'"
    )
    title = escape(f"Shop report as of {shown.manifest.as_of_date}")
    head = (
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f"<title>{title}</title>\n<style>{style}</style>\n</head>"
    )
    inside = [
        f'<script type="text/plain" id="{name}">{packed(text)}</script>'
        for name, text in (
            ("packed", compact_json(content)),
            ("packed-charts", charts),
            ("packed-app", app),
        )
    ]
    html = re.sub(r"<title>.*?</title>\n?", "", assets.text("index.html"))
    html = re.sub(r'<(link|script)[^>]*"static/[^>]*>(</script>)?\n?', "", html)
    html = html.replace("</head>", head, 1)
    return html.replace("<!--first-->", "\n".join([*inside, f"<script>{UNPACK}</script>"]), 1)


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _is_root() -> bool:
    """Chromium options for root, as in a container, where its sandbox does not work."""
    return hasattr(os, "geteuid") and os.geteuid() == 0
