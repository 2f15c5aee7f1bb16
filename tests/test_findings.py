"""Findings: the numbers of each sentence are in the snapshot, and no sentence is empty."""

import json
from collections.abc import Callable
from typing import Any

import duckdb
import pytest
from conftest import Workshop

from estore import pipeline
from estore.console import Console
from estore.errors import EstoreError
from estore.findings import findings
from estore.findings.facts import Finding
from estore.snapshot.manifest import Manifest
from estore.snapshot.reader import open_snapshot


def found(workshop: Workshop) -> dict[str, list[Finding]]:
    """The findings of a shop by topic."""
    workshop.load()
    _, manifest = pipeline.build(workshop.settings, workshop.shop, Console(quiet=True))
    assert manifest
    with open_snapshot(workshop.settings) as (snapshot, manifest):
        topics: dict[str, list[Finding]] = {}
        for finding in findings.key_findings(snapshot, manifest):
            topics.setdefault(finding.topic, []).append(finding)
        return topics


def event(day: int, user: int, kind: str, clock: str = "12:00:00", **row: Any) -> dict[str, Any]:
    return {
        "event_time": f"2019-10-{day:02d} {clock} UTC", "event_type": kind,
        "user_id": str(1_000 + user), "user_session": f"{user}-{day}", **row,
    }  # fmt: skip


@pytest.fixture
def small_shop(workshop: Workshop) -> Workshop:
    """40 customers view, 20 cart, 10 of these buy for $100; 30 others buy without a cart."""
    rows = [event(1, user, "view") for user in range(70)]
    rows += [event(1, user, "cart", "12:05:00") for user in range(40)]
    rows += [event(1, user, "purchase", "12:10:00") for user in (*range(10), *range(40, 70))]
    rows += [event(1, 0, "purchase", "12:10:00")]  # the same row once more
    rows += [event(1, 99, "view", "23:30:00")]
    rows += [{**event(2, 99, "view", "08:00:00"), "user_id": ""}, event(2, 99, "view", "09:00:00")]
    workshop.write("a.csv", rows)
    return workshop


def test_findings_on_sales_funnel_and_segments_match_the_tables(small_shop: Workshop) -> None:
    topics = found(small_shop)

    assert topics["Sales"][0].sentence == "$4,000 from 40 orders, $100.00 each on average."
    assert topics["Sales"][1].period == "2019-10-01", "the day that ends at nine is not complete"
    assert "the day a week before is not complete" in topics["Sales"][1].sentence
    assert "Of 72 sessions with a view, 55.6% added" in topics["Funnel"][0].sentence
    assert "and 55.6% bought" in topics["Funnel"][0].sentence
    assert topics["Funnel"][1].sentence == (
        "75.0% (95% interval 59.8% to 85.8%) of 40 sessions with a cart end without a purchase in "
        "the same session."
    ), "of ten sessions the share is uncertain, and says so"
    assert (topics["Funnel"][1].caveat or "").startswith(
        "75.0% (95% interval 59.8% to 85.8%) of buying sessions have no cart event"
    )
    (segments,) = topics["Customer segments"]
    assert segments.sentence.startswith("Too early for segments: the data cover 2 days")


def test_churn_that_is_not_known_yet_is_not_stated(small_shop: Workshop) -> None:
    (finding,) = found(small_shop)["Churn"]
    assert finding.sentence == (
        "Too early for churn: no customer has at least 90 days of history since the first order."
    )


def test_churn_counts_customers_with_enough_history_and_names_the_excluded_ones(
    workshop: Workshop,
) -> None:
    early = [event(1, user, "purchase") for user in range(40)]
    again = [event(20, user, "purchase") for user in range(10)]
    late = [
        {**event(1, user, "purchase"), "event_time": "2019-12-30 12:00:00 UTC"}
        for user in range(50, 60)
    ]
    end = [{**event(1, 99, "view"), "event_time": "2019-12-31 12:00:00 UTC"}]
    workshop.write("a.csv", [*early, *again, *late, *end])

    topics = found(workshop)
    churn, month = topics["Churn"]
    (top,) = topics["Customer segments"]

    assert churn.sentence.startswith("75.0% of 40 customers did not reorder within 90 days")
    assert "(95% interval of the share: 59.8% to 85.8%)" in churn.sentence
    assert churn.caveat == (
        "includes customers who may have ordered before the data start; 10 later customers are "
        "left out: less than 90 days of history"
    )
    assert churn.numbers["churned_count"] == 30 and churn.numbers["observed_count"] == 40
    # ten of fifty bought twice, for $200 each: they rank above the others except in recency
    assert top.numbers["buyers"] == 50 and float(top.numbers["total_revenue_amount"]) == 6000
    assert f"{top.numbers['customers'] / 50:.1%} (95% interval" in top.sentence
    assert "of 50 customers" in top.sentence and "the definition sets" in str(top.caveat)
    assert month.sentence.startswith("None (95% interval up to 8.8%) of 40 customers ordered")


def test_the_median_time_to_the_second_order_is_stated_once_it_is_known(workshop: Workshop) -> None:
    first = [event(1, user, "purchase") for user in range(60)]
    again = [event(2 + user % 20, user, "purchase") for user in range(40)]
    workshop.write("a.csv", [*first, *again])

    half = found(workshop)["Churn"][-1]

    assert half.sentence.startswith("Half of the customers reorder within 15 days of their first")
    assert half.numbers["at_risk_count"] == 32 and half.numbers["survival"] == 0.5


def test_data_quality_states_duplicates_rejects_and_incomplete_days(small_shop: Workshop) -> None:
    lines, carts, days = found(small_shop)["Data quality"]

    assert lines.sentence == ("154 rows in 1 file: 152 events, 1 duplicate row and 1 rejected row.")
    assert carts.sentence.startswith("2019-10-01: 30 sessions purchased without an add-to-cart")
    assert carts.period == "2019-10-01 to 2019-10-01" and carts.numbers["expected"] == 8
    assert days.sentence == "Of 2 days: 1 day incomplete. Comparisons leave them out."


def test_a_shop_without_sales_has_only_that_finding(workshop: Workshop) -> None:
    workshop.write("a.csv", [event(1, 1, "view")])
    topics = found(workshop)

    assert [finding.sentence for finding in topics["Sales"]] == [
        "The data contain no purchase events."
    ]
    assert [finding.sentence for finding in topics["Funnel"]] == [
        "The data contain no cart events, so these stages have no conversion rate."
    ]
    assert set(topics) == {"Sales", "Funnel", "Data quality"}


@pytest.mark.parametrize(
    ("write", "start"),
    [(findings.as_text, "Key findings as of 2019-10-02"), (findings.as_markdown, "# Key findings")],
)
def test_findings_are_written_for_people(
    small_shop: Workshop, write: Callable[..., str], start: str
) -> None:
    found(small_shop)
    with open_snapshot(small_shop.settings) as (snapshot, manifest):
        made = findings.key_findings(snapshot, manifest)
        text = write(made, manifest)
        content = findings.as_json(made, manifest)
    assert text.startswith(start)
    assert all(f"{finding.period}" in text for finding in made)
    assert json.loads(json.dumps(content, default=str))["findings"][0]["topic"] == "Sales"


def test_brand_names_cannot_break_the_markdown(workshop: Workshop) -> None:
    rows = [event(1, user, "purchase", brand="<img src=x>*b*") for user in range(3)]
    rows += [event(1, 9, "purchase", brand="plain", product_id="2")]
    workshop.write("a.csv", rows)
    found(workshop)
    with open_snapshot(workshop.settings) as (snapshot, manifest):
        text = findings.as_markdown(findings.key_findings(snapshot, manifest), manifest)
    assert "<img" not in text and "&lt;img src=x\\>\\*b\\*" in text


def test_a_snapshot_of_an_older_version_says_what_to_do() -> None:
    manifest = Manifest("v000007", "", "2019-10-02", {}, {}, {})
    with duckdb.connect() as snapshot:
        snapshot.execute(
            "create table int_event_days as select date '2019-10-02' as event_date, "
            "true as is_complete"
        )
        with pytest.raises(EstoreError, match="v000007 was published by another version") as raised:
            findings.key_findings(snapshot, manifest)
    assert len(str(raised.value).splitlines()) == 1
