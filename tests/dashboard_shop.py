"""A small synthetic shop for the tests of the dashboard, with names in it that mean harm."""

import csv
from pathlib import Path

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
