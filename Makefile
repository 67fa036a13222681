# Everything a person or CI runs. `make help` lists the targets; each does its own set-up.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# A process that may not keep what it compiled of its imports compiles them again, and so does every one after it.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= $(shell bash .ci/python)
VENV := .venv
UV ?= $(BIN)/uv
UPGRADE ?=
BIN := $(VENV)/bin
MODEL ?= gemma3-270m
ARGS ?=
JOBS ?= 2
TUNIX_RT := $(BIN)/tunix-rt
PYTEST := $(BIN)/pytest --numprocesses=$(JOBS) --dist=loadfile --no-loadscope-reorder

LOCK := $(UV) pip compile -q --python-version 3.11 --universal --fork-strategy fewest \
	--generate-hashes --no-annotate --no-header --no-emit-index-url --no-emit-find-links
INSTALL := VIRTUAL_ENV=$(VENV) $(BIN)/uv pip sync -q --require-hashes --build-constraints requirements/sources.txt
PROJECT := VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install -q --no-deps --no-build-isolation --editable .

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# --- set-up: one stamp a set of packages, so that a second call costs nothing ---

$(BIN)/uv: requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "tunix-rt needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1). Set PYTHON=/path/to/python3.11" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || .ci/debian-install python3-venv
	@test -x $(BIN)/python || { echo "making $(VENV) with $$($(PYTHON) -V), $(PYTHON) …" >&2; $(PYTHON) -m venv $(VENV); }
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

$(VENV)/.train: requirements/train.txt requirements/sources.txt pyproject.toml $(BIN)/uv
	@echo "installing what training needs into $(VENV) …" >&2
	@$(INSTALL) requirements/train.txt
	@$(PROJECT)
	@touch $@

$(VENV)/.dev: requirements/dev.txt requirements/sources.txt pyproject.toml $(BIN)/uv
	@$(BIN)/python .ci/can-compile || .ci/debian-install gcc libc6-dev python3-dev
	@echo "installing everything, the development tools too, into $(VENV) …" >&2
	@$(INSTALL) requirements/dev.txt
	@$(PROJECT)
	@touch $(VENV)/.train $@

$(VENV)/.postgresql: | $(BIN)/uv
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || .ci/debian-install postgresql
	@touch $@

$(VENV)/.chromium: | $(BIN)/uv
	@command -v chromium chromium-browser google-chrome >/dev/null || .ci/debian-install chromium
	@touch $@

frontend/node_modules/.installed: frontend/package-lock.json frontend/.npmrc
	@command -v npm >/dev/null || .ci/debian-install nodejs npm
	@node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' || \
		{ echo "the web app needs Node 20.19 or newer; this is $$(node --version)" >&2; exit 1; }
	@echo "installing what builds the web app into frontend/node_modules …" >&2
	@npm ci --silent --prefix frontend
	@touch $@

WEB_SOURCES := $(shell find frontend -path frontend/node_modules -prune -o -path frontend/dist -prune -o -type f -print)

frontend/dist/index.html: frontend/node_modules/.installed $(WEB_SOURCES)
	@npm run --silent --prefix frontend build

frontend/node_modules/.checked: frontend/node_modules/.installed $(WEB_SOURCES)
	@npm run --silent --prefix frontend check
	@touch $@

.PHONY: setup
setup: $(VENV)/.train ## install the command line and the trainer; then run .venv/bin/tunix-rt

.PHONY: setup-dev
setup-dev: $(VENV)/.dev ## install the development tools as well

# --- the main job ---

.PHONY: demo
demo: $(VENV)/.train ## traces → fine-tuned Gemma → report, in 15 minutes; MODEL=nano for a quick look, ARGS=--json
	@$(TUNIX_RT) session run configs/demo$(if $(filter-out gemma3-270m,$(MODEL)),-$(MODEL)).yaml $(ARGS)

.PHONY: serve
serve: $(VENV)/.train web ## the service with the web app, and one worker on this machine; ARGS="--port 8080"
	@$(TUNIX_RT) serve $(ARGS)

.PHONY: web
web: frontend/dist/index.html ## build the web app, which `tunix-rt serve` then serves

# --- checks ---

.PHONY: check
check: check-python check-types check-web ## format, lint, types, import contracts, generated files, forbidden words

.PHONY: check-types
check-types: $(VENV)/.dev
	@$(BIN)/mypy

.PHONY: check-python
check-python: $(VENV)/.dev frontend/node_modules/.installed
	@$(BIN)/ruff format --check -q .
	@$(BIN)/ruff check -q .
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python docs/generate.py --check
	@$(BIN)/python notebooks/generate.py --check
	@$(TUNIX_RT) openapi | npm run --silent --prefix frontend api -- --check
	@$(BIN)/python .ci/forbidden

.PHONY: check-web
check-web: frontend/node_modules/.checked

.PHONY: fix
fix: $(VENV)/.dev ## format and mend what the linter can mend
	@$(BIN)/ruff check -q --fix . ; $(BIN)/ruff format -q .

.PHONY: setup-test
setup-test: $(VENV)/.dev $(VENV)/.postgresql $(VENV)/.chromium web

.PHONY: test
test: ## everything that CI runs; JOBS=8 on a larger machine
	@$(MAKE) --no-print-directory --jobs=4 setup-test
	@$(MAKE) --no-print-directory --jobs=2 check-types check-python check-web test-web
	@$(PYTEST) $(ARGS)

.PHONY: test-web
test-web: frontend/node_modules/.installed ## the tests of the web app's parts, without a service or a browser
	@npm run --silent --prefix frontend test

.PHONY: test-light
test-light: setup-test ## the tests that train nothing
	@$(PYTEST) -m "not train" $(ARGS)

.PHONY: fuzz
fuzz: $(VENV)/.dev $(VENV)/.postgresql ## 20,000 generated requests with every check; ARGS="--database postgresql"
	@$(BIN)/python backend/tests/fuzz.py $(ARGS)

# --- benchmarks: each prints a table and, as its last line, one JSON object ---

.PHONY: bench-sft
bench-sft: $(VENV)/.train ## fine-tuning speed and memory beside Tunix's own loop
	@$(BIN)/python benchmarks/bench_sft.py $(ARGS)

.PHONY: bench-sampler
bench-sampler: $(VENV)/.train ## generation speed and memory beside Tunix's own sampler
	@$(BIN)/python benchmarks/bench_sampler.py $(ARGS)

.PHONY: bench-grpo-seeds
bench-grpo-seeds: $(VENV)/.train ## what reinforcement learning adds on nano: five seeds and a control, in 20 minutes
	@$(BIN)/python benchmarks/bench_grpo_seeds.py $(ARGS)

.PHONY: bench-rl
bench-rl: $(VENV)/.train ## rollouts and steps of GRPO beside Tunix's own learner and sampler
	@$(BIN)/python benchmarks/bench_rl.py $(ARGS)

.PHONY: bench-data
bench-data: $(VENV)/.train ## rows a second of the dataset build
	@$(BIN)/python benchmarks/bench_data.py $(ARGS)

.PHONY: bench-service
bench-service: $(VENV)/.dev $(VENV)/.postgresql ## the service at full size: ingest, queries, viewers, beside MLflow; takes an hour
	@$(BIN)/python benchmarks/bench_service.py $(ARGS)

.PHONY: bench-web
bench-web: $(VENV)/.dev $(VENV)/.chromium web ## the web app in a real browser: paints, frames, tasks, memory; takes 20 minutes
	@$(MAKE) -s lighthouse || echo "npm cannot install Lighthouse here: that part is left out" >&2
	@$(BIN)/python benchmarks/bench_web.py $(ARGS)

.PHONY: lighthouse
lighthouse: benchmarks/lighthouse/node_modules/.installed ## install what scores pages for bench-web, into a folder of its own

# 12 is the last that runs on Node 20.
benchmarks/lighthouse/node_modules/.installed: benchmarks/lighthouse/package-lock.json
	@echo "installing Lighthouse into benchmarks/lighthouse …" >&2
	@npm ci --silent --ignore-scripts --prefix benchmarks/lighthouse
	@touch $@

# --- upkeep ---

.PHONY: docs
docs: $(VENV)/.dev ## write docs/reference from the code, and the notebooks from their Python
	@$(BIN)/python docs/generate.py
	@$(BIN)/python notebooks/generate.py

.PHONY: web-api
web-api: $(VENV)/.dev frontend/node_modules/.installed ## write the web app's types from the service's OpenAPI document
	@$(TUNIX_RT) openapi | npm run --silent --prefix frontend api

.PHONY: screenshots
screenshots: $(VENV)/.dev $(VENV)/.chromium web ## pictures of every screen, light and dark, into docs/images
	@PYTHONPATH=backend/tests:engine/tests:e2e $(BIN)/python e2e/screenshots.py $(ARGS)

.PHONY: lock
lock: $(BIN)/uv ## resolve the locks again, with the versions they have; UPGRADE=--upgrade takes newer ones
	@$(LOCK) $(UPGRADE) pyproject.toml --all-extras --group dev -o requirements/dev.txt
	@$(LOCK) -c requirements/dev.txt pyproject.toml --extra train --extra service --group build -o requirements/train.txt
	@$(LOCK) -c requirements/dev.txt pyproject.toml --group build -o requirements/light.txt
	@$(LOCK) -c requirements/dev.txt pyproject.toml --extra train --group tpu --group sources -o requirements/kaggle.txt
	@$(LOCK) $(UPGRADE) --group sources -o requirements/sources.txt
	@$(LOCK) $(UPGRADE) --group uv -o requirements/uv.txt

.PHONY: clean
clean: ## remove the virtual environment and caches; data and runs stay
	rm -rf $(VENV) frontend/node_modules benchmarks/lighthouse/node_modules frontend/dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
