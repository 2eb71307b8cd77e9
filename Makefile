# make run     builds .venv and starts watcher in the foreground with config.toml
# make test    runs the tests
# make help    lists the rest

SHELL = /bin/sh
VENV  = .venv
PY    = $(VENV)/bin/python
PIP   = $(PY) -m pip --disable-pip-version-check --no-input
# PYTHON=/path/to/python3.12 chooses an interpreter; otherwise the first of these that is new enough and
# can make environments is taken.
PYTHONS = $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11 python
CONFIG = config.toml
# Passed on: make run ARGS="--once", make test ARGS="-k feed"
ARGS =

.PHONY: help run test lint format faults wheel clean
.DEFAULT_GOAL := help

help:
	@echo "make run      build the environment, start the daemon in the foreground (Ctrl-C ends it)"
	@echo "make test     run the tests"
	@echo "make lint     ruff, mypy --strict, import-linter"
	@echo "make format   let ruff format the code"
	@echo "make faults   the long tests: kill campaigns, hostile input at length"
	@echo "make wheel    build dist/watcher-*.whl"
	@echo "make clean    remove the environment and what tools left; config, database and mail stay"

run: $(VENV)/.installed
	@exec $(PY) -m watcher --config $(CONFIG) run $(ARGS)

# A file's tests stay in one process: they share what a module sets up. One process more than there are
# cores: some tests wait, for a time limit or a server.
test: $(VENV)/.dev
	@exec $(PY) -m pytest -n $$(($$(nproc) + 1)) --dist loadfile $(ARGS)

faults: $(VENV)/.dev
	@$(PY) -m pytest -m slow $(ARGS)
	@exec $(PY) -m tests.faults.campaign

lint: $(VENV)/.dev
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PY) -c "from importlinter.cli import lint_imports_command; lint_imports_command()" --no-logo

format: $(VENV)/.dev
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

wheel: $(VENV)/.dev
	$(PIP) wheel --quiet --no-deps --wheel-dir dist .

clean:
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage
	find watcher tests bench -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment. It is made anew when its interpreter has gone (a system upgrade), and installed into
# again when pyproject.toml changes.
$(shell [ -x $(PY) ] || rm -f $(VENV)/.python)
$(VENV)/.python: Makefile
	@if [ -x $(PY) ] && $(PY) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	    && $(PY) -m pip --version >/dev/null 2>&1; then touch $@; exit 0; fi; \
	old=; bare=; \
	for python in $(PYTHONS); do \
	    version=$$($$python -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null) || continue; \
	    if ! $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	        old="$$old $$python ($$version)"; continue; fi; \
	    if ! $$python -c 'import venv, ensurepip' 2>/dev/null; then bare="$$python ($$version)"; continue; fi; \
	    echo "Building $(VENV) with $$python $$version (once; about a minute) …"; \
	    rm -rf $(VENV) && $$python -m venv $(VENV) && touch $@ && exit 0; \
	    echo "watcher: $$python could not make the environment $(VENV); the reason stands above." >&2; exit 1; \
	done; \
	if [ -n "$$bare" ]; then \
	    echo "watcher: $$bare lacks the modules venv and ensurepip, which make environments." >&2; \
	    echo "  Debian, Ubuntu: apt install python3-venv. Or name another Python: make run PYTHON=/path/to/python3.12" >&2; \
	else \
	    echo "watcher needs Python 3.11 or newer, and there is none in PATH.$${old:+ Found, too old:$$old.}" >&2; \
	    echo "  Install one, or name it: make run PYTHON=/path/to/python3.12" >&2; \
	fi; exit 1

$(VENV)/.installed: $(VENV)/.python pyproject.toml
	@echo "Installing watcher and its libraries into $(VENV) …"
	@$(PIP) install --quiet --editable . && touch $@

$(VENV)/.dev: $(VENV)/.python pyproject.toml
	@echo "Installing watcher, its libraries and the developers' tools into $(VENV) …"
	@$(PIP) install --quiet --editable '.[dev]' && touch $(VENV)/.installed $@
