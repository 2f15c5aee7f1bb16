"""Dashboard: time to draw its pages, their size, and the load of thirty users.

One shop with 2 M customers and 213 days: only its published tables. The server is a process,
the browser a headless Chromium on the same machine.
"""

import json
import re
import shutil
import statistics
import subprocess
import sys
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import psutil

from benchmarks.large_snapshot import make_large_snapshot
from benchmarks.machine import commit, machine, now
from estore.snapshot.manifest import read_manifest

USERS, REQUESTS = 30, 20
RUNS = 9
PAGES = ("sales", "funnel", "customers", "retention", "products", "data")
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update"]  # fmt: skip
BEGIN, END = "<!-- dashboard: begin -->", "<!-- dashboard: end -->"
#: A tab that was just opened, and one that was just closed, still start and end their processes.
SETTLED_MS = 500
#: The limits of the measurements, in their units: the page's promise.
LIMITS = {
    "first_chart_s": 0.3, "all_charts_s": 0.5, "filter_s": 0.08, "cold_kb": 260, "p95_ms": 150,
    "errors": 0, "memory_mb": 150, "other_hosts": 0, "report_mb": 1.5,
}  # fmt: skip


def bench_dashboard(folder: Path, say: Callable[[str], None]) -> dict[str, Any]:
    """Create the shop in a folder if it is missing, and measure."""
    home = folder / "dashboard"
    if not (home / "published" / "CURRENT").is_file():
        say("making the shop of 2 M customers")
        shutil.rmtree(home, ignore_errors=True)
        make_large_snapshot(home)
    result: dict[str, Any] = {"machine": machine(), "commit": commit(), "started_at": now()}
    result["shop"] = _shop(home)
    with _served(home) as (url, server):
        say("the browser")
        result["pages"] = _browse(url)
        say(f"{USERS} users, {REQUESTS} requests each")
        result["load"] = _load(url)
        result["memory_mb"] = _memory_mb(server)
    say("the report")
    result["report"] = _report(home, folder / "report.html")
    return result | {"finished_at": now()}


def write_dashboard_table(result: dict[str, Any], readme: Path) -> None:
    """Rewrite what stands between the dashboard's markers."""
    before, _, rest = readme.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    readme.write_text(f"{before}{BEGIN}\n{dashboard_table(result)}\n{END}{after}")


# ---------------------------------------------------------------------- the server


@contextmanager
def _served(home: Path) -> Iterator[tuple[str, psutil.Process]]:
    command = [sys.executable, "-m", "estore.cli", "--home", str(home), "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            url = process.stdout.readline().split(" at ")[1].split(";")[0]
            _until_up(url)
            yield url, psutil.Process(process.pid)
        finally:
            process.terminate()


def _until_up(url: str) -> None:
    for _ in range(100):
        status, _, _ = _get(_connect(url), "/api/options")
        if status == 200:
            return
        time.sleep(0.1)
    raise RuntimeError("the server shows nothing")


def _connect(url: str) -> HTTPConnection:
    place = urllib.parse.urlsplit(url)
    return HTTPConnection(place.hostname or "", place.port, timeout=30)


def _get(connection: HTTPConnection, path: str) -> tuple[int, float, bytes]:
    started = time.perf_counter()
    connection.request("GET", path, headers={"Accept-Encoding": "gzip, br"})
    response = connection.getresponse()
    body = response.read()
    return response.status, time.perf_counter() - started, body


def _memory_mb(server: psutil.Process) -> float:
    """The most that it ever took."""
    status = Path(f"/proc/{server.pid}/status").read_text()
    peak = re.search(r"VmHWM:\s+(\d+) kB", status)
    return round(int(peak[1]) / 1e3, 1) if peak else float("nan")


# ---------------------------------------------------------------------- thirty users


def _load(url: str) -> dict[str, Any]:
    """Every user asks for another view each time, one after the other, without a pause."""
    connection = _connect(url)
    options = json.loads(_plain(connection, "/api/options"))
    seconds: list[float] = []
    errors = 0

    def use(number: int) -> None:
        nonlocal errors
        mine = _connect(url)
        for request in range(REQUESTS):
            status, took, _ = _get(mine, _view(number * REQUESTS + request, options))
            seconds.append(took)
            errors += status != 200

    users = [threading.Thread(target=use, args=[number]) for number in range(USERS)]
    started = time.perf_counter()
    for user in users:
        user.start()
    for user in users:
        user.join()
    elapsed = time.perf_counter() - started
    seconds.sort()
    return {
        "users": USERS, "requests": len(seconds), "errors": errors, "seconds": round(elapsed, 2),
        "per_second": round(len(seconds) / elapsed, 1),
        **{f"p{share}_ms": round(seconds[len(seconds) * share // 100] * 1e3, 1)
           for share in (50, 95, 99)},
    }  # fmt: skip


def _view(number: int, options: dict[str, list[str]]) -> str:
    """Another page, period and filters for each number."""
    asked = {"period": ("7d", "28d", "90d", "all", "last-month")[number % 5]}
    for filter_name, (name, values) in zip(
        ("category", "brand", "segment"), options.items(), strict=True
    ):
        assert name.startswith(filter_name[:4])
        place = number // 6 % (len(values) + 3)
        if place < len(values) and (number // 3 + len(name)) % 2:
            asked[filter_name] = values[place]
    return f"/api/page/{PAGES[number % 6]}?{urllib.parse.urlencode(asked)}"


def _plain(connection: HTTPConnection, path: str) -> bytes:
    connection.request("GET", path)
    body: bytes = connection.getresponse().read()
    return body


# ---------------------------------------------------------------------- a browser


def _browse(url: str) -> dict[str, Any]:
    from playwright.sync_api import sync_playwright

    found: dict[str, Any] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        browser.new_context().new_page().goto(
            url
        )  # what a first start of the browser costs is not ours
        for page in PAGES:
            opened = [_open(browser, url, page) for _ in range(RUNS)]
            found[page] = {
                name: round(statistics.median(one[name] for one in opened), 4)
                for name in ("first_chart_s", "all_charts_s", "cold_kb", "requests")
            } | {
                "filter_s": round(statistics.median(one["filter_s"] for one in opened), 4),
                "other_hosts": sum(one["other_hosts"] for one in opened),
                "console_errors": sum(one["console_errors"] for one in opened),
            }
        browser.close()
    return found


def _open(browser: Any, url: str, page: str) -> dict[str, Any]:
    """Open a page without a cache. The page's own marks show when charts are drawn."""
    context = browser.new_context(viewport={"width": 1600, "height": 1000})
    tab = context.new_page()
    received: list[int] = []
    hosts: set[str] = set()
    errors: list[str] = []
    client = context.new_cdp_session(tab)
    client.send("Network.enable")
    client.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    tab.on("request", lambda request: hosts.add(urllib.parse.urlsplit(request.url).netloc))
    tab.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    tab.wait_for_timeout(SETTLED_MS)
    tab.goto(f"{url}/{page}")
    # Not a function: the page's policy forbids the evaluation of strings.
    tab.wait_for_selector("html[data-painted]", state="attached")
    figures = {
        "first_chart_s": _mark(tab, "estore:first"), "all_charts_s": _mark(tab, "estore:all"),
        "cold_kb": sum(received) / 1e3, "requests": len(received),
        "other_hosts": len(hosts - {urllib.parse.urlsplit(url).netloc, ""}),
        "console_errors": len(errors),
    }  # fmt: skip
    figures["filter_s"] = statistics.median(_filter(tab) for _ in range(3))
    context.close()
    return figures


def _mark(tab: Any, name: str) -> float:
    return float(tab.evaluate(f"performance.getEntriesByName('{name}')[0].startTime")) / 1e3


#: Choose another value of the first filter that the page has, until the charts in sight show it.
FILTER = """
() => new Promise((done) => {
  const choice = [...document.querySelectorAll('.filters select')].find((one) => one.offsetParent);
  if (!choice) return done(null);
  const marks = () => performance.getEntriesByName('estore:first');
  const before = marks().length;
  choice.selectedIndex = (choice.selectedIndex + 1) % choice.options.length;
  const started = performance.now();
  choice.dispatchEvent(new Event('change', { bubbles: true }));
  const look = () => marks().length > before
    ? done((marks().at(-1).startTime - started) / 1000)
    : setTimeout(look, 1);
  look();
})
"""


def _filter(tab: Any) -> float:
    """Seconds; 0 on a page without filters."""
    took = tab.evaluate(FILTER)
    tab.wait_for_timeout(100)  # for the charts that are not visible
    return float(took or 0)


# ---------------------------------------------------------------------- the report, and the words


def _report(home: Path, out: Path) -> dict[str, Any]:
    started = time.perf_counter()
    command = [sys.executable, "-m", "estore.cli", "--home", str(home), "report", str(out)]
    subprocess.run(command, check=True, capture_output=True)
    figures = {"seconds": round(time.perf_counter() - started, 1), "mb": out.stat().st_size / 1e6}
    out.unlink()
    return figures


def _shop(home: Path) -> dict[str, Any]:
    folder = home / "published" / (home / "published" / "CURRENT").read_text().strip()
    tables = read_manifest(folder).tables
    return {"bytes": sum(path.stat().st_size for path in folder.iterdir()), "tables": tables}


def dashboard_table(result: dict[str, Any]) -> str:
    """The measurements next to the limits; a number above its limit is bold."""
    pages, load = result["pages"], result["load"]

    def worst(name: str) -> float:
        return max(float(page[name]) for page in pages.values())

    rows: Sequence[tuple[str, float, float, str]] = [
        ("first charts, s", worst("first_chart_s"), LIMITS["first_chart_s"], ".2f"),
        ("all charts of a page, s", worst("all_charts_s"), LIMITS["all_charts_s"], ".2f"),
        ("after a change of filter, s", worst("filter_s"), LIMITS["filter_s"], ".3f"),
        ("bytes of a cold load, KB", worst("cold_kb"), LIMITS["cold_kb"], ".0f"),
        ("requests to other hosts", worst("other_hosts"), LIMITS["other_hosts"], ".0f"),
        (f"{load['users']} users × {REQUESTS}: p95, ms", load["p95_ms"], LIMITS["p95_ms"], ".0f"),
        ("errors", load["errors"], LIMITS["errors"], ".0f"),
        ("memory of the server at most, MB", result["memory_mb"], LIMITS["memory_mb"], ".0f"),
        ("report, MB", result["report"]["mb"], LIMITS["report_mb"], ".2f"),
    ]
    figures = ["| | measured | at most |", "| --- | ---: | ---: |"]
    for name, measured, limit, form in rows:
        shown = f"{measured:{form}}"
        figures.append(f"| {name} | {f'**{shown}**' if measured > limit else shown} | {limit:g} |")
    figures += [
        "",
        "| page | first charts, s | all charts, s | filter, s | KB | requests |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        *(
            f"| {name} | {page['first_chart_s']:.2f} | {page['all_charts_s']:.2f} "
            f"| {page['filter_s']:.3f} | {page['cold_kb']:.0f} | {page['requests']:.0f} |"
            for name, page in pages.items()
        ),
        "",
        f"Medians of {RUNS} cold loads a page, worst page above; commit `{result['commit']}`, "
        f"{result['machine']['cpu']}, {result['machine']['cores']} cores.",
    ]
    return "\n".join(figures)
