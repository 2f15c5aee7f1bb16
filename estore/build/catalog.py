"""Catalog: the dbt project's documentation, for readers of a snapshot.

Definitions, the lineage of models, and data test results, as rows of plain values.
"""

from collections.abc import Iterator
from typing import Any

#: Project folder → whether its columns are a public contract.
LAYERS = {
    "raw": False,
    "staging": False,
    "intermediate": False,
    "marts": True,
    "metrics": True,
    "dashboard": True,
}
SEVERAL = "several tables"


def catalog(manifest: Any) -> dict[str, list[dict[str, Any]]]:
    """Table name → rows, from dbt's parsed project."""
    models = {node.name for node in manifest.nodes.values() if node.resource_type == "model"}
    nodes = {
        key: node
        for key, node in {**manifest.sources, **manifest.nodes}.items()
        if node.resource_type in ("seed", "model")
        # A model from the previous build is a source by name only: it comes from no file.
        or (node.resource_type == "source" and node.name not in models)
    }
    return {
        "definitions": [row for key in sorted(nodes) for row in _definitions(nodes[key])],
        "lineage_models": [
            {"model_name": _name(node), "layer": _layer(node), "description": _line(node)}
            for _, node in sorted(nodes.items())
        ],
        "lineage_edges": [
            {"from_model": _name(nodes[parent]), "to_model": _name(node)}
            for _, node in sorted(nodes.items())
            for parent in sorted(set(getattr(node, "depends_on_nodes", ())))
            if parent in nodes
        ],
    }


def test_row(run: Any) -> dict[str, Any]:
    """The result of a data test. run: dbt's result of one test."""
    node = run.node
    metadata = getattr(node, "test_metadata", None)  # a singular test has neither
    attached = getattr(node, "attached_node", None)
    tables = [key.rsplit(".", 1)[-1] for key in ([attached] if attached else node.depends_on_nodes)]
    arguments = {**metadata.kwargs, **metadata.kwargs.get("arguments", {})} if metadata else {}
    columns = arguments.get("columns") or arguments.get("column_name") or ()
    return {
        "test_name": metadata.name if metadata else node.name,
        "table_name": tables[0] if len(tables) == 1 else SEVERAL,
        "status": str(run.status),
        "failure_count": run.failures or 0,
        "description": _line(node) or ", ".join([columns] if isinstance(columns, str) else columns),
    }


def _definitions(node: Any) -> Iterator[dict[str, Any]]:
    """The table first, then its columns in their order."""
    if LAYERS[_layer(node)]:
        yield {"table_name": _name(node), "column_name": None, "description": _line(node)}
        for column in node.columns.values():
            yield {
                "table_name": _name(node),
                "column_name": column.name,
                "description": _line(column),
            }


def _name(node: Any) -> str:
    return f"raw.{node.name}" if _layer(node) == "raw" else str(node.name)


def _layer(node: Any) -> str:
    """The layer of a node; seeds contain the rules of the marts."""
    if node.resource_type == "model":
        return str(node.fqn[1])
    if node.resource_type == "source":
        return "raw" if node.source_name == "raw" else "intermediate"
    return "marts"


def _line(described: Any) -> str:
    return " ".join((described.description or "").split())
