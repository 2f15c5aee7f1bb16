"""Findings about customers: segments, churn, retention and lifetime value."""

from collections.abc import Iterator
from typing import Any

from estore.findings.facts import Facts, Finding
from estore.findings.phrases import (
    FEWEST,
    counted,
    grouped,
    part_of,
    pct,
    sentence,
    share_of,
)

#: For the earliest cohorts: the first order in the data may not be the customer's first.
_OLDER_INCLUDED = "includes customers who may have ordered before the data start"


def segments(facts: Facts) -> Iterator[Finding]:
    rows = facts.rows("select * from metrics_rfm_segments where customer_count > 0 "
                      "order by revenue_amount desc, rfm_segment")  # fmt: skip
    buyers = sum(row["customer_count"] for row in rows)
    revenue = sum(row["revenue_amount"] for row in rows)
    if buyers < FEWEST or not revenue:
        return
    # A short period cannot show who stays away: recency would only rank hours of a day.
    least_days = facts.manifest.thresholds["declining_days"]
    if facts.span < least_days:
        yield Finding(
            "Customer segments",
            f"Too early for segments: the data cover {counted(facts.span, 'day')}, and "
            f"recency needs {least_days}.",
            facts.period,
            {"days": facts.span, "buyers": buyers},
        )
        return
    yield from _top_segment(facts, rows, buyers, revenue)
    yield from _leaving(facts, rows)


def _top_segment(
    facts: Facts, rows: list[dict[str, Any]], buyers: int, revenue: Any
) -> Iterator[Finding]:
    """The segment with the most revenue; none if all customers have equal scores."""
    if sum(row["order_count"] for row in rows) == buyers:
        yield Finding(
            "Customer segments",
            f"All {grouped(buyers)} customers have ordered only once, so no segment can show "
            "loyalty.",
            facts.period, {"customers": buyers, "orders": buyers},
        )  # fmt: skip
        return
    # The other segments are named for churn, but a score only ranks: it cannot predict churn.
    top = next((row for row in rows if row["category_type"] in ("high_value", "growth")), None)
    if len(rows) > 1 and top:
        yield Finding(
            "Customer segments",
            f"{top['rfm_segment']} are {share_of(top['customer_count'], buyers)} of "
            f"{grouped(buyers)} customers and generated {pct(top['revenue_amount'], revenue)} of "
            "their revenue. "
            f"{top['recommended_action']}.",
            facts.period,
            {"segment": top["rfm_segment"], "customers": top["customer_count"], "buyers": buyers,
             "revenue_amount": top["revenue_amount"], "total_revenue_amount": revenue},
            "segments rank customers by recency, orders and revenue, so the definition sets the "
            "size of the top segments" + _orders_before(facts),
        )  # fmt: skip


def _orders_before(facts: Facts) -> str:
    thresholds = facts.manifest.thresholds
    is_short = facts.span <= thresholds["cohort_window_days"]
    if thresholds.get("customers_since") == "data" or not is_short:
        return ""
    return "; orders from before the data start are unknown"


def _leaving(facts: Facts, rows: list[dict[str, Any]]) -> Iterator[Finding]:
    """Customers whose pause is unusually long for their own order rhythm."""
    known = sum(row["repeat_customer_count"] for row in rows)
    leaving = [row for row in rows if row["leaving_count"]]
    if known < FEWEST or not leaving:
        return
    customers = sum(row["leaving_count"] for row in leaving)
    amount = sum(row["leaving_revenue_amount"] for row in leaving)
    days = facts.manifest.thresholds["at_risk_days"]
    show, they = ("shows", "This customer") if customers == 1 else ("show", "They")
    yield Finding(
        "Customer segments",
        f"{part_of(customers, known)} customers with orders on at least two days {show} signs of "
        f"churn: no order for {days} days or more, unusually long for their own "
        f"rhythm. {they} generated {facts.money(amount)} so far.",
        facts.period,
        {"customers": customers, "repeat_customers": known, "revenue_amount": amount,
         "segments": [row["rfm_segment"] for row in leaving]},
    )  # fmt: skip


def churn(facts: Facts) -> Iterator[Finding]:
    cohorts = {
        row["cohort_grain"]: row
        for row in facts.rows("select * from metrics_churn where cohort_start is null")
    }
    everyone, known = cohorts["overall"], cohorts["overall_uncensored"]
    if not everyone["customer_count"]:
        return
    # Customers from before the data reorder more often than new ones, so exclude them if possible.
    is_known = known["observed_count"] >= FEWEST
    row = known if is_known else everyone
    if row["observed_count"] < FEWEST:
        yield _too_early(facts, row)
    else:
        yield _churned(facts, row, everyone["customer_count"] - known["customer_count"])
    grain = row["cohort_grain"]
    for curve in facts.rows(
        f"select * from metrics_repeat_curve where cohort_grain = '{grain}' "
        "and day_number = median_days_to_repeat"
    ):
        if curve["at_risk_count"] >= FEWEST:
            yield Finding(
                "Churn",
                "Half of the customers reorder within "
                f"{counted(curve['day_number'], 'day')} of their first order "
                f"(Kaplan–Meier estimate{_ends_of_median(curve)}).",
                facts.period, curve, _OLDER_INCLUDED if row["is_left_censored"] else None,
            )  # fmt: skip
    yield from _next_month(facts)


def _ends_of_median(curve: dict[str, Any]) -> str:
    """The median's interval, if known; older snapshots have none."""
    low, high = (curve.get(f"median_days_to_repeat_{end}") for end in ("low", "high"))
    if low is None:
        return ""
    return f", 95% interval {low} to {high} days" if high else f", 95% interval from {low} days"


def _too_early(facts: Facts, row: dict[str, Any]) -> Finding:
    window = facts.manifest.thresholds["cohort_window_days"]
    who = "no customer has"
    if observed := row["observed_count"]:
        customers = counted(row["customer_count"], "customer")
        who = f"{grouped(observed)} of {customers} {'has' if observed == 1 else 'have'}"
    return Finding(
        "Churn",
        f"Too early for churn: {who} at least {window} days of history since the first order.",
        facts.period, row,
    )  # fmt: skip


def _churned(facts: Facts, row: dict[str, Any], earlier: int) -> Finding:
    """The caveat. `earlier`: customers of the first days, who may have ordered before the data."""
    window = facts.manifest.thresholds["cohort_window_days"]
    later = row["customer_count"] - row["observed_count"]
    caveat = []
    since = facts.manifest.thresholds.get("customers_since") or "data"
    if since != "data":
        caveat.append(
            f"customers with an earlier order in {since.rpartition(' (')[0]} are left out"
        )
    if row["is_left_censored"]:
        caveat.append(_OLDER_INCLUDED)
    elif earlier:
        caveat.append(
            f"{counted(earlier, 'customer')} of the first {window} days "
            f"{'is' if earlier == 1 else 'are'} left out: they may have ordered before the data "
            "begin"
        )
    if later:
        caveat.append(
            f"{counted(later, 'later customer')} {'is' if later == 1 else 'are'} left out: less "
            f"than {window} days of history"
        )
    observed, low, high = row["observed_count"], row["churn_rate_low"], row["churn_rate_high"]
    within = f"within {window} days of their first order"
    if not row["churned_count"]:
        interval = f"95% interval from {1 - high:.1%}"
        said = f"All {grouped(observed)} customers reordered {within} ({interval})"
    elif not row["repeated_count"]:
        interval = f"95% interval up to {1 - low:.1%}"
        said = f"None of {grouped(observed)} customers reordered {within} ({interval})"
    else:
        said = (
            f"{pct(row['churned_count'], observed)} of {grouped(observed)} customers did not "
            f"reorder {within}; {grouped(row['repeated_count'])} did (95% interval of the share: "
            f"{low:.1%} to {high:.1%})"
        )
    return Finding("Churn", f"{said}.", facts.period, row, "; ".join(caveat) or None)


def _next_month(facts: Facts) -> Iterator[Finding]:
    """The share that orders again in the next calendar month, of new customers if possible."""
    sums = facts.rows(
        "select is_left_censored, sum(customer_count) as customers, sum(active_count) as active, "
        "count(*) as cohorts from metrics_retention where cohort_grain = 'month' "
        "and period_index = 1 and is_complete group by is_left_censored order by is_left_censored"
    )
    month = next((row for row in sums if row["customers"] >= FEWEST), None)
    if month:
        yield Finding(
            "Churn",
            sentence(
                f"{share_of(month['active'], month['customers'])} of "
                f"{grouped(month['customers'])} customers ordered again in the calendar month "
                "after their first."
            ),
            f"{counted(month['cohorts'], 'monthly cohort')} with a complete next month",
            {name: int(value) for name, value in month.items()},
            _OLDER_INCLUDED if month["is_left_censored"] else None,
        )  # fmt: skip


def lifetime_value(facts: Facts) -> Iterator[Finding]:
    rows = facts.rows("select * from metrics_ltv_distribution order by bucket_start_amount")
    buyers = sum(row["customer_count"] for row in rows)
    revenue = sum(row["revenue_amount"] for row in rows)
    if buyers < FEWEST or not revenue:
        return
    reached, middle = 0, rows[0]
    for row in rows:
        reached, middle = reached + row["customer_count"], row
        if 2 * reached >= buyers:
            break
    least = 0
    upper, amount = 0, 0
    for row in reversed(rows):
        if upper + row["customer_count"] > buyers * 0.2:
            break
        upper, amount = upper + row["customer_count"], amount + row["revenue_amount"]
        least = row["bucket_start_amount"]
    said = (
        f"Customers have generated {facts.money(revenue / buyers)} on average so far; the median "
        f"is between {facts.money(middle['bucket_start_amount'])} and "
        f"{facts.money(middle['bucket_end_amount'])}."
    )
    caveat = None
    if upper >= FEWEST:
        said += (
            f" The {pct(upper, buyers)} of customers at {facts.money(least)} or more generated "
            f"{pct(amount, revenue)} of the revenue."
        )
        caveat = "customers are ranked by revenue, so the top always has more than its share"
    yield Finding(
        "Lifetime value", said, facts.period,
        {"buyers": buyers, "revenue_amount": revenue, "upper_buyers": upper,
         "upper_revenue_amount": amount}, caveat,
    )  # fmt: skip
