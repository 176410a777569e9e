# make setup · demo · test · check · bench-setup · bench-service-setup · bench · lock
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
CORES := $(shell getconf _NPROCESSORS_ONLN)

.PHONY: setup demo test check bench-setup bench-service-setup bench lock clean

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Sonde needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1)." \
	       "Say which one to use: make setup PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo "$(PYTHON) has no venv module. On Debian or Ubuntu: apt-get install python3-venv"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing Sonde and what its tests need into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	@touch $(STAMP)

demo: setup
	$(BIN)/sonde detect src/sonde/datasets/nyc_taxi.csv.gz --report report.html
	@echo "Open report.html in a browser."

test: setup
	$(BIN)/sonde warm
	$(BIN)/python -m pytest -q -n auto --maxprocesses 4 --dist loadfile --durations 15

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	NUMBA_DISABLE_JIT=1 $(BIN)/python -m pytest -q tests/kernels

bench-setup: setup
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test,bench]'

# The servers that ours is measured beside, an environment each.
bench-service-setup: bench-setup
	$(PYTHON) -m venv .peers/mlserver && .peers/mlserver/bin/pip install --quiet mlserver==1.7.1 mlserver-sklearn==1.7.1
	$(PYTHON) -m venv .peers/mlflow && .peers/mlflow/bin/pip install --quiet mlflow==3.17.2
	$(PYTHON) -m venv .peers/bentoml && .peers/bentoml/bin/pip install --quiet bentoml==1.4.39 scikit-learn

bench: bench-setup
	$(BIN)/python benchmarks/figures.py
	$(BIN)/python -m pytest -q benchmarks --benchmark-columns=min,median,max,rounds

# Renews the locked versions: an environment of its own, resolved anew, written down.
lock:
	rm -rf .lock-venv && $(PYTHON) -m venv .lock-venv
	.lock-venv/bin/python -m pip install --quiet --disable-pip-version-check -e '.[test,bench]'
	.lock-venv/bin/python -m pip freeze --exclude-editable > constraints.txt
	rm -rf .lock-venv

clean:
	rm -rf $(VENV) .lock-venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
