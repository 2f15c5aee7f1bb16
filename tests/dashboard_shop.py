"""A small synthetic shop for the tests of the dashboard, with names in it that mean harm."""

import csv
import fcntl
import os
import shutil
from pathlib import Path

import pytest

from estore import pipeline
from estore.console import Console
from estore.landing import find_files
from estore.settings import Settings
from estore.shop import ShopConfig
from estore.synth import Shop, write_shop

EVENTS, MONTHS = 30_000, 4
HOSTILE_BRAND = "<img src=x onerror=alert(1)>"
FORMULA_BRAND = "=cmd()"
COLUMNS = [
    "event_time", "event_type", "product_id", "category_id", "category_code", "brand", "price",
    "user_id", "user_session",
]  # fmt: skip


def shop_of_the_run(factory: pytest.TempPathFactory) -> Settings:
    """The home of a copy of the shop; it is made once, whatever modules and workers ask for it."""
    base = factory.getbasetemp()
    common = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    original, copy = common / "dashboard-shop", factory.mktemp("shop") / "home"
    with (common / "dashboard-shop.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (original / "published" / "CURRENT").is_file():
            publish_shop(original)
    shutil.copytree(original / "published", copy / "published")
    return Settings(home=copy)


def publish_shop(home: Path) -> Settings:
    """A home with a snapshot of a synthetic shop that also sells two dear things of bad names."""
    settings = Settings(home=home)
    landing = home / "landing"
    write_shop(landing, Shop(events=EVENTS, months=MONTHS, seed=3, format="csv"))
    with (landing / "hostile.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for number, brand in enumerate((HOSTILE_BRAND, FORMULA_BRAND)):
            for kind in ("view", "cart", "purchase"):
                writer.writerow(
                    [f"2019-11-{number + 5:02d} 10:00:00 UTC", kind, f"99{number}", f"88{number}",
                     f"={brand}.{brand}", brand, "98765.43", f"@{brand}", f"s{number}"]
                )  # fmt: skip
    publish_files(settings, landing)
    return settings


def publish_files(settings: Settings, *places: Path) -> None:
    """Load, build and publish."""
    report = pipeline.run(
        settings, ShopConfig(), find_files([str(place) for place in places]), Console(quiet=True)
    )
    assert report.snapshot is not None, report.built.problems
