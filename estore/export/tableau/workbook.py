"""Workbook: the XML of data sources, worksheets and dashboards, and the package around them."""

import uuid
import zipfile
from collections.abc import Iterable
from pathlib import Path
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent, register_namespace

from estore.export.source import Source, Table
from estore.export.tableau.extract import INSIDE, SCHEMA, write_extract
from estore.export.tableau.fields import Fields
from estore.export.tableau.sheets import CALCULATIONS, DASHBOARDS, WORKSHEETS, Used, Worksheet
from estore.export.target import replacing

#: The version of the format, and the release that defines it.
VERSION, RELEASE = "26.2", "2026.2.0"
USER = "http://www.tableausoftware.com/xml/user"
#: Tableau divides a dashboard into this many units, whatever its size.
UNITS = 100_000
#: Names of worksheets and dashboards in this namespace always get the same ids.
_IDS = uuid.UUID("6f3e6b52-4f0e-5d39-9a44-0d3f6d3c7b11")


def write_package(source: Source, path: Path) -> list[Path]:
    """The workbook and its extract as one `.twbx`; returns the file."""
    with replacing(path) as unfinished:
        hyper, document = unfinished.with_suffix(".hyper"), unfinished.with_suffix(".twb")
        write_extract(source, hyper)
        write_workbook(source, document)
        with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as package:
            package.write(document, f"{path.stem}.twb")
            package.write(hyper, INSIDE)
    return [path]


def write_workbook(source: Source, path: Path) -> None:
    """The workbook alone. Worksheets whose fields a snapshot lacks are left out."""
    register_namespace("user", USER)
    target = float(source.manifest.thresholds.get("average_order_target") or 0)
    fields = {
        name: Fields(table, source.manifest.currency, target)
        for name, table in source.tables.items()
    }
    sheets = [sheet for sheet in WORKSHEETS if _is_possible(sheet, fields)]
    shown = {sheet.name for sheet in sheets}
    root = Element("workbook", {
        "source-build": RELEASE, "source-platform": "linux", "version": VERSION,
        "original-version": VERSION,
    })  # fmt: skip
    SubElement(SubElement(root, "document-format-change-manifest"), "ManifestByVersion")
    sources = SubElement(root, "datasources")
    for table in source.tables.values():
        sources.append(_datasource(table, fields[table.name]))
    worksheets = SubElement(root, "worksheets")
    for sheet in sheets:
        worksheets.append(_worksheet(sheet, fields[sheet.table]))
    dashboards, windows = Element("dashboards"), Element("windows")
    for dashboard in DASHBOARDS:
        zones = [zone for zone in dashboard.zones if zone[0] in shown]
        if zones:
            dashboards.append(_dashboard(dashboard.name, zones))
            window = SubElement(windows, "window", {"class": "dashboard", "name": dashboard.name})
            points = SubElement(window, "viewpoints")
            for name, *_ in zones:
                SubElement(points, "viewpoint", {"name": name})
            SubElement(window, "active", {"id": "-1"})
            SubElement(window, "simple-id", {"uuid": _id(f"window {dashboard.name}")})
    for sheet in sheets:
        window = SubElement(windows, "window", {"class": "worksheet", "name": sheet.name})
        _cards(window)
        SubElement(window, "simple-id", {"uuid": _id(f"window {sheet.name}")})
    root.extend([dashboards, windows])
    explained = {"enabled-for-viewer": "true", "extreme-values-enabled-for-all": "false"}
    SubElement(SubElement(root, "explain-data", explained), "explanation-types")
    indent(root)
    ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def _is_possible(sheet: Worksheet, fields: dict[str, Fields]) -> bool:
    known = fields.get(sheet.table)
    return known is not None and all(
        use.field in known.all and _has_inputs(known, use.field) for use in _uses(sheet)
    )


def _has_inputs(known: Fields, name: str) -> bool:
    """Whether the table has all columns that a calculated field reads."""
    formula = known.all[name].formula
    asked = {part.partition("]")[0] for part in formula.split("[")[1:]}
    return asked <= {column.name for column in known.table.columns}


def _uses(sheet: Worksheet) -> Iterable[Used]:
    """Each field that a worksheet uses, once."""
    every = (
        *sheet.columns, *sheet.rows, *sheet.label, *sheet.detail, *sheet.tooltip,
        *(use for use in (sheet.color, sheet.size) if use),
        *(Used(name) for name, _ in sheet.where),
        *([Used(sheet.sort[0]), Used(sheet.sort[1], "sum")] if sheet.sort else []),
    )  # fmt: skip
    return dict.fromkeys(every)


def _datasource(table: Table, fields: Fields) -> Element:
    """One table of the extract, with its captions, descriptions and calculated fields."""
    found = Element("datasource", {
        "caption": _title(table.name), "inline": "true", "name": fields.source, "version": VERSION,
    })  # fmt: skip
    connection = SubElement(found, "connection", {"class": "federated"})
    named = SubElement(
        SubElement(connection, "named-connections"), "named-connection",
        {"caption": "shop", "name": f"hyper.{table.name}"},
    )  # fmt: skip
    SubElement(named, "connection", {
        "authentication": "auth-none", "author-locale": "en_US", "class": "hyper",
        "dbname": INSIDE, "default-settings": "yes", "port": "", "schema": SCHEMA, "server": "",
        "sslmode": "", "tablename": table.name, "username": "",
    })  # fmt: skip
    SubElement(connection, "relation", {
        "connection": f"hyper.{table.name}", "name": table.name,
        "table": f"[{SCHEMA}].[{table.name}]", "type": "table",
    })  # fmt: skip
    SubElement(found, "aliases", {"enabled": "yes"})
    for name, field in fields.all.items():
        if name not in {each.name for each in CALCULATIONS.get(table.name, ())} or _has_inputs(
            fields, name
        ):
            found.append(field.element())
    return found


def _worksheet(sheet: Worksheet, fields: Fields) -> Element:
    found = Element("worksheet", {"name": sheet.name})
    table = SubElement(found, "table")
    view = SubElement(table, "view")
    title = _title(sheet.table)
    SubElement(
        SubElement(view, "datasources"), "datasource", {"caption": title, "name": fields.source}
    )
    needed = SubElement(view, "datasource-dependencies", {"datasource": fields.source})
    uses = list(_uses(sheet))
    for name in sorted({use.field for use in uses} | _inputs(fields, uses)):
        needed.append(fields.all[name].element(described=False))
    for use in uses:
        needed.append(fields.used(use)[1])
    for name, value in sheet.where:
        shelf, _ = fields.used(Used(name))
        level = shelf.partition("].")[2]
        only = SubElement(view, "filter", {"class": "categorical", "column": shelf})
        SubElement(only, "groupfilter", {
            "function": "member", "level": level, "member": value,
            f"{{{USER}}}ui-domain": "relevant", f"{{{USER}}}ui-enumeration": "inclusive",
            f"{{{USER}}}ui-marker": "enumerate",
        })  # fmt: skip
    if sheet.sort:
        SubElement(view, "computed-sort", {
            "column": fields.used(Used(sheet.sort[0]))[0], "direction": "DESC",
            "using": fields.used(Used(sheet.sort[1], "sum"))[0],
        })  # fmt: skip
    if sheet.where:
        slices = SubElement(view, "slices")
        for name, _ in sheet.where:
            SubElement(slices, "column").text = fields.used(Used(name))[0]
    SubElement(view, "aggregation", {"value": "true"})
    SubElement(table, "style")
    pane = SubElement(
        SubElement(table, "panes"),
        "pane",
        {"selection-relaxation-option": "selection-relaxation-allow"},
    )
    SubElement(SubElement(pane, "view"), "breakdown", {"value": "auto"})
    SubElement(pane, "mark", {"class": sheet.mark})
    encodings = SubElement(pane, "encodings")
    shelves: list[tuple[str, Used | None]] = [("color", sheet.color), ("size", sheet.size)]
    shelves += [("text", use) for use in sheet.label]
    shelves += [("lod", use) for use in sheet.detail]
    shelves += [("tooltip", use) for use in sheet.tooltip]
    for shelf, used in shelves:
        if used:
            SubElement(encodings, shelf, {"column": fields.used(used)[0]})
    SubElement(table, "rows").text = _shelf(sheet.rows, fields)
    SubElement(table, "cols").text = _shelf(sheet.columns, fields)
    SubElement(found, "simple-id", {"uuid": _id(f"worksheet {sheet.name}")})
    return found


def _inputs(fields: Fields, uses: Iterable[Used]) -> set[str]:
    """The columns that the used calculated fields read."""
    formulas = [fields.all[use.field].formula for use in uses]
    return {part.partition("]")[0] for formula in formulas for part in formula.split("[")[1:]}


def _shelf(uses: tuple[Used, ...], fields: Fields) -> str | None:
    names = [fields.used(use)[0] for use in uses]
    return f"({' + '.join(names)})" if len(names) > 1 else "".join(names) or None


def _dashboard(name: str, zones: list[tuple[str, int, int, int, int]]) -> Element:
    found = Element("dashboard", {"name": name})
    SubElement(found, "style")
    SubElement(found, "size", {
        "maxheight": "900", "maxwidth": "1400", "minheight": "900", "minwidth": "1400",
    })  # fmt: skip
    page = SubElement(SubElement(found, "zones"), "zone", {
        "h": str(UNITS), "id": "1", "type-v2": "layout-basic", "w": str(UNITS), "x": "0", "y": "0",
    })  # fmt: skip
    for number, (sheet, *place) in enumerate(zones, start=2):
        x, y, width, height = (str(percent * UNITS // 100) for percent in place)
        SubElement(page, "zone", {
            "h": height, "id": str(number), "name": sheet, "w": width, "x": x, "y": y,
        })  # fmt: skip
    SubElement(found, "simple-id", {"uuid": _id(f"dashboard {name}")})
    return found


def _cards(window: Element) -> None:
    """The shelves around a worksheet."""
    cards = SubElement(window, "cards")
    for edge, size, names in (
        ("left", "160", ("pages", "filters", "marks")),
        ("top", "2147483647", ("columns",)),
        ("top", "2147483647", ("rows",)),
        ("top", "31", ("title",)),
    ):
        at = cards.find(f"edge[@name='{edge}']")
        at = SubElement(cards, "edge", {"name": edge}) if at is None else at
        strip = SubElement(at, "strip", {"size": size})
        for name in names:
            SubElement(strip, "card", {"type": name})


def _title(table: str) -> str:
    """A table's name as people read it."""
    words = table.removeprefix("metrics_").removeprefix("dim_").replace("_", " ")
    words = words.replace("ltv", "LTV").replace("rfm", "RFM")
    return words[:1].upper() + words[1:]


def _id(name: str) -> str:
    return "{" + str(uuid.uuid5(_IDS, name)).upper() + "}"
