"""How often the 95 % interval of a conversion rate contains the true probability."""

from datetime import date, timedelta
from math import sqrt

import numpy as np
import pytest
from conftest import Workshop

#: Each day of the data is a separate shop for its rate: its users have no other day.
START = date(2020, 1, 1)
USERS = 400
#: The probabilities, over all users, that a session has a cart and a purchase.
CHANCES = {"view_to_cart": 0.12, "view_to_purchase": 0.06}


@pytest.mark.parametrize(
    "shops", [60, pytest.param(200, marks=pytest.mark.long)], ids=["a slice", "in full"]
)
def test_the_interval_of_a_rate_contains_the_true_rate_in_93_of_100_shops(
    workshop: Workshop, shops: int
) -> None:
    """Users differ: each has their own probability, and some have many sessions."""
    _simulated(workshop, shops)
    workshop.load()
    workshop.build()

    held, held_without_clusters, rates = 0, 0, 0
    for rate, chance in CHANCES.items():
        for found, sessions, low, high in workshop.query(
            f"select {rate}_rate, sessions_with_view, {rate}_rate_low, {rate}_rate_high "
            "from metrics.metrics_conversion_rates where grain = 'day'"
        ):
            rates += 1
            held += low <= chance <= high
            margin = 1.96 * sqrt(found * (1 - found) / sessions)
            held_without_clusters += abs(found - chance) <= margin
    assert rates == 2 * shops
    assert held / rates >= 0.93
    assert held_without_clusters / rates < 0.85


def _simulated(workshop: Workshop, shops: int) -> None:
    rng = np.random.default_rng(1)
    users = shops * USERS
    sessions = 1 + rng.negative_binomial(0.6, 0.2, users)
    user = np.repeat(np.arange(users), sessions)
    kinds = {"view": np.ones(len(user), bool)} | {
        kind: rng.random(len(user)) < rng.beta(3 * chance, 3 * (1 - chance), users)[user]
        for kind, chance in (("cart", 0.12), ("purchase", 0.06))
    }
    workshop.write("shops.csv", (
        {"event_time": f"{START + timedelta(days=int(user[session]) // USERS)} 12:00:00 UTC",
         "event_type": kind, "user_id": user[session], "user_session": session}
        for kind, happens in kinds.items()
        for session in np.flatnonzero(happens)
    ))  # fmt: skip
