# `make demo` and `make test` each work as the very first command on a machine with Python 3.11 or later.

PYTHON ?= python3
VENV ?= .venv
JOBS ?= 2
BIN := $(VENV)/bin
READY := $(VENV)/.ready
TORCH := $(shell grep '^torch==' constraints.txt)

.PHONY: demo test test-slow bench check format environment clean

demo: $(READY)
	$(BIN)/tunescope demo --out demo-run

test: $(READY)
	$(BIN)/pytest -m "not slow" -n $(JOBS) --dist worksteal

test-slow: $(READY)
	$(BIN)/pytest -m slow

bench: $(READY)
	$(BIN)/python benchmarks/extraction.py
	$(BIN)/python benchmarks/storage.py
	$(BIN)/python benchmarks/finetuning.py
	$(BIN)/python benchmarks/directprobe.py
	$(BIN)/python benchmarks/label_clusters.py
	$(BIN)/python benchmarks/probing.py
	$(BIN)/python benchmarks/codelength.py
	$(BIN)/python benchmarks/edge_probe.py
	$(BIN)/python benchmarks/structural_probe.py
	$(BIN)/python benchmarks/studies.py
	$(BIN)/python benchmarks/similarity.py
	$(BIN)/python benchmarks/ablations.py
	$(BIN)/python benchmarks/landscapes.py

check: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/pytest -q tests/test_imports.py

format: $(READY)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

environment: $(READY)

# torch comes first and pinned: an open range would bring gigabytes of CUDA packages.
$(READY): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet "$(TORCH)"
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[demo,peft,dev]"
	touch $@

clean:
	rm -rf $(VENV) demo-run .pytest_cache .mypy_cache .ruff_cache .hypothesis
