"""Caveats: what the sales, the funnel and the products leave out or mark because of an alert."""

from collections.abc import Callable
from typing import Any

from estore.currency import Currency, currency

_DOLLARS = currency("USD")

Rows = Callable[[str], list[dict[str, Any]]]
#: Days of an alert as text: one, or the first and the last.
_DAYS = (
    "case when from_date = to_date then from_date::varchar "
    "else from_date || ' to ' || to_date end as days"
)


def counted(number: int, noun: str) -> str:
    """1 day, 2 days."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def of_files(rows: Rows, refused: int) -> str | None:
    """Files that were refused, and why rows were rejected."""
    said = []
    if refused:
        are = "was" if refused == 1 else "were"
        said.append(f"{counted(refused, 'file')} {are} refused: see `estore status`")
    reasons = rows(
        "select split_part(reason, ':', 1) as kind, sum(line_count)::bigint as row_count "
        "from raw_rejects_by_reason group by kind order by row_count desc, kind"
    )
    if reasons:
        shown = "; ".join(f"{found['row_count']:,} × {found['kind']}" for found in reasons[:3])
        said.append(f"rejected rows: {shown}{'; …' if len(reasons) > 3 else ''}")
    return "; ".join(said) or None


def of_sales(rows: Rows, money: Currency = _DOLLARS) -> str | None:
    """Revenue that was not recorded, and lines that would count it twice."""
    said = []
    (missing,) = rows(
        "select count(*) as days, count(missing_revenue_amount) as known, "
        "coalesce(sum(missing_revenue_amount), 0) as amount "
        "from metrics_daily_sales where has_missing_sales"
    )
    if missing["days"]:
        how_much = (
            f", about {money.amount(missing['amount'])} less than usual" if missing["known"] else ""
        )
        said.append(f"on {counted(missing['days'], 'day')} sales were not all recorded{how_much}")
    for burst in rows(
        f"select {_DAYS}, measured, revenue_amount from metrics_data_alerts "
        "where kind = 'duplicate_burst' and subject = 'purchase' and revenue_amount > 0 "
        "order by from_at"
    ):
        said.append(
            f"{burst['measured']:,.0f} repeated purchases of {burst['days']} are left out "
            f"({money.amount(burst['revenue_amount'])})"
        )
    for free in rows("select measured from metrics_data_alerts where kind = 'unpriced_purchases'"):
        said.append(
            f"{free['measured']:,.0f} purchases have no price and count as {money.amount(0)}"
        )
    (odd,) = rows(
        "select count(*) filter (is_revenue_anomaly and not has_missing_sales) as days "
        "from metrics_daily_sales"
    )
    if odd["days"]:
        are = "is" if odd["days"] == 1 else "are"
        said.append(f"{counted(odd['days'], 'day')} {are} unlike the same weekday before")
    return "; ".join(said) or None


def of_funnel(rows: Rows) -> str | None:
    """Robots, and gaps that make sessions look as if they had ended early."""
    said = []
    (overall,) = rows(
        "select robot_session_count as robots, session_count as sessions "
        "from metrics_conversion_rates where grain = 'overall'"
    )
    if overall["robots"]:
        are = "is" if overall["robots"] == 1 else "are"
        said.append(
            f"{counted(overall['robots'], 'session')} suspected to be robots' {are} left out of "
            f"{overall['robots'] + overall['sessions']:,}"
        )
    days = rows(
        "select count(distinct session_start_date) as days, sum(session_count)::bigint as sessions "
        "from metrics_conversion_rates as days where grain = 'day' and exists "
        "(select 1 from metrics_data_alerts as alerts where days.session_start_date "
        "between alerts.from_date and alerts.to_date and alerts.kind in "
        "('missing_events', 'low_events', 'purchases_without_carts'))"
    )[0]
    if days["days"]:
        said.append(
            f"{counted(days['sessions'], 'session')} {'is' if days['sessions'] == 1 else 'are'} of "
            f"{counted(days['days'], 'day')} on which events are missing"
        )
    return "; ".join(said) or None


def of_products(rows: Rows, money: Currency = _DOLLARS) -> str | None:
    """Products that were renamed, and what would move with them."""
    said = [
        f"from {found['from_date']} on {found['measured']:,.0f} products are called otherwise; "
        f"they stay where they began, or {money.amount(found['revenue_amount'])} of "
        "revenue would move"
        for found in rows(
            "select from_date, measured, revenue_amount from metrics_data_alerts "
            "where kind = 'taxonomy_break' order by from_at"
        )
    ]
    return "; ".join(said) or None
