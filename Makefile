# The commands of this project; `make` alone lists them. They can be run again and again.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

# Where the local sandbox listens: make up SANDBOX_PORT=8792
SANDBOX_PORT ?= 8791

# More arguments for pytest: make test PYTEST_ARGS="-k gate"
PYTEST_ARGS ?=

# Tests run side by side, those of one file one after the other, in the order of tests/conftest.py. The
# engine's wait more than they compute, so there are more of them than cores.
WORKERS ?= -n 4 --dist loadfile --no-loadscope-reorder

# Where the luck of the long tests begins: make chaos SEED=7
SEED ?= 1

# Simulated histories of a seed: make simulate SEED=7 HISTORIES=20000; ONLY=1234 replays one
HISTORIES ?= 5000
ONLY ?=

# What is measured: make bench BENCH_ARGS="--models 1 100 --runs 5"
BENCH_ARGS ?=

# More arguments for uv: make lock LOCK_ARGS=--upgrade
LOCK_ARGS ?=

PY := PYTHONPATH=. .venv/bin/python -P
DAEMON := $(PY) -m sandbox.daemon --port $(SANDBOX_PORT)
# The local stack is on its own, whatever this shell has for a real account: it talks to the sandbox,
# and its state, login and passphrase are this folder's.
ELSEWHERE := LIOKEY LYTICS_API LYTICS_API_URL PULUMI_ACCESS_TOKEN PULUMI_BACKEND_URL PULUMI_CONFIG_PASSPHRASE \
	PULUMI_CONFIG_PASSPHRASE_FILE PULUMI_CREDENTIALS_PATH PULUMI_HOME PULUMI_STACK
ALONE := LYTICS_API_URL=http://127.0.0.1:$(SANDBOX_PORT)/api PULUMI_BACKEND_URL='file://$(CURDIR)/.pulumi/state' \
	PULUMI_HOME='$(CURDIR)/.pulumi/home' PULUMI_CONFIG_PASSPHRASE=local
LOCAL := env $(addprefix -u ,$(ELSEWHERE)) $(ALONE) bin/pulumi

.PHONY: help up down clean test quick chaos simulate bench docs docs-screens lint format types check engine sandbox lock venv

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: engine sandbox ## install everything, start the sandbox, bring the local stack up
	@mkdir -p .pulumi/state .pulumi/home
	@$(LOCAL) stack select local --create >/dev/null
	@$(LOCAL) up --stack local --yes
	@echo
	@echo 'The local stack is up. What to try next:'
	@echo '  bin/pulumi stack output --stack local    what there is now'
	@echo '  edit a label in stacks/local.yaml, then: bin/pulumi up --stack local'
	@echo '  edit a source there, and look first:     bin/pulumi preview --stack local --diff'
	@echo '  make test, make down                     run the tests, stop the sandbox'
	@set=; for name in $(ELSEWHERE); do if [[ -n $${!name+set} ]]; then set+=" $$name"; fi; done; \
	if [[ $(SANDBOX_PORT) != 8791 ]]; then to=' LYTICS_API_URL=http://127.0.0.1:$(SANDBOX_PORT)/api'; fi; \
	if [[ -e $${HOME:-/}/.pulumi/credentials.json ]]; then to="$${to-} PULUMI_BACKEND_URL=file://$(CURDIR)/.pulumi/state"; fi; \
	if [[ -n $$set$${to-} ]]; then \
		echo; echo 'This shell has other settings than the local stack, so first:'; \
		if [[ -n $$set ]]; then echo "  unset$$set"; fi; \
		if [[ -n $${to-} ]]; then echo "  export$$to PULUMI_CONFIG_PASSPHRASE=local"; fi; \
	fi

down: ## stop the sandbox; its models are kept
	@if [[ -x .venv/bin/python ]]; then $(DAEMON) stop; fi

clean: down ## remove what was made in this folder
	@for stack in $$(find .pulumi/state/.pulumi/stacks -name '*.json' ! -name local.json -o -name '*.json.gz' ! -name local.json.gz 2>/dev/null); do \
		echo "Not cleaned: $$stack is the only record of a stack that isn't local."; \
		echo "Destroy or move that stack first (bin/pulumi stack export)."; \
		exit 1; \
	done
	@rm -rf .venv .pulumi .sandbox .site .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@rm -f .coverage .coverage.* history/local.jsonl history/local.notified.jsonl
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@root='$(CURDIR)'; . toolchain/bootstrap.sh; cache=$$(cache_folder); \
	if [[ -e $$cache ]]; then \
		echo "The engine and fetched packages are kept for other clones; remove them with:"; \
		echo "  rm -rf '$$cache'"; \
	fi

test: engine ## run every test, those of the real engine included
	@.venv/bin/pytest $(WORKERS) $(PYTEST_ARGS)

quick: venv ## run the quick tests, which need no engine, in a minute and a half
	@.venv/bin/pytest $(WORKERS) -m "not engine and not slow" $(PYTEST_ARGS)

chaos: engine ## break every request, kill every run, and print what came of it
	@CHAOS_SEED=$(SEED) .venv/bin/pytest tests/chaos tests/simulation -m "chaos or not chaos" $(PYTEST_ARGS)
	@$(PY) -m tests.simulation --seed $(SEED) --histories 100000 --every-pair

simulate: venv ## live through histories of a seed in simulated time, or replay one: ONLY=1234
	@$(PY) -m tests.simulation --seed $(SEED) $(if $(ONLY),--only $(ONLY),--histories $(HISTORIES))

bench: engine ## measure it beside the engine's floor and a peer; takes most of an hour
	@$(PY) -m bench $(BENCH_ARGS)

docs: venv ## write the reference pages from the code, and build the site into .site
	@$(PY) -m docs.reference_pages
	@NO_MKDOCS_2_WARNING=1 .venv/bin/mkdocs build
	@echo 'The site is in .site/index.html'

docs-screens: engine ## make the screens and pictures of the documents anew, from real runs
	@$(PY) -m docs.screens

lint: venv ## look for mistakes in the code
	@.venv/bin/ruff check .
	@.venv/bin/shellcheck -x -P SCRIPTDIR bin/pulumi bin/lytics-ml toolchain/*.sh toolchain/host-python .ci/run .ci/test-tools

format: venv ## put the code into its form
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix-only --quiet .

types: venv ## check the types
	@.venv/bin/mypy $(wildcard __main__.py providers cli sandbox toolchain bench docs tests)

check: lint types ## lint, and check form, types, pins and which room imports which
	@.venv/bin/ruff format --check --quiet . || { echo 'Not in form; run: make format'; exit 1; }
	@said=$$(.venv/bin/lint-imports --no-logo) || { printf '%s\n' "$$said"; exit 1; }
	@$(PY) -m toolchain.pins check

engine: venv ## get the pinned Pulumi
	@bash toolchain/install.sh engine

sandbox: venv ## start the sandbox
	@$(DAEMON) start

lock: venv ## pin anew what pyproject.toml asks for
	@$(PY) -m toolchain.pins lock $(LOCK_ARGS)

venv:
	@bash toolchain/install.sh
