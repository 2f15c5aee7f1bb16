"""Exported rows are safe in a spreadsheet, a terminal and a JSON parser."""

import csv
import io
import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from estore.tables import render, to_csv, to_json, to_table


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_text_cell_can_run_as_a_formula(start: str) -> None:
    hostile = f"{start}cmd|'/C calc'!A0"
    rows = list(csv.reader(io.StringIO(to_csv([hostile], [[hostile], ["plain"]]), newline="")))
    assert rows == [["'" + hostile], ["'" + hostile], ["plain"]]


def test_a_line_break_in_a_csv_cell_starts_no_row() -> None:
    assert to_csv(["a"], [["x\r=cmd()"], ["x\n=cmd()"]]) == 'a\n"x\r=cmd()"\n"x\n=cmd()"'


def test_numbers_in_a_csv_stay_numbers() -> None:
    row = [-5, Decimal("-5.50"), -0.25, None, date(2019, 10, 1), "a-b", 'say "x", y\nz']
    assert to_csv(["n"] * 7, [row]).splitlines()[1:] == [
        '-5,-5.50,-0.25,,2019-10-01,a-b,"say ""x"", y', 'z"',
    ]  # fmt: skip


def test_json_keeps_large_ids_exact_and_has_no_nan() -> None:
    value = {
        "id": 2103807459595387724, "price": Decimal("35.79"), "day": date(2019, 10, 1),
        "at": datetime(2019, 10, 1, 12), "nan": float("nan"), "list": [float("inf"), (1.5,)],
        "text": "кофе",
    }  # fmt: skip

    def fail(name: str) -> None:
        raise AssertionError(name)

    assert json.loads(to_json(value), parse_constant=fail) == {
        "id": 2103807459595387724, "price": 35.79, "day": "2019-10-01",
        "at": "2019-10-01T12:00:00", "nan": None, "list": [None, [1.5]], "text": "кофе",
    }  # fmt: skip


def test_a_table_aligns_numbers_to_the_right_and_shows_each_row_on_one_line() -> None:
    rows = [["a", 1234567, True, None], ["line\nbreak", 5, False, Decimal("1234.5")]]
    assert to_table(["name", "count", "ok", "amount"], rows).split("\n") == [
        "name             count  ok     amount",
        "a            1,234,567  yes",
        "line\\nbreak          5  no   1,234.50",
    ]


def test_a_table_ignores_control_codes_and_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    shown = to_table(["[red]x"], [["\x1b[2J[bold]wiped\x07"]])
    assert "\x1b" not in shown
    assert "\\x1b[2J[bold]wiped\\x07" in shown
    assert "[red]x" in shown


def test_a_long_cell_is_shown_completely() -> None:
    assert "x" * 20_000 in to_table(["text"], [["x" * 20_000]])


@pytest.mark.parametrize("form", ["table", "csv", "json"])
@pytest.mark.parametrize("rows", [[], [["x"]]], ids=["none", "one"])
def test_every_format_renders_any_number_of_rows(form: str, rows: list[list[Any]]) -> None:
    shown = render(["name"], rows, form)
    assert ("name" in shown) is (form != "json" or bool(rows))
    assert ("x" in shown) is bool(rows)
