"""Files: the snapshot as one DuckDB database, or as a folder of CSV or Parquet files."""

from pathlib import Path

from estore.export.source import Source, Table
from estore.export.target import replacing
from estore.tables import FORMULA_STARTS
from estore.warehouse.quoting import quoted

#: DuckDB from 1.0 on reads this format; the engine's newest one only itself.
STORAGE = "v1.0.0"
#: The list of all columns in a folder of files.
COLUMNS = "columns"


def write_duckdb(source: Source, path: Path) -> list[Path]:
    """One database with the tables, their descriptions as comments; returns the file."""
    with replacing(path, read_only=True) as unfinished:
        run = source.connection.execute
        run(f"attach {quoted(str(unfinished))} as target (storage_version '{STORAGE}')")
        for table in source.tables.values():
            name = f'target.main."{table.name}"'
            run(f"create table {name} as from {table.sql}")
            run(f"comment on table {name} is {quoted(table.description)}")
            for column in table.columns:
                if column.description:
                    said = quoted(column.description)
                    run(f'comment on column {name}."{column.name}" is {said}')
        run("detach target")
    return [path]


def write_folder(source: Source, folder: Path, form: str, *, raw: bool = False) -> list[Path]:
    """One file a table, and `columns` with all descriptions; returns the files.

    form: `csv` or `parquet`. raw: without the guard against text that a spreadsheet runs as a
    formula.
    """
    folder.mkdir(parents=True, exist_ok=True)
    guarded = form == "csv" and not raw
    for table in source.tables.values():
        _copy(source, _selected(table, guarded=guarded), folder / f"{table.name}.{form}", form)
    source.connection.execute(
        f"create temp table {COLUMNS} "
        "(table_name varchar, column_name varchar, type varchar, description varchar)"
    )
    source.connection.executemany(
        f"insert into {COLUMNS} values (?, ?, ?, ?)",
        [
            (table.name, column.name, column.kind, column.description)
            for table in source.tables.values()
            for column in table.columns
        ],
    )
    _copy(source, f"from temp.{COLUMNS}", folder / f"{COLUMNS}.{form}", form)
    return [folder / f"{name}.{form}" for name in (*source.tables, COLUMNS)]


def _copy(source: Source, sql: str, path: Path, form: str) -> None:
    options = "format csv, header" if form == "csv" else "format parquet, compression zstd"
    with replacing(path) as unfinished:
        source.connection.execute(f"copy ({sql}) to {quoted(str(unfinished))} ({options})")


def _selected(table: Table, *, guarded: bool) -> str:
    if not guarded:
        return f"from {table.sql}"
    starts = ", ".join(f"chr({ord(start)})" for start in FORMULA_STARTS)
    columns = ", ".join(
        f"""if(left("{c.name}", 1) in ({starts}), '''' || "{c.name}", "{c.name}") as "{c.name}\""""
        if c.kind == "VARCHAR" else f'"{c.name}"'
        for c in table.columns
    )  # fmt: skip
    return f"select {columns} from {table.sql}"
