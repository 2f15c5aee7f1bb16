"""A row has one fate: its result is the same in any file, whichever reader is used.

The fast reader reads a complete file at once. The careful one takes over if a row fails. So one
malformed row in a file decides which reader handles all others.
"""

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from landing_files import EVENT, HEADER, Home

from estore.sources import PLAIN_COLUMNS

#: The fast reader fails on this row, which is not part of the record before it.
MISSHAPEN = b"no,event\n"

#: Good and bad fields as programs write them.
ODD = [
    "", " ", "  ", '""', '"" ', ' ""', '"', "\t", "\u00a0", "\u3000", "\ufeff", "a\rb", "\0", "\\",
    '"x"', '"x" ', ' "x"', '  "x"  ', '"x"\t', '\t"x"', '"x"y', 'x"y', 'x""y', '"x""y"', '"x" "y"',
    '"x', 'x"', '"x,y"', '"x""', '"x\\"', '\\"x\\"', '"x\ny"', '"x\r\ny"', '"\n"', "caf\u00e9",
    "x" * 5000, "\u2028", "\x1c", "\x85", "1.5E18", "1,5", "NULL", "'x'", "#", "x y ", " x",
]  # fmt: skip
ENDS = ["", "", "", "", ",", ",,", ",,,", ", ", ",, ", ',""', ',"",', " ", "\t", ",x", "\r"]
LINES = [
    "",
    " ",
    "\t",
    "," * 8,
    "," * 9,
    "," * 12,
    ",,",
    '""',
    '"',
    " ,, , , , , ,,",
    "\ufeff",
    ",",
    "x",
]


@st.composite
def rows(draw: st.DrawFn) -> str:
    """A row that is mostly an event."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.sampled_from(LINES))
    values = {**EVENT, "product_id": str(draw(st.integers(1, 999)))}
    for column in draw(st.lists(st.sampled_from(PLAIN_COLUMNS), max_size=2)):
        odd = draw(st.sampled_from(ODD))
        value = values[column]
        values[column] = draw(
            st.sampled_from([odd, f'"{value}"', f'"{value}" ', f' "{value}"', f" {value} "])
        )
    return ",".join(values.values()) + draw(st.sampled_from(ENDS))


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """A file that ends with a line break."""
    end = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    mixed = draw(st.booleans()) and draw(st.booleans())
    start = draw(st.sampled_from(["", "", "", "\ufeff", "\ufeff\ufeff", "\n", "sep=,\n"]))
    header = draw(st.sampled_from([HEADER, HEADER, HEADER.replace(",", '","').join('""'), ""]))
    lines = [header] * bool(header) + [
        ",".join({**EVENT, "product_id": "1000"}.values()),
        *draw(st.lists(rows(), min_size=1, max_size=6)),
    ]
    ends = [draw(st.sampled_from(["\n", "\r\n"])) if mixed else end for _ in lines]
    return (start + "".join(map(str.__add__, lines, ends))).encode()


def fates(folder: Path, data: bytes) -> tuple[Counter[Any], Counter[Any]]:
    """The loaded and the rejected rows of a file."""
    home = Home(folder, max_reject_share=1.0)
    outcome = home.load_one("day.csv", data)
    assert outcome.status == "loaded", outcome.error
    return Counter(home.events()), Counter(home.rejects())


def check_one_fate(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        held, refused = fates(Path(folder, "alone"), data)
        held_after, refused_after = fates(Path(folder, "with"), data + MISSHAPEN)
    assert held_after == held
    more = [reason for _, line, reason in refused_after - refused if line == "no,event"]
    assert more == ["too few columns: 2 instead of 9"]
    assert refused_after - refused == Counter(
        reject for reject in refused_after if reject[1] == "no,event"
    )
    assert not refused - refused_after


LINE = ",".join({**EVENT, "product_id": "77"}.values())


@pytest.mark.parametrize(
    "row",
    [
        LINE + ",,",
        LINE + ",,,",
        LINE + ',"",',
        LINE.replace("samsung", '"samsung" '),
        LINE.replace("samsung", ' "samsung"'),
        LINE.replace("samsung", '  "samsung"'),
        LINE.replace("samsung", '"sam" "sung"'),
        LINE.replace("samsung", 'sam"sung'),
        LINE.replace("samsung", '"sam\rsung"'),
        "," * 8,
        "," * 12,
    ],
)
def test_an_odd_row_has_one_fate_among_well_formed_ones(row: str) -> None:
    good = "".join(LINE.replace("77", str(number), 1) + "\n" for number in range(20))
    check_one_fate(f"{HEADER}\n{good}{row}\n".encode())


@settings(max_examples=120, deadline=None, derandomize=True, database=None,
          suppress_health_check=list(HealthCheck))  # fmt: skip
@given(files())
def test_a_row_has_one_fate_whichever_way_its_file_is_read(data: bytes) -> None:
    check_one_fate(data)


@pytest.mark.long
@settings(max_examples=10_000, deadline=None, database=None,
          suppress_health_check=list(HealthCheck))  # fmt: skip
@given(files())
@example(b"\xef\xbb\xbf\n" + LINE.encode() + b"\n")
def test_rows_of_ten_thousand_pairs_of_files_have_one_fate(data: bytes) -> None:
    check_one_fate(data)
