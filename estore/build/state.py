"""Build state: stored facts about the last build."""

import duckdb


class BuildState:
    """Stored names and values: what was built, and with which rules."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection

    def get(self, name: str) -> str | None:
        """The value; None if there is none."""
        row = self.connection.execute(
            "select value from build.state where name = ?", [name]
        ).fetchone()
        return row[0] if row else None

    def set(self, name: str, value: str | None) -> None:
        """Store a value; None deletes it."""
        self.connection.execute("insert or replace into build.state values (?, ?)", [name, value])
