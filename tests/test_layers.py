"""The layers of the dbt project: references point one way."""

from typing import Any

import pytest

from estore.build.dbt_project import DbtProject
from estore.settings import Settings
from estore.shop import ShopConfig

LAYERS = ("staging", "intermediate", "marts", "metrics", "dashboard")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The models of dbt's manifest by their ids."""
    project = DbtProject(Settings(home=tmp_path_factory.mktemp("home")), ShopConfig())
    nodes = project.manifest.nodes
    return {key: node for key, node in nodes.items() if node.resource_type == "model"}


def test_every_model_is_in_a_layer(models: dict[str, Any]) -> None:
    assert {node.fqn[1] for node in models.values()} == set(LAYERS)


def test_references_point_from_staging_to_the_dashboard_and_never_back(
    models: dict[str, Any],
) -> None:
    backward = [
        f"{node.name} reads {models[parent].name}"
        for node in models.values()
        for parent in node.depends_on.nodes
        if parent in models and LAYERS.index(models[parent].fqn[1]) > LAYERS.index(node.fqn[1])
    ]
    assert not backward


def test_a_model_of_the_days_reads_only_models_of_the_days(models: dict[str, Any]) -> None:
    outside = [
        f"{node.name} reads {models[parent].name}"
        for node in models.values()
        if "daily" in node.tags
        for parent in node.depends_on.nodes
        if parent in models and "daily" not in models[parent].tags
    ]
    assert not outside
