# `make check`: seconds, no root. `make test`: everything that CI runs (root; deploys a real lab).
SHELL := /bin/sh
.SHELLFLAGS := -eu -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help check test test-pure test-engine test-lab bench deps-engine clean

BIN := .venv/bin
# The stamp is inside .venv: the launcher replaces .venv as a whole when requirements.txt changes.
STAMP := .venv/govcloud-dev
PYTEST := $(BIN)/python -m pytest
PACKAGES := curl etcd-server gcc gnutls-bin haproxy iproute2 iputils-ping ldap-utils libc6-dev maven nftables ocserv openconnect opensc \
    openjdk-17-jre-headless openssl postgresql-15 slapd softhsm2 util-linux

help: ## Show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(STAMP): govcloud requirements.txt requirements-dev.txt
	./govcloud --version
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input \
	    --require-hashes --only-binary :all: -r requirements-dev.txt
	touch $@

check: $(STAMP) ## Format, types, import direction, YAML, roles, and the pure tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/yamllint .
	PATH="$$PWD/$(BIN):$$PATH" $(BIN)/ansible-lint --offline
	$(PYTEST)

test: check test-engine test-lab ## Everything that CI runs

test-pure: $(STAMP) ## Only the pure tests
	$(PYTEST)

# Three at a time, on however many processors: most of it waits for what it started. A file's tests share what they start.
test-engine: $(STAMP) deps-engine ## Against the real Pulumi engine, a real API server and a real PostgreSQL (root)
	$(PYTEST) -n 3 --dist loadfile -m "engine and not bench" -W ignore::pytest.PytestUnraisableExceptionWarning --durations=5

test-lab: $(STAMP) deps-lab ## Deploy a real lab, probe it, break it, mend it, destroy it (root, minutes)
	$(PYTEST) -m lab -W ignore::pytest.PytestUnraisableExceptionWarning --durations=10

bench: $(STAMP) deps-engine ## Measure 1,000 tenants beside kubectl and pulumi up (root, a quarter of an hour)
	GOVCLOUD_TEST_BENCH_TENANTS="$${GOVCLOUD_BENCH_TENANTS:-1000}" $(PYTEST) -n 0 -m bench tests/bench -q -s \
	    -W ignore::pytest.PytestUnraisableExceptionWarning
	$(BIN)/python -m tests.bench.document

# A cluster of Debian's own would be a server that nobody asked for; policy-rc.d keeps every service from starting.
.PHONY: deps-packages
deps-packages:
	@missing=''; for package in $(PACKAGES); do \
	    dpkg-query --show --showformat='$${db:Status-Status}\n' "$$package" 2>/dev/null | grep -qx installed || \
	        missing="$$missing $$package"; \
	done; \
	[ -z "$$missing" ] || .ci/install $$missing

deps-engine: $(STAMP) deps-packages ## Install what the engine tier needs
	$(BIN)/python -m tests.support.tools engine

# The lab's tests bring tokens, VPN clients and a staff directory of this host's along.
.PHONY: deps-lab
deps-lab: $(STAMP) deps-packages
	$(BIN)/python -m tests.support.tools lab

clean: ## Remove what checks and tests leave; labs are removed by `./govcloud destroy`
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .ansible build dist
