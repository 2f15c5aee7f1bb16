"""A sample of the zoo: clean years of all kinds of shops stay quiet, and faults are found."""

from datetime import timedelta

import numpy as np
import pytest
from oracle_gaps import EPOCH, Gap, Hours, complete_days, gaps

from benchmarks.alarms import can_happen, false_alarms, is_found
from benchmarks.detect import Detector
from benchmarks.faults import FAULTS, all_events_stop, purchases_stop
from benchmarks.zoo import FIRST_DAY, KINDS, Kind, Sums, simulate, tables

SEEDS = range(10)


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_clean_year_has_at_most_one_alert(detector: Detector, kind: Kind) -> None:
    found = false_alarms(detector, kind, seed=0)
    found.pop("is_revenue_anomaly", None)
    assert found.total() <= 1, found


def test_a_year_of_a_few_orders_a_day_has_at_most_one_unusual_day(detector: Detector) -> None:
    for kind in KINDS:
        if kind.name in ("1 order a day", "13 orders a day", "100 orders a day"):
            assert false_alarms(detector, kind, seed=1)["is_revenue_anomaly"] <= 1, kind.name


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_a_large_shop_is_found(detector: Detector, fault: str) -> None:
    (large,) = (kind for kind in KINDS if kind.name == "100,000 events a day")
    assert is_found(detector, large, 0, fault)[0]


def test_seventeen_missing_purchases_are_found(detector: Detector) -> None:
    (small,) = (kind for kind in KINDS if kind.name == "13 orders a day")
    expected = simulate(small, 0).purchases.mean() * 24 * 31 / 24
    assert 15 < expected < 25
    found = [is_found(detector, small, seed, "no purchases for 31 hours")[0] for seed in range(4)]
    assert sum(found) >= 3


def test_the_stated_loss_of_a_large_shop_is_within_a_quarter_of_the_true_one(
    detector: Detector,
) -> None:
    (large,) = (kind for kind in KINDS if kind.name == "100,000 events a day")
    for fault in ("no purchases for 31 hours", "no events for 24 hours"):
        for seed in range(3):
            _, lost, stated = is_found(detector, large, seed, fault, days=365)
            assert stated > 0, "a loss of this many orders must be stated"
            assert abs(stated / lost - 1) <= 0.25, (fault, seed, lost, stated)


def test_stated_losses_of_a_large_shop_are_neither_too_high_nor_too_low(detector: Detector) -> None:
    """What a single day would have sold varies by itself, so one of ten may be farther off."""
    (large,) = (kind for kind in KINDS if kind.name == "100,000 events a day")
    for fault in ("no purchases for 31 hours", "no events for 24 hours"):
        found = [is_found(detector, large, seed, fault)[1:] for seed in SEEDS]
        errors = [stated / lost - 1 for lost, stated in found]
        assert sum(abs(error) <= 0.25 for error in errors) >= 9, errors
        assert abs(np.mean(errors)) <= 0.1, errors


def test_a_small_shop_states_no_loss(detector: Detector) -> None:
    (small,) = (kind for kind in KINDS if kind.name == "13 orders a day")
    assert is_found(detector, small, 0, "no purchases for 31 hours")[2] == 0


def test_the_zoo_is_the_same_for_the_same_seed() -> None:
    first, again = (simulate(KINDS[0], 3) for _ in range(2))
    assert np.array_equal(first.views, again.views)


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_ten_clean_years_have_at_most_one_alert_each_on_average(
    detector: Detector, kind: Kind
) -> None:
    found = [false_alarms(detector, kind, seed) for seed in SEEDS]
    odd = sum(each.pop("is_revenue_anomaly", 0) for each in found)
    assert sum(each.total() for each in found) <= len(SEEDS)
    assert odd <= len(SEEDS)


@pytest.mark.long
@pytest.mark.parametrize("fault", FAULTS)
def test_faults_of_large_shops_are_found_in_ten_years(detector: Detector, fault: str) -> None:
    for kind in KINDS:
        if kind.name in ("100,000 events a day", "100 orders a day") and can_happen(kind, fault):
            assert sum(is_found(detector, kind, seed, fault)[0] for seed in SEEDS) >= 5, kind.name


def hours_of(sums: Sums) -> Hours:
    """The counts of a simulated year for the independent computation of gaps."""
    start = (FIRST_DAY - EPOCH).days * 24
    of_type = {"view": sums.views, "cart": sums.carts, "purchase": sums.purchases}
    of_type["event"] = sums.views + sums.carts + sums.purchases
    with_type = {
        "view": np.where(sums.views.sum(axis=1) > 0, sums.sessions.sum(axis=1), 0),
        "cart": sums.with_cart, "purchase": sums.with_purchase, "event": sums.sessions,
    }  # fmt: skip
    return Hours(
        {
            name: {start + n: int(count) for n, count in enumerate(counts.ravel()) if count}
            for name, counts in of_type.items()
        },
        {
            name: max(1.0, of_type[name].sum() / sessions.sum()) if sessions.sum() else 1.0
            for name, sessions in with_type.items()
        },
    )


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("240 events a day", "no events for 24 hours"),
        ("13 orders a day", "no purchases for 31 hours"),
        ("closed on Sundays", "no events for 24 hours"),
        ("closed at night", "no purchases for 31 hours"),
        ("100 orders a day", "two of three carts lost for 5 days"),
    ],
)
def test_gaps_and_complete_days_equal_an_independent_computation(
    detector: Detector, name: str, fault: str | None
) -> None:
    (kind,) = (kind for kind in KINDS if kind.name == name)
    sums = simulate(kind, 5, days=130)
    if fault:
        sums = FAULTS[fault][0](sums, np.random.default_rng(1)).sums
    hours = hours_of(sums)
    with detector.run(tables(sums)) as shop:
        reported = shop.execute(
            "select subject, first_hour, last_hour from int_missing_events"
        ).fetchall()
        days = dict(shop.execute("select event_date, is_complete from int_event_days").fetchall())
        last_seconds = dict(
            shop.execute("select event_date, last_hour * 3600 + 3599 from int_day_sums").fetchall()
        )
    assert gaps(hours) == {Gap(*each) for each in reported}
    assert days == complete_days(hours, last_seconds)
    if fault and "carts" not in fault:
        assert len(reported) == 1


@pytest.mark.parametrize("days", [20, 80])
def test_a_long_silence_is_one_alert(detector: Detector, days: int) -> None:
    """Of all events, and of purchases; longer than the history of 56 days, too."""
    (kind,) = (kind for kind in KINDS if kind.name == "2,000 events a day")
    sums = simulate(kind, 2, days=250)
    for stop in (all_events_stop, purchases_stop):
        planted = stop(sums, np.random.default_rng(3), hours=24 * days)
        with detector.run(tables(planted.sums)) as shop:
            found = shop.execute(
                "select kind, subject, from_date, to_date from metrics_data_alerts"
            ).fetchall()
        assert len(found) == 1, found
        first, last = (FIRST_DAY + timedelta(days=n) for n in (planted.first_day, planted.last_day))
        assert abs(found[0][2] - first) <= timedelta(days=1), found
        assert abs(found[0][3] - last) <= timedelta(days=1), found


@pytest.mark.parametrize("name", ["13 orders a day", "100,000 events a day"])
def test_the_stated_limit_separates_outages_that_are_seen_from_those_that_are_not(
    detector: Detector, name: str
) -> None:
    (kind,) = (kind for kind in KINDS if kind.name == name)
    for seed in (0,):
        sums = simulate(kind, seed, days=200)
        with detector.run(tables(sums)) as shop:
            ((least, most),) = shop.execute(
                "select min_hours, max_hours from metrics_detection_limits "
                "where subject = 'purchase'"
            ).fetchall()
        assert (least >= 10) == (name == "13 orders a day")
        for hours, is_seen in ((int(1.5 * most), True), ((least - 1) // 2, False)):
            planted = purchases_stop(sums, np.random.default_rng(seed), hours=max(1, hours))
            with detector.run(tables(planted.sums)) as shop:
                found = shop.execute(
                    "select count(*) from metrics_data_alerts where kind = 'missing_events'"
                ).fetchone()
            assert hours == 0 or found == (int(is_seen),), (seed, hours)
