"""Findings: what the published numbers say, each with its count, period and caveat.
Findings read published tables only, never raw data. They leave out claims that are true by
definition (Champions rarely churn) and claims that the data cannot support yet.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

import duckdb

from estore.errors import EstoreError
from estore.escaping import markdown as _escaped
from estore.escaping import one_line, shortened
from estore.findings import caveats, customers, growth
from estore.findings.facts import Facts, Finding
from estore.findings.lateness import late_files
from estore.findings.phrases import FEWEST, counted, grouped, listed, pct, sentence, share_of
from estore.findings.predictions import predictions
from estore.load import event_types
from estore.snapshot.manifest import Manifest

#: Above this share of buying sessions without a cart event, cart tracking is in doubt. About 10 %
#: is usual where customers can buy directly.
UNLOGGED_CARTS = 0.2
#: An outage that no alert can see is a finding from this length on: the hours of half a day.
LONG_OUTAGE_HOURS = 12
#: Alerts shown for each severity; longer lists go unread.
MOST_ALERTS = 3


def key_findings(snapshot: duckdb.DuckDBPyConnection, manifest: Manifest) -> list[Finding]:
    """All findings of a snapshot, in the order of the topics.

    Raises EstoreError if an older version published the snapshot without the needed columns.
    """
    facts = Facts(snapshot, manifest)
    makers: list[Callable[[Facts], Iterator[Finding]]] = [
        _sales, growth.drivers, _funnel, growth.carts, customers.segments, customers.churn,
        customers.lifetime_value, predictions, _products, growth.pairs, _data_quality,
    ]  # fmt: skip
    try:
        return [finding for make in makers for finding in make(facts)]
    except (duckdb.BinderException, duckdb.CatalogException, KeyError) as error:
        missing = shortened(str(error).partition("\n")[0], 200)
        raise EstoreError(
            f"snapshot {manifest.version} was published by another version of estore; "
            f"`estore build` publishes it again (not found: {missing})"
        ) from error


def as_text(findings: list[Finding], manifest: Manifest) -> str:
    """Findings for a terminal. Each period is named unless it is the full period."""
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
    """Findings for a document. Each period is named unless it is the full period."""
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
    """Findings for a program."""
    return {
        "version": manifest.version,
        "as_of_date": manifest.as_of_date,
        "findings": [asdict(finding) for finding in findings],
    }


def _whole_period(findings: list[Finding]) -> str:
    """The full period; the data quality findings always cover it."""
    return next(finding.period for finding in findings if finding.topic == "Data quality")


def _sales(facts: Facts) -> Iterator[Finding]:
    total = facts.rows(
        "select sum(revenue_amount) as revenue, cast(sum(order_count) as bigint) as orders, "
        "cast(sum(first_order_count) as bigint) as first_orders, "
        "cast(sum(is_revenue_anomaly::int) as bigint) as anomalies, "
        "cast(sum(has_missing_sales::int) as bigint) as unrecorded, "
        "sum(missing_revenue_amount) as missing_revenue_amount from metrics_daily_sales"
    )[0]
    if not total["orders"]:
        yield Finding("Sales", "The data contain no purchase events.", facts.period, total)
        return
    aov = total["revenue"] / total["orders"]
    said = f"{facts.money(total['revenue'])} from {counted(total['orders'], 'order')}"
    if total["orders"] > 1:
        said += f", {facts.money(aov, exact=True)} each on average"
    if total["orders"] >= FEWEST and total["first_orders"] < total["orders"]:
        first = share_of(total["first_orders"], total["orders"])
        said += f"; {first} are first-time orders"
    yield Finding(
        "Sales", f"{said}.", facts.period, {**total, "average_order_amount": aov},
        caveats.of_sales(facts.rows, facts.currency),
    )  # fmt: skip
    for day in facts.rows(
        "select * from metrics_daily_sales where is_complete order by order_date desc limit 1"
    ):
        said = "had no orders"
        if day["order_count"]:
            orders = counted(day["order_count"], "order")
            said = f"generated {facts.money(day['revenue_amount'])} from {orders}"
        if day["revenue_change_rate"] is None:
            said += "; the day a week before is not complete, so there is no comparison"
        elif abs(day["revenue_change_rate"]) < 0.0005:
            said += ", the same as one week before"
        else:
            said += f", {day['revenue_change_rate']:+.1%} compared with one week before"
        caveat = None
        if day["is_revenue_anomaly"]:
            caveat = f"unusual: about {facts.money(day['expected_revenue_amount'])} was expected"
        yield Finding(
            "Sales", f"The last complete day {said}.", str(day["order_date"]),
            {name: day[name] for name in ("revenue_amount", "order_count", "buyer_count",
             "last_week_revenue_amount", "revenue_change_rate")}, caveat,
        )  # fmt: skip


def _funnel(facts: Facts) -> Iterator[Finding]:
    row = facts.rows("select * from metrics_conversion_rates where grain = 'overall'")[0]
    numbers = {name: value for name, value in row.items() if name != "session_start_date"}
    # An event type that the source does not send is not a drop in the funnel.
    events = facts.rows(
        "select cast(sum(view_count) as bigint) as view, cast(sum(cart_add_count) as bigint) as "
        "cart, cast(sum(purchase_count) as bigint) as purchase from int_event_days"
    )[0]
    absent = [f"no {name} events" for name in ("view", "cart") if not events[name]]
    if absent:
        yield Finding(
            "Funnel",
            f"The data contain {' and '.join(absent)}, so these stages have no conversion rate.",
            facts.period, events,
        )  # fmt: skip
    with_view = row["sessions_with_view"]
    steps = [
        f"{share_of(row[f'sessions_with_view_and_{name}'], with_view)} {did}"
        for name, did in (("cart", "added to cart"), ("purchase", "bought"))
        if events[name] and with_view >= FEWEST
    ]
    if steps:
        are_excluded = facts.manifest.thresholds["exclude_bots"]
        yield Finding(
            "Funnel", f"Of {grouped(with_view)} sessions with a view, {' and '.join(steps)}.",
            facts.period, numbers, caveats.of_funnel(facts.rows, are_excluded=are_excluded),
        )  # fmt: skip
    if events["purchase"] and row["sessions_with_cart"] >= FEWEST:
        buying = row["sessions_with_purchase"]
        without_cart = buying - row["sessions_with_cart_and_purchase"]
        caveat = None
        if buying >= FEWEST and without_cart > UNLOGGED_CARTS * buying:
            caveat = (
                f"{share_of(without_cart, buying)} of buying sessions have no cart event: carts "
                "seem to be under-reported, so the true share is lower"
            )
        left = row["sessions_with_cart"] - row["sessions_with_cart_and_purchase"]
        yield Finding(
            "Funnel",
            sentence(
                f"{share_of(left, row['sessions_with_cart'])} of "
                f"{grouped(row['sessions_with_cart'])} sessions with a cart end without a purchase "
                "in the same session."
            ),
            facts.period, numbers, caveat,
        )  # fmt: skip


def _products(facts: Facts) -> Iterator[Finding]:
    for level, plural in (("category", "categories"), ("brand", "brands")):
        rows = facts.rows(
            f"select *, sum(revenue_amount) over () as total from metrics_product_performance "
            f"where level = '{level}' order by revenue_amount desc, name limit 3"
        )
        rows = [row for row in rows if row["revenue_amount"]]
        # A single name has all the revenue, which is no finding.
        if len(rows) < 2:
            continue
        named = ", ".join(f"{row['name']} ({pct(row['revenue_amount'], row['total'])})"
                          for row in rows)  # fmt: skip
        yield Finding(
            "Products", f"Top {plural} by revenue: {named}.", facts.period,
            {row["name"]: row["revenue_amount"] for row in rows} | {"total": rows[0]["total"]},
            caveats.of_products(facts.rows, facts.currency) if level == "category" else None,
        )  # fmt: skip


def _data_quality(facts: Facts) -> Iterator[Finding]:
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
    parts = [
        counted(number, noun)
        for number, noun in (
            (events["events"], "event"),
            (events["duplicates"], "duplicate row"),
            (files["rejected"], "rejected row"),
        )
        if number
    ]
    yield Finding(
        "Data quality",
        f"{counted(files['lines'], 'row')} in {counted(files['loaded'], 'file')}: "
        f"{listed(parts)}.",
        facts.period, {**files, **events}, caveats.of_files(facts.rows, files["refused"]),
    )  # fmt: skip
    for said in event_types.sentences(facts.rows("select * from raw_files order by uri")):
        yield Finding("Data quality", said, facts.period)
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
            others = "1 more alert" if more == 1 else f"{grouped(more)} more alerts"
            yield Finding(
                "Data quality",
                f"metrics_data_alerts has {others} of {severity} severity.",
                facts.period, {"alerts": len(alerts)},
            )  # fmt: skip
    yield from _detection_limit(facts)
    missing = facts.span - facts.days["known"]
    parts = [
        f"{counted(number, 'day')} {noun}"
        for number, noun in ((missing, "without events"), (facts.days["incomplete"], "incomplete"))
        if number
    ]
    if parts:
        yield Finding(
            "Data quality",
            f"Of {counted(facts.span, 'day')}: {listed(parts)}. Comparisons leave them out.",
            facts.period, {**facts.days, "span": facts.span, "missing": missing},
        )  # fmt: skip


def _detection_limit(facts: Facts) -> Iterator[Finding]:
    """The shortest outage that alerts can see, if it is long: no alert then proves little."""
    for limit in facts.rows(
        "select * from metrics_detection_limits where subject in ('event', 'purchase') "
        f"and min_hours >= {LONG_OUTAGE_HOURS} order by min_hours desc, subject desc limit 1"
    ):
        yield Finding("Data quality", limit["sentence"], facts.period, limit)
