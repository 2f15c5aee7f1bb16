"""A small synthetic shop for the dashboard tests, with hostile names."""

import csv
import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Workshop

from estore import pipeline
from estore.console import Console
from estore.landing import find_files
from estore.settings import Settings
from estore.shop import ShopConfig
from estore.synth import SyntheticShop, write_shop

EVENTS, MONTHS = 30_000, 4
#: The shop is small, but its predictions and pairs of products are shown.
FEW = {
    "prediction_min_buyers": 50, "prediction_min_repeat_buyers": 5, "prediction_max_error": 1.0,
    "affinity_min_orders": 1,
}  # fmt: skip
HOSTILE_BRAND = "<img src=x onerror=alert(1)>"
FORMULA_BRAND = "=cmd()"
COLUMNS = [
    "event_time", "event_type", "product_id", "category_id", "category_code", "brand", "price",
    "user_id", "user_session",
]  # fmt: skip


def shop_of_the_run(factory: pytest.TempPathFactory) -> Settings:
    """The home of a copy of the shop's snapshot."""
    return _made_once(factory, "shop", publish_shop)


def shop_without_orders(factory: pytest.TempPathFactory) -> Settings:
    """The home of a shop with a single view of a product."""

    def publish(home: Path) -> None:
        workshop = Workshop(home)
        workshop.write("views.csv", [{"event_type": "view"}])
        publish_files(Settings(home=home), workshop.landing)

    return _made_once(factory, "shop-without-orders", publish)


def shop_without(lacking: str, factory: pytest.TempPathFactory) -> Settings:
    """The same of a shop whose source sends no events of one type."""

    def publish(home: Path) -> None:
        workshop = Workshop(home)
        workshop.write(
            "events.csv",
            [
                {"event_type": kind, "event_time": f"2019-11-{day:02d} 10:00:0{second} UTC",
                 "user_id": str(day), "user_session": f"s{day}"}
                for day in range(1, 13)
                for second, kind in enumerate(("view", "cart", "purchase"))
                if kind != lacking and (kind != "purchase" or day % 2 or lacking == "view")
            ],
        )  # fmt: skip
        publish_files(Settings(home=home), workshop.landing)

    return _made_once(factory, f"shop-without-{lacking}", publish)


def _made_once(
    factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]
) -> Settings:
    """The first caller creates a snapshot. All modules and workers of a test run get copies."""
    base = factory.getbasetemp()
    common = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    original, copy = common / name, factory.mktemp(name)
    with (common / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (original / "published" / "CURRENT").is_file():
            make(original)
    shutil.copytree(original / "published", copy / "published")
    return Settings(home=copy)


def publish_shop(home: Path) -> None:
    """A home with a snapshot of a synthetic shop and two expensive products with bad names."""
    settings = Settings(home=home)
    landing = home / "landing"
    write_shop(
        landing, SyntheticShop(events=EVENTS, months=MONTHS, seed=3, format="csv", faults=())
    )
    with (landing / "hostile.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for number, brand in enumerate((HOSTILE_BRAND, FORMULA_BRAND)):
            for kind in ("view", "cart", "purchase"):
                writer.writerow(
                    [f"2019-11-{number + 5:02d} 10:00:00 UTC", kind, f"99{number}", f"88{number}",
                     f"={brand}.{brand}", brand, "98765.43", f"@{brand}", f"s{number}"]
                )  # fmt: skip
    publish_files(settings, landing, **FEW)


def publish_files(settings: Settings, *places: Path, **thresholds: Any) -> None:
    """Load, build and publish."""
    files = find_files([str(place) for place in places])
    report = pipeline.run(settings, ShopConfig(thresholds=thresholds), files, Console(quiet=True))
    assert report.snapshot is not None, report.built.problems
