"""Fields: the columns of a table as Tableau describes them, with captions and formats."""

from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement

from estore.currency import Currency
from estore.export.captions import caption, format_of, money_format
from estore.export.source import Table
from estore.export.tableau.sheets import CALCULATIONS, Used

#: Numbers that name something and are never added up.
_NAMES = (
    "customer_rank", "bucket_start_amount", "bucket_end_amount", "period_index", "day_number",
    "priority", "file_id", "same_as", "stage_number", "line_number", "break_date",
)  # fmt: skip
#: A part of a date → Tableau's name for it, and its short form.
_PARTS = {
    "day": ("Day-Trunc", "tdy"),
    "week": ("Week-Trunc", "twk"),
    "month": ("Month-Trunc", "tmn"),
}
_KINDS = {"money": "real", "rate": "real", "number": "real", "count": "integer", "day": "date",
          "instant": "datetime", "boolean": "boolean", "text": "string"}  # fmt: skip
_LETTERS = {"quantitative": "qk", "nominal": "nk", "ordinal": "ok"}


@dataclass(frozen=True)
class Field:
    """A column or a calculated field. `code`: its number format."""

    name: str
    caption: str
    description: str
    datatype: str
    role: str
    type: str
    code: str = ""
    formula: str = ""

    def element(self, *, described: bool = True) -> Element:
        """The field's definition."""
        given = {
            "caption": self.caption, "datatype": self.datatype, "default-format": self.code,
            "name": f"[{self.name}]", "role": self.role, "type": self.type,
        }  # fmt: skip
        found = Element("column", {name: value for name, value in given.items() if value})
        if self.formula:
            SubElement(found, "calculation", {"class": "tableau", "formula": self.formula})
        if described and self.description:
            text = SubElement(SubElement(found, "desc"), "formatted-text")
            SubElement(text, "run").text = self.description
        return found

    def instance(self, how: str) -> tuple[str, Element]:
        """The field as used on a shelf: its name, and its definition."""
        kind = self.type
        if self.formula:
            derivation, short = "User", "usr"
        elif how == "sum":
            derivation, short, kind = "Sum", "sum", "quantitative"
        elif how in _PARTS:
            (derivation, short), kind = _PARTS[how], "quantitative"
        else:
            derivation, short = "None", "none"
        name = f"[{short}:{self.name}:{_LETTERS[kind]}]"
        return name, Element("column-instance", {
            "column": f"[{self.name}]", "derivation": derivation, "name": name, "pivot": "key",
            "type": kind,
        })  # fmt: skip


class Fields:
    """The fields of one table, by name."""

    def __init__(self, table: Table, currency: Currency, target: float) -> None:
        self.table = table
        self.source = f"federated.{table.name}"
        self.codes = {
            "money": "c" + money_format(currency), "rate": "p0.0%", "count": "n#,##0",
            "number": "n#,##0.00",
        }  # fmt: skip
        self.all = {column.name: self._column(column.name, column.kind, column.description)
                    for column in table.columns}  # fmt: skip
        for each in CALCULATIONS.get(table.name, ()):
            is_number = each.kind == "real"
            self.all[each.name] = Field(
                f"calculation_{each.name}", each.caption, each.description, each.kind, "measure",
                "quantitative" if is_number else "nominal", self.codes.get(each.form, ""),
                each.formula.format(target=target),
            )  # fmt: skip

    def used(self, use: Used) -> tuple[str, Element]:
        """A used field: its name on a shelf, and its definition."""
        name, element = self.all[use.field].instance(use.how)
        return f"[{self.source}].{name}", element

    def _column(self, name: str, kind: str, description: str) -> Field:
        form = format_of(name, kind)
        is_measure = form in ("money", "rate", "number", "count") and name not in _NAMES
        scale = "nominal" if form in ("text", "boolean") else "ordinal"
        return Field(
            name, caption(name), description, _KINDS[form],
            "measure" if is_measure else "dimension", "quantitative" if is_measure else scale,
            self.codes.get(form, ""),
        )  # fmt: skip
