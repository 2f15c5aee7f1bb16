"""A sample of the zoo: clean years of all kinds of shops stay quiet, and faults are found."""

import numpy as np
import pytest

from benchmarks.alarms import can_happen, false_alarms, is_found
from benchmarks.detect import Detector
from benchmarks.faults import FAULTS
from benchmarks.zoo import KINDS, Kind, simulate

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
            _, lost, stated = is_found(detector, large, seed, fault)
            assert stated > 0, "a loss of this many orders must be stated"
            assert abs(stated / lost - 1) <= 0.25, (fault, seed, lost, stated)


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
