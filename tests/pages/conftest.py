"""One shop, dashboard and browser for all tests of pages."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from browsing import WIDE, Visit, chromium, dashboard_of
from dashboard_shop import shop_of_the_run
from page_checks import Ask, Visitor, cut_last_day_short, plant_alerts
from playwright.sync_api import Browser

from estore.dashboard.report import make_report
from estore.settings import Settings
from estore.snapshot.manifest import current_version


@pytest.fixture(scope="package")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A published shop whose last day is incomplete."""
    settings = shop_of_the_run(tmp_path_factory)
    cut_last_day_short(current_version(settings) or Path())
    plant_alerts(current_version(settings) or Path())
    return settings


@pytest.fixture(scope="package")
def address(shop: Settings) -> Iterator[str]:
    """Where its dashboard is."""
    with dashboard_of(shop) as address:
        yield address


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One browser; each test has its own profile."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def visitor(browser: Browser, address: str) -> Iterator[Visitor]:
    """Opens visits. At the end, no visit may have errors or requests to other hosts."""
    visits: list[Visit] = []

    def visit(path: str = "", *, at: str = address, complains: str = "", **options: Any) -> Visit:
        context = browser.new_context(**{"viewport": WIDE, "accept_downloads": True, **options})
        made = Visit(context, at)
        made.expected = re.compile(complains) if complains else None  # type: ignore[attr-defined]
        visits.append(made)
        return made.open(path) if path else made

    yield visit
    for made in visits:
        expected = made.expected  # type: ignore[attr-defined]
        unexpected = [said for said in made.complaints if not (expected and expected.search(said))]
        assert unexpected == []
        made.context.close()


@pytest.fixture(scope="package")
def ask(shop: Settings) -> Ask:
    """Queries the snapshot's files."""
    connection = duckdb.connect()
    for path in (current_version(shop) or Path()).glob("*.parquet"):
        connection.execute(f"create view {path.stem} as from '{path}'")
    return lambda sql: connection.execute(sql).fetchall()


@pytest.fixture(scope="package")
def odd_address(shop: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The same shop with one file loaded twice and an incomplete day in the middle."""
    home = tmp_path_factory.mktemp("odd")
    shutil.copytree(shop.published, home / "published")
    path = home / "published" / "v000001" / "int_event_days.parquet"
    changed = path.with_suffix(".changed")
    duckdb.execute(
        "copy (select * replace (is_complete and event_date <> '2020-01-16' as is_complete, "
        "case when event_date = '2019-12-25' then 5000 "
        "else 1 + dayofyear(event_date) % 7 end as duplicate_row_count) "
        f"from '{path}' order by event_date) to '{changed}' (format parquet)"
    )
    changed.replace(path)
    with dashboard_of(Settings(home=home)) as address:
        yield address


@pytest.fixture(scope="package")
def report(shop: Settings, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of the report of the same snapshot, on a disk."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(make_report(shop, first=None, last=None, with_ids=True).html)
    return path.as_uri()
