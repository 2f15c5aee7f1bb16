"""Small shops of every kind: no finding is false, empty or true by definition."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from conftest import Workshop

from estore import pipeline
from estore.console import Console
from estore.findings import findings
from estore.findings.facts import Finding
from estore.shop import ShopConfig
from estore.snapshot.reader import open_snapshot

START = datetime(2024, 1, 1, tzinfo=UTC)
Rows = list[dict[str, Any]]


def event(
    moment: datetime, kind: str, user: str, session: str, product: int = 1, **row: Any
) -> dict[str, Any]:
    return {
        "event_time": f"{moment:%Y-%m-%d %H:%M:%S} UTC", "event_type": kind, "user_id": user,
        "user_session": session, "product_id": str(product), **row,
    }  # fmt: skip


def orders_only() -> Rows:
    """100 customers who order at random for 120 days; an export of orders."""
    rng = Random(1)
    return [
        event(START + timedelta(days=rng.randrange(120), hours=rng.randrange(24)), "purchase",
              f"u{rng.randrange(100)}", f"s{n}", rng.randrange(9), price=str(rng.randrange(5, 90)))
        for n in range(300)
    ]  # fmt: skip


def no_carts() -> Rows:
    """60 days of views; every tenth view leads to a purchase."""
    rng, rows = Random(2), []
    for n in range(600):
        moment = START + timedelta(days=n % 60, seconds=rng.randrange(86_000))
        rows.append(event(moment, "view", f"u{n}", f"s{n}"))
        if n % 10 == 0:
            rows.append(event(moment + timedelta(minutes=5), "purchase", f"u{n}", f"s{n}"))
    return rows


def few_buyers() -> Rows:
    """500 sessions with a view, 40 of them with a cart; two buy, without a cart."""
    rows = [event(START + timedelta(minutes=n), "view", f"u{n}", f"s{n}") for n in range(500)]
    rows += [event(START + timedelta(minutes=n), "cart", f"u{n}", f"s{n}") for n in range(40)]
    return rows + [
        event(START + timedelta(minutes=n, seconds=9), "purchase", f"u{n}", f"s{n}")
        for n in (400, 401)
    ]


def one_customer() -> Rows:
    return [event(START, "view", "u", "s"), event(START, "purchase", "u", "s")]


def all_equal() -> Rows:
    """40 customers who bought twice, for the same amount, on the same two days."""
    return [
        event(START + timedelta(days=day, minutes=user), "purchase", f"u{user}", f"{user}-{day}")
        for user in range(40) for day in (0, 35)
    ]  # fmt: skip


def weekly_buyers() -> Rows:
    """60 customers who order every week to the end, and 40 more who stopped 70 days before it."""
    rng = Random(3)
    return [
        event(START + timedelta(days=7 * week + user % 7, minutes=user), "purchase", f"u{user}",
              f"{user}-{week}", rng.randrange(20), price=str(rng.randrange(5, 50)))
        for user in range(100) for week in range(24 if user < 60 else 14)
    ]  # fmt: skip


def guests() -> Rows:
    """Tickets: 200 orders in 80 days, each with its own user id."""
    rng = Random(4)
    return [
        event(START + timedelta(days=n * 80 // 200, hours=9), "purchase", f"guest{n}", f"s{n}",
              rng.randrange(5), price=str(rng.randrange(20, 99)), category_id="1", brand="")
        for n in range(200)
    ]  # fmt: skip


def doubled() -> Rows:
    """Every purchase is logged twice, on every day."""
    return [
        event(START + timedelta(days=day, hours=12, minutes=n), "purchase", f"u{day}-{n}",
              f"s{day}-{n}", n, price="10")
        for day in range(40) for n in range(10) for _ in range(2)
    ]  # fmt: skip


def foreign_names() -> Rows:
    """Views and carts with the event names of a different program."""
    return [
        event(START + timedelta(days=n % 40, minutes=n), kind, f"u{n}", f"s{n}")
        for n in range(60) for kind in ("view_item", "add_to_cart", "purchase")
    ]  # fmt: skip


ZOO = {
    make.__name__: make
    for make in (
        orders_only, no_carts, few_buyers, one_customer, all_equal, weekly_buyers, guests,
        doubled, foreign_names,
    )
}  # fmt: skip
#: Patterns that no sentence may contain: zero of zero, wrong plurals, tautologies.
NEVER = (
    r"(?<![\d.,$])0 \w", r"\b1 (?!more)\w+s\b(?! a)", r"\bnan\b", r"\bNone\b(?! of| \(95)",
    r"(?<!to )\b(0|100)\.0%",
    r"Champions.*churn", r"\(100\.0%\)", r"br[o]ught|watched|\bt[o]ld\b",
)  # fmt: skip


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, list[Finding]]]:
    """The findings of every shop."""
    yield {name: found(tmp_path_factory.mktemp(name), make()) for name, make in ZOO.items()}


def found(folder: Path, rows: Rows, shop: ShopConfig | None = None) -> list[Finding]:
    workshop = Workshop(folder, shop)
    workshop.write("a.csv", rows)
    workshop.load()
    pipeline.build(workshop.settings, workshop.shop, Console(quiet=True))
    with open_snapshot(workshop.settings) as (snapshot, manifest):
        return findings.key_findings(snapshot, manifest)


def sentences(found: list[Finding], topic: str | None = None) -> list[str]:
    return [each.sentence for each in found if topic in (None, each.topic)]


def test_no_sentence_is_empty_or_true_by_definition(zoo: dict[str, list[Finding]]) -> None:
    said = [
        (name, text)
        for name, found in zoo.items()
        for each in found
        for text in (each.sentence, each.caveat or "")
    ]
    assert len(said) > 50
    assert [
        (name, pattern, text)
        for name, text in said
        for pattern in NEVER
        if re.search(pattern, text)
    ] == []


def test_a_source_without_views_and_carts_is_named_and_not_judged(
    zoo: dict[str, list[Finding]],
) -> None:
    for name in ("orders_only", "guests", "foreign_names"):
        assert sentences(zoo[name], "Funnel") == [
            "The data contain no view events and no cart events, so these stages have no "
            "conversion rate."
        ]
        assert not any("under-reported" in text for text in sentences(zoo[name]))


def test_a_source_without_carts_still_converts(zoo: dict[str, list[Finding]]) -> None:
    lacking, funnel = zoo["no_carts"][2:4]
    assert lacking.sentence.startswith("The data contain no cart events,")
    assert funnel.sentence == "Of 600 sessions with a view, 10.0% bought."
    assert funnel.numbers["view_to_cart_rate"] is None
    assert funnel.numbers["cart_abandonment_rate"] is None


def test_two_buying_sessions_are_no_share(zoo: dict[str, list[Finding]]) -> None:
    both, abandoned = (each for each in zoo["few_buyers"] if each.topic == "Funnel")
    assert both.sentence == (
        "Of 500 sessions with a view, 8.0% added to cart and 0.4% (95% interval 0.1% to 1.4%) "
        "bought."
    )
    assert abandoned.sentence.startswith("All (95% interval from 91.2%) of 40 sessions")
    assert abandoned.caveat is None, "two sessions do not show that carts are under-reported"


def test_a_customer_who_orders_to_the_end_is_not_leaving_whatever_the_scores(
    zoo: dict[str, list[Finding]],
) -> None:
    (leaving,) = (each for each in zoo["weekly_buyers"] if "signs of churn" in each.sentence)
    assert leaving.sentence.startswith(
        "40 of 100 (40.0%) customers with orders on at least two days show signs of churn: no "
        "order for 45 days or more"
    )
    for name in ZOO.keys() - {"weekly_buyers", "orders_only"}:
        assert not any("signs of churn" in text for text in sentences(zoo[name])), name


def test_customers_who_order_at_random_seldom_seem_to_leave(
    zoo: dict[str, list[Finding]],
) -> None:
    leaving = [each for each in zoo["orders_only"] if "signs of churn" in each.sentence]
    for each in leaving:
        assert each.numbers["customers"] <= 0.1 * each.numbers["repeat_customers"]


def test_equal_customers_get_no_finding_about_segments(
    zoo: dict[str, list[Finding]],
) -> None:
    assert sentences(zoo["all_equal"], "Customer segments") == []
    assert sentences(zoo["one_customer"], "Customer segments") == []
    (once,) = sentences(zoo["guests"], "Customer segments")
    assert once.startswith("All 200 customers have ordered only once")


def test_excluded_duplicates_are_stated_even_if_no_day_is_unusual(
    zoo: dict[str, list[Finding]],
) -> None:
    sales = zoo["doubled"][0]
    assert sales.sentence == "$4,000 from 400 orders, $10.00 each on average."
    assert sales.caveat == (
        "400 duplicate purchase rows are left out ($4,000: 400 of 2024-01-01 to 2024-02-09)"
    )


def test_unknown_event_types_are_counted_with_the_fix(zoo: dict[str, list[Finding]]) -> None:
    (others,) = (text for text in sentences(zoo["foreign_names"]) if "[event_types]" in text)
    assert others.startswith("120 rows in 1 file have event types other than")


def test_bot_sessions_add_up_if_the_shop_includes_them(tmp_path: Path) -> None:
    rows = [event(START + timedelta(seconds=n), "view", "bot", "b") for n in range(20)]
    rows += [event(START + timedelta(minutes=n), "view", f"u{n}", f"s{n}") for n in range(40)]
    rows += [event(START + timedelta(minutes=n), "cart", f"u{n}", f"s{n}") for n in range(35)]
    said = {}
    for excluded in (True, False):
        shop = ShopConfig(thresholds={"bot_session_events": 10, "exclude_bots": excluded})
        (funnel,) = [
            each
            for each in found(tmp_path / str(excluded), rows, shop)
            if each.sentence.startswith("Of ") and each.topic == "Funnel"
        ]
        said[excluded] = (funnel.sentence[:30], funnel.caveat)
    assert said == {
        True: ("Of 40 sessions with a view, 87",
               "1 of 41 sessions is a suspected bot session and is left out"),
        False: ("Of 41 sessions with a view, 85",
                "1 of 41 sessions is a suspected bot session and is included"),
    }  # fmt: skip
