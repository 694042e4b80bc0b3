# The only door for people and for CI. `make` lists what there is.
.DEFAULT_GOAL := help
.PHONY: help setup test-tools demo test check bench lock clean

PYTHON ?=
export PYTHON

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

setup: ## make .venv from the lock file; the rest is made by the first run that needs it
	@tools/setup.sh

test-tools: ## install what only the tests need: rabbitmq-server for the broker `local`, tshark
	@tools/install.sh rabbitmq-server:rabbitmq-server tshark:tshark

demo: setup ## the article, live: Go producer, RabbitMQ, Python consumers
	@.venv/bin/amqp-interop demo

test: setup test-tools ## all tests, a broker of their own included
	@.venv/bin/pytest

check: setup ## ruff, mypy, the lock file
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy --strict harness tests
	@! grep -n '://' requirements/*.txt || { echo 'a lock file holds an address' >&2; exit 1; }

bench: setup ## how fast: cells a second, the floor, their ratio
	@.venv/bin/amqp-interop bench

lock: setup ## write requirements/dev.txt anew from pyproject.toml, newest releases
	.venv/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --all-extras --generate-hashes \
		--no-header --no-annotate --no-emit-index-url --no-emit-find-links \
		--output-file requirements/dev.txt pyproject.toml requirements/build.in

clean: ## remove .venv and what the tools cached in this folder (images and built peers stay)
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist *.egg-info
