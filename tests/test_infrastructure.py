"""Workflows, Terraform and container files: rules that linters cannot check."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
WORKFLOWS = {
    path.stem: yaml.safe_load(path.read_text()) for path in (ROOT / ".github/workflows").glob("*")
}
JOBS = [(name, job) for name, workflow in WORKFLOWS.items() for job in workflow["jobs"]]
TERRAFORM = {path.name: path.read_text() for path in (ROOT / "terraform").glob("*.tf")}
DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
UV = next(filter(None, [shutil.which(str(ROOT / ".venv-tools/bin/uv")), shutil.which("uv")]), None)


def script(name: str) -> ModuleType:
    """A script of .ci as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / ".ci" / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# ---------------------------------------------------------------------- workflows


@pytest.mark.parametrize(("name", "job"), JOBS)
def test_a_job_has_an_end_its_own_permissions_and_pinned_actions(name: str, job: str) -> None:
    workflow = WORKFLOWS[name]
    assert workflow["permissions"] == {}
    assert workflow["concurrency"]["group"]
    assert 0 < workflow["jobs"][job]["timeout-minutes"] <= 60
    assert workflow["jobs"][job]["permissions"]
    for step in workflow["jobs"][job]["steps"]:
        if "uses" in step:
            assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", step["uses"]), step["uses"]
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


def test_a_pinned_action_has_its_version_and_the_same_pin_everywhere() -> None:
    pins: dict[str, set[str]] = {}
    for path in (ROOT / ".github/workflows").glob("*.yml"):
        for line in path.read_text().splitlines():
            if "uses:" in line:
                found = re.search(r"uses: ([\w./-]+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)$", line)
                assert found, f"{path.name}: {line.strip()}"
                pins.setdefault(found[1], set()).add(f"{found[2]} {found[3]}")
    assert all(len(pin) == 1 for pin in pins.values()), pins


def test_a_fork_gets_no_secret_and_no_identity() -> None:
    text = (ROOT / ".github/workflows/ci.yml").read_text()
    assert "secrets." not in text and "vars." not in text
    for job in WORKFLOWS["ci"]["jobs"].values():
        assert job["permissions"] == {"contents": "read"}
    for name, workflow in WORKFLOWS.items():
        triggers = workflow[True]  # YAML reads `on` as true
        assert "pull_request_target" not in triggers and "workflow_run" not in triggers, name


@pytest.mark.parametrize("name", ["bigquery", "deploy"])
def test_whoever_gets_an_identity_passes_a_gate_and_is_no_fork(name: str) -> None:
    gates = set(re.findall(r"^    (\w+) +=? *=? ?\{ account", TERRAFORM["github.tf"], re.MULTILINE))
    assert gates == {"plan", "bigquery", "sweep", "production"}
    for job in WORKFLOWS[name]["jobs"].values():
        assert "vars.GCP_PROJECT != ''" in job["if"]
        assert job["environment"] in gates
        if "'pull_request'" in job["if"]:
            assert "head.repo.full_name == github.repository" in job["if"]
            assert job["environment"] in ("plan", "bigquery"), "those without write access"


def test_the_variables_that_workflows_read_are_those_that_terraform_prints() -> None:
    printed = re.search(r'"github_variables".*?value = \{(.*?)\}', TERRAFORM["outputs.tf"], re.S)
    assert printed
    names = set(re.findall(r"(\w+) +=", printed[1]))
    read = {
        name
        for path in (ROOT / ".github/workflows").glob("*.yml")
        for name in re.findall(r"vars\.(\w+)", path.read_text())
    }
    assert read == names


def test_every_python_that_is_supported_is_tested() -> None:
    matrix = WORKFLOWS["ci"]["jobs"]["test"]["strategy"]["matrix"]["python"]
    assert matrix == ["3.11", "3.12", "3.13"]
    assert 'requires-python = ">=3.11,<3.14"' in (ROOT / "pyproject.toml").read_text()


def test_workflows_call_make_targets_that_exist() -> None:
    verbs = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for path in (ROOT / ".github/workflows").glob("*.yml"):
        for verb in re.findall(r"run: make ([a-z-]+)", path.read_text()):
            assert verb in verbs, f"{path.name}: make {verb}"
        for file in re.findall(r"\.ci/[\w.-]+", path.read_text()):
            assert (ROOT / file).is_file(), f"{path.name}: {file}"


# ---------------------------------------------------------------------- terraform


def schemas_of_dbt() -> set[str]:
    project = yaml.safe_load((ROOT / "transform/dbt_project.yml").read_text())
    return {
        settings["+schema"]
        for kind in ("models", "seeds", "snapshots")
        for settings in [project[kind]["estore"], *project[kind]["estore"].values()]
        if isinstance(settings, dict) and "+schema" in settings
    }


def test_every_schema_has_a_dataset_here_and_in_pull_requests() -> None:
    block = re.search(r"schemas = \{(.*?)\n  \}", TERRAFORM["main.tf"], re.S)
    assert block
    declared = set(re.findall(r"^    (\w+) +=", block[1], re.MULTILINE))
    assert declared == schemas_of_dbt() | {"raw", "build"}
    pytest.importorskip("google.cloud.bigquery")
    assert set(script("pr_datasets").SCHEMAS) == declared


def test_no_file_has_a_key_a_secret_value_or_a_public_address() -> None:
    text = "\n".join(TERRAFORM.values())
    for resource in ("google_service_account_key", "google_secret_manager_secret_version",
                     "google_compute_address"):  # fmt: skip
        assert resource not in text
    assert not re.search(r"^\s*access_config\b", text, re.MULTILINE)
    for word in ("0.0.0.0/0", 'allUsers"', "allAuthenticatedUsers", "force_destroy = true"):
        assert word not in text


def test_every_variable_is_described_and_checked_and_every_output_described() -> None:
    for file, kind in (("variables.tf", "variable"), ("outputs.tf", "output")):
        blocks = re.findall(rf'^{kind} "(\w+)" \{{(.*?)^\}}', TERRAFORM[file], re.M | re.S)
        assert blocks
        for name, body in blocks:
            assert "description =" in body, name
            assert kind == "output" or "validation {" in body, name


def test_the_machine_gives_its_disk_to_the_user_of_the_image() -> None:
    assert "chown 10001:10001" in (ROOT / "terraform/vm/prepare-disk").read_text()
    assert "USER 10001:10001" in DOCKERFILE and "--uid 10001" in DOCKERFILE


@pytest.mark.skipif(
    not shutil.which("node") or not (ROOT / ".ci/node/node_modules").is_dir(),
    reason="needs Node and, in .ci/node, `npm ci`",
)
def test_the_schema_check_finds_what_the_provider_does_not_have(tmp_path: Path) -> None:
    def check(**changes: tuple[str, str]) -> subprocess.CompletedProcess[str]:
        for name, text in TERRAFORM.items():
            old, new = changes.get(name.removesuffix(".tf"), ("", ""))
            assert old in text
            (tmp_path / name).write_text(text.replace(old, new, 1) if old else text)
        return subprocess.run(
            ["node", str(ROOT / ".ci/node/terraform.mjs"), str(tmp_path)],
            capture_output=True, text=True,
        )  # fmt: skip

    assert check().stderr == ""
    bad = check(
        storage=("force_destroy", "force_destroyed"),
        machine=("start_time", "starting_time"),
        network=('resource "google_compute_router"', 'resource "google_compute_routers"'),
        budget=("threshold_percent =", "threshold_share ="),
    )
    assert bad.returncode == 1
    for fault in (
        "google_storage_bucket.landing: no argument or block force_destroyed",
        "snapshot_schedule_policy.schedule.daily_schedule: no argument or block starting_time",
        "snapshot_schedule_policy.schedule.daily_schedule: startTime is missing",
        "the provider has no resource google_compute_routers",
        "google_billing_budget.month.threshold_rules: no argument or block threshold_share",
    ):
        assert fault in bad.stderr


# ---------------------------------------------------------------------- scripts


def test_only_datasets_of_pull_requests_are_ever_made_or_dropped() -> None:
    pytest.importorskip("google.cloud.bigquery")
    datasets = script("pr_datasets")
    assert datasets.checked("pr_7_shop") == "pr_7_shop"
    for prefix in ("shop", "shop_pr_7", "pr_shop", "pr_7_", "pr_7_Shop", "pr_7_a`;drop"):
        with pytest.raises(ValueError, match="no pull request's"):
            datasets.checked(prefix)


def test_a_pull_request_reads_the_last_days_by_literals() -> None:
    pytest.importorskip("google.cloud.bigquery")
    view = script("pr_datasets").view_sql
    assert view("p.shop_raw.events", "event_time", ["20191030", "20191031"]) == (
        "select * from `p.shop_raw.events` "
        "where event_time >= '2019-10-30' and event_time < '2019-11-01'"
    )
    assert view("p.shop_raw.files", None, []) == "select * from `p.shop_raw.files`"


def test_release_notes_are_those_of_the_tag(tmp_path: Path) -> None:
    notes = script("release_notes").notes
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2.0"\n')
    changelog = tmp_path / "CHANGELOG.md"
    changelog.write_text("# Changelog\n\n## 1.2.0 (2026-12-01)\n\n- New.\n\n## 1.1.0\n\n- Old.\n")
    assert notes("v1.2.0", tmp_path) == "- New."
    with pytest.raises(ValueError, match=r"the tag is v1\.2\.1, the version .* 1\.2\.0"):
        notes("v1.2.1", tmp_path)
    changelog.write_text(
        "# Changelog\n\n## Unreleased\n\n- New.\n\n## 1.2.0\n\n## 1.1.0\n\n- Old.\n"
    )
    with pytest.raises(ValueError, match=r"nothing under `## 1\.2\.0`"):
        notes("v1.2.0", tmp_path)


# ---------------------------------------------------------------------- container


def test_compose_opens_nothing_to_other_machines_and_gives_no_rights() -> None:
    assert set(COMPOSE["services"]) == {"code", "daemon", "webserver", "dashboard"}
    for service in COMPOSE["services"].values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
        assert service["read_only"] is True and service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert not service.get("privileged") and service.get("network_mode") != "host"


def test_variables_that_compose_requires_are_set_where_the_image_is_tested() -> None:
    wanted = set(re.findall(r"\$\{(\w+):\?", (ROOT / "compose.yaml").read_text()))
    assert wanted
    for step in WORKFLOWS["ci"]["jobs"]["image"]["steps"]:
        if "docker compose" in step.get("run", ""):
            assert wanted <= set(step["env"])


def test_the_image_is_built_from_the_lock_file_for_a_user_without_rights() -> None:
    assert DOCKERFILE.count("FROM python:3.13-slim-bookworm") == DOCKERFILE.count("FROM ") == 2
    assert DOCKERFILE.count("uv sync --locked") == DOCKERFILE.count("uv sync")
    assert "pip install --no-cache-dir --require-hashes -r uv.txt" in DOCKERFILE
    after_user = DOCKERFILE[DOCKERFILE.index("USER ") :]
    assert not re.search(r"^(RUN|COPY|USER root)", after_user, re.MULTILINE)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The content of the image, from the Dockerfile's own commands on this machine's Python."""
    if UV is None:
        pytest.skip("needs uv")
    build, place = tmp_path_factory.mktemp("build"), tmp_path_factory.mktemp("image") / "estore"
    environment = {**os.environ, "UV_PROJECT_ENVIRONMENT": str(place), "UV_PYTHON": sys.executable}
    environment.pop("VIRTUAL_ENV", None)
    for line in DOCKERFILE[: DOCKERFILE.rindex("FROM ")].splitlines():
        command, _, rest = line.partition(" ")
        if command == "COPY" and "--from" not in rest:
            *sources, target = rest.split()
            for source in sources:
                to = build / target / source if len(sources) > 1 else build / target
                copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy
                copy(ROOT / source, to)
        elif command == "RUN" and rest.startswith("uv "):
            arguments = [word for word in rest.split()[1:] if word != "--no-cache"]
            subprocess.run([UV, *arguments, "--quiet"], cwd=build, env=environment, check=True)
    shutil.rmtree(build)
    shutil.copy(ROOT / ".ci" / "container-entrypoint", place / "bin")
    return place


@pytest.fixture
def serving(installed: Path, tmp_path: Path) -> Iterator[tuple[Path, int]]:
    """The image's own command, on a free port."""
    command = next(line for line in reversed(DOCKERFILE.splitlines()) if line.startswith("CMD "))
    arguments = yaml.safe_load(command[4:])[1:-1]
    process = subprocess.Popen(
        [installed / "bin/container-entrypoint", installed / "bin/estore", *arguments, "0"],
        cwd=tmp_path, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "ESTORE_HOME": str(tmp_path), "PYTHONUNBUFFERED": "1",
             "ESTORE_DASHBOARD_AUTH": "basic:shop:a-long-password"},
    )  # fmt: skip
    assert process.stdout
    said = re.search(r"http://[\w.]+:(\d+)", process.stdout.readline())
    assert said
    yield installed, int(said[1])
    process.terminate()
    process.wait()


def test_the_health_check_of_the_image_works(serving: tuple[Path, int]) -> None:
    installed, port = serving
    check = re.search(r"HEALTHCHECK .*?CMD (\[.*?\])$", DOCKERFILE, re.S | re.M)
    assert check

    def healthy(at: int) -> bool:
        command: list[Any] = yaml.safe_load(check[1].replace("8321", str(at)))
        command[0] = installed / "bin" / command[0]
        return subprocess.run(command, capture_output=True).returncode == 0

    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz") as answer:
        assert answer.read() == b'{"status":"waiting"}'
    assert healthy(port)
    assert not healthy(1)


def test_dagster_starts_with_the_settings_of_its_version(installed: Path, tmp_path: Path) -> None:
    (package,) = installed.glob("lib/python*/site-packages/estore")
    (package / "orchestration").mkdir(exist_ok=True)
    settings = package / "orchestration" / "dagster.yaml"
    if not settings.exists():
        settings.write_text("telemetry:\n  enabled: false\n")
    home = tmp_path / "dagster"
    for _ in range(2):
        done = subprocess.run(
            [installed / "bin/container-entrypoint", "dagster-daemon", "--version"],
            env={"PATH": f"{installed / 'bin'}:{os.environ['PATH']}", "DAGSTER_HOME": str(home)},
            capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0 and "dagster-daemon" in done.stdout, done.stderr
    assert [path.name for path in home.iterdir()] == ["dagster.yaml"]
    assert (home / "dagster.yaml").read_text() == settings.read_text()


def test_the_image_contains_what_it_starts(installed: Path) -> None:
    for service in COMPOSE["services"].values():
        for command in (
            service.get("command", ["estore"]),
            service.get("healthcheck", {}).get("test"),
        ):
            if command:
                program = command[1] if command[0] == "CMD" else command[0]
                assert (installed / "bin" / program).is_file(), program


def test_uv_is_pinned_by_version_and_hash() -> None:
    pinned = (ROOT / ".ci" / "uv.txt").read_text()
    assert re.search(r"^uv==\d+\.\d+\.\d+ ", pinned, re.MULTILINE)
    assert pinned.count("--hash=sha256:") > 10, "for every platform"
    assert "--require-hashes -r $<" in (ROOT / "Makefile").read_text()
    assert "!.ci/uv.txt" in (ROOT / ".dockerignore").read_text()


def test_containers_get_the_shop_file_read_only() -> None:
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text())
    for service in compose["services"].values():
        (mounted,) = (each for each in service["volumes"] if isinstance(each, dict)
                      and each["target"] == "/shop.toml")  # fmt: skip
        assert mounted["read_only"] and mounted["source"] == "${ESTORE_SHOP_FILE:-/dev/null}"
        assert service["environment"]["ESTORE_SHOP"] == "${ESTORE_SHOP_FILE:+/shop.toml}"


def test_every_way_to_serve_dagster_has_an_instance(tmp_path: Path) -> None:
    for command in (["dagster", "api"], ["dagster-daemon"],
                    ["python", "-m", "estore.orchestration.webserver"]):  # fmt: skip
        home = tmp_path / "".join(command).replace("/", "")
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        (folder / command[0]).write_text(f'#!/bin/sh\nexec {sys.executable} "$@" 2>/dev/null\n')
        (folder / command[0]).chmod(0o700)
        (folder / "python").write_text(
            f'#!/bin/sh\ntest "$1" = -I && exec {sys.executable} "$@"\nexit 0\n'
        )
        (folder / "python").chmod(0o700)
        subprocess.run(
            ["sh", str(ROOT / ".ci" / "container-entrypoint"), *command], check=False,
            env={"PATH": f"{folder}:/usr/bin:/bin", "DAGSTER_HOME": str(home)},
        )  # fmt: skip
        assert (home / "dagster.yaml").is_file(), command
