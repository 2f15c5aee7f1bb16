"""The missing revenue in the findings, against the truth of shops with an outage."""

import json

import pytest
from conftest import Workshop

from estore.synth import TRUTH, SyntheticShop, write_shop


@pytest.mark.parametrize(("seed", "is_found"), [(1, False), (2, True)])
def test_missing_revenue_is_stated_correctly_or_not_at_all(
    workshop: Workshop, seed: int, is_found: bool
) -> None:
    """Few orders are lost: the outage of the first seed is too small to be found."""
    shop = SyntheticShop(events=60_000, months=4, seed=seed, faults=("purchase-outage",))
    workshop.load(*write_shop(workshop.landing, shop))
    workshop.build()
    truth = json.loads((workshop.landing / TRUTH).read_text())
    ((recorded,),) = workshop.query("select sum(revenue_amount) from metrics.metrics_daily_sales")
    lost = truth["happened"]["revenue_amount"] - float(recorded)
    assert lost > 0
    affected = workshop.query(
        "select order_date, missing_revenue_amount from metrics.metrics_daily_sales "
        "where has_missing_sales"
    )
    (fault,) = truth["faults"]
    days = {str(day) for day, _ in affected}
    assert bool(days) == is_found and days <= {fault["from_date"], fault["to_date"]}, (
        "no day except those of the outage"
    )
    stated = sum(float(amount) for _, amount in affected if amount is not None)
    if days and all(amount is not None for _, amount in affected):
        assert stated == pytest.approx(lost, rel=0.25)
    else:
        assert stated <= 1.25 * lost, "the loss of some days is stated"
