"""Laws 2 and 3: whatever the order, split, overlap and repetition of files, the marts are those of
one load and one build of the rows that the live files hold."""

import os
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from conftest import Workshop
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from estore.build import batches
from estore.shop import ShopConfig

START = datetime(2019, 10, 30, tzinfo=UTC)
#: Minutes from the start at which sessions join or split: the timeout is 60, and two
#: midnights are connected by events at noon and every 50 minutes between.
#: In São Paulo (three hours behind) the days split the same chains elsewhere. The second midnight
#: ends a month; two more months end later.
MINUTES = [
    *(24 * 60 + minute for minute in (-110, -60, -30, -1 / 60, 0, 20, 30, 59, 60, 61, 110)),
    *(24 * 60 + 50 * step for step in range(1, 29, 3)),
    *(48 * 60 + minute for minute in (-60, -45, -1 / 60, 0, 15, 60 + 1 / 60)),
    12 * 60, 80 * 60, 33 * 24 * 60, 65 * 24 * 60,
]  # fmt: skip
SECONDS = st.sampled_from([round(minute * 60) for minute in MINUTES])

EVENTS = st.fixed_dictionaries(
    {
        "event_time": SECONDS.map(
            lambda s: f"{START + timedelta(seconds=s):%Y-%m-%d %H:%M:%S} UTC"
        ),
        "event_type": st.sampled_from(["view", "view", "cart", "purchase", "remove_from_cart"]),
        "product_id": st.sampled_from(["1", "2", "3"]),
        "category_id": st.sampled_from(["2053013555631882655", "2053013555631882656", ""]),
        "category_code": st.sampled_from(["a.b", "a.c.d", ""]),
        "brand": st.sampled_from(["x", "y", ""]),
        "price": st.sampled_from(["0.00", "10.00", "19.99", "1000.10"]),
        "user_id": st.sampled_from(["7", "7", "7", "8"]),
        "user_session": st.sampled_from(["s", "s", "s", "t"]),
        "order_id": st.sampled_from(["", "", "o1", "o2"]),
        "quantity": st.sampled_from(["", "2"]),
    }
)


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[str, Any]]:
    """Steps: ('put', name, rows) lands and loads a file, again under a known name or not;
    ('withdraw', name); ('build',). Files overlap and repeat each other."""
    pool = draw(st.lists(EVENTS, min_size=6, max_size=16))
    steps: list[tuple[Any, ...]] = []
    names: list[str] = []
    for _ in range(draw(st.integers(3, 5))):
        if names and draw(st.integers(0, 4)) == 0:
            steps.append(("withdraw", draw(st.sampled_from(names))))
        else:
            name = draw(st.sampled_from(["a.csv", "b.csv", "c.csv", "d.csv"]))
            # Files of one day, as shops export them, in any order; or files of any rows.
            day = draw(st.sampled_from([None, *sorted({row["event_time"][:10] for row in pool})]))
            choice = [row for row in pool if day is None or row["event_time"].startswith(day)]
            rows = draw(st.lists(st.sampled_from(choice), min_size=1, max_size=8))
            names.append(name)
            steps.append(("put", name, draw(st.permutations(rows))))
        if draw(st.booleans()):
            steps.append(("build",))
    return steps  # type: ignore[return-value]


def play(history: list[tuple[Any, ...]], workshop: Workshop) -> list[dict[str, str]]:
    """Run a history. Returns the rows of all live files at the end."""
    live: dict[str, list[dict[str, str]]] = {}
    withdrawn: dict[str, list[dict[str, str]]] = {}
    for step in history:
        if step[0] == "build":
            if live:
                workshop.build(until="marts")
        elif step[0] == "withdraw":
            if step[1] in live:
                workshop.withdraw(step[1])
                withdrawn[step[1]] = live.pop(step[1])
        else:
            _, name, rows = step
            workshop.write(name, rows)
            workshop.load(name)
            # The same bytes stay away until they are restored; other content of a path is new.
            stays_away = rows == withdrawn.get(name) or (
                rows in withdrawn.values() and rows not in live.values()
            )
            (withdrawn if stays_away else live)[name] = rows
            (live if stays_away else withdrawn).pop(name, None)
    contents = {_content(rows): rows for rows in live.values()}
    return [row for rows in contents.values() for row in rows]


def _content(rows: list[dict[str, str]]) -> str:
    """Files with the same rows in any order have the same content."""
    return repr(sorted(sorted(row.items()) for row in rows))


def assert_parity(history: list[tuple[Any, ...]], zone: str, chunk_rows: int) -> None:
    shop = ShopConfig(thresholds={"shop_timezone": zone})
    with tempfile.TemporaryDirectory() as folder:
        piecemeal = Workshop(Path(folder) / "piecemeal", shop, chunk_rows=chunk_rows)
        at_once = Workshop(Path(folder) / "at once", shop)
        with mock.patch.object(batches, "MUCH_IS_NEW", 2.0):  # or all is new to so few lines
            rows = play(history, piecemeal)
            if not rows:
                return
            piecemeal.build()
        at_once.write("all.csv", rows)
        at_once.load()
        at_once.build(full_refresh=True)
        found, wanted = piecemeal.everything(), at_once.everything()
        assert found.keys() == wanted.keys()
        for table, expected in wanted.items():
            assert found[table] == expected, table


#: Rows per batch: all pending rows, or hardly more than a day.
CHUNK_ROWS = st.sampled_from([0, 4])

COMMON: dict[str, Any] = {
    "deadline": None,
    "database": None,
    "phases": [Phase.generate],  # a failing history is small as it is; shrinking takes minutes
    "suppress_health_check": list(HealthCheck),
}


@pytest.mark.parametrize("zone", ["UTC", "America/Sao_Paulo"])
@settings(max_examples=13, derandomize=True, **COMMON)
@given(data=st.data())
def test_any_history_of_files_gives_the_marts_of_one_load(zone: str, data: st.DataObject) -> None:
    assert_parity(data.draw(histories()), zone, data.draw(CHUNK_ROWS))


@pytest.mark.long
@pytest.mark.parametrize("zone", ["UTC", "America/Sao_Paulo"])
@settings(max_examples=int(os.environ.get("ESTORE_TEST_HISTORIES", "500")) // 2, **COMMON)
@given(data=st.data())
def test_any_of_many_histories_gives_the_marts_of_one_load(zone: str, data: st.DataObject) -> None:
    assert_parity(data.draw(histories()), zone, data.draw(CHUNK_ROWS))
