# The verbs. `make` alone prints them.
.DEFAULT_GOAL := help
PYTHON := .venv/bin/python
PORT ?= 8800

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## a whole cabinet on this machine, in the browser (LAN=1: a phone in the room can pay; PORT=8800)
	@tools/prepare.sh demo
	@exec $(PYTHON) -m simulator demo --port $(PORT) $(if $(LAN),--lan)

demo-once: ## one sale through the whole chain, with its time line; no browser, no display
	@tools/prepare.sh demo
	@exec $(PYTHON) -m simulator demo-once

test: ## all tests
	@tools/prepare.sh test
	$(PYTHON) -m pytest -n 2 --dist loadfile $(ARGS)

lint: ## style, types, the core's rules, and the shell scripts
	@tools/prepare.sh test
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy
	shellcheck install.sh tools/*.sh .ci/run

check: lint test ## what CI runs

test-install: ## install.sh in a Debian 12 container with a real systemd (root; takes minutes)
	tools/test-install.sh

format: ## put the code into the project's style
	@tools/prepare.sh test
	$(PYTHON) -m ruff check --fix --quiet . || true
	$(PYTHON) -m ruff format .

clean: ## remove what the verbs made here
	rm -rf .venv .demo build .pytest_cache .mypy_cache .ruff_cache .hypothesis

.PHONY: help demo demo-once test lint check test-install format clean
