# What people and machines do here; `make help` lists it.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

BUF_VERSION := 1.75.0
BUF := .tools/node_modules/.bin/buf

PROTOS := $(wildcard proto/mjproxy/v1/*.proto)
STUBS := clients/python

# The interpreter that makes the environment; without it, the first of 3.11 or later that is found.
PYTHON ?=

.DEFAULT_GOAL := help
.PHONY: help install run test soak bench proto clean
.PHONY: format-check lint walls types proto-check buf buf-check pytest

help: ## Say what can be made.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# --- Running ---------------------------------------------------------------------------------------------------------

install: $(VENV)/.installed ## Make the environment in .venv, with pinned versions.

run: install ## Run everything; ARGS="--speed 10" and the like are passed on to `mjproxy up`.
	@exec $(BIN)/mjproxy up $(ARGS)

$(BIN)/pip:
	@for python in $(or $(PYTHON),python3 python3.13 python3.12 python3.11); do \
		"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
		"$$python" -c 'import ensurepip, venv' 2>/dev/null || { incomplete="$$python"; continue; }; \
		exec "$$python" -m venv $(VENV); \
	done; \
	if [ -n "$$incomplete" ]; then \
		echo "$$incomplete cannot make environments: install its venv package (apt install python3-venv)" >&2; \
	else \
		echo "Python 3.11 or later was not found: install it, or name it with make PYTHON=/path/to/python3" >&2; \
	fi; \
	exit 1

# The first line brings a pip that knows build constraints and dependency groups.
$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/pip
	@echo "Installing mjproxy into $(VENV) ..." >&2
	@$(PIP) install --constraint constraints.txt pip
	@$(PIP) install --constraint constraints.txt --build-constraint constraints.txt --editable '.[all]'
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@echo "Installing the tools of the checks ..." >&2
	@$(PIP) install --constraint constraints.txt --group dev
	@touch $@

# --- Checking --------------------------------------------------------------------------------------------------------

test: format-check lint walls proto-check buf types pytest ## Run all checks, the quick ones first.

format-check: $(VENV)/.installed-dev
	$(BIN)/ruff format --quiet --check .

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check --quiet .

walls: $(VENV)/.installed-dev
	$(BIN)/lint-imports --no-logo

types: $(VENV)/.installed-dev
	$(BIN)/mypy

# The tests wait most of their time, for processes and sockets: more of them than there are cores run at once.
pytest: $(VENV)/.installed-dev
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest --quiet --numprocesses 4 --dist loadfile
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

soak: $(VENV)/.installed-dev ## Run the long tests in full.
	MJPROXY_SOAK=1 $(BIN)/pytest -m soak --capture no

bench: $(VENV)/.installed-dev ## Run the benchmarks.
	@for script in $(wildcard bench/*.py); do echo "$$script"; $(BIN)/python "$$script" || exit 1; done

# --- The contract ----------------------------------------------------------------------------------------------------

# $(call generate,FOLDER) writes the Python stubs into the folder.
generate = PATH="$(BIN):$$PATH" $(BIN)/python -m grpc_tools.protoc --proto_path proto \
	--python_out $(1) --grpc_python_out $(1) --mypy_out quiet:$(1) --mypy_grpc_out quiet:$(1) $(PROTOS)

proto: $(VENV)/.installed-dev ## Generate the stubs from proto/.
	rm -f $(STUBS)/mjproxy/v1/*_pb2*
	$(call generate,$(STUBS))

proto-check: $(VENV)/.installed-dev
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && $(call generate,"$$folder") && \
	diff --recursive --brief --exclude __init__.py --exclude __pycache__ "$$folder/mjproxy/v1" $(STUBS)/mjproxy/v1 || \
	{ echo "the stubs are not those of the protos: run make proto" >&2; exit 1; }

buf:
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory buf-check; \
	elif [ -n "$$MJPROXY_REQUIRE_ALL" ]; then echo "buf cannot be installed: there is no npm" >&2; exit 1; \
	else echo "buf is skipped: there is no npm to install it with" >&2; fi

buf-check: .tools/buf-$(BUF_VERSION)
	$(BUF) lint
	$(BUF) format --diff --exit-code

.tools/buf-$(BUF_VERSION):
	@npm install --silent --no-audit --no-fund --prefix .tools @bufbuild/buf@$(BUF_VERSION)
	@touch $@

# ---------------------------------------------------------------------------------------------------------------------

clean: ## Remove what was made here, except the data.
	rm -rf $(VENV) .tools dist .coverage .coverage.* htmlcov .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
