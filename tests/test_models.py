"""The dbt unit tests: every business branch and boundary, next to its model."""

import yaml
from conftest import Workshop

from estore.build.dbt_project import DbtProject, project_folder
from estore.warehouse import open_warehouse


def test_every_unit_test_of_the_models_passes(workshop: Workshop) -> None:
    ids_in_words = {"product_id": "p", "user_id": "ann", "user_session": "s"}
    workshop.write("a.csv", [{"event_type": "purchase", **ids_in_words}])
    workshop.load()
    workshop.build()  # dbt reads the columns of a unit test's inputs from the tables themselves

    project = DbtProject(workshop.settings, workshop.shop)
    with open_warehouse(workshop.settings):  # batch tables exist as long as it is open
        project.run("run", "--select", "int_batch_*")
        result = project.run("test", "--select", "test_type:unit", may_fail=True)

    ended = {run.node.name: str(run.status) for run in result.result}
    assert set(ended) == described_unit_tests()
    assert set(ended.values()) == {"pass"}, {
        run.node.name: run.message for run in result.result if str(run.status) != "pass"
    }


def described_unit_tests() -> set[str]:
    """The names of all unit tests in the YAML of the models."""
    return {
        test["name"]
        for path in (project_folder() / "models").rglob("*.yml")
        for test in yaml.safe_load(path.read_text()).get("unit_tests") or ()
    }
