"""The page Retention & value in a browser."""

from pathlib import Path

import pytest
from browsing import dashboard_of, needs_chromium
from dashboard_shop import shop_of_the_run
from page_checks import Ask, Visitor, rewrite

from estore.snapshot.manifest import current_version

pytestmark = needs_chromium


def test_cohorts_show_what_was_observed_and_nothing_else(visitor: Visitor, ask: Ask) -> None:
    visit = visitor("/retention")
    weeks = ask("select cohort_start::text, customer_count, observed_count, churned_count, "
                "churn_rate from metrics_churn where cohort_grain = 'week' order by 1")  # fmt: skip
    rows = visit.csv("churn-by-week")
    assert len(rows) == len(weeks) and any(rate is None for *_, rate in weeks)
    for row, (start, customers, observed, churned, rate) in zip(rows, weeks, strict=True):
        assert (row["Week from"], int(row["Customers"])) == (start, customers)
        if rate is None:
            assert row["Churn rate"] == row["Churned"] == "", "not observed is not zero"
        else:
            assert float(row["Churn rate"]) == pytest.approx(rate)
            assert int(row["Churned"]) == churned and int(row["Observed"]) == observed
    assert visit.table("churn-by-week")[-1][-1] == "–"
    for row in visit.csv("retention-by-month"):
        ((active, complete),) = ask(
            "select active_count, is_complete from metrics_retention where cohort_grain = 'month' "
            f"and cohort_start = '{row['First order in']}' and period_index = {row['Months since']}"
        )
        assert row["Ordered"] == (str(active) if complete else "")
    values = [int(row["Customers"]) for row in visit.csv("lifetime-value")]
    assert [(sum(values),)] == ask("select sum(customer_count) from metrics_ltv_distribution")
    assert [row["Customer"].lstrip("'") for row in visit.csv("top-customers")] == [
        user for (user,) in ask("select user_id from top_customers order by customer_rank")
    ]


def test_the_curve_of_a_cohort_equals_the_snapshot(visitor: Visitor, ask: Ask) -> None:
    visit = visitor("/retention")
    ((known,),) = ask(
        "select observed_count >= 30 from metrics_churn where cohort_grain = 'overall_uncensored'"
    )
    grain = "overall_uncensored" if known else "overall"
    cohorts = {"all": f"cohort_grain = '{grain}'", "2019-11-01": "cohort_start = '2019-11-01'"}
    for choice, where in cohorts.items():
        expected = ask("select day_number, at_risk_count, repeated_count, survival, survival_low, "
                       "survival_high from metrics_repeat_curve "
                       f"where {where} order by 1")  # fmt: skip
        visit.page.select_option("#time-to-second-order select", choice)
        rows = [[float(cell) for cell in row.values()] for row in visit.csv("time-to-second-order")]
        assert len(rows) == len(expected) > 60
        for row, known in zip(rows, expected, strict=True):
            assert row == pytest.approx([float(value) for value in known], abs=1e-6)
        ((customers, median),) = ask(
            "select any_value(customer_count), any_value(median_days_to_repeat) "
            f"from metrics_repeat_curve where {where}"
        )
        reading = visit.text("#time-to-second-order .reading")
        assert f"{customers:,}: " in reading
        assert f"{expected[90][3]:.1%} did not reorder within 90 days" in reading
        assert (f"within {median} days" if median else "Fewer than half") in reading or (
            "Too few customers remain" in reading and not median
        )


MEDIANS = {
    "(31, 25, 40, 500)": "Half reorder within 31 days (95% interval 25 to 40 days).",
    "(31, 25, null, 500)": "Half reorder within 31 days (95% interval from 25 days).",
    "(31, 25, 40, 29)": "Too few customers remain to say by which day half reordered.",
}


def test_churn_and_its_finding_have_the_same_number(
    tmp_path_factory: pytest.TempPathFactory, visitor: Visitor
) -> None:
    settings = shop_of_the_run(tmp_path_factory)
    folder = current_version(settings) or Path()
    planted = {
        "customer_count": 70, "observed_count": 50, "repeated_count": 10, "churned_count": 40,
        "churn_rate": 0.8, "churn_rate_low": 0.67, "churn_rate_high": 0.89,
    }  # fmt: skip
    known = "case when cohort_grain = 'overall_uncensored' then {} else {} end as {}"
    cells = [known.format(value, name, name) for name, value in planted.items()]
    censored = "cohort_grain <> 'overall_uncensored' as is_left_censored"
    rewrite(
        folder,
        {
            "metrics_churn": f"select * replace ({', '.join([*cells, censored])}) "
            "from metrics_churn",
            "metrics_repeat_curve": f"select * replace ({censored}) from metrics_repeat_curve",
        },
    )
    with dashboard_of(settings) as address:
        visit = visitor("/retention", at=address)
        reading = visit.text("#churn-by-week .reading")
        assert (
            "80.0% of 50 customers did not reorder within 90 days of their first order" in reading
        )
        assert "are excluded: they may have ordered before the data begin" in reading
        assert (
            "80.0% of 50 customers did not reorder within 90 days of their first order; 10 did"
            in (visit.text("main"))
        )
        assert {row["Left-censored"] for row in visit.csv("churn-by-week")} == {"true"}
        assert "may have ordered" in visit.text("#churn-by-week .legend")
        assert "New customers, " in visit.text("#time-to-second-order .reading")


@pytest.mark.parametrize("planted", MEDIANS)
def test_a_median_has_its_interval_and_enough_customers(
    planted: str, tmp_path_factory: pytest.TempPathFactory, visitor: Visitor
) -> None:
    settings = shop_of_the_run(tmp_path_factory)
    median, low, high, at_risk = planted.strip("()").split(", ")
    rewrite(
        current_version(settings) or Path(),
        {"metrics_repeat_curve": f"""
            select * replace ({median} as median_days_to_repeat,
                {low} as median_days_to_repeat_low, {high}::bigint as median_days_to_repeat_high,
                case when day_number = {median} then {at_risk} else at_risk_count end
                    as at_risk_count,
                case when day_number = (max(day_number) over ()) then 0.4 else survival end
                    as survival
            ) from metrics_repeat_curve"""},
    )  # fmt: skip
    with dashboard_of(settings) as address:
        reading = visitor("/retention", at=address).text("#time-to-second-order .reading")
        assert MEDIANS[planted] in reading


def test_a_rate_is_between_the_ends_of_its_interval(visitor: Visitor, ask: Ask) -> None:
    churn = {row["Week from"]: row for row in visitor("/retention").csv("churn-by-week")}
    for start, low, high in ask("select cohort_start::text, churn_rate_low, churn_rate_high "
                                "from metrics_churn where cohort_grain = 'week'"):  # fmt: skip
        assert (
            [churn[start]["95% from"], churn[start]["95% to"]] == ["", ""]
            if low is None
            else (
                float(churn[start]["95% from"]) == pytest.approx(low, abs=1e-6)
                and float(churn[start]["95% to"]) == pytest.approx(high, abs=1e-6)
            )
        )
    # The page computes intervals from filtered sums. They equal those of the transforms.
    days = visitor("/funnel?period=28d").csv("rates-over-time")
    known = ask(
        "select session_start_date::text, view_to_cart_rate_low, view_to_cart_rate_high, "
        "view_to_purchase_rate_low, view_to_purchase_rate_high from metrics_conversion_rates "
        "where grain = 'day' and session_start_date between '2020-01-03' and '2020-01-30' "
        "order by 1"
    )
    assert [row["Day"] for row in days] == [day for day, *_ in known]
    for row, (_, *ends) in zip(days, known, strict=True):
        rates = ("View → cart", "View → purchase")
        ends_shown = [float(row[f"{rate}, 95% {end}"]) for rate in rates for end in ("from", "to")]
        assert ends_shown == pytest.approx([float(end) for end in ends])
