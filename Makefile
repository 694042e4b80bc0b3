# The only door for people and for CI. `make` lists what there is.
.DEFAULT_GOAL := help
.PHONY: help setup test-tools demo test test-rest test-all mutants check bench bench-html lock clean

PYTHON ?=
STATICCHECK = v0.8.2
# whose matrix make test runs; make test-rest runs everybody's
ARTICLE = --producer streadway --producer amqp091-go --consumer rabbitpy --consumer rabbitpy@2.0.1 --consumer pika
export PYTHON

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

setup: ## make .venv from the lock file; the rest is made by the first run that needs it
	@tools/setup.sh

test-tools: ## install what only the tests need: rabbitmq-server for the broker `local`, tshark, chromium
	@tools/install.sh rabbitmq-server:rabbitmq-server tshark:tshark gcc:gcc librabbitmq-dev chromium:chromium

demo: setup ## the article, live: Go producer, RabbitMQ, Python consumers
	@.venv/bin/amqp-interop demo

test: setup ## unit tests, the article, the fakes, the matrix of the article's libraries on a broker of their own
	@.venv/bin/pytest -q -n 2 --dist loadfile -m 'not crosscheck' $(ARTICLE) tests/unit tests/fakes tests/interop

test-rest: setup test-tools ## what takes longer: every way to have a broker, other decoders, mutants, the whole matrix
	@.venv/bin/pytest -q -n 2 tests/broker
	@.venv/bin/pytest -q -m crosscheck tests/crosscheck tests/unit/tap
	@.venv/bin/pytest -q tests/browser
	@.venv/bin/pytest -q tests/mutants
	@.venv/bin/amqp-interop run --broker debian:bookworm
	@.venv/bin/amqp-interop run --broker debian:trixie

mutants: setup ## one change a message in flight: is each seen, and blamed on the right step?
	@.venv/bin/python tests/mutants

test-all: test test-rest ## all tests

check: setup ## ruff, mypy, the schemas, the lock files, gofmt, go vet, staticcheck, the Go tests
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy --strict harness python_consumer tests
	.venv/bin/python -m harness.schema --check
	@! grep -n '://' requirements/*.txt */requirements/*.txt || { echo 'a lock file holds an address' >&2; exit 1; }
	cd go_producer && test -z "$$(gofmt -l .)" && go vet ./... && go run honnef.co/go/tools/cmd/staticcheck@$(STATICCHECK) ./...
	cd go_producer && go test -race ./...

bench: setup ## how fast: cells a second, the floor, their ratio
	@.venv/bin/amqp-interop bench

bench-html: setup test-tools ## how large a page of 20,000 cells is, how fast it opens and filters
	@.venv/bin/python tests/browser/measure.py

lock: setup ## write requirements/dev.txt anew from pyproject.toml, newest releases
	.venv/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --all-extras --generate-hashes \
		--no-header --no-annotate --no-emit-index-url --no-emit-find-links \
		--output-file requirements/dev.txt pyproject.toml requirements/build.in

clean: ## remove .venv and what the tools cached in this folder (images and built peers stay)
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist *.egg-info
