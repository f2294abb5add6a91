# The two commands of the README are `make demo` and `make test`; both install what they need below this folder.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PYTHON_READY := $(VENV)/.ready
NODE_READY := node_modules/.ready
NPM_QUIET := --no-audit --no-fund --loglevel=error
PYTEST := $(BIN)/python -m pytest -q

.PHONY: git demo test lint format bench clean python node \
	lint-python lint-client test-python test-cases test-oracle test-fixes test-rest test-lsp test-client \
	test-vscode test-editors

demo: $(PYTHON_READY)  ## open the examples in the real server, show and apply the fixes, run the outcome
	@$(BIN)/python examples/demo.py

test: $(PYTHON_READY) git  ## everything: lint, types, all suites, in two lanes
	@$(BIN)/python scripts/run_suites.py

lint: lint-python lint-client

lint-python: $(PYTHON_READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

lint-client: $(NODE_READY)
	npm run --silent lint

test-python: test-rest test-cases test-fixes test-oracle  ## the analysis, the fixes, the command line

test-cases: $(PYTHON_READY)  ## the literate cases, judged by CPython
	$(PYTEST) tests/test_cases.py

test-oracle: $(PYTHON_READY)  ## made-up programs, judged by CPython
	$(PYTEST) tests/oracle

test-fixes: $(PYTHON_READY)  ## what fixes do to programs, which are run
	$(PYTEST) tests/fixes

test-rest: $(PYTHON_READY)  ## whatever no other suite of Python holds
	$(PYTEST) tests --ignore=tests/test_cases.py --ignore=tests/oracle --ignore=tests/fixes \
		--ignore=tests/lsp --ignore=tests/editors

test-lsp: $(PYTHON_READY)  ## the language server over its protocol
	$(PYTEST) tests/lsp

test-client: $(NODE_READY) $(PYTHON_READY)  ## the VS Code extension's parts, and the .vsix
	npm run --silent test:unit
	npm run --silent package

test-vscode: test-client  ## the .vsix in a real VS Code, which the tests set up
	TOOEARLY_VSIX=$$(ls -t dist/tooearly-*.vsix | head -1) npm run --silent test:vscode

test-editors: $(PYTHON_READY)  ## Neovim, Emacs and Vim, which the tests set up
	$(PYTEST) tests/editors

format: $(PYTHON_READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(PYTHON_READY)
	$(BIN)/python -m bench

python: $(PYTHON_READY)

node: $(NODE_READY)

$(PYTHON_READY): pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

$(NODE_READY): package.json package-lock.json
	npm ci $(NPM_QUIET) || npm ci $(NPM_QUIET)  # a slow line sometimes breaks off once
	@touch $@

git:  # judges .gitignore patterns and diffs in the tests
	@command -v git >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends git; } || \
		echo "git cannot be installed here; tests that ask it are skipped"

clean:
	rm -rf dist out bundled build .pytest_cache .mypy_cache .ruff_cache .hypothesis
