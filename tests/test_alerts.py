"""Faults of the data are told, each with its days, and a shop without faults is left in peace."""

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import SAMPLE, Workshop, needs_sample
from faults import FAULTS, plant

from estore.synth import Shop, write_shop

ALERTS = "select kind, subject, from_date::varchar, to_date::varchar from metrics_data_alerts"


def alerts(workshop: Workshop) -> set[tuple[str, ...]]:
    """Kind, subject, first and last day of each."""
    return set(workshop.query(ALERTS.replace("from metrics_", "from metrics.metrics_")))


def build(workshop: Workshop, paths: list[Path]) -> Workshop:
    workshop.load(*paths)
    assert workshop.build(until="tests").holds
    return workshop


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """Three months of a shop in which everything goes wrong that can."""
    workshop = Workshop(tmp_path_factory.mktemp("faulty"))
    paths = write_shop(workshop.landing, Shop(events=400_000, months=3, seed=2))
    plant(paths, list(FAULTS))
    return build(workshop, paths[:1])


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_told_with_its_days(faulty: Workshop, name: str) -> None:
    assert FAULTS[name].alerts <= alerts(faulty)


def test_sales_mark_the_days_on_which_they_were_not_all_recorded(faulty: Workshop) -> None:
    marked = faulty.query(
        "select order_date::varchar from metrics.metrics_daily_sales "
        "where has_missing_sales order by 1"
    )
    assert [day for (day,) in marked] == ["2019-10-20", "2019-11-14", "2019-11-15", "2019-11-16"]


def test_nothing_else_is_told(faulty: Workshop) -> None:
    """But that a fault may also show as a low share, on some of its days."""
    planted = {alert for fault in FAULTS.values() for alert in fault.alerts}
    for kind, subject, first, last in alerts(faulty) - planted:
        assert kind == "low_events"
        assert any(
            subject == of and start <= first and last <= end for _, of, start, end in planted
        )


def test_a_shop_without_faults_is_left_in_peace(
    open_workshop: Callable[..., Workshop],
) -> None:
    for events, months, seed in ((400_000, 3, 2), (60_000, 5, 3), (40_000, 1, 4)):
        workshop = open_workshop()
        shop = Shop(events=events, months=months, seed=seed)
        assert alerts(build(workshop, write_shop(workshop.landing, shop))) == set()


@needs_sample
def test_three_hours_of_the_real_shop_tell_only_what_is_so(workshop: Workshop) -> None:
    """Its carts of October are under-reported, and its one day is not over."""
    assert alerts(build(workshop, [SAMPLE])) == {
        ("purchases_without_carts", "cart", "2019-10-01", "2019-10-01"),
        ("unfinished_day", "event", "2019-10-01", "2019-10-01"),
    }
