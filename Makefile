# Everything runs from the root of the checkout, and writes into .venv, .venvs and .cache only.
PYTHON ?= python3
# A home of their own for the tools, so that none of them writes into the user's.
IN := mkdir -p .cache/home && HOME="$(CURDIR)/.cache/home" PATH="$(CURDIR)/.venv/bin:$$PATH"
COLLECTION := .venv/collections/ansible_collections/email_router/exchange_online
PYTEST := $(IN) HYPOTHESIS_STORAGE_DIRECTORY=.cache/hypothesis pytest --numprocesses 2
GATES := lint types docs package unit-and-sanity integration kerberos browser newest

.PHONY: help setup venvs demo soak test unit sanity soak-kills bench bench-full bench-overhead $(GATES) clean

help:  ## What there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' Makefile

setup:  ## .venv, with the newest supported ansible-core and every tool
	@$(PYTHON) tests/tools/venv.py .venv requirements-dev.txt

venvs: setup  ## .venvs/2.17 and .venvs/2.18, with the older supported ansible-cores
	@$(PYTHON) tests/tools/venv.py .venvs/2.17 requirements-2.17.txt
	@$(PYTHON) tests/tools/venv.py .venvs/2.18 requirements-2.18.txt

demo:  ## The main job on a simulated organisation; sets up what that takes, and no test tools
	@$(PYTHON) tests/tools/venv.py .venv requirements-2.19.txt
	@.venv/bin/python -m ansible_collections.email_router.exchange_online.tests.demo

# SOAK_RUNS runs from the seed SOAK_SEED on, none begun after SOAK_SECONDS (tests/soak/README.md)
SOAK_RUNS ?= 500
SOAK_SEED ?= 1
SOAK_SECONDS ?= 1500
soak: setup  ## Many runs with faults by chance and clients that are killed, held against the books
	@$(IN) python -m ansible_collections.email_router.exchange_online.tests.soak \
		--runs $(SOAK_RUNS) --seed $(SOAK_SEED) --seconds $(SOAK_SECONDS)

test: venvs  ## Every gate below
	@$(PYTHON) tests/tools/gates.py $(GATES)

lint: setup  ## Gate: ruff, yamllint, ansible-lint
	@$(IN) ruff check --quiet
	@$(IN) ruff format --check --quiet
	@$(IN) yamllint --strict .
	@$(IN) ansible-lint --offline --profile production -q

types: setup  ## Gate: mypy, strict
	@$(IN) mypy $(COLLECTION)/plugins $(COLLECTION)/tests

unit: setup  ## Gate: every test in Python or PowerShell that runs no playbook
	@$(PYTEST) --ignore tests/integration --ignore tests/kerberos --ignore tests/browser

integration: venvs  ## Gate: playbooks on every supported ansible-core, against the simulator
	@$(PYTEST) tests/integration

kerberos: venvs  ## Gate: Kerberos with a KDC of its own; skipped, with the reason, where Debian's cannot be had
	@.venv/bin/python tests/tools/kerberos.py
	@$(PYTEST) tests/kerberos

browser: setup  ## Gate: the HTML report in a headless Chromium; skipped, with the reason, where Debian's cannot be had
	@.venv/bin/python tests/tools/chromium.py
	@$(PYTEST) tests/browser

newest: export CORES := 2.21 2.22
newest: setup  ## Gate: playbooks on the newest ansible-cores, on Python 3.13; skipped, with the reason, where it cannot be had
	@$(IN) python tests/tools/newest.py
	@$(PYTEST) -k "2.21 or 2.22" $(addprefix tests/integration/test_,\
		quartet.py role.py playbooks.py crm_mailboxes.py secrets.py selection.py bad_tasks.py)

unit-and-sanity: venvs  ## Gate: both at once, for one waits where the other works
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target unit sanity

docs: setup  ## Gate: antsibull-docs, antsibull-changelog
	@$(IN) antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs=all .
	@$(IN) antsibull-changelog lint

package: setup  ## Gate: the archive for users builds, and holds what it should
	@$(IN) python tests/tools/package.py

sanity: venvs  ## Gate: ansible-test sanity of every supported ansible-core
	@$(MAKE) --no-print-directory --jobs 2 sanity-2.19 sanity-2.18 sanity-2.17

sanity-2.19: ENVIRONMENT := .venv
sanity-2.18 sanity-2.17: ENVIRONMENT = .venvs/$*
sanity-%:
	@.venv/bin/python tests/tools/sanity.py $* $(ENVIRONMENT)

soak-kills: setup  ## kill -9 in the middle of 200 grants, 50 times, each followed by restore (ARGS="--kills 1 --seed 7")
	@$(IN) python -m ansible_collections.email_router.exchange_online.tests.soak.kills $(ARGS)

bench: setup  ## This collection and other ways side by side, at 1:20: docs/bench.md and docs/bench.svg, in five minutes
	@$(IN) python -m ansible_collections.email_router.exchange_online.tests.bench

bench-full: setup  ## The same up to 10,000 mailboxes, in more than an hour
	@$(IN) python -m ansible_collections.email_router.exchange_online.tests.bench --full

bench-overhead: venvs  ## What the collection itself takes of the controller: the other half of docs/bench.md
	@$(IN) python -m ansible_collections.email_router.exchange_online.tests.bench.overhead

clean:  ## Removes all that make has made
	rm -rf .venv .venvs .cache
