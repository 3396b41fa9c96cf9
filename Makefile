# Two commands on a fresh machine with python3, pip and venv: `make demo` and `make test`. Each does all set-up by itself.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.ready
# Suites with targets of their own, so that `make test` stays short.
APART := security faults pages backups programs libraries documents cluster deployment
# What builds an image, and its name: make image ENGINE=podman IMAGE=registry.example/tuntas:0.2.0
ENGINE ?= $(firstword $(foreach one,docker podman buildah,$(if $(shell command -v $(one)),$(one))))
IMAGE ?= tuntas

.PHONY: help demo test security faults pages backups programs libraries documents cluster deployment image release mutants lowest wine bench bench-quick coverage check serve setup browser docs site audit messages screenshots lock format clean

help:  ## say what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 21

demo: setup browser  ## set everything up, then run the main job against the sandbox
	@$(BIN)/tuntas demo

test: setup browser  ## set everything up, then run the tests (those below apart)
	@$(BIN)/python -m pytest -n 3 --dist worksteal --ignore=tests/wine $(addprefix --ignore=tests/,$(APART))

security: setup browser  ## run the tests that attack a server
	@$(BIN)/python -m pytest -n 3 --dist worksteal tests/security

faults: setup browser  ## run the tests in which something dies, hangs, is missing or is held
	@$(BIN)/python -m pytest -n 3 --dist worksteal tests/faults

pages: setup browser  ## run the tests in which people use the dashboard
	@$(BIN)/python -m pytest -n 3 --dist worksteal tests/pages

backups: setup browser  ## run the tests of backups and of sessions that move
	@$(BIN)/python -m pytest -n 3 --dist worksteal tests/backups

programs: setup browser  ## run the tests of the command line, the Python client and the test kit
	@$(BIN)/python -m pytest -n 3 --dist worksteal tests/programs

libraries: setup browser  ## run other people's libraries, as published, on the sandbox
	@$(BIN)/python -m pytest -n 3 --dist worksteal tests/libraries

documents: setup browser  ## run the documents' commands and the examples; build site and wheel
	@$(BIN)/python -m pytest -n 3 --dist worksteal tests/documents

cluster: setup browser  ## run the tests of several nodes, on real NATS servers and PostgreSQL
	@$(BIN)/python -m pytest -n 2 --dist worksteal tests/cluster

deployment: setup browser  ## build the image and run it; the service, proxies and manifests (root, buildah, nginx, caddy)
	@$(BIN)/python -m pytest -n 2 --dist loadfile tests/deployment

image:  ## build the image `tuntas` with Docker, Podman or Buildah
	@test -n "$(ENGINE)" || { echo "Needs docker, podman or buildah."; exit 1; }
	@$(ENGINE) build $(if $(filter docker,$(notdir $(firstword $(ENGINE)))),,--format docker) --tag $(IMAGE) \
	  --build-arg VERSION=$$(sed -n 's/^__version__ = "\(.*\)"/\1/p' src/tuntas/__init__.py) \
	  --build-arg REVISION=$$(git rev-parse --short HEAD 2> /dev/null || echo unknown) $(ARGS) .

release: setup  ## build wheel, sources, bill of materials, notices and checksums of the commit into dist; uploads nothing
	@$(BIN)/python -m deploy.release $(ARGS)

lowest:  ## run the unit and component tests with the lowest versions that pyproject.toml allows
	@$(PYTHON) -m venv --clear .lowest
	@.lowest/bin/python -m pip install --quiet --disable-pip-version-check uv
	@.lowest/bin/uv pip install --quiet --python .lowest/bin/python --resolution lowest-direct --group dev --editable .
	@.lowest/bin/python -m pytest -n 3 --dist worksteal tests/unit tests/component

wine: setup  ## install Wine (Debian, root; 800 MB) and run the tests for Windows under it
	@$(BIN)/python -m pytest tests/wine

check: setup  ## format, lint, bandit, types, import contracts, unit tests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/bandit --quiet --recursive --configfile pyproject.toml src
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest tests/unit

mutants: setup  ## change the files that decide, one thing at a time; the unit tests must notice each change
	@PYTHONPATH=tests $(BIN)/python -m mutants $(ARGS)

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
	@$(BIN)/coverage run -m pytest -n 3 --dist worksteal -q tests/unit tests/component tests/process tests/faults tests/acceptance
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
	rm -rf .venv .lowest .wine build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache src/tuntas/*/assets src/tuntas/THIRD_PARTY_NOTICES.txt
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
