"""Book: writes the workbook. All values are typed cells, and no text can run as a formula."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import xlsxwriter

from estore.errors import EstoreError
from estore.export.captions import caption, format_of, money_format
from estore.export.excel.retention import write_retention
from estore.export.excel.sheets import SHEETS, Chart, Sheet
from estore.export.source import Source
from estore.export.target import replacing
from estore.findings.findings import key_findings

#: Excel's limits.
MOST_ROWS, LONGEST_TEXT = 1_000_000, 32_767
#: A text that starts like a formula is stored as text; links and numbers are not guessed either.
_OPTIONS = {
    "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
    "default_date_format": "yyyy-mm-dd",
}  # fmt: skip
#: Rows of the sheet: the title, charts, and the table below them.
_CHART_ROW, _CHART_ROWS, _CHART_WIDTH, _ROW_HEIGHT = 3, 16, 560, 20


def write_book(source: Source, path: Path) -> list[Path]:
    """The workbook of a snapshot; returns the file.

    Sheets whose table an older snapshot lacks are left out.
    """
    with replacing(path) as unfinished, xlsxwriter.Workbook(str(unfinished), _OPTIONS) as book:
        book.set_properties({"title": f"Shop as of {source.manifest.as_of_date}"})
        writer = _Writer(book, source)
        writer.findings()
        for sheet in SHEETS:
            if source.has(sheet.table, *sheet.needs):
                writer.sheet(sheet)
            if sheet.name == "Churn":
                write_retention(writer, source)
        writer.definitions()
    return [path]


class _Writer:
    """The sheets of one workbook."""

    def __init__(self, book: Any, source: Source) -> None:
        self.book, self.source = book, source
        money = money_format(source.manifest.currency)
        codes = {"money": money, "rate": "0.0%", "count": "#,##0", "number": "#,##0.00",
                 "day": "yyyy-mm-dd", "instant": "yyyy-mm-dd hh:mm"}  # fmt: skip
        self.codes = codes
        self.formats = {name: book.add_format({"num_format": code}) for name, code in codes.items()}
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.note = book.add_format({"font_color": "#5f6b7a"})
        self.wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        self.right = book.add_format({"align": "right"})
        self.bold = book.add_format({"bold": True, "valign": "top"})
        self._numbers = iter(range(1, 1_000))

    def start(self, name: str, question: str, note: str) -> Any:
        """A sheet with its title and a note."""
        sheet = self.book.add_worksheet(name)
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.write_string(0, 0, question, self.title)
        sheet.write_string(1, 0, note, self.note)
        return sheet

    def period(self) -> str:
        """The snapshot that a sheet shows."""
        manifest = self.source.manifest
        return f"As of {manifest.as_of_date}; snapshot {manifest.version}"

    def findings(self) -> None:
        """The key findings, in words."""
        sheet = self.start("Findings", "Key findings", self.period())
        sheet.set_column(0, 0, 18)
        sheet.set_column(1, 1, 90)
        sheet.set_column(2, 2, 60)
        for place, name in enumerate(("Topic", "Finding", "Caveat", "Period")):
            sheet.write_string(3, place, name, self.bold)
        sheet.set_column(3, 3, 26)
        try:
            found = key_findings(self.source.connection, self.source.manifest)
        except EstoreError as error:  # an older version published the snapshot
            sheet.write_string(4, 1, str(error), self.wrapped)
            return
        for row, one in enumerate(found, start=4):
            sheet.write_string(row, 0, one.topic, self.bold)
            for place, text in enumerate((one.sentence, one.caveat or "", one.period), start=1):
                sheet.write_string(row, place, text[:LONGEST_TEXT], self.wrapped)
        sheet.freeze_panes(4, 0)

    def sheet(self, asked: Sheet) -> None:
        """One question: its charts, and the table below them."""
        most = min(asked.most, MOST_ROWS)
        cursor = self.source.connection.execute(f"{asked.sql} limit {most + 1}")
        columns = [(column[0], str(column[1])) for column in cursor.description or ()]
        rows = cursor.fetchall()
        is_cut, rows = len(rows) > most, rows[:most]
        note = self.period()
        if is_cut:
            note += f". Only the first {most:,} rows; `estore export csv` has all"
        sheet = self.start(asked.name, asked.question, note)
        charts = asked.charts if rows else ()
        top = _CHART_ROW + (_CHART_ROWS + 1 if charts else 0)
        self.table(sheet, top, columns, rows, self._described(asked))
        for place, chart in enumerate(charts):
            drawn = self._chart(asked.name, chart, columns, top + 1, min(len(rows), chart.most))
            sheet.insert_chart(_CHART_ROW, 0, drawn, {"x_offset": 10 + place * (_CHART_WIDTH + 20)})

    def table(
        self, sheet: Any, top: int, columns: Sequence[tuple[str, str]], rows: Sequence[Any],
        descriptions: dict[str, str],
    ) -> None:  # fmt: skip
        """Rows as an Excel table with typed columns and the descriptions as notes."""
        names = [caption(name) for name, _ in columns]
        kinds = [format_of(name, kind) for name, kind in columns]
        for place, kind in enumerate(kinds):
            longest = max([len(str(row[place])) for row in rows[:200]], default=0)
            width = min(max(longest + 2, len(names[place]) + 4, 10), 60)
            sheet.set_column(place, place, width)
            form = self.formats.get(kind)
            for number, row in enumerate(rows, start=top + 1):
                _write(sheet, number, place, row[place], form)
        sheet.add_table(
            top, 0, top + max(len(rows), 1), len(columns) - 1,
            {"name": f"Table{next(self._numbers)}", "style": "Table Style Light 1",
             "columns": [
                 {"header": name, **({"header_format": self.right} if kind in self.formats else {})}
                 for name, kind in zip(names, kinds, strict=True)
             ]},
        )  # fmt: skip
        for place, (name, _) in enumerate(columns):
            if name in descriptions:
                sheet.write_comment(top, place, descriptions[name], {"x_scale": 2})

    def definitions(self) -> None:
        """All tables and columns with their descriptions."""
        sheet = self.start("Definitions", "What does each column mean?", self.period())
        rows = [
            (table.name, column.name, column.description)
            for table in self.source.tables.values()
            for column in table.columns
            if column.description
        ]
        columns = [("table", "VARCHAR"), ("column", "VARCHAR"), ("description", "VARCHAR")]
        self.table(sheet, 3, columns, rows, {})

    def _described(self, asked: Sheet) -> dict[str, str]:
        columns = self.source.tables[asked.table].columns
        return {column.name: column.description for column in columns if column.description}

    def _chart(
        self, sheet: str, asked: Chart, columns: Sequence[tuple[str, str]], first: int, rows: int
    ) -> Any:
        places = {name: place for place, (name, _) in enumerate(columns)}
        kinds = {name: format_of(name, kind) for name, kind in columns}
        chart = self.book.add_chart({"type": asked.kind})
        line: Any = self.book.add_chart({"type": "line"}) if asked.second else None
        for name in (*asked.values, *asked.second):
            place, by, last = places[name], places[asked.by], first + rows - 1
            series: dict[str, Any] = {
                "name": caption(name),
                "categories": [sheet, first, by, last, by],
                "values": [sheet, first, place, last, place],
            }
            if name in asked.second:
                line.add_series({**series, "y2_axis": True})
            else:
                chart.add_series({**series, "gap": 40} if asked.kind != "line" else series)
        chart.set_title({"name": asked.title, "name_font": {"size": 12, "bold": True}})
        by_axis: dict[str, Any] = {"num_font": {"size": 9}}
        if kinds[asked.by] == "day":
            by_axis |= {"date_axis": True, "num_format": "mmm yyyy"}
            by_axis |= {"major_unit": 1, "major_unit_type": "months"}
        else:
            by_axis |= {"num_format": _short(self.codes.get(kinds[asked.by], "General"))}
        axis = {"num_format": _short(self.codes.get(kinds[asked.values[0]], "General")),
                "major_gridlines": {"visible": True, "line": {"color": "#e3e7ec"}}}  # fmt: skip
        if asked.kind == "bar":  # the first row is at the top
            chart.set_y_axis({**axis, "major_gridlines": {"visible": False}} | by_axis
                             | {"reverse": True})  # fmt: skip
            chart.set_x_axis({**axis, "num_font": {"size": 9}})
        else:
            chart.set_x_axis(by_axis)
            chart.set_y_axis(axis)
        if line:
            code = _short(self.codes.get(kinds[asked.second[0]], "General"))
            line.set_y2_axis({"num_format": code})
            chart.combine(line)
        is_named = len(asked.values) + len(asked.second) > 1
        chart.set_legend({"position": "bottom" if is_named else "none"})
        chart.set_size({"width": _CHART_WIDTH, "height": _CHART_ROWS * _ROW_HEIGHT})
        chart.show_na_as_empty_cell()
        return chart


def _short(code: str) -> str:
    """Money on an axis has no decimal places."""
    return code.replace(".000", "").replace(".00", "") if '"' in code else code


def _write(sheet: Any, row: int, place: int, value: Any, form: Any) -> None:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return
    if isinstance(value, str):
        sheet.write_string(row, place, value[:LONGEST_TEXT])
    elif isinstance(value, bool):
        sheet.write_boolean(row, place, value)
    elif hasattr(value, "year"):
        sheet.write_datetime(row, place, value, form)
    else:
        sheet.write_number(row, place, value, form)
