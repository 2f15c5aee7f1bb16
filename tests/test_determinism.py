"""Law 6: with one thread or four and rows in any order, the marts are identical."""

import csv
import random
from collections.abc import Callable
from typing import Any

from conftest import Workshop

from estore.synth import SyntheticShop, write_shop


def test_threads_and_row_order_change_nothing(open_workshop: Callable[..., Workshop]) -> None:
    ordered, shuffled = open_workshop(threads=1), open_workshop(threads=4)
    (path,) = write_shop(ordered.landing, SyntheticShop(events=30_000, months=1, seed=5, faults=()))
    with path.open() as file:
        header, *lines = list(csv.reader(file))
    random.Random(1).shuffle(lines)
    with (shuffled.landing / path.name).open("w", newline="") as file:
        csv.writer(file).writerows([header, *lines])

    tables: list[dict[str, list[Any]]] = []
    for workshop in (ordered, shuffled):
        workshop.load()
        workshop.build()
        tables.append(workshop.everything())

    assert len(tables[0]["marts.fct_events"]) > 29_000
    for table, rows in tables[0].items():
        assert rows == tables[1][table], table


def test_a_rebuild_changes_nothing(workshop: Workshop) -> None:
    write_shop(workshop.landing, SyntheticShop(events=5_000, months=1, seed=6, faults=()))
    workshop.load()
    workshop.build()
    before = workshop.everything()

    assert workshop.build(full_refresh=True).is_full
    assert workshop.everything() == before
