"""BuildState: what outlives a process of what was built."""

import duckdb


class BuildState:
    """Names and values that outlive a process: what was built, with which rules."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection

    def get(self, name: str) -> str | None:
        """The value; None where there is none."""
        row = self.connection.execute(
            "select value from build.state where name = ?", [name]
        ).fetchone()
        return row[0] if row else None

    def set(self, name: str, value: str | None) -> None:
        """Keep a value; None forgets it."""
        self.connection.execute("insert or replace into build.state values (?, ?)", [name, value])
