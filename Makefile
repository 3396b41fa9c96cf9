# Two commands on a fresh machine with python3, pip and venv: `make demo` and `make test`. Each does all set-up by itself.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.ready

.PHONY: help demo test wine bench bench-quick coverage check serve setup browser docs site audit messages screenshots lock format clean

help:  ## say what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 21

demo: setup browser  ## set everything up, then run the main job against the sandbox
	@$(BIN)/tuntas demo

test: setup browser  ## set everything up, then run every test (those under Wine apart)
	@$(BIN)/python -m pytest -n 3 --dist worksteal --ignore=tests/wine

wine: setup  ## install Wine (Debian, root; 800 MB) and run the tests for Windows under it
	@$(BIN)/python -m pytest tests/wine

check: setup  ## format, lint, types, import contracts, unit tests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest tests/unit

serve: setup browser  ## set everything up, then run the server
	@$(BIN)/tuntas serve

setup: $(STAMP)

$(STAMP): requirements.lock pyproject.toml hatch_build.py frontend/package-lock.json
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Tuntas needs Python 3.11 or newer; name one: make PYTHON=python3.12"; exit 1; }
	@echo "Setting up .venv: packages by hash, then WA-JS and other assets through npm. About a minute the first time."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

browser: setup
	@$(BIN)/tuntas browser find --quiet || $(BIN)/tuntas browser install

bench: setup browser  ## measure Tuntas beside whatsapp-web.js; 30 minutes; needs a full Chromium too
	@$(BIN)/python -m bench.peers

bench-quick: setup browser  ## the same table from fewer rounds; 5 minutes
	@$(BIN)/python -m bench.peers --quick

coverage: setup browser  ## measure which branches of sessions and profiles the tests run
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest -n 3 --dist worksteal -q tests/unit tests/component tests/process tests/acceptance
	@$(BIN)/coverage combine --quiet && $(BIN)/coverage report --skip-covered --sort=cover

docs: setup  ## renew the documents that are made from declarations
	@$(BIN)/python -m docs.generate

site: setup  ## build the documents as a site: build/site/docs/index.html
	@$(BIN)/python -m sphinx -q -W --keep-going -b html -c docs . build/site && echo "build/site/docs/index.html"

messages: setup  ## renew the dashboard's message catalogues from its sources
	@PYTHONPATH=tests $(BIN)/python -m support.catalogues

screenshots: setup browser  ## photograph every page of the dashboard into build/screenshots
	@PYTHONPATH=tests $(BIN)/python -m support.screenshots

audit: setup browser  ## have Lighthouse judge the dashboard's pages
	@$(BIN)/python -m bench.audit

lock:  ## renew requirements.lock from pyproject.toml (needs uv)
	@uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --upgrade --quiet --output-file requirements.lock

format: setup  ## format and mend what can be mended
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

clean:  ## remove everything that make made (never the data folder)
	rm -rf .venv .wine build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache src/tuntas/*/assets
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
