# Two commands do everything: `make demo` shows the product, `make test` passes the tests.
PYTHON ?= python3
DEMO ?= desk
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test coverage check lint types layers bench clean

demo: .venv/run.stamp
	@$(BIN)/cxmon demo $(DEMO)

# Empty counts as not set: without compiled files every process that a test starts would compile the product again.
test coverage: export PYTHONDONTWRITEBYTECODE =
# Two tests run at once: threads of the linear algebra would only wait for one another.
test coverage: export OMP_NUM_THREADS = 1
test coverage: export OPENBLAS_NUM_THREADS = 1

# By file, so that one worker builds what the tests of a file share.
test: .venv/dev.stamp
	$(BIN)/python -m pytest -n 2 --dist loadfile

coverage: .venv/dev.stamp
	$(BIN)/python -m pytest -n 2 --dist loadfile --cov --cov-report=term

check: lint types layers test

lint: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/dev.stamp
	$(BIN)/mypy

layers: .venv/dev.stamp
	$(BIN)/lint-imports

bench: .venv/dev.stamp
	$(BIN)/python benchmarks/effect_table.py
	$(BIN)/python benchmarks/shared.py

# The base environment is what a user has; the tests add their tools to it.
.venv/run.stamp: requirements.txt pyproject.toml
	@echo "Installing into .venv (about a minute the first time) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(PIP) -r requirements.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev.stamp: .venv/run.stamp requirements-dev.txt
	@$(PIP) -r requirements-dev.txt
	@touch $@

clean:
	rm -rf .venv var build *.egg-info
