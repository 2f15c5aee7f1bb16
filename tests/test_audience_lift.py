"""Lift: simulations with a known effect, groups that differ before, and a shop from end to end."""

import json
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from conftest import Workshop
from scipy import stats

from estore import pipeline
from estore.audiences.lift import compare, imbalances_of, is_imbalanced
from estore.audiences.records import Member, Records
from estore.cli import main
from estore.console import Console
from estore.landing import find_files

SIMULATIONS, CUSTOMERS, CONTROL_SHARE = 200, 1_000, 0.1
#: Mean orders in the period without an effect, and the mean amount of a lognormal order.
ORDERS, AMOUNT = 0.4, float(np.exp(4.5))


def outcomes(rng: np.random.Generator, effect: float) -> tuple[Any, Any, Any]:
    """(orders, revenue, is_control) of a random audience with skewed rates and amounts."""
    is_control = rng.random(CUSTOMERS) < CONTROL_SHARE
    rate = rng.gamma(0.8, ORDERS / 0.8, CUSTOMERS) * np.where(is_control, 1, 1 + effect)
    orders = rng.poisson(rate)
    amounts = rng.lognormal(4, 1, orders.sum())
    revenue = np.bincount(np.repeat(np.arange(CUSTOMERS), orders), amounts, minlength=CUSTOMERS)
    return orders.astype(float), revenue, is_control


@pytest.mark.parametrize("effect", [0.0, 0.2])
def test_intervals_contain_the_planted_effect_as_often_as_they_say(effect: float) -> None:
    """95 % of 200; the bounds are 2.6 standard errors of this share away."""
    rng = np.random.default_rng(2026)
    covered, alarms = {"orders": 0, "revenue": 0}, {"orders": 0, "revenue": 0}
    for _ in range(SIMULATIONS):
        orders, revenue, is_control = outcomes(rng, effect)
        for name, values, truth in (
            ("orders", orders, ORDERS * effect), ("revenue", revenue, ORDERS * AMOUNT * effect),
        ):  # fmt: skip
            found = compare(values[~is_control], values[is_control])
            covered[name] += found.low <= truth <= found.high
            alarms[name] += found.is_clear
    assert all(count >= SIMULATIONS * 0.91 for count in covered.values()), covered
    if not effect:
        assert all(count <= SIMULATIONS * 0.09 for count in alarms.values()), alarms


def test_the_interval_is_that_of_students_test() -> None:
    rng = np.random.default_rng(1)
    treated, control = rng.normal(5, 2, 40), rng.normal(4, 2, 9)
    found = compare(treated, control)
    wanted = stats.ttest_ind(treated, control).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((wanted.low, wanted.high), abs=1e-4)


def test_the_customers_needed_would_see_the_effect_in_four_of_five_trials() -> None:
    rng = np.random.default_rng(3)
    control, treated = rng.normal(10, 5, 100), rng.normal(10, 5, 900)
    needed = compare(treated, control).customers_needed or 0
    trials = [
        compare(rng.normal(10.5, 5, needed * 9 // 10), rng.normal(10, 5, needed // 10)).is_clear
        for _ in range(300)
    ]
    assert 0.7 < np.mean(trials) < 0.9
    assert compare(control, control * 0).customers_needed is None


def test_groups_that_differ_before_are_reported_and_random_ones_rarely() -> None:
    rng = np.random.default_rng(4)
    groups = [(rng.normal(0, 1, 900), rng.normal(0, 1, 100)) for _ in range(300)]
    assert sum(is_imbalanced(*pair) for pair in groups) <= 9
    assert all(is_imbalanced(treated + 1, control) for treated, control in groups)
    members = [
        Member(str(number), "entered", "exported" if number % 2 else "control", 1,
               Decimal(number % 2 * 100 + number % 7))
        for number in range(100)
    ]  # fmt: skip
    assert imbalances_of(members) == ("revenue",)


def purchases(day: date, people: dict[int, int]) -> list[dict[str, Any]]:
    """Person → number of orders of $50 on and after a day."""
    return [
        {"event_type": "purchase", "price": "50", "user_id": str(person),
         "user_session": f"{person} {day} {number}",
         "event_time": f"{day + timedelta(days=number)} 12:00:00 UTC"}
        for person, orders in people.items() for number in range(orders)
    ]  # fmt: skip


def test_a_shop_from_its_first_order_to_the_lift(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Exported customers order 3 times in the 20 days after, the control group once or not.

    Customers who left, later orders, and orders of the export's own day do not count.
    """
    monkeypatch.chdir(tmp_path)
    people = range(100, 180)

    def command(*arguments: str) -> Any:
        home = ["--home", str(workshop.settings.home), "audience"]
        return CliRunner().invoke(main, [*home, *arguments])

    def publish(name: str, rows: list[dict[str, Any]]) -> None:
        workshop.write(name, rows)
        files = find_files([str(workshop.landing / name)])
        pipeline.run(workshop.settings, workshop.shop, files, Console(quiet=True))

    publish("a.csv", purchases(date(2020, 1, 1), dict.fromkeys(people, 1)))
    (workshop.settings.home / "audiences.toml").write_text(
        "[all]\nwhere = 'order_count > 0'\ncontrol_share = 0.3\n"
    )
    assert "no export of all is recorded" in command("lift", "all").output
    done = json.loads(command("export", "all", "--json").output)
    assert done["exported"] + done["control"] == 80
    assert "observed for 20 days yet" in command("lift", "all", "--days", "20").output

    (export,) = Records(workshop.settings).exports("all")
    groups = {int(one.user_id): one.result for one in Records(workshop.settings).members(export)}
    later = {person: 3 if group == "exported" else person % 2 for person, group in groups.items()}
    publish("b.csv", [
        *purchases(date(2020, 1, 2), later),
        *purchases(date(2020, 1, 22), dict.fromkeys(people, 2)),  # after 20 days
        *purchases(date(2020, 1, 3), {999: 5}),  # was not there
        {"event_time": "2020-01-25 23:59:59 UTC"},
    ])  # fmt: skip

    printed = command("lift", "all", "--days", "20")
    found = json.loads(command("lift", "all", "--days", "20", "--json").output)
    control = [later[person] for person, group in groups.items() if group == "control"]
    assert found["treated_count"] == done["exported"] and found["control_count"] == len(control)
    assert found["orders"]["treated"] == 3
    assert found["orders"]["control"] == pytest.approx(sum(control) / len(control))
    assert found["revenue"]["difference"] == pytest.approx(
        50 * (3 - sum(control) / len(control))
    )  # fmt: skip
    assert "Exported customers had more orders" in printed.output
    assert "$150.00" in printed.output and "20 days" in printed.output

    assert (workshop.settings.home / "audiences").is_dir()
    workshop.build(full_refresh=True)  # a rebuild does not touch the records
    assert Records(workshop.settings).exports("all") == [export]
