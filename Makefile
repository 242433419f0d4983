# Everything runs in a virtual environment of the checkout's own, made on first use.
PYTHON ?= python3
VENV := .venv
READY := $(VENV)/.ready
BIN := $(VENV)/bin
XDIST ?= -n 4 --dist worksteal

# Four processes collect the suite: what they compile is kept, also where the environment says otherwise.
export PYTHONDONTWRITEBYTECODE :=

# Thousands of repositories are made and thrown away: in memory, where it has room and may be run from.
ROOM := 4194304
MEMORY := $(shell [ "$$(df --output=avail /dev/shm 2>/dev/null | tail -1)" -gt $(ROOM) ] 2>/dev/null \
	&& ! grep -q ' /dev/shm [^ ]* [^ ]*noexec' /proc/mounts && echo /dev/shm)

.PHONY: demo tui test check soak attack screenshots bench clean

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	@touch $(READY)

demo: $(READY)      ## the main job on a fresh sandbox, told as it happens
	$(BIN)/mergetui demo --headless

tui: $(READY)       ## the console on a fresh sandbox
	$(BIN)/mergetui demo

test: export PYTEST_DEBUG_TEMPROOT ?= $(MEMORY)
test: $(READY)      ## the suite
	$(BIN)/python -m pytest $(XDIST) -m "not soak"

soak: $(READY)      ## the slow, bounded fault and race runs, and what is only sampled in the suite
	$(BIN)/python -m pytest -n 3 --dist worksteal -m soak

attack: $(READY)    ## the same at full length, with the figures of docs/reliability.md
	$(BIN)/python -m pytest -n 2 --dist worksteal -m soak --full-length

check: $(READY)     ## style, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

screenshots: $(READY)
	$(BIN)/python screenshots/make.py

bench: $(READY)
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .hypothesis
