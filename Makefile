# `make demo` and `make test` need nothing but make and Python 3.11 or 3.12; each sets up what it uses.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
GATEWAY_READY := tests/gateway/node_modules/.package-lock.json
ARGS ?=
# a set PYTHON is taken as it is, else the first of these that runs and fits
PYTHON ?=
PYTHONS := python3.12 python3.11 python3 python

# one lock for every platform and both Pythons; the header must not depend on who wrote it
COMPILE := $(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --quiet --custom-compile-command 'make lock'

.PHONY: help setup demo test check bench lock check-lock check-wheel gateway gateway-if-node clean

help:
	@echo 'make setup    make .venv and install what the lock names'
	@echo 'make demo     run the demo; ARGS=--script-only prints the conversation and ends'
	@echo 'make test     run every test, on SQLite and beside it on a real PostgreSQL'
	@echo 'make check    formatting, lint, types, import layers, the lock, and the wheel in a clean environment'
	@echo 'make bench    run the benchmarks; ARGS goes to them'
	@echo 'make gateway  install the Node packages of the gateway that the tests talk to'
	@echo 'make lock     write requirements.lock after a change of pyproject.toml; UPGRADE=1 takes newer versions'
	@echo 'make clean    remove everything that the above made'

setup: $(READY)

$(BIN)/python:
	@for candidate in $(or $(PYTHON),$(PYTHONS)); do \
		if "$$candidate" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' 2>/dev/null; then \
			echo "making $(VENV) with $$("$$candidate" --version)"; \
			exec "$$candidate" -m venv $(VENV); \
		fi; \
	done; \
	echo 'Python 3.11 or 3.12 with its venv module is needed, and none was found.' >&2; \
	echo 'Install one (on Debian or Ubuntu: apt install python3 python3-venv) or name it: make setup PYTHON=/path/to/python3.11' >&2; \
	exit 1

$(READY): requirements.lock pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@echo 'compiling what runs compiled, once'
	@$(BIN)/qianqun warmup || true
	@touch $@

demo: $(READY)
	$(BIN)/qianqun demo $(ARGS)

# The gateway and the browser do not see which database is behind the bot: once is enough for them. Both runs go on at the
# same time, each on a processor of its own; what PostgreSQL's printed is shown when it is done.
test: $(READY) gateway-if-node
	@mkdir -p build
	@echo 'running every test on SQLite, and on PostgreSQL beside it'
	@QIANQUN_TEST_DATABASE=postgresql $(BIN)/pytest -p no:cacheprovider -m 'not gateway and not browser' $(ARGS) \
		>build/postgresql.txt 2>&1 & beside=$$!; \
	trap 'kill $$beside 2>/dev/null || true' EXIT; \
	here=0; $(BIN)/pytest $(ARGS) || here=$$?; \
	there=0; wait $$beside || there=$$?; \
	echo 'the same on PostgreSQL:'; cat build/postgresql.txt; \
	exit $$((here > there ? here : there))

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(MAKE) check-lock
	@$(MAKE) check-wheel

bench: $(READY)
	$(BIN)/python -m benchmarks $(ARGS)

# the lock that exists is what uv prefers, so nothing moves that pyproject.toml does not move
lock: | $(BIN)/python
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(COMPILE) $(if $(UPGRADE),--upgrade) --output-file requirements.lock

check-lock: $(READY)
	@mkdir -p build && cp requirements.lock build/requirements.lock
	@$(COMPILE) --output-file build/requirements.lock
	@diff -u requirements.lock build/requirements.lock || { echo "requirements.lock does not fit pyproject.toml; run 'make lock'" >&2; exit 1; }
	@if grep -nE '://|^-|(^|[[:space:]])/' requirements.lock; then echo 'requirements.lock names an address, an option or a path' >&2; exit 1; fi
	@echo 'requirements.lock is up to date'

check-wheel: $(READY)
	@rm -rf build/wheel && mkdir -p build/wheel
	$(BIN)/hatchling build --target wheel --directory build/wheel
	$(BIN)/python -m venv build/wheel/venv
	$(BIN)/uv pip install --quiet --python build/wheel/venv/bin/python --constraints requirements.lock build/wheel/*.whl
	@cd build/wheel && venv/bin/qianqun --help >help.txt && echo 'the wheel runs outside the checkout'

gateway: $(GATEWAY_READY)

$(GATEWAY_READY): tests/gateway/package-lock.json tests/gateway/package.json
	@if ! command -v npm >/dev/null; then \
		echo 'Node 18 or newer with npm is needed for the gateway (on Debian or Ubuntu: apt install nodejs npm)' >&2; \
		exit 1; \
	fi
	npm ci --prefix tests/gateway --no-audit --no-fund
	@touch $@

gateway-if-node:
	@if command -v npm >/dev/null; then $(MAKE) gateway; \
	else echo 'npm is not installed: the tests against a real gateway will be skipped (apt install nodejs npm)'; fi

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache tests/gateway/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
