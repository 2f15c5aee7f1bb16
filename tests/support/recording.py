"""Records the jobs that this program and dbt send to BigQuery."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from google.cloud._http import JSONConnection
from google.cloud.bigquery import Client

_DELETED = re.compile(r"/projects/([^/]+)/datasets/([^/]+)(?:/tables/([^/]+))?")
_LOADS = ("load_table_from_uri", "load_table_from_file")


@contextmanager
def recording() -> Iterator[list[dict[str, Any]]]:
    """Jobs in the order in which they are sent.

    A job is a statement {sql, parameters: name → type}, a table that a load job creates {table,
    columns}, or a deletion without SQL {deleted}.
    """
    jobs: list[dict[str, Any]] = []
    send, load = JSONConnection.api_request, {name: getattr(Client, name) for name in _LOADS}

    def sent(self: Any, method: str, path: str, *arguments: Any, **options: Any) -> Any:
        data = options.get("data") or {}
        query = data if path.endswith("/queries") else data.get("configuration", {}).get("query")
        if method == "POST" and query:
            parameters = {typed["name"]: _type(typed) for typed in query.get("queryParameters", ())}
            jobs.append({"sql": query["query"], "parameters": parameters})
        if method == "DELETE" and (gone := _DELETED.fullmatch(path)):
            jobs.append({"deleted": ".".join(part for part in gone.groups() if part)})
        return send(self, method, path, *arguments, **options)

    def loading(name: str) -> Any:
        def loaded(
            self: Any, source: Any, table: Any, *arguments: Any, job_config: Any, **options: Any
        ) -> Any:
            columns = [
                {"name": field.name, "type": field.field_type.upper()}
                for field in job_config.schema
            ]
            jobs.append({"table": str(table), "columns": columns})
            return load[name](self, source, table, *arguments, job_config=job_config, **options)

        return loaded

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JSONConnection, "api_request", sent)
        for name in _LOADS:
            patch.setattr(Client, name, loading(name))
        yield jobs


def _type(parameter: dict[str, Any]) -> str:
    typed = parameter["parameterType"]
    return (
        f"ARRAY<{typed['arrayType']['type']}>" if typed["type"] == "ARRAY" else str(typed["type"])
    )
