"""Caveats: what the sales, funnel and product findings exclude or mark because of an alert."""

from collections.abc import Callable, Iterator
from typing import Any

from estore.currency import Currency, currency
from estore.findings.phrases import counted

_DOLLARS = currency("USD")

Rows = Callable[[str], list[dict[str, Any]]]
#: The days of an alert as text: one day, or the first and the last.
_DAYS = (
    "case when from_date = to_date then from_date::varchar "
    "else from_date || ' to ' || to_date end as days"
)


def of_files(rows: Rows, refused: int) -> str | None:
    """The caveat on refused files and rejected rows."""
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
    """The caveat on missing revenue and duplicate purchases."""
    said = [*_missing_revenue(rows, money), *_duplicates(rows, money)]
    for free in rows("select measured from metrics_data_alerts where kind = 'unpriced_purchases'"):
        have, count = ("has", "counts") if free["measured"] == 1 else ("have", "count")
        said.append(
            f"{counted(int(free['measured']), 'purchase')} {have} no price and {count} as "
            f"{money.amount(0)}"
        )
    (odd,) = rows(
        "select count(*) filter (is_revenue_anomaly and not has_missing_sales) as days "
        "from metrics_daily_sales"
    )
    if odd["days"]:
        are = "is" if odd["days"] == 1 else "are"
        said.append(f"{counted(odd['days'], 'day')} {are} unusual for the weekday")
    return "; ".join(said) or None


def _missing_revenue(rows: Rows, money: Currency) -> Iterator[str]:
    """Days with unrecorded purchases, and their estimated revenue if known."""
    (missing,) = rows(
        "select count(*) as days, count(missing_revenue_amount) as known, "
        "coalesce(sum(missing_revenue_amount), 0) as amount "
        "from metrics_daily_sales where has_missing_sales"
    )
    days, known = missing["days"], missing["known"]
    amount = f"about {money.amount(missing['amount'])} of revenue was not recorded"
    if not days:
        return
    if not known:
        yield (
            f"purchases of {counted(days, 'day')} were not all recorded, and how much revenue is "
            "missing cannot be estimated"
        )
    elif known == days:
        yield f"{amount} on {counted(days, 'day')}"
    else:
        yield (
            f"{amount} on {known:,} of {days:,} affected days, and for the other days it cannot be "
            "estimated"
        )


def _duplicates(rows: Rows, money: Currency) -> Iterator[str]:
    """Duplicate purchase rows, which count only once on every day."""
    (left_out,) = rows(
        "select coalesce(sum(duplicate_purchase_count), 0)::bigint as rows, "
        "coalesce(sum(duplicate_revenue_amount), 0) as amount from int_event_days"
    )
    if not left_out["amount"]:
        return
    said = (
        f"{counted(left_out['rows'], 'duplicate purchase row')} "
        f"{'is' if left_out['rows'] == 1 else 'are'} left out ({money.amount(left_out['amount'])}"
    )
    bursts = rows(
        f"select {_DAYS}, measured from metrics_data_alerts "
        "where kind = 'duplicate_burst' and subject = 'purchase' order by from_at"
    )
    of_days = [f"{burst['measured']:,.0f} of {burst['days']}" for burst in bursts]
    yield f"{said}{': ' if of_days else ''}{', '.join(of_days)})"


def of_funnel(rows: Rows, *, are_excluded: bool = True) -> str | None:
    """The caveat on bots, and on tracking gaps that cut sessions short."""
    said = []
    (overall,) = rows(
        "select bot_session_count as bots, session_count as sessions "
        "from metrics_conversion_rates where grain = 'overall'"
    )
    if bots := overall["bots"]:
        # If bots are excluded, session_count does not include them.
        all_sessions = overall["sessions"] + (bots if are_excluded else 0)
        said.append(
            f"{bots:,} of {counted(all_sessions, 'session')} {'is a' if bots == 1 else 'are'} "
            f"suspected bot session{'' if bots == 1 else 's'} and "
            f"{'is' if bots == 1 else 'are'} {'left out' if are_excluded else 'included'}"
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
            f"{counted(days['days'], 'day')} with tracking gaps "
            f"({counted(days['sessions'], 'session')}) "
            f"{'is' if days['days'] == 1 else 'are'} included"
        )
    return "; ".join(said) or None


def of_products(rows: Rows, money: Currency = _DOLLARS) -> str | None:
    """The caveat on products that changed category, and the revenue that would move."""
    said = [
        f"{counted(int(found['measured']), 'product')} changed category from {found['from_date']} "
        f"on; reports keep the original category, otherwise "
        f"{money.amount(found['revenue_amount'])} of revenue would move"
        for found in rows(
            "select from_date, measured, revenue_amount from metrics_data_alerts "
            "where kind = 'taxonomy_break' order by from_at"
        )
    ]
    return "; ".join(said) or None
