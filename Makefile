# What people and machines do here; `make help` lists it.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

BUF_VERSION := 1.75.0
BUF := .tools/node_modules/.bin/buf

# The generators of the stubs for Go and TypeScript; that of Java comes with its build, those of Python with the environment.
PROTOC_GEN_GO_VERSION := 1.36.12
PROTOC_GEN_GO_GRPC_VERSION := 1.6.2
PROTOC_GEN_ES_VERSION := 2.17.0

# What is compiled here is run once: without inlining that is ready in two thirds of the time.
GO_FLAGS := -gcflags=all=-l

PROTOS := $(wildcard proto/mjproxy/v1/*.proto)
STUBS := clients/python
GO_STUBS := clients/go
TYPESCRIPT_STUBS := clients/typescript/src/gen

# The interpreter that makes the environment; without it, the first of 3.11 or later that is found.
PYTHON ?=

.DEFAULT_GOAL := help
.PHONY: help install run test coverage conformance soak bench unasync proto clean
.PHONY: format-check lint walls types proto-check buf buf-check pytest
.PHONY: proto-go proto-typescript proto-check-python proto-check-go proto-check-typescript

help: ## Say what can be made.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

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

# The tests wait most of their time, for processes and sockets: more of them than there are cores run at once. By default
# files with few tests would be left for the end, and those are the slow ones.
ALL_TESTS := -m pytest --quiet --numprocesses 6 --dist loadfile --no-loadscope-reorder

pytest: $(VENV)/.installed-dev
	$(BIN)/python $(ALL_TESTS)

# To watch every line takes a third longer.
coverage: $(VENV)/.installed-dev ## Run the tests, and tell which lines they do not reach.
	$(BIN)/coverage erase
	$(BIN)/coverage run $(ALL_TESTS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

conformance: $(VENV)/.installed-dev ## Run the clients' own tests in each language, then all of them on the same cases, and print the table.
	$(BIN)/pytest --quiet tests/conformance

soak: $(VENV)/.installed-dev ## Run the long tests in full.
	MJPROXY_SOAK=1 $(BIN)/pytest -m soak --capture no

bench: $(VENV)/.installed-dev ## Measure against the limits, in some ten minutes; ARGS="2 3" measures some rows only.
	$(BIN)/python -m bench --out .bench $(ARGS)

# --- The contract ----------------------------------------------------------------------------------------------------

# $(call generate,FOLDER) writes the Python stubs into the folder, the two below those of Go and TypeScript.
PROTOC = $(BIN)/python -m grpc_tools.protoc --proto_path proto
generate = PATH="$(BIN):$$PATH" $(PROTOC) \
	--python_out $(1) --grpc_python_out $(1) --mypy_out quiet:$(1) --mypy_grpc_out quiet:$(1) $(PROTOS)

GO_MODULE := module=github.com/mjproxy/mjproxy/clients/go
generate-go = PATH="$(CURDIR)/.tools/bin:$$PATH" $(PROTOC) \
	--go_out $(1) --go_opt $(GO_MODULE) --go-grpc_out $(1) --go-grpc_opt $(GO_MODULE) $(PROTOS)

# The details of errors are Google's, and no npm package has them for protobuf-es.
PACKAGES = $(shell $(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
generate-typescript = PATH="$(CURDIR)/.tools/node_modules/.bin:$$PATH" $(PROTOC) --proto_path $(PACKAGES) \
	--es_out $(1) --es_opt target=ts,import_extension=js $(PROTOS) $(PACKAGES)/google/rpc/error_details.proto

# $(call with,PROGRAM,TARGET) makes the target where the program is there.
with = if command -v $(1) >/dev/null; then $(MAKE) --no-print-directory $(2); \
	elif [ -n "$$MJPROXY_REQUIRE_ALL" ]; then echo "$(2) cannot be made: there is no $(1)" >&2; exit 1; \
	else echo "$(2) is skipped: there is no $(1)" >&2; fi

# $(call compare,FOLDER,STUBS) fails unless the folders are the same.
compare = diff --recursive --brief --exclude __init__.py --exclude __pycache__ $(1) $(2) || \
	{ echo "the stubs are not those of the protos: run make proto" >&2; exit 1; }

unasync: $(VENV)/.installed-dev ## Write the Python client without asyncio from the one with it.
	$(BIN)/python clients/python/unasync.py

proto: $(VENV)/.installed-dev ## Generate the stubs from proto/.
	rm -f $(STUBS)/mjproxy/v1/*_pb2*
	$(call generate,$(STUBS))
	@$(call with,go,proto-go)
	@$(call with,npm,proto-typescript)

proto-go: $(VENV)/.installed-dev .tools/protoc-gen-go-$(PROTOC_GEN_GO_VERSION)-$(PROTOC_GEN_GO_GRPC_VERSION)
	rm -f $(GO_STUBS)/mjproxy/v1/*.pb.go
	$(call generate-go,$(GO_STUBS))

proto-typescript: $(VENV)/.installed-dev .tools/protoc-gen-es-$(PROTOC_GEN_ES_VERSION)
	rm -rf $(TYPESCRIPT_STUBS)
	mkdir $(TYPESCRIPT_STUBS)
	$(call generate-typescript,$(TYPESCRIPT_STUBS))

proto-check: proto-check-python
	@$(call with,go,proto-check-go)
	@$(call with,npm,proto-check-typescript)

proto-check-python: $(VENV)/.installed-dev
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && $(call generate,"$$folder") && \
	$(call compare,"$$folder/mjproxy/v1",$(STUBS)/mjproxy/v1)

proto-check-go: $(VENV)/.installed-dev .tools/protoc-gen-go-$(PROTOC_GEN_GO_VERSION)-$(PROTOC_GEN_GO_GRPC_VERSION)
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && $(call generate-go,"$$folder") && \
	$(call compare,"$$folder/mjproxy/v1",$(GO_STUBS)/mjproxy/v1)

proto-check-typescript: $(VENV)/.installed-dev .tools/protoc-gen-es-$(PROTOC_GEN_ES_VERSION)
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && $(call generate-typescript,"$$folder") && \
	$(call compare,"$$folder",$(TYPESCRIPT_STUBS))

.tools/protoc-gen-go-$(PROTOC_GEN_GO_VERSION)-$(PROTOC_GEN_GO_GRPC_VERSION):
	@mkdir -p .tools
	@GOBIN="$(CURDIR)/.tools/bin" go install $(GO_FLAGS) google.golang.org/protobuf/cmd/protoc-gen-go@v$(PROTOC_GEN_GO_VERSION)
	@GOBIN="$(CURDIR)/.tools/bin" go install $(GO_FLAGS) google.golang.org/grpc/cmd/protoc-gen-go-grpc@v$(PROTOC_GEN_GO_GRPC_VERSION)
	@touch $@

.tools/protoc-gen-es-$(PROTOC_GEN_ES_VERSION):
	@npm install --silent --no-audit --no-fund --prefix .tools @bufbuild/protoc-gen-es@$(PROTOC_GEN_ES_VERSION)
	@touch $@

buf:
	@$(call with,npm,buf-check)

buf-check: .tools/buf-$(BUF_VERSION)
	$(BUF) lint
	$(BUF) format --diff --exit-code

.tools/buf-$(BUF_VERSION):
	@npm install --silent --no-audit --no-fund --prefix .tools @bufbuild/buf@$(BUF_VERSION)
	@touch $@

# ---------------------------------------------------------------------------------------------------------------------

clean: ## Remove what was made here, except the data.
	rm -rf $(VENV) .tools .bench dist .coverage .coverage.* htmlcov .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache \
		clients/typescript/node_modules clients/typescript/dist clients/java/target
