"""Findings about growth: recovered carts, pairs in one order, and why revenue changed."""

import calendar
import math
from collections.abc import Iterator
from typing import Any

from estore.findings.facts import Facts, Finding
from estore.findings.phrases import FEWEST, counted, grouped, listed, pct

#: Days of carts from which the spread between days gives an interval.
FEWEST_DAYS = 14
FACTORS = {
    "buyers": "buyers",
    "orders_per_buyer": "orders per buyer",
    "items_per_order": "items per order",
    "price_per_item": "the price per item",
}


def _published(facts: Facts, table: str) -> bool:
    """Whether the snapshot has the table; older snapshots lack it."""
    return bool(
        facts.rows(f"select 1 from information_schema.tables where table_name = '{table}' limit 1")
    )


def carts(facts: Facts) -> Iterator[Finding]:
    """How many carts are bought later, in any session."""
    if not _published(facts, "metrics_cart_recovery"):
        return
    days = facts.rows(
        "select * from metrics_cart_recovery where is_complete and recovered_rate is not null "
        "order by cart_date"
    )
    count = sum(day["cart_count"] for day in days)
    recovered = sum(day["recovered_count"] for day in days)
    if count < FEWEST or len(days) < FEWEST_DAYS or not recovered:
        return
    share = recovered / count
    # The ratio of two sums over days; carts of one user on one day are similar, days are not.
    spread = sum((day["recovered_count"] - share * day["cart_count"]) ** 2 for day in days)
    margin = 1.96 * math.sqrt(len(days) / (len(days) - 1) * spread) / count
    value = sum(day["cart_amount"] for day in days)
    lost = value - sum(day["recovered_amount"] for day in days)
    window = facts.manifest.thresholds["cart_window_days"]
    yield Finding(
        "Funnel",
        f"{share:.1%} (95% interval {max(0, share - margin):.1%} to "
        f"{min(1, share + margin):.1%}) of {grouped(count)} products in carts were bought within "
        f"{counted(window, 'day')}, in any session; the others were worth {facts.money(lost)}.",
        f"{days[0]['cart_date']} to {days[-1]['cart_date']}",
        {"carts": count, "recovered": recovered, "value": value, "lost": lost},
    )


def pairs(facts: Facts) -> Iterator[Finding]:
    """The categories bought together most surely more often than by chance."""
    if not _published(facts, "metrics_affinity"):
        return
    for pair in facts.rows(
        "select * from metrics_affinity where level in ('category', 'subcategory') "
        "and lift_low > 1 order by level, pair_rank limit 1"
    ):
        yield Finding(
            "Products",
            f"{pair['item_a']} and {pair['item_b']} are in the same order {pair['lift']:.1f} times "
            f"as often as by chance (95% interval {pair['lift_low']:.1f} to "
            f"{pair['lift_high']:.1f}): in {grouped(pair['order_count_both'])} of "
            f"{counted(pair['order_count'], 'order')}.",
            facts.period, pair,
        )  # fmt: skip


def drivers(facts: Facts) -> Iterator[Finding]:
    """Why revenue changed from the month before to the last complete month."""
    if not _published(facts, "metrics_revenue_drivers"):
        return
    rows = facts.rows(
        "select * from metrics_revenue_drivers where grain = 'month' and breakdown <> 'category' "
        "qualify period_start = max(period_start) over () order by abs(change_amount) desc, effect"
    )
    total = next((row for row in rows if row["breakdown"] == "total"), None)
    parts = [row for row in rows if row["breakdown"] == "driver"]
    if not total or not parts or total["has_data_issues"] or not total["previous_value"]:
        return
    month, before = total["period_start"], total["previous_period_start"]
    said = [f"{FACTORS[row['effect']]} {_signed(facts, row['change_amount'])}" for row in parts[:3]]
    change = total["change_amount"]
    yield Finding(
        "Growth",
        f"Revenue of {month:%B} was {facts.money(total['value'])}, {_signed(facts, change)} "
        f"({float(change) / total['previous_value']:+.1%}) compared with {before:%B}: "
        f"{listed(said)}.",
        f"{before} to {month.replace(day=_length(month))}",
        {row["effect"]: row["change_amount"] for row in parts}
        | {"revenue": total["value"], "previous_revenue": total["previous_value"]},
        _unequal(month, before),
    )


def _signed(facts: Facts, amount: Any) -> str:
    sign = "+" if amount > 0 else "\N{MINUS SIGN}" if amount < 0 else ""
    return f"{sign}{facts.money(abs(amount))}"


def _length(month: Any) -> int:
    return calendar.monthrange(month.year, month.month)[1]


def _unequal(month: Any, before: Any) -> str | None:
    """The caveat on months of unequal length."""
    days = _length(month) - _length(before)
    if not days:
        return None
    word = "more" if days > 0 else "fewer"
    share = pct(abs(days), _length(before))
    return f"{month:%B} has {counted(abs(days), f'{word} day')} ({share})"
