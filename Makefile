# Everything runs from the root of the checkout, and writes into .venv, .venvs and .cache only.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help
help:  ## What there is to make
	@awk -F ':.*## ' '/^[a-z0-9.-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' Makefile

.PHONY: setup
setup:  ## .venv, with the newest supported ansible-core and every tool
	@$(PYTHON) tests/tools/venv.py .venv requirements-dev.txt

.PHONY: venvs
venvs: setup  ## .venvs/2.17 and .venvs/2.18, the older supported cores
	@$(PYTHON) tests/tools/venv.py .venvs/2.17 requirements-2.17.txt
	@$(PYTHON) tests/tools/venv.py .venvs/2.18 requirements-2.18.txt

.PHONY: demo
demo: setup  ## The main job on a simulated organisation
	@$(BIN)/python -m ansible_collections.email_router.exchange_online.tests.demo
