"""Thresholds: the defaults with the shop's own on top, checked before any SQL sees them."""

import math
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import yaml

from estore.currency import currency
from estore.errors import EstoreError
from estore.shop import ShopConfig

#: Variables of the project that a build sets and no shop: what a step covers, how money is written.
STEP = (
    "built_from",
    "built_to",
    "reach_from",
    "reach_to",
    "sessions_from",
    "sessions_to",
    "changed_from",
    "all_users",
    "currency_symbol",
    "currency_digits",
)
#: Smallest and largest value of whole numbers that have such; any other is 0 or more.
LIMITS = {
    "session_timeout_minutes": (1, 720),
    "rfm_bands": (1, 9),
    "ltv_bucket_amount": (1, 1_000_000),
    "cohort_window_days": (1, 3_650),
    "anomaly_min_days": (1, 1_000),
    # Rows of the dashboard's cubes grow with each name.
    "dashboard_brands": (0, 100),
    "dashboard_categories": (0, 100),
    "dashboard_subcategories": (0, 300),
    "dashboard_customers": (0, 1_000),
}


def read_thresholds(project: Path, shop: ShopConfig, shop_file: Path) -> dict[str, Any]:
    """Name → value of every threshold.

    Raises EstoreError that names the shop's file, the threshold and the fix.
    """
    variables = yaml.safe_load((project / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    thresholds = {name: value for name, value in variables.items() if name not in STEP}
    for name, value in shop.thresholds.items():
        if name not in thresholds:
            raise EstoreError(
                f"{shop_file}: [thresholds] {name}: not known; "
                f"there are {', '.join(sorted(thresholds))}"
            )
        try:
            thresholds[name] = _checked(name, value, thresholds[name])
        except ValueError as error:
            raise EstoreError(f"{shop_file}: [thresholds] {name} = {value!r}: {error}") from error
    steps = [thresholds[name] for name in ("declining_days", "at_risk_days", "churned_days")]
    if steps != sorted(steps):
        raise EstoreError(
            f"{shop_file}: [thresholds] declining_days, at_risk_days and churned_days are "
            f"{', '.join(map(str, steps))}; none may be smaller than the one before"
        )
    return thresholds


def _checked(name: str, value: Any, default: Any) -> Any:
    if name == "as_of_date":
        day = value.date() if isinstance(value, datetime) else value
        return str(day if isinstance(day, date) else date.fromisoformat(str(day)))
    if name == "shop_timezone":
        if not isinstance(value, str) or value not in available_timezones():
            raise ValueError("not a known time zone; use a name such as Europe/Berlin")
        return value
    if name == "shop_currency":
        return currency(str(value)).code
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise ValueError("must be true or false")
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("must be a number")
    if not math.isfinite(value):
        raise ValueError("must be a number")
    if isinstance(default, int) and not isinstance(value, int):
        raise ValueError("must be a whole number")
    least, most = LIMITS.get(name, (0, float("inf")))
    if not least <= value <= most:
        raise ValueError(f"must be {least} or more" + (f", {most} at most" if most < 1e9 else ""))
    return value
