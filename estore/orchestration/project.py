"""Project: dbt models as Dagster assets and data tests as asset checks, from the manifest."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, build_dbt_asset_specs

#: Layers in flow order; a test of several tables belongs to the last one.
LAYERS = ("raw", "rules", "staging", "intermediate", "marts", "metrics", "dashboard", "history")
#: A model's folder is its layer; seeds and snapshots are elsewhere.
KINDS = {"source": "raw", "seed": "rules", "snapshot": "history"}
#: The asset of tests on raw rows only: the transforms run them but make no raw table.
VIEW_ON_RAW = dg.AssetKey(["staging", "stg_lines"])
#: Sources that are no assets of their own: tables from the previous batch would form a cycle, and
#: predictions are computed between two runs of dbt.
WITHOUT_ASSET = ("built", "predicted")


class Translator(DagsterDbtTranslator):
    """Keys and groups by layer; descriptions without the SQL."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        return dg.AssetKey([layer(dbt_resource_props), dbt_resource_props["name"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        return layer(dbt_resource_props)

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        return " ".join(str(dbt_resource_props.get("description") or "").split())


class Project:
    """dbt's manifest in Dagster's terms."""

    def __init__(self, manifest: Path) -> None:
        self.manifest: dict[str, Any] = json.loads(manifest.read_text(encoding="utf-8"))
        self.nodes: dict[str, Any] = {**self.manifest["sources"], **self.manifest["nodes"]}
        self.translator = Translator()

    def key(self, unique_id: str) -> dg.AssetKey:
        """The asset of a model, seed, snapshot or source."""
        return self.translator.get_asset_key(self.nodes[unique_id])

    def specs(self, *, select: str = "fqn:*", exclude: str = "") -> list[dg.AssetSpec]:
        """The assets that a run may report."""
        specs = build_dbt_asset_specs(
            manifest=self.manifest, dagster_dbt_translator=self.translator, select=select,
            exclude=exclude,
        )  # fmt: skip
        return [
            spec.replace_attributes(
                skippable=True,
                deps=[dep for dep in spec.deps if dep.asset_key.path[0] not in WITHOUT_ASSET],
            )
            for spec in specs
        ]

    def checks(self, keys: set[dg.AssetKey]) -> dict[str, dg.AssetCheckSpec]:
        """dbt's id of a data test → its check, for those about these assets."""
        return {
            unique_id: dg.AssetCheckSpec(
                name=node["name"], asset=owner, description=self._described(node)
            )
            for unique_id, node in self.nodes.items()
            if node["resource_type"] == "test" and (owner := self._owner(node)) in keys
        }

    def published(self) -> Iterator[dg.AssetKey]:
        """The tables that a snapshot publishes in full."""
        for unique_id, node in self.nodes.items():
            if node["resource_type"] == "model" and layer(node) in ("metrics", "dashboard"):
                yield self.key(unique_id)

    def _owner(self, test: Mapping[str, Any]) -> dg.AssetKey | None:
        if test.get("attached_node"):
            return self.key(test["attached_node"])
        parents = [self.key(parent) for parent in test["depends_on"]["nodes"]]
        last = max(parents, key=lambda key: (LAYERS.index(key.path[0]), key.path[1]), default=None)
        return VIEW_ON_RAW if last and last.path[0] == "raw" else last

    def _described(self, test: Mapping[str, Any]) -> str:
        """A test's description, or else its name and its columns."""
        if described := self.translator.get_description(test):
            return described
        if not test.get("test_metadata"):
            return str(test["name"]).replace("_", " ")
        arguments = {**test["test_metadata"]["kwargs"]}
        arguments.pop("model", None)
        shown = "; ".join(_shown(name, value) for name, value in arguments.items())
        return ": ".join(filter(None, (test["test_metadata"]["name"].replace("_", " "), shown)))


def _shown(name: str, value: Any) -> str:
    """An argument of a test; columns need no argument name."""
    words = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return words if name in ("columns", "column_name") else f"{name} {words}"


def layer(node: Mapping[str, Any]) -> str:
    """A table's position in the flow."""
    if node["resource_type"] == "source" and node["source_name"] in WITHOUT_ASSET:
        return str(node["source_name"])
    return str(KINDS.get(node["resource_type"]) or node["fqn"][1])
