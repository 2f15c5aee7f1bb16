"""Packing: a snapshot's data in as little text as possible that browsers can unpack.

It stores data by column (adjacent values are similar), texts as word indexes, amounts as whole
numbers, and related counts as differences. All values stay exact.
"""

import base64
import gzip
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from estore.dashboard.cubes import ALL, THOUSANDTHS, Cube

#: Column → a column with similar values.
NEIGHBORS = {
    "buyer_count": "order_count",
    "item_count": "order_count",
    "sessions_with_view": "session_count",
    "sessions_with_all_three": "sessions_with_cart_and_purchase",
}
OTHER = "other"


def packed(text: str, *, level: int = 9) -> str:
    """Text as gzip in base64."""
    return base64.b64encode(gzip.compress(text.encode(), level, mtime=0)).decode()


def packed_table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """A table's rows by column."""
    by_column = zip(*rows, strict=True) if rows else ([] for _ in columns)
    return {"columns": columns, "data": [_words(list(values)) for values in by_column]}


def packed_cube(cube: Cube) -> dict[str, Any]:
    """A cube by column."""
    data: list[Any] = [
        {"dict": cube.values[name], "codes": codes.tolist()} for name, codes in cube.codes.items()
    ]
    for name, values in cube.measures.items():
        neighbor = NEIGHBORS.get(name)
        if name in cube.amounts:
            data.append(_amounts(values))
        elif neighbor in cube.measures:
            more = (values - cube.measures[neighbor]).astype(np.int64)
            data.append({"over": neighbor, "values": more.tolist()})
        else:
            data.append(values.astype(np.int64).tolist())
    return {"columns": [*cube.codes, *cube.measures], "data": data}


def cut_to_days(cube: Cube, first: date, last: date) -> Cube:
    """The cube's rows for these days."""
    if cube.first_day is None:
        return cube
    day = cube.codes[cube.shape.date]
    start, stop = ((each - cube.first_day).days for each in (first, last))
    return _rows(cube, (day >= start) & (day <= stop))


def cut_to_brands(cube: Cube, brands: Iterable[str]) -> Cube:
    """The cube's rows for these brands, and for all brands.

    If brands add up, the others become one row; if an order may have several brands, they are
    left out.
    """
    column = cube.shape.filters.get("brand")
    if column is None or column not in cube.values:
        return cube
    named, values = set(brands), cube.values[column]
    if column in cube.shape.star:
        codes = [code for code, value in enumerate(values) if value in {*named, ALL}]
        return _rows(cube, np.isin(cube.codes[column], codes))
    kept = sorted({value if value in {*named, "unknown"} else OTHER for value in values})
    turned = [kept.index(value if value in kept else OTHER) for value in values]
    codes_now = np.array(turned, dtype=np.int16)[cube.codes[column]]
    return _summed(
        replace(
            cube,
            values={**cube.values, column: kept},
            codes={**cube.codes, column: codes_now},
        )
    )


def _summed(cube: Cube) -> Cube:
    """Merge rows with equal dimensions."""
    sizes = [len(cube.values[name]) for name in cube.codes]
    key = np.ravel_multi_index([codes.astype(np.int64) for codes in cube.codes.values()], sizes)
    groups, places = np.unique(key, return_inverse=True)
    codes = np.unravel_index(groups, sizes)
    return replace(
        cube,
        codes={name: each.astype(np.int16) for name, each in zip(cube.codes, codes, strict=True)},
        measures={
            name: np.bincount(places, values, minlength=len(groups)).astype(np.float64)
            for name, values in cube.measures.items()
        },
    )


def _rows(cube: Cube, chosen: NDArray[np.bool_]) -> Cube:
    return replace(
        cube,
        codes={name: codes[chosen] for name, codes in cube.codes.items()},
        measures={name: values[chosen] for name, values in cube.measures.items()},
    )


def _amounts(values: NDArray[np.float64]) -> dict[str, list[int]]:
    whole = values.astype(np.int64)
    if np.any(whole % 10):
        return {"thousandths": whole.tolist()}
    assert THOUSANDTHS == 1000
    return {"hundredths": (whole // 10).tolist()}


def _words(values: list[Any]) -> Any:
    texts = {value for value in values if isinstance(value, str)}
    if not texts or any(not isinstance(value, str) for value in values if value is not None):
        return values
    known = sorted(texts)
    places: dict[Any, int | None] = {word: place for place, word in enumerate(known)}
    return {"dict": known, "codes": [places.get(value) for value in values]}
