"""Lift: what exported customers did later, compared with the control group that was held out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from statistics import NormalDist
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from estore.audiences.records import ASSIGNED, EXPORTED, Member, Records, files_of
from estore.errors import EstoreError
from estore.warehouse.quoting import exact_path

Numbers = NDArray[np.float64]
#: The effect whose detection `customers_needed` is about, and its probability.
EFFECT, POWER = 0.05, 0.8
CONFIDENCE, STRICT = 0.95, 0.99
#: A difference before the export is reported from this many standard deviations.
IMBALANCE = 0.1


@dataclass(frozen=True)
class Difference:
    """The means of two groups and their difference with a 95 % interval."""

    treated: float
    control: float
    difference: float
    low: float
    high: float
    #: Customers that would show an effect of 5 % with a probability of 80 %, at this control share.
    customers_needed: int | None

    @property
    def is_clear(self) -> bool:
        """Whether the interval excludes 0."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Lift:
    """The result of an audience's exports after some days."""

    audience: str
    days: int
    treated_count: int
    control_count: int
    orders: Difference
    revenue: Difference
    #: Names of totals that differed between the groups before the export.
    imbalances: tuple[str, ...]


def compare(treated: Numbers, control: Numbers, confidence: float = CONFIDENCE) -> Difference:
    """The difference of two means, with Student's interval from the variance of both groups.

    Amounts are skewed and the control group is small, so its own variance is too uncertain for
    Welch's interval, which then finds an effect twice as often as it should.
    """
    sizes = len(treated), len(control)
    means = float(treated.mean()), float(control.mean())
    freedom = sum(sizes) - 2
    squares = float(((treated - means[0]) ** 2).sum() + ((control - means[1]) ** 2).sum())
    variance = squares / freedom
    error = math.sqrt(variance / sizes[0] + variance / sizes[1])
    margin = error * _t_quantile(0.5 + confidence / 2, freedom)
    found = means[0] - means[1]
    needed = _needed(sizes, means[1], variance)
    return Difference(*means, found, found - margin, found + margin, needed)


def is_imbalanced(treated: Numbers, control: Numbers) -> bool:
    """Whether the groups differ by more than chance explains, and by enough to matter."""
    if min(len(treated), len(control)) < 2:
        return False
    spread = math.sqrt((float(treated.var(ddof=1)) + float(control.var(ddof=1))) / 2)
    found = compare(treated, control, STRICT)
    return found.is_clear and abs(found.difference) > IMBALANCE * spread


def imbalances_of(members: Sequence[Member]) -> tuple[str, ...]:
    """The totals in which the groups of an export differ before it."""
    named = {
        "orders": [float(each.orders_before) for each in members],
        "revenue": [float(each.revenue_before) for each in members],
    }
    results = np.array([each.result for each in members])
    return _imbalanced(results, {name: np.array(values) for name, values in named.items()})


def measure(
    records: Records, audience: str, orders: Path, last_day: date, days: int, *,
    export: int | None = None,
) -> Lift:  # fmt: skip
    """The lift of an audience, from orders in the days after each customer's first export.

    orders: the published orders of exported customers; last_day: the last complete day. Only
    customers observed for all days count. Raises EstoreError if there is no result yet.
    """
    exports = [each for each in records.exports(audience) if export in (None, each.number)]
    if not exports:
        raise EstoreError(
            f"no export {'' if export is None else f'{export} '}of {audience} is recorded; "
            f"`estore audience export {audience}` makes one"
        )
    rows = _outcomes(records, audience, orders, last_day, days, export)
    is_treated = rows["result"] == EXPORTED
    counts = int(is_treated.sum()), int((~is_treated).sum())
    if not len(is_treated):
        ready = min(each.day for each in exports) + timedelta(days=days)
        raise EstoreError(
            f"{audience}: no customer was observed for {days} days yet; the first result is there "
            f"when the data reach {ready}, or use fewer --days"
        )
    if min(counts) < 2:
        raise EstoreError(
            f"{audience}: {counts[0]} exported and {counts[1]} held-out customers are too few to "
            "compare; raise control_share, or export more customers"
        )
    before = {"orders": rows["orders_before"], "revenue": rows["revenue_before"]}
    return Lift(
        audience, days, *counts,
        compare(rows["orders"][is_treated], rows["orders"][~is_treated]),
        compare(rows["revenue"][is_treated], rows["revenue"][~is_treated]),
        _imbalanced(rows["result"], before),
    )  # fmt: skip


def _outcomes(
    records: Records, audience: str, orders: Path, last_day: date, days: int, export: int | None
) -> dict[str, Any]:
    """One value per customer, by user_id: the first export counts."""
    sql = f"""
        with members as (
            select user_id, result, as_of_date, orders_before, revenue_before
            from read_parquet({files_of(records, audience)})
            where result in {ASSIGNED} and ($export is null or export_number = $export)
            qualify row_number() over (partition by user_id order by export_number) = 1
        )
        select
            members.result,
            cast(members.orders_before as double) as orders_before,
            cast(members.revenue_before as double) as revenue_before,
            cast(count(orders.user_id) as double) as orders,
            cast(coalesce(sum(orders.net_revenue_amount), 0) as double) as revenue
        from members
        left join read_parquet({exact_path(orders)}) as orders
            on members.user_id = orders.user_id
            and orders.order_date > members.as_of_date
            and orders.order_date <= members.as_of_date + $days
        where members.as_of_date + $days <= $last_day
        group by
            members.user_id, members.result, members.orders_before, members.revenue_before
        order by members.user_id
    """
    with duckdb.connect() as connection:
        found = connection.execute(sql, {"export": export, "days": days, "last_day": last_day})
        return dict(found.fetchnumpy())


def _imbalanced(results: Any, before: dict[str, Numbers]) -> tuple[str, ...]:
    groups = [results == result for result in ASSIGNED]
    return tuple(
        name for name, values in before.items() if is_imbalanced(*(values[each] for each in groups))
    )


def _needed(sizes: tuple[int, int], control_mean: float, variance: float) -> int | None:
    """The customers, treated and control together, for an effect of 5 % of the control's mean."""
    if not control_mean:
        return None
    normal = NormalDist()
    z = normal.inv_cdf(0.5 + CONFIDENCE / 2) + normal.inv_cdf(POWER)
    per_customer = variance * sum(sizes) * (1 / sizes[0] + 1 / sizes[1])
    return math.ceil(z**2 * per_customer / (EFFECT * control_mean) ** 2)


def _t_quantile(share: float, freedom: float) -> float:
    """Student's quantile by its expansion around the normal one.

    From 10 degrees of freedom on, it is exact to three digits.
    """
    z = NormalDist().inv_cdf(share)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / freedom**power for power, term in enumerate(terms, start=1))
