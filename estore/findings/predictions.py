"""Findings about predictions: what is expected, and how often the same was right before."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from estore.findings.facts import Facts, Finding
from estore.findings.phrases import FEWEST, counted, grouped, pct

TOPIC = "Predictions"
_TABLES = ("metrics_predicted_value", "metrics_prediction_fit", "metrics_prediction_backtest")


def predictions(facts: Facts) -> Iterator[Finding]:
    """At most three; none if predictions are refused, or older than the snapshot's version."""
    known = facts.rows("select table_name from information_schema.tables")
    if not {row["table_name"] for row in known}.issuperset(_TABLES):
        return
    totals = facts.rows(
        "select * from metrics_predicted_value where rfm_segment = 'All' "
        "order by horizon_days desc limit 1"
    )
    for total in totals:
        if total["customer_count"] >= FEWEST:
            yield _expected(facts, total)
            yield from _receipt(facts, total["horizon_days"])


def _expected(facts: Facts, total: dict[str, Any]) -> Finding:
    days, first = total["horizon_days"], total["as_of_date"] + timedelta(days=1)
    low, high = (total[f"expected_order_count_{end}"] for end in ("low", "high"))
    from_amount, to_amount = (
        facts.money(total[f"expected_revenue_amount_{end}"]) for end in ("low", "high")
    )
    return Finding(
        TOPIC,
        f"In the next {days} days, {grouped(total['customer_count'])} customers are expected to "
        f"place {grouped(total['expected_order_count'])} orders (80% interval {grouped(low)} to "
        f"{grouped(high)}) and to spend {facts.money(total['expected_revenue_amount'])} "
        f"({from_amount} to {to_amount}).",
        f"{first} to {total['as_of_date'] + timedelta(days=days)}",
        total,
        "without customers who order for the first time",
    )


def _receipt(facts: Facts, days: int) -> Iterator[Finding]:
    """How close the last month ends' predictions were."""
    rows = facts.rows(
        "select * from metrics_prediction_backtest where decile = 0 "
        f"and horizon_days = {int(days)} order by month_end_date desc limit 3"
    )
    if not rows:
        return
    misses = [abs(float(row["revenue_ratio"]) - 1) for row in rows if row["revenue_ratio"]]
    period = f"{rows[-1]['month_end_date']} to {rows[0]['month_end_date']} and {days} days after"
    if misses:
        predicted, actual = (
            sum(row[f"{name}_revenue_amount"] for row in rows) for name in ("predicted", "actual")
        )
        yield Finding(
            TOPIC,
            f"For the last {counted(len(rows), 'month end')}, the revenue predicted for {days} "
            f"days was off by {sum(misses) / len(misses):.0%} on average: "
            f"{facts.money(predicted)} were predicted in total, {facts.money(actual)} followed.",
            period,
            {"month_ends": len(rows), "predicted": predicted, "actual": actual,
             "mean_error": sum(misses) / len(misses)},
        )  # fmt: skip
    top, everyone = (
        facts.rows(
            "select customer_count, actual_revenue_amount from metrics_prediction_backtest "
            f"where decile {decile} and horizon_days = {int(days)} "
            f"and month_end_date = '{rows[0]['month_end_date']}' order by decile desc limit 1"
        )
        for decile in ("> 0", "= 0")
    )
    if top and everyone and everyone[0]["actual_revenue_amount"]:
        yield Finding(
            TOPIC,
            f"The {grouped(top[0]['customer_count'])} customers with the highest predictions "
            f"({pct(top[0]['customer_count'], everyone[0]['customer_count'])}) generated "
            f"{pct(top[0]['actual_revenue_amount'], everyone[0]['actual_revenue_amount'])} of the "
            f"{facts.money(everyone[0]['actual_revenue_amount'])} that followed.",
            f"{rows[0]['month_end_date']} and {days} days after",
            {"customers": top[0]["customer_count"],
             "revenue_amount": top[0]["actual_revenue_amount"],
             "total_revenue_amount": everyone[0]["actual_revenue_amount"]},
        )  # fmt: skip
