# Needs GNU make and a POSIX shell. `make` alone lists the targets.
#
#   PYTHON=python3.12   the Python that makes the environment (needs 3.11 or newer)
#   ARGS="..."          more arguments for the program that a target starts
#   RECIPE=ufldl        reproduce only this recipe (ufldl or sda; default: both)

PYTHON ?= python3
ARGS :=
RECIPE := ufldl sda

VENV := .venv
RUN := $(VENV)/bin/python
PIP := $(RUN) -m pip --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help lab setup test reproduce bench lint constraints FORCE

help:
	@echo 'Usage: make TARGET'
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' Makefile

lab: setup ## open JupyterLab on the notebooks (makes the environment on first use)
	@$(ROOT_NOTICE)
	@$(RUN) -m jupyterlab --ServerApp.root_dir=notebooks \
		--LabApp.default_url=/lab/tree/01_autoencoder.ipynb $(ALLOW_ROOT) $(ARGS)

setup: $(VENV)/.installed ## make the environment and fetch the data; open nothing
	@$(RUN) -m tutorial_lib data

test: setup $(VENV)/.installed-dev ## run the whole test suite
ifeq ($(ARGS),)
	@OMP_NUM_THREADS=1 $(RUN) -m pytest -m 'not alone' --dist loadfile \
		--numprocesses logical --maxprocesses 4
	@$(RUN) -m pytest -m alone
else
	@$(RUN) -m pytest $(ARGS)
endif

reproduce: setup ## train both published recipes; print published and obtained results
	@for recipe in $(RECIPE); do \
		$(RUN) -m tutorial_lib reproduce $$recipe --resume $(ARGS) || exit; \
	done

bench: setup ## measure the speed beside the common loop and the bare matrix products
	@$(RUN) -m tutorial_lib bench $(ARGS)

lint: $(VENV)/.installed-dev ## check style (ruff), format (ruff) and types (mypy)
	@$(RUN) -m ruff check
	@$(RUN) -m ruff format --check
	@$(RUN) -m mypy

# JupyterLab refuses to run as root, which is who the user of a container often is.
ifeq ($(shell id -u),0)
ALLOW_ROOT := --allow-root
ROOT_NOTICE := echo 'You are root, so JupyterLab is started with --allow-root.'
endif

# --- The environment -------------------------------------------------------------------------
# Each step leaves a stamp; a step runs again when a file that it depends on is newer.

# An environment holds absolute paths: it is made anew when this folder was moved, or when the
# Python that it was made with is gone.
ifneq ($(shell $(RUN) -c '' 2>/dev/null && cat $(VENV)/.made 2>/dev/null),$(CURDIR))
$(VENV)/.made: FORCE
endif

$(VENV)/.made:
	@command -v $(PYTHON) >/dev/null && $(PYTHON) -c '' 2>/dev/null || { echo \
		"There is no working '$(PYTHON)' here: install Python 3.11 or newer (Debian, Ubuntu:" \
		"apt install python3 python3-venv), or name yours with PYTHON=/path/to/python3." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo \
		"'$(PYTHON)' is Python $$($(PYTHON) -c 'import platform; print(platform.python_version())')," \
		"which is too old: install 3.11 or newer, then name it with, say, PYTHON=python3.12." >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo \
		"'$(PYTHON)' lacks the venv module: install it (Debian, Ubuntu: apt install python3-venv)," \
		"then type the same again." >&2; exit 1; }
	@echo "Making $(VENV) with $$($(PYTHON) --version) ..."
	@$(PYTHON) -m venv --clear $(VENV)
	@pwd -P > $@

$(VENV)/.installed: $(VENV)/.made pyproject.toml constraints.txt
	$(call install,.[class])

$(VENV)/.installed-dev: $(VENV)/.installed
	$(call install,.[dev],--quiet)

# pip's errors are kept apart, so that a missing network is told in one sentence.
define install
	@echo 'Installing $(1) with the versions in constraints.txt ...'
	@$(PIP) install $(2) --constraint constraints.txt --editable '$(1)' 2>$(VENV)/pip-errors.txt || { \
		if grep -qiE '$(NO_NETWORK)' $(VENV)/pip-errors.txt; then echo \
			"pip could not reach its package index: connect this machine to the network, or set" \
			"PIP_INDEX_URL to an index that it can reach, then type the same again" \
			"(pip's own words are in $(VENV)/pip-errors.txt)." >&2; \
		else cat $(VENV)/pip-errors.txt >&2; echo \
			"pip could not install the packages: its reasons are above." >&2; fi; exit 1; }
	@touch $@
endef
NO_NETWORK := connection broken|connection error|name resolution|timed out|unreachable|proxyerror

# --- Maintenance -----------------------------------------------------------------------------

# PyTorch keeps its release unless another is named, for the results were measured with it. What
# only the CUDA build brings is left out: these versions are for every build and platform.
TORCH = $(shell sed -n 's/^torch==//p' constraints.txt)
NOT_PINNED := ^(pip|wheel|cuda-|nvidia-|triton)

constraints: ## write constraints.txt anew from pyproject.toml (PYTHON: 3.11; TORCH=x.y.z)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { echo \
		"'$(PYTHON)' is not Python 3.11: only what the oldest supported Python can install" \
		"suits all of them, so name one with PYTHON=python3.11." >&2; exit 1; }
	@set -e; folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	$(PYTHON) -m venv "$$folder"; pip="$$folder/bin/python -m pip --disable-pip-version-check"; \
	$$pip install --editable '.[dev]' 'torch==$(TORCH)'; \
	{ sed '/^[^#]/,$$d' constraints.txt; \
	  $$pip freeze --all --exclude-editable | grep -vE '$(NOT_PINNED)' | sed 's/+cpu$$//'; \
	} > "$$folder/constraints.txt"; \
	cp "$$folder/constraints.txt" constraints.txt
