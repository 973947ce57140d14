# Two commands set everything up on a fresh machine: `make demo` and `make test`.
# Both need Python 3.11 and, for a missing system package, either root or one apt line that is printed.

PYTHON ?= python3.11
BIN := .venv/bin
DEMO ?=
# Set-up fetches a Node where the machine has none that is new enough.
WITH_NODE := PATH="$(CURDIR)/.cache/node/bin:$$PATH"
# Whole towns of processes, which meet the clock: they have the machine to themselves.
ALONE := tests/bench tests/browser tests/deploy tests/faults tests/integration

.PHONY: help demo test bars lint format ui release lock clean

help:
	@echo "make demo    install everything and open the way at http://localhost:8600"
	@echo "make test    run every check and test (15 to 20 minutes on 2 cores)"
	@echo "make bars    run the bars of the issues at full counts and print their tables"
	@echo "make release  build the release twice, compare, and write it to dist/"
	@echo "make lint    ruff, mypy, import-linter, and the checks of ui/"

demo:
	@$(PYTHON) tools/setup.py demo
	@exec $(BIN)/plainview demo $(DEMO)

test:
	@$(PYTHON) tools/setup.py test
	@$(MAKE) --no-print-directory lint
	@cd ui && $(WITH_NODE) npm test --silent
	@$(WITH_NODE) $(BIN)/python tools/suite.py -n 3 --dist loadfile --durations=10 $(ALONE:%=--ignore %)
	@$(WITH_NODE) $(BIN)/python tools/suite.py --durations=10 $(ALONE)

bars:
	@$(PYTHON) tools/setup.py test
	@$(WITH_NODE) PLAINVIEW_BARS=1 PYTHONPATH=tools $(BIN)/python -m pytest -m bar --timeout=5400 -p bars_table

lint:
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@cd ui && $(WITH_NODE) npm run --silent lint

format:
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

ui:
	@$(PYTHON) tools/setup.py ui

release:
	@$(PYTHON) tools/setup.py test
	@$(BIN)/python tools/release.py

# No index address and no download address ends up in a lock.
lock:
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile pyproject.toml --group build --group setup --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-annotate --no-header -q -o requirements/run.txt
	@$(BIN)/uv pip compile pyproject.toml --group build --group setup --group test --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-annotate --no-header -q -o requirements/dev.txt

clean:
	rm -rf .demo .cache .venv dist ui/node_modules src/plainview/web/static src/plainview/release/static
