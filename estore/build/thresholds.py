"""Thresholds: the defaults and the shop's own values, checked before they reach SQL."""

import sys
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import yaml

from estore.build import known_customers
from estore.currency import currency
from estore.errors import EstoreError
from estore.shop import ShopConfig

#: Project variables that only a build sets, never a shop: a batch's days and the money format.
BATCH = (
    "batch_from",
    "batch_to",
    "session_window_from",
    "session_window_to",
    "sessions_from",
    "sessions_to",
    "changed_from",
    "all_users",
    "last_day",
    "currency_symbol",
    "currency_digits",
)


@dataclass(frozen=True)
class Allowed:
    """The type and range of a threshold's values."""

    least: float
    most: float
    is_whole: bool = True

    def __str__(self) -> str:
        kind = "a whole number" if self.is_whole else "a number"
        return f"{kind} from {self.least:,} to {self.most:,}"

    def check(self, value: Any) -> None:
        """Raises ValueError for any other value."""
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or (self.is_whole and not isinstance(value, int)):
            raise ValueError(f"must be {self}")
        if not self.least <= value <= self.most:  # nan is outside every range
            raise ValueError(f"must be {self}")


#: Name or suffix → allowed values; the first match counts. docs/metrics.md lists them.
ALLOWED = {
    "session_timeout_minutes": Allowed(1, 720),
    "ltv_bucket_amount": Allowed(1, 1_000_000),
    "average_order_target": Allowed(0, 1_000_000_000, is_whole=False),
    "anomaly_min_days": Allowed(1, 1_000),
    # Each of these adds rows to the dashboard.
    "affinity_pairs": Allowed(0, 1_000),
    "dashboard_brands": Allowed(0, 100),
    "dashboard_categories": Allowed(0, 100),
    "dashboard_subcategories": Allowed(0, 300),
    "dashboard_customers": Allowed(0, 1_000),
    "_days": Allowed(1, 3_650),
    "_share": Allowed(0, 1, is_whole=False),
    "_fall": Allowed(0, 1, is_whole=False),
    "_deviation": Allowed(0, 1, is_whole=False),
    "_deviations": Allowed(0.5, 100, is_whole=False),
    "_probability": Allowed(0, 1, is_whole=False),
    "_error": Allowed(0.01, 1, is_whole=False),
    "_factor": Allowed(1, 1_000, is_whole=False),
    "": Allowed(0, 1_000_000_000),
}
#: The segment rules use scores of 1 to 5; with other bands some segments would be empty.
RFM_BANDS = 5


def allowed(name: str, default: Any) -> str:
    """A threshold's allowed values as text."""
    if name == "shop_timezone":
        return "an IANA time zone, as in Europe/Berlin"
    if name == "shop_currency":
        return "an ISO 4217 code, as in EUR"
    if name == "as_of_date":
        return "a day, as in 2020-04-30"
    if name == "customers_since":
        return known_customers.ALLOWED
    if name == "rfm_bands":
        return f"{RFM_BANDS}, as the segment rules are made for {RFM_BANDS} bands"
    if isinstance(default, list):
        return 'a list of texts without \' in them, as in ["null", "guest"]'
    return "true or false" if isinstance(default, bool) else str(_range(name))


def _range(name: str) -> Allowed:
    return next(found for end, found in ALLOWED.items() if name.endswith(end))


#: Names before 0.2 → current names; the old names still work in this release.
RENAMED = {
    "alert_least_events": "alert_min_events",
    "alert_least_fall": "alert_min_fall",
    "alert_least_products": "alert_min_products",
    "alert_least_sessions": "alert_min_sessions",
    "anomaly_least_deviation": "anomaly_min_deviation",
    "anomaly_least_orders": "anomaly_min_orders",
    "exclude_robots": "exclude_bots",
    "robot_session_events": "bot_session_events",
    "robot_user_events": "bot_user_events",
}


@cache
def _warn_of_old_name(shop_file: Path, old: str, new: str) -> None:
    """Print the warning once per process."""
    print(
        f"warning: {shop_file}: [thresholds] {old} is now called {new}; "
        "the old name stops working in the next release",
        file=sys.stderr,
    )


def _with_current_names(given: dict[str, Any], shop_file: Path) -> dict[str, Any]:
    named: dict[str, Any] = {}
    for name, value in given.items():
        if name in RENAMED:
            _warn_of_old_name(shop_file, name, RENAMED[name])
        named[RENAMED.get(name, name)] = value
    return named


def read_thresholds(project: Path, shop: ShopConfig, shop_file: Path) -> dict[str, Any]:
    """Name → value of every threshold.

    Raises EstoreError with the file, the threshold and the fix.
    """
    variables = yaml.safe_load((project / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    thresholds = {name: value for name, value in variables.items() if name not in BATCH}
    for name, value in _with_current_names(shop.thresholds, shop_file).items():
        if name not in thresholds:
            similar = get_close_matches(name, thresholds, cutoff=0.5)
            fix = f"did you mean {' or '.join(similar)}? " if similar else ""
            raise EstoreError(
                f"{shop_file}: [thresholds] {name}: unknown threshold; {fix}"
                "docs/metrics.md lists all"
            )
        try:
            thresholds[name] = (
                known_customers.check_since(value, shop_file)
                if name == "customers_since"
                else _checked(name, value, thresholds[name])
            )
        except ValueError as error:
            raise EstoreError(
                f"{shop_file}: [thresholds] {name} = {_short(value)}: {error}"
            ) from error
    batches = [thresholds[name] for name in ("declining_days", "at_risk_days", "churned_days")]
    if batches != sorted(batches):
        raise EstoreError(
            f"{shop_file}: [thresholds] declining_days, at_risk_days and churned_days are "
            f"{', '.join(map(str, batches))}; none may be smaller than the one before"
        )
    return thresholds


def _short(value: Any) -> str:
    shown = " ".join(repr(value).split())
    return shown if len(shown) <= 80 else f"{shown[:79]}…"


def _checked(name: str, value: Any, default: Any) -> Any:
    """The checked value; raises ValueError with the allowed values."""
    if name == "as_of_date":
        return _day(value)
    if name == "shop_timezone":
        # The engine does not know the machine's own "localtime".
        if not isinstance(value, str) or value not in available_timezones() - {"localtime"}:
            raise ValueError(f"not a known time zone; must be {allowed(name, default)}")
        return value
    if name == "shop_currency":
        return currency(str(value)).code
    if name == "rfm_bands":
        if value != RFM_BANDS or not isinstance(value, int):
            raise ValueError(f"must be {allowed(name, default)}")
        return value
    if isinstance(default, list):
        return _texts(value)
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise ValueError("must be true or false")
        return value
    _range(name).check(value)
    return value


def _texts(value: Any) -> list[str]:
    """A list of texts that are safe in SQL."""
    is_list = isinstance(value, list) and len(value) <= 200
    if not is_list or not all(
        isinstance(text, str) and text.isprintable() and 0 < len(text) <= 100 and "'" not in text
        for text in value
    ):
        raise ValueError('must be a list of texts without \' in them, as in ["null", "guest"]')
    return list(value)


def _day(value: Any) -> str:
    text = str(value) if isinstance(value, str | date) else ""
    try:
        return str(date.fromisoformat(text))  # not an instant
    except ValueError as error:
        raise ValueError("must be a day, as in 2020-04-30") from error
