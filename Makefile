# The only door for people and for CI. `make` lists what there is.
.DEFAULT_GOAL := help
PHONY_CHECKS = check-python check-go check-node check-java check-rust check-c
.PHONY: $(PHONY_CHECKS) help setup test-tools demo test test-known test-rest test-brokers test-all mutants matrix matrix-brokers matrix-shard matrix-merge check check-workflows bench bench-html lock clean

PYTHON ?=
STATICCHECK = v0.8.2
ACTIONLINT = v1.7.7
ZIZMOR = 1.16.3
# whose matrix make test runs; make matrix runs everybody's
ARTICLE = --producer streadway --producer amqp091-go --consumer rabbitpy --consumer rabbitpy@2.0.1 --consumer pika
export PYTHON
# bytecode is kept where the environment forbids it, too: a run starts hundreds of processes of the same code
export PYTHONDONTWRITEBYTECODE =

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

setup: ## make .venv from the lock file; the rest is made by the first run that needs it
	@tools/setup.sh

test-tools: ## install what only the tests need: rabbitmq-server for the broker `local`, tshark, chromium
	@tools/install.sh rabbitmq-server:rabbitmq-server tshark:tshark gcc:gcc librabbitmq-dev chromium:chromium

demo: setup ## the article, live: Go producer, RabbitMQ, Python consumers
	@.venv/bin/amqp-interop demo

test: setup ## unit tests, the article, the fakes, the matrix of the article's libraries on a broker of their own
	@.venv/bin/pytest -q -n 3 --dist loadfile -m 'not crosscheck' $(ARTICLE) tests/interop/test_matrix.py tests/interop tests/fakes tests/unit

test-known: setup ## published defects, red on one release of a library and green on another
	@.venv/bin/pytest -q tests/known

test-rest: setup test-tools ## what takes longer: every way to have a broker, other decoders, mutants, more of the matrix
	@.venv/bin/pytest -q -n 2 tests/broker tests/commands tests/repro
	@.venv/bin/pytest -q -m crosscheck tests/crosscheck tests/unit/tap
	@.venv/bin/pytest -q tests/package
	@.venv/bin/pytest -q -n 2 --amqp-broker debian:bookworm tests/plugin examples
	@.venv/bin/pytest -q tests/browser
	@.venv/bin/pytest -q tests/docs
	@.venv/bin/pytest -q tests/mutants tests/known
	@.venv/bin/amqp-interop run --broker debian:bookworm --broker debian:trixie $(ARTICLE) --producer raw --consumer raw
	@.venv/bin/amqp-interop run --broker debian:bookworm --case 'article/*' --case 'exchanges/*' --case 'mixed/*' --case 'queues/*' --case 'deliveries/*' --case 'publishing/*' --case 'exchanges_declared/*' --case 'connections/*'

matrix: setup ## every case, scenario and peer on one broker: 10 minutes on two cores
	@.venv/bin/amqp-interop run --broker debian:bookworm --results results.jsonl --html results.html

SHARD ?= 1/1
matrix-shard: setup ## one part of the matrix, SHARD=2/4; its verdict is for the whole to give
	@mkdir -p results
	@.venv/bin/amqp-interop run --broker debian:bookworm --shard $(SHARD) --results results/part.jsonl || test $$? -eq 1

GITHUB_STEP_SUMMARY ?= results/matrix.md
matrix-merge: setup ## the parts that lie in results/ as one: the summary, the page, JUnit XML, the exit status
	@.venv/bin/amqp-interop merge results/matrix.jsonl results/*/part.jsonl
	@.venv/bin/amqp-interop report results/matrix.jsonl --markdown "$(GITHUB_STEP_SUMMARY)" \
		--html results/matrix.html --junit results/matrix.xml

BROKERS = debian:bullseye debian:bookworm debian:trixie debian:forky debian:forky+upstream qpid:9.2.0
test-brokers: setup have-mvn ## the article's peers on every RabbitMQ and on Qpid, side by side; faults
	@.venv/bin/pytest -q tests/faults
	@mkdir -p .cache
	@.venv/bin/amqp-interop run $(ARTICLE) $(BROKERS:%=--broker %) --results .cache/brokers.jsonl
	@.venv/bin/amqp-interop brokers .cache/brokers.jsonl --output .cache/brokers.md

WHOLE_ON = $(filter-out debian:forky+upstream,$(BROKERS))
matrix-brokers: setup have-mvn ## the whole matrix on each of them as packaged, in turn: 70 minutes; writes docs/brokers.md
	@mkdir -p .cache/brokers
	@for broker in $(WHOLE_ON); do \
		.venv/bin/amqp-interop run --broker $$broker --results .cache/brokers/$$broker.jsonl; \
		case $$? in 0|1|4) ;; *) exit 3;; esac; done
	@.venv/bin/amqp-interop brokers $(WHOLE_ON:%=.cache/brokers/%.jsonl) --command 'make matrix-brokers' --output docs/brokers.md

mutants: setup ## one change a message in flight: is each seen, and blamed on the right step?
	@.venv/bin/python tests/mutants

test-all: test test-rest matrix ## all tests, and the whole matrix

check: setup check-python check-workflows check-go check-node check-java check-rust check-c ## linters, types, schemas, lock files, and each language's own tests

check-python:
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy --strict harness python_consumer tests
	.venv/bin/mypy --strict -p peers.python_producer
	.venv/bin/python -m harness.schema --check
	@! grep -rn '://' requirements/*.txt */requirements peers/*/requirements peers/node/package-lock.json peers/rust/Cargo.lock.template \
		|| { echo 'a lock file holds an address' >&2; exit 1; }

GO_FOLDERS = go_producer peers/go_plumbing peers/go_consumer
check-go: have-go
	for folder in $(GO_FOLDERS); do (cd $$folder && test -z "$$(gofmt -l .)" && go vet ./... && \
		go run honnef.co/go/tools/cmd/staticcheck@$(STATICCHECK) ./... && go test -race ./...) || exit 1; done

check-workflows: setup have-go ## the workflows for CI: actionlint, zizmor
	go run github.com/rhysd/actionlint/cmd/actionlint@$(ACTIONLINT) .github/workflows/*.yml
	.venv/bin/uv tool run --quiet zizmor@$(ZIZMOR) --offline --quiet .github/workflows action.yml

check-node: have-npm
	cd peers/node && npm ci --silent --ignore-scripts --no-audit --no-fund && npm run --silent check && npm test --silent

check-java: have-mvn
	cd peers/java && mvn -B -ntp -q spotless:check test

check-rust: have-cargo
	.venv/bin/python -m harness.peers.toolchains.cargo_lock fill peers/rust
	cd peers/rust && cargo fmt --check && export CARGO_TARGET_DIR=../../.cache/rust && \
		cargo clippy -q --locked --all-targets -- -D warnings && cargo test -q --locked

check-c: have-gcc
	@tools/install.sh pkg-config:pkg-config clang-format:clang-format
	@tools/install.sh gcc:gcc librabbitmq-dev libjansson-dev
	$(MAKE) -s -C peers/c check

have-%:
	@command -v $* >/dev/null || { echo '$* is not on PATH: it is needed to check the peers in its language' >&2; exit 3; }

bench: setup ## how fast: cells a second, the floor, their ratio; each RabbitMQ as a part of the first
	@.venv/bin/amqp-interop bench --broker debian:bookworm --broker debian:bullseye --broker debian:trixie --broker debian:forky

bench-html: setup test-tools ## how large a page of 20,000 cells is, how fast it opens and filters
	@.venv/bin/python tests/browser/measure.py

lock: setup ## write requirements/dev.txt anew from pyproject.toml, newest releases
	.venv/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --all-extras --generate-hashes \
		--no-header --no-annotate --no-emit-index-url --no-emit-find-links \
		--output-file requirements/dev.txt pyproject.toml requirements/build.in

clean: ## remove .venv and what the tools cached in this folder (images and built peers stay)
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist *.egg-info
