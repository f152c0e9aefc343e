# What a person types: make demo, make test, make az, make bench. What the checks type: make ci.

SWIFT ?= swift
# Undeclared imports between targets are errors: the layering in docs/ARCHITECTURE.md is what the compiler checks.
STRICT = --explicit-target-dependency-import-check error
RELEASE = .build-release

.PHONY: demo test az dist image bench build release lint setup test-setup ci clean

demo: release
	@$(RELEASE)/release/pitr demo $(DEMO)

test: test-setup
	$(SWIFT) build $(STRICT) --build-tests
	Scripts/run-tests

az: test-setup
	@Scripts/az

dist: release
	@BIN=$(RELEASE)/release Scripts/dist

image: dist
	@Scripts/setup image || true
	@BIN=$(RELEASE)/release Scripts/image

bench: release
	@Scripts/bench
	@BIN=$(RELEASE)/release Scripts/bench-wal

build: setup
	$(SWIFT) build $(STRICT)

release: setup
	@$(SWIFT) build -c release --scratch-path $(RELEASE) --quiet --product pitr
	@$(SWIFT) build -c release --scratch-path $(RELEASE) --quiet --product pitr-wal

lint:
	$(SWIFT) format lint --strict --recursive --parallel Package.swift Sources Tests

setup:
	@Scripts/setup

test-setup:
	@Scripts/setup tests

ci: setup lint test demo az image

clean:
	rm -rf .build $(RELEASE)
