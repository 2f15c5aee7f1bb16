"""Captions: column names as people read them, and the number format that a column has."""

from typing import Literal

from estore.currency import Currency

Format = Literal["money", "rate", "count", "number", "day", "instant", "boolean", "text"]

#: Captions that do not follow from the column's name.
_CAPTIONS = {
    "average_order_amount": "Average order value (AOV)",
    "average_order_target": "AOV target",
    "bucket_end_amount": "Lifetime value below",
    "bucket_start_amount": "Lifetime value from",
    "cart_abandonment_rate": "Cart abandonment rate",
    "cart_add_count": "Carts",
    "category_code": "Category",
    "cohort_start": "Cohort (first order)",
    "complete_day_revenue_amount": "Revenue per complete day",
    "customer_rate": "Share of customers",
    "first_order_count": "First-time orders",
    "is_left_censored": "May include earlier customers",
    "is_revenue_anomaly": "Unusual for the weekday",
    "item_count": "Units",
    "last_month_revenue_amount": "Revenue of the month before",
    "last_week_revenue_amount": "Revenue one week before",
    "leaving_count": "Customers with signs of churn",
    "leaving_revenue_amount": "Revenue of customers with signs of churn",
    "mean_revenue_amount": "Revenue per customer",
    "measured": "Measured value",
    "order_date": "Day",
    "month_start": "Month",
    "observed_count": "Customers observed for the full window",
    "repeat_order_count": "Repeat orders",
    "revenue_change_rate": "Change from one week before",
    "revenue_deviation": "Deviation in standard deviations",
    "revenue_rate": "Share of revenue",
    "rfm_segment": "Segment",
    "session_start_date": "Day",
    "uri": "File",
    "user_id": "Customer",
}
_ENDINGS = ("_amount", "_count", "_date", "_at")
_PREFIXES = ("is_", "has_", "metrics_", "dim_", "fct_", "raw_")
#: Nouns that a name ending in `_count` counts.
_PLURALS = {"category": "categories", "day": "days"}


def caption(name: str) -> str:
    """`order_count` → Orders; `view_to_cart_rate_low` → View to cart rate (95% low)."""
    if name in _CAPTIONS:
        return _CAPTIONS[name]
    for ending, said in (("_low", " (95% low)"), ("_high", " (95% high)")):
        if name.endswith(ending):
            return caption(name.removesuffix(ending)) + said
    words = name.removesuffix("_rate") if name.startswith("month_") else name
    for prefix in _PREFIXES:
        words = words.removeprefix(prefix)
    for ending in _ENDINGS:
        if words.endswith(ending):
            words = words.removesuffix(ending)
            if ending == "_count":
                last = words.rsplit("_", 1)[-1]
                words = words.removesuffix(last) + _PLURALS.get(last, f"{last}s")
            break
    words = words.replace("_", " ").replace("ltv", "LTV").replace("rfm", "RFM")
    return words[:1].upper() + words[1:]


def format_of(name: str, kind: str) -> Format:
    """The format of a column. kind: the engine's type, such as `DECIMAL(18,3)`."""
    if kind.startswith("DECIMAL"):
        return "money"
    if kind == "BOOLEAN":
        return "boolean"
    if kind == "DATE":
        return "day"
    if kind.startswith("TIMESTAMP"):
        return "instant"
    if kind in ("DOUBLE", "FLOAT"):
        is_rate = name.removesuffix("_low").removesuffix("_high").endswith(("_rate", "survival"))
        return "rate" if is_rate else "number"
    return "count" if kind.endswith("INT") or kind == "INTEGER" else "text"


def money_format(currency: Currency) -> str:
    """A spreadsheet's format of amounts, such as `"$"#,##0.00`; minus before the symbol."""
    digits = "." + "0" * currency.digits if currency.digits else ""
    number = f'"{currency.symbol}"#,##0{digits}'
    return f"{number};-{number}"
