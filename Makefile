# All commands of the project. `make` without a target lists them.
SHELL := /bin/bash
# If this is set, every command compiles its libraries again, which takes two seconds.
unexport PYTHONDONTWRITEBYTECODE
.DEFAULT_GOAL := help

TOOLS := .venv-tools
UV := $(TOOLS)/bin/uv
DEMO := .estore-demo/landing
# Real data and the demo never share a warehouse.
DATA ?=
HOME_DIR ?= $(if $(value DATA),.estore,.estore-demo)
COMMAND := .venv/bin/estore
# The unexpanded text: a path may contain spaces, quotes and dollar signs.
unexport DATA
export DATA_TEXT := $(value DATA)

.PHONY: help
help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

.PHONY: setup
setup: .venv/.base ## install the base package with locked versions

$(UV): .ci/uv.txt
	@python3 -m venv $(TOOLS) \
	    && $(TOOLS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $< \
	    && $(TOOLS)/bin/python -m pip uninstall --quiet --yes pip && touch $@ # pip is no longer needed

.venv/.base: pyproject.toml uv.lock | $(UV)
	@$(UV) sync --quiet --locked --no-dev --inexact --no-progress && touch $@

.venv/.dev: pyproject.toml uv.lock | $(UV)
	@$(UV) sync --quiet --locked --no-progress && touch $@ .venv/.base

# The BigQuery emulator pins older versions of libraries that the project uses.
.venv-bigquery/.made: tests/bigquery/requirements.txt .venv/.dev
	@$(UV) venv --quiet --clear --python .venv/bin/python .venv-bigquery \
	    && $(UV) pip install --quiet --no-progress --python .venv-bigquery/bin/python -r $< && touch $@

.PHONY: setup-bigquery
setup-bigquery: .venv/.base # for workflows: the base install with the BigQuery libraries
	@$(UV) sync --quiet --locked --no-dev --inexact --no-progress --extra bigquery

.venv/.dagster: pyproject.toml uv.lock | $(UV)
	@$(UV) sync --quiet --locked --no-dev --inexact --extra dagster --no-progress && touch $@ .venv/.base

.PHONY: run
run: .venv/.base ## turn events into findings; DATA="files or folder", else a synthetic shop
ifeq ($(value DATA),)
	@test -f $(DEMO)/.complete || { umask 077 && .venv/bin/estore synth $(DEMO) --events 1000000 --months 5 --seed 1 >/dev/null && touch $(DEMO)/.complete; }
	@$(COMMAND) --home "$(HOME_DIR)" run $(DEMO)
else
	@$(COMMAND) --home "$(HOME_DIR)" run --data "$$DATA_TEXT"
endif

.PHONY: serve
serve: .venv/.base ## serve the dashboard on http://localhost:8321; HOME_DIR, PORT=8321
	@$(COMMAND) --home "$(HOME_DIR)" serve --port $(or $(PORT),8321)

LANDING ?= $(or $(DATA),$(DEMO))
IN_BUCKET = $(findstring ://,$(LANDING))

.PHONY: dev
dev: .venv/.dagster ## run Dagster on http://localhost:3000 to watch a landing folder; LANDING, HOME_DIR, PORT=3000
	@umask 077 && mkdir -p $(if $(IN_BUCKET),,$(LANDING)) $(HOME_DIR)/dagster && cp estore/orchestration/dagster.yaml $(HOME_DIR)/dagster/
ifeq ($(LANDING),$(DEMO))
	@test -f $(DEMO)/.complete || { umask 077 && .venv/bin/estore synth $(DEMO) --events 1000000 --months 5 --seed 1 >/dev/null && touch $(DEMO)/.complete; }
endif
	@echo "http://localhost:$(or $(PORT),3000): files that appear in $(LANDING) are loaded, built and published;"
	@echo "the first check is now, then every 5 minutes (docs/operations.md). Press Ctrl-C to stop."
	@PYTHONWARNINGS="ignore:Function" \
	    DAGSTER_HOME="$(abspath $(HOME_DIR))/dagster" ESTORE_HOME="$(abspath $(HOME_DIR))" \
	    ESTORE_LANDING="$(if $(IN_BUCKET),$(LANDING),$(abspath $(LANDING)))" \
	    .venv/bin/python -m estore.orchestration.dev --port $(or $(PORT),3000)

.PHONY: test
test: .venv/.dev .venv-bigquery/.made ## run the tests, all but the slow ones
	@.venv/bin/pytest -n 2 --dist worksteal -m "not slow and not long and not kills"

.PHONY: test-slow
test-slow: .venv/.dev .venv-bigquery/.made ## run the slow tests, listed in tests/slow.txt
	@.venv/bin/pytest -n 2 --dist worksteal -m "slow and not long and not kills"

# Test files that need no built shop, browser or emulator.
FAST := $(patsubst %,tests/test_%.py,rooms docs shop tables escaping landing caveats currency load layers fingerprint)
CHANGED_SQL = git diff --name-only --diff-filter=d $$(git merge-base HEAD main 2> /dev/null || echo HEAD) -- 'transform/models/*.sql' 'transform/tests/*.sql'

.PHONY: check
check: .venv/.dev ## run before every commit, in under a minute: lint of changed files, fast tests
	@.ci/lint-words
	@.venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/mypy
	@files=$$($(CHANGED_SQL)); [ -z "$$files" ] || (cd transform && ../.venv/bin/sqlfluff lint $${files//transform\//})
	@.venv/bin/pytest -n 2 --dist loadfile $(FAST) --deselect tests/test_fingerprint.py::test_a_new_wording_of_an_alert_rebuilds_no_day

# Google's own analyzer of BigQuery SQL, in Go: the first build takes five minutes of processor time.
STRICT := $(TOOLS)/strict-sql

$(STRICT): $(wildcard tests/bigquery/strict/*) | $(UV)
	@cd tests/bigquery/strict && go build -o $(abspath $@) .

.PHONY: test-strict
test-strict: .venv/.dev .venv-bigquery/.made $(STRICT) ## check every BigQuery statement with the strict analyzer; needs Go 1.25
	@.venv/bin/pytest tests/test_bigquery_strict.py tests/test_bigquery_parity.py

.PHONY: test-long
test-long: .venv/.dev ## run the random histories tests; HISTORIES=500
	@ESTORE_TEST_HISTORIES=$(or $(HISTORIES),500) .venv/bin/pytest -n 2 -m long

BENCH_DIR ?= .estore-bench
SIZES ?= 30 100 full

.PHONY: bench
bench: .venv/.dev ## benchmark 10 M events against a bare scan and the plain pipeline
	@.venv/bin/python -m benchmarks run 10 --dir "$(BENCH_DIR)" && .venv/bin/python -m benchmarks report

.PHONY: bench-full
bench-full: .venv/.dev ## benchmark 30 M, 100 M and 411.7 M events; SIZES="30 100", BENCH_DIR=/big/disk
	@.venv/bin/python -m benchmarks run $(SIZES) --dir "$(BENCH_DIR)" && .venv/bin/python -m benchmarks report

.PHONY: bench-dashboard
bench-dashboard: .venv/.dev ## benchmark the dashboard with 2 M customers and 30 users; needs Chromium
	@.venv/bin/python -m benchmarks dashboard --dir "$(BENCH_DIR)"

.PHONY: test-kills
test-kills: .venv/.dev ## kill runs at random moments and check recovery; KILLS=200, SEED=1
	@ESTORE_TEST_KILLS=$(or $(KILLS),200) ESTORE_TEST_SEED=$(or $(SEED),1) .venv/bin/pytest -m kills

.PHONY: docs
docs: .venv/.base .venv-checks/.ready ## build the documentation site in dist/site
	@.venv/bin/python .ci/site/build.py dist/site

.PHONY: wheel
wheel: $(UV) ## build the release packages in dist/packages
	@$(UV) build --quiet --no-progress --clear --out-dir dist/packages

.PHONY: lint
lint: .venv/.dev lint-cloud ## check style, types, SQL, workflows, Terraform and container files
	@.ci/lint-words
	@.venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/mypy
	@cd transform && ../.venv/bin/sqlfluff lint models tests

.PHONY: lint-cloud
lint-cloud: .venv-checks/.ready
	@.ci/lint-cloud

# These tools would restrict the project's package versions, so they have their own environment.
.venv-checks/.ready: .ci/checks.txt .ci/node/package-lock.json | $(UV)
	@$(UV) venv --quiet --clear .venv-checks && $(UV) pip install --quiet --no-progress --python .venv-checks/bin/python --require-hashes -r .ci/checks.txt
	@.ci/lint-cloud --set-up && touch $@

.PHONY: clean
clean: ## remove the demo, the virtual environments and caches
	@rm -rf .estore-demo .estore-bench .venv .venv-bigquery .venv-checks $(TOOLS) .pytest_cache .mypy_cache .ruff_cache .hypothesis
