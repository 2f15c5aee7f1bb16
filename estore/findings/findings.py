"""Findings: what the published numbers say, in words, each with its count, period and caveat.

Nothing is computed from raw data here, and nothing is said that is true by definition (that
Champions rarely churn, say) or that the data cannot show yet.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import duckdb

from estore.escaping import markdown as _escaped
from estore.escaping import one_line
from estore.findings import caveats
from estore.findings.lateness import late_files
from estore.load import event_types
from estore.snapshot.manifest import Manifest

#: Below this many customers or sessions a share says little; the finding is then not made.
FEWEST = 30
#: Beyond this share of buying sessions without a cart event (a tenth is usual where customers can
#: buy at once), the tracking of carts is in doubt.
UNLOGGED_CARTS = 0.2
#: Of each severity; a reader of ten alerts reads none.
MOST_ALERTS = 3


@dataclass(frozen=True)
class Finding:
    """One statement. numbers: what the sentence rests on, numerator and denominator included."""

    topic: str
    sentence: str
    period: str
    numbers: dict[str, Any] = field(default_factory=dict)
    caveat: str | None = None


def key_findings(snapshot: duckdb.DuckDBPyConnection, manifest: Manifest) -> list[Finding]:
    """All findings of a snapshot, in the order of the topics."""
    facts = _Facts(snapshot, manifest)
    makers: list[Callable[[_Facts], Iterator[Finding]]] = [
        _sales, _funnel, _segments, _churn, _lifetime_value, _products, _data_quality,
    ]  # fmt: skip
    return [finding for make in makers for finding in make(facts)]


def as_text(findings: list[Finding], manifest: Manifest) -> str:
    """For a terminal. A period is named where it is not the whole one."""
    whole = _whole_period(findings)
    lines = [
        f"Key findings as of {manifest.as_of_date}, over {whole} (snapshot {manifest.version})"
    ]
    topic = ""
    for finding in findings:
        if finding.topic != topic:
            topic = finding.topic
            lines += ["", topic]
        period = f" [{finding.period}]" if finding.period != whole else ""
        lines.append(f"  - {one_line(finding.sentence)}{period}")
        if finding.caveat:
            lines.append(f"    ! {one_line(finding.caveat)}")
    return "\n".join(lines)


def as_markdown(findings: list[Finding], manifest: Manifest) -> str:
    """For a document. A period is named where it is not the whole one."""
    whole = _whole_period(findings)
    lines = [
        f"# Key findings as of {manifest.as_of_date}",
        "",
        f"Over {whole}; snapshot {manifest.version}.",
    ]
    topic = ""
    for finding in findings:
        if finding.topic != topic:
            topic = finding.topic
            lines += ["", f"## {topic}", ""]
        caveat = f" *{_escaped(finding.caveat)}*" if finding.caveat else ""
        period = f" ({finding.period})" if finding.period != whole else ""
        lines.append(f"- {_escaped(finding.sentence)}{period}{caveat}")
    return "\n".join(lines)


def as_json(findings: list[Finding], manifest: Manifest) -> dict[str, Any]:
    """For a program."""
    return {
        "version": manifest.version,
        "as_of_date": manifest.as_of_date,
        "findings": [asdict(finding) for finding in findings],
    }


def _whole_period(findings: list[Finding]) -> str:
    """Data quality is always told, and always of all days."""
    return next(finding.period for finding in findings if finding.topic == "Data quality")


class _Facts:
    """Rows of the snapshot as dicts, and the period they cover."""

    def __init__(self, snapshot: duckdb.DuckDBPyConnection, manifest: Manifest) -> None:
        self.snapshot, self.manifest = snapshot, manifest
        self.currency = manifest.currency
        self.days = self.rows(
            "select min(event_date) as first, max(event_date) as last, count(*) as known, "
            "count(*) filter (not is_complete) as incomplete from int_event_days"
        )[0]
        self.period = f"{self.days['first']} to {self.days['last']}"
        self.span = (self.days["last"] - self.days["first"]).days + 1

    def money(self, amount: Any, *, exact: bool = False) -> str:
        return self.currency.amount(amount, exact=exact)

    def rows(self, sql: str) -> list[dict[str, Any]]:
        cursor = self.snapshot.execute(sql)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _sales(facts: _Facts) -> Iterator[Finding]:
    total = facts.rows(
        "select sum(revenue_amount) as revenue, cast(sum(order_count) as bigint) as orders, "
        "cast(sum(first_order_count) as bigint) as first_orders, "
        "cast(sum(is_revenue_anomaly::int) as bigint) as anomalies, "
        "cast(sum(has_missing_sales::int) as bigint) as unrecorded, "
        "sum(missing_revenue_amount) as missing_revenue_amount from metrics_daily_sales"
    )[0]
    if not total["orders"]:
        yield Finding("Sales", "Nothing was bought.", facts.period, total)
        return
    aov = total["revenue"] / total["orders"]
    yield Finding(
        "Sales",
        f"{facts.money(total['revenue'])} from {_n(total['orders'])} orders, "
        f"{facts.money(aov, exact=True)} each; "
        f"{_pct(total['first_orders'], total['orders'])} of them a customer's first in the data.",
        facts.period, {**total, "average_order_amount": aov},
        caveats.of_sales(facts.rows, facts.currency),
    )  # fmt: skip
    for day in facts.rows(
        "select * from metrics_daily_sales where is_complete order by order_date desc limit 1"
    ):
        said = f"{facts.money(day['revenue_amount'])} from {_n(day['order_count'])} orders"
        if day["revenue_change_rate"] is None:
            said += "; no complete day a week before to compare with"
        else:
            said += f", {day['revenue_change_rate']:+.1%} against the same day a week before"
        caveat = None
        if day["is_revenue_anomaly"]:
            caveat = (
                f"unusual: about {facts.money(day['expected_revenue_amount'])} was to be expected"
            )
        yield Finding(
            "Sales", f"The last complete day brought {said}.", str(day["order_date"]),
            {name: day[name] for name in ("revenue_amount", "order_count", "buyer_count",
             "last_week_revenue_amount", "revenue_change_rate")}, caveat,
        )  # fmt: skip


def _funnel(facts: _Facts) -> Iterator[Finding]:
    row = facts.rows("select * from metrics_conversion_rates where grain = 'overall'")[0]
    if row["sessions_with_view"] < FEWEST:
        return
    numbers = {name: value for name, value in row.items() if name != "session_start_date"}
    yield Finding(
        "Funnel",
        f"Of {_n(row['sessions_with_view'])} sessions with a view, "
        f"{_pct(row['sessions_with_view_and_cart'], row['sessions_with_view'])} put something in "
        f"the cart and {_pct(row['sessions_with_view_and_purchase'], row['sessions_with_view'])} "
        "bought.",
        facts.period, numbers, caveats.of_funnel(facts.rows),
    )  # fmt: skip
    if row["sessions_with_cart"] >= FEWEST:
        without_cart = row["sessions_with_purchase"] - row["sessions_with_cart_and_purchase"]
        caveat = None
        if without_cart > UNLOGGED_CARTS * row["sessions_with_purchase"]:
            caveat = (
                f"{_pct(without_cart, row['sessions_with_purchase'])} of buying sessions have no "
                "cart event: carts seem to be under-reported, so the true share is lower"
            )
        left = row["sessions_with_cart"] - row["sessions_with_cart_and_purchase"]
        yield Finding(
            "Funnel",
            f"{_pct(left, row['sessions_with_cart'])} of {_n(row['sessions_with_cart'])} sessions "
            "with a cart end without a purchase in the same session.",
            facts.period, numbers, caveat,
        )  # fmt: skip


def _segments(facts: _Facts) -> Iterator[Finding]:
    rows = facts.rows("select * from metrics_rfm_segments where customer_count > 0 "
                      "order by revenue_amount desc, rfm_segment")  # fmt: skip
    buyers = sum(row["customer_count"] for row in rows)
    revenue = sum(row["revenue_amount"] for row in rows)
    if buyers < FEWEST or not revenue:
        return
    # In so short a time nobody can have stayed away: recency would rank the hours of a day.
    least_days = facts.manifest.thresholds["declining_days"]
    if facts.span < least_days:
        yield Finding(
            "Customer segments",
            f"Too early to tell: the data cover {caveats.counted(facts.span, 'day')}, and who "
            f"stays away shows after {least_days}.",
            facts.period,
            {"days": facts.span, "buyers": buyers},
        )
        return
    top = rows[0]
    yield Finding(
        "Customer segments",
        f"{top['rfm_segment']} are {_pct(top['customer_count'], buyers)} of {_n(buyers)} buyers "
        f"and bring {_pct(top['revenue_amount'], revenue)} of their revenue. "
        f"{top['recommended_action']}.",
        facts.period,
        {"segment": top["rfm_segment"], "customers": top["customer_count"], "buyers": buyers,
         "revenue_amount": top["revenue_amount"], "total_revenue_amount": revenue},
    )  # fmt: skip
    fading = [row for row in rows if row["category_type"] == "at_risk"]
    if fading:
        customers = sum(row["customer_count"] for row in fading)
        amount = sum(row["revenue_amount"] for row in fading)
        most = max(fading, key=lambda row: row["revenue_amount"])
        yield Finding(
            "Customer segments",
            f"{_n(customers)} buyers ({_pct(customers, buyers)}) who brought {facts.money(amount)} "
            f"show signs of leaving; {most['rfm_segment']} weigh most "
            f"({facts.money(most['revenue_amount'])} from {_n(most['customer_count'])}). "
            f"{most['recommended_action']}.",
            facts.period,
            {"customers": customers, "buyers": buyers, "revenue_amount": amount,
             "segments": [row["rfm_segment"] for row in fading]},
        )  # fmt: skip


def _churn(facts: _Facts) -> Iterator[Finding]:
    window = facts.manifest.thresholds["cohort_window_days"]
    row = facts.rows("select * from metrics_churn where cohort_grain = 'overall'")[0]
    if not row["customer_count"]:
        yield Finding("Churn", "Nobody has bought, so nobody can stay away.", facts.period, row)
    elif row["observed_count"] < FEWEST:
        yield Finding(
            "Churn",
            f"Too early to tell: {_n(row['observed_count'])} of {_n(row['customer_count'])} "
            f"customers have been watched for {window} days since their first order.",
            facts.period, row,
        )  # fmt: skip
    else:
        yield Finding(
            "Churn",
            f"{_pct(row['churned_count'], row['observed_count'])} of {_n(row['observed_count'])} "
            f"customers did not buy again within {window} days of their first order; "
            f"{_n(row['repeated_count'])} did (95% interval of the share: "
            f"{row['churn_rate_low']:.1%} to {row['churn_rate_high']:.1%}).",
            facts.period, row,
            f"{_n(row['customer_count'] - row['observed_count'])} later customers are left out: "
            f"they have been watched for less than {window} days",
        )  # fmt: skip
    for curve in facts.rows(
        "select * from metrics_repeat_curve "
        "where cohort_grain = 'overall' and day_number = median_days_to_repeat"
    ):
        if curve["at_risk_count"] >= FEWEST:
            yield Finding(
                "Churn",
                f"Half of the customers have ordered again {_n(curve['day_number'])} days after "
                "their first order, everybody counted for as long as they were watched.",
                facts.period, curve,
            )  # fmt: skip
    month = facts.rows(
        "select sum(customer_count) as customers, sum(active_count) as active, "
        "count(*) as cohorts from metrics_retention "
        "where cohort_grain = 'month' and period_index = 1 and is_complete"
    )[0]
    if month["cohorts"] and month["customers"] >= FEWEST:
        yield Finding(
            "Churn",
            f"{_pct(month['active'], month['customers'])} of {_n(month['customers'])} customers "
            "ordered again in the calendar month after their first.",
            f"{caveats.counted(month['cohorts'], 'monthly cohort')} with a complete next month",
            {name: int(value) for name, value in month.items()},
        )  # fmt: skip


def _lifetime_value(facts: _Facts) -> Iterator[Finding]:
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
    sentence = (
        f"A buyer has brought {facts.money(revenue / buyers)} so far on average; the median is "
        f"between {facts.money(middle['bucket_start_amount'])} and "
        f"{facts.money(middle['bucket_end_amount'])}."
    )
    if upper:
        sentence += (
            f" The {_pct(upper, buyers)} of buyers at {facts.money(least)} or more bring "
            f"{_pct(amount, revenue)} of the revenue."
        )
    yield Finding(
        "Lifetime value", sentence, facts.period,
        {"buyers": buyers, "revenue_amount": revenue, "upper_buyers": upper,
         "upper_revenue_amount": amount},
    )  # fmt: skip


def _products(facts: _Facts) -> Iterator[Finding]:
    for level, plural in (("category", "categories"), ("brand", "brands")):
        rows = facts.rows(
            f"select *, sum(revenue_amount) over () as total from metrics_product_performance "
            f"where level = '{level}' order by revenue_amount desc, name limit 3"
        )
        if not rows or not rows[0]["total"]:
            continue
        named = ", ".join(f"{row['name']} ({_pct(row['revenue_amount'], row['total'])})"
                          for row in rows)  # fmt: skip
        yield Finding(
            "Products", f"The {plural} with most revenue: {named}.", facts.period,
            {row["name"]: row["revenue_amount"] for row in rows} | {"total": rows[0]["total"]},
            caveats.of_products(facts.rows, facts.currency) if level == "category" else None,
        )  # fmt: skip


def _data_quality(facts: _Facts) -> Iterator[Finding]:
    events = facts.rows(
        "select cast(sum(event_count) as bigint) as events, "
        "cast(sum(duplicate_row_count) as bigint) as duplicates from int_event_days"
    )[0]
    files = facts.rows(
        "select count(*) filter (status = 'loaded') as loaded, "
        "count(*) filter (status = 'duplicate') as duplicate, "
        "count(*) filter (status = 'refused') as refused, "
        "cast(coalesce(sum(lines) filter (status = 'loaded'), 0) as bigint) as lines, "
        "cast(coalesce(sum(rejected) filter (status = 'loaded'), 0) as bigint) as rejected "
        "from raw_files"
    )[0]
    yield Finding(
        "Data quality",
        f"{_n(files['lines'])} lines in {caveats.counted(files['loaded'], 'file')}: "
        f"{_n(events['events'])} events, {caveats.counted(events['duplicates'], 'repeated line')} "
        f"({_pct(events['duplicates'], files['lines'])}) and {_n(files['rejected'])} rejected.",
        facts.period, {**files, **events}, caveats.of_files(facts.rows, files["refused"]),
    )  # fmt: skip
    for sentence in event_types.sentences(facts.rows("select * from raw_files order by uri")):
        yield Finding("Data quality", sentence, facts.period)
    for late in late_files(facts.snapshot, "raw_files")[:MOST_ALERTS]:
        period = f"{late.first_date} to {late.last_date}"
        yield Finding("Data quality", late.in_words(), period, vars(late))
    for severity in ("high", "medium", "low"):
        alerts = facts.rows(
            "select kind, subject, from_date, to_date, measured, expected, sentence "
            f"from metrics_data_alerts where severity = '{severity}' "
            "and kind <> 'unfinished_day' order by from_at, kind, subject"
        )
        for alert in alerts[:MOST_ALERTS]:
            yield Finding(
                "Data quality", alert["sentence"],
                f"{alert['from_date']} to {alert['to_date']}", alert,
            )  # fmt: skip
        if more := len(alerts[MOST_ALERTS:]):
            counted = "1 more alert" if more == 1 else f"{_n(more)} more alerts"
            yield Finding(
                "Data quality",
                f"Of {severity} severity, metrics_data_alerts has {counted}.",
                facts.period, {"alerts": len(alerts)},
            )  # fmt: skip
    missing = facts.span - facts.days["known"]
    if missing or facts.days["incomplete"]:
        yield Finding(
            "Data quality",
            f"Of {caveats.counted(facts.span, 'day')}, {_n(missing)} without events and "
            f"{_n(facts.days['incomplete'])} that end before their last hour; these are marked and "
            "compared with nothing.",
            facts.period, {**facts.days, "span": facts.span, "missing": missing},
        )  # fmt: skip


def _n(number: Any) -> str:
    return f"{int(number):,}"


def _pct(part: Any, whole: Any) -> str:
    return f"{float(part) / float(whole):.1%}" if whole else "none"
