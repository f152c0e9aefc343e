# What a person types: make demo, make install, make test, make test-fast, make az, make portal, make bench. What the checks type:
# make ci.

SWIFT ?= swift
# Undeclared imports between targets are errors: the layering in docs/ARCHITECTURE.md is what the compiler checks.
STRICT = --explicit-target-dependency-import-check error
# Writing what a debugger reads takes a good part of a build's time; for a debugger: make test-build DEBUG_INFO=dwarf
DEBUG_INFO ?= none
DEBUG = $(STRICT) -debug-info-format $(DEBUG_INFO)
RELEASE = .build-release

.PHONY: demo test test-build test-fast test-versions soak-undo az portal pictures dist image install uninstall deb \
	try-deb bench build release lint setup test-setup ci clean

demo: release
	@$(RELEASE)/release/pitr demo $(DEMO)

test: test-build
	Scripts/run-tests

test-build: test-setup
	$(SWIFT) build $(DEBUG) --build-tests

# The suites that depend on PostgreSQL's version, with servers of newer ones; VERSIONS names some.
test-versions: test-build
	Scripts/test-versions $(VERSIONS)

# Those that need no server, for the time between two edits.
test-fast:
	$(SWIFT) build $(DEBUG) --build-tests
	Scripts/run-tests --fast

# Three hundred random undos, each against the ledger; a quarter of an hour and more.
soak-undo: test-build
	PITR_UNDO_ROUNDS=3 Scripts/repeat 100 'the script leaves what a ledger has'

az: test-setup
	@Scripts/az

# The portal in a real browser: two minutes.
portal:
	@Scripts/setup portal
	@Scripts/portal

# The pictures of the guide, taken anew; nobody compares them.
pictures:
	@Scripts/setup portal
	@PICTURES=$(CURDIR)/docs/guide Scripts/portal

dist: release
	@BIN=$(RELEASE)/release Scripts/dist

image: dist
	@Scripts/setup image || true
	@BIN=$(RELEASE)/release Scripts/image

bench: release
	@Scripts/bench
	@BIN=$(RELEASE)/release Scripts/bench-wal
	@BIN=$(RELEASE)/release Scripts/bench-rows
	@BIN=$(RELEASE)/release Scripts/bench-attach
	@BIN=$(RELEASE)/release Scripts/bench-open
	@Scripts/portal --tools || true
	@BIN=$(RELEASE)/release Scripts/bench-portal

build: setup
	$(SWIFT) build $(DEBUG)

release: setup
	@SWIFT="$(SWIFT)" RELEASE=$(RELEASE) Scripts/build-release

# Below PREFIX, /usr/local unless given; DESTDIR is put in front.
install: release
	@BIN=$(RELEASE)/release Scripts/install

uninstall:
	@Scripts/install --remove

deb: release
	@BIN=$(RELEASE)/release Scripts/deb

try-deb: deb
	@Scripts/setup image || true
	@Scripts/try-deb

lint:
	$(SWIFT) format lint --strict --recursive --parallel Package.swift Sources Tests

setup:
	@Scripts/setup

test-setup:
	@Scripts/setup tests

ci:
	@Scripts/ci

clean:
	rm -rf .build $(RELEASE) .build-dist .build-deb
