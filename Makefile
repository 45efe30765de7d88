# Everything a newcomer needs: `make demo`, then `make test`. `make` alone lists the targets.
# Another Python: make demo PYTHON=python3.12. Options of a command: make demo ARGS="--speed 300".

PYTHON ?= python3
ARGS ?=

BIN := .venv/bin
# One stamp per Python, so that another one gives another environment.
RUNTIME := .venv/.runtime-$(notdir $(PYTHON))
DEV := .venv/.dev-$(notdir $(PYTHON))
AUDIT := target/audit/.complete
KAFKA := target/kafka-libs/.complete
MUTMUT := target/mutmut/.complete

PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check install
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command "make lock" $(ARGS)

# Most of the time a test on a broker waits; each process has brokers of its own.
SIDE_BY_SIDE := -n 4 --dist loadgroup --no-loadscope-reorder

OTHER_PYTHON := add PYTHON=python3.12 (or wherever Python 3.11 or newer is)

define CHECK_PYTHON
import sys
if sys.version_info < (3, 11):
    sys.exit("Deskpulse needs Python 3.11 or newer, and $(PYTHON) is %d.%d: $(OTHER_PYTHON)" % sys.version_info[:2])
endef
export CHECK_PYTHON

.PHONY: help demo test lint install native pure bench bench-guard bench-peers mutate chaos soak \
	reliability lock kafka sbom audit clean
.DEFAULT_GOAL := help

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

demo: $(RUNTIME) ## Broker, simulated support team, worker, metrics and terminal view
	@exec $(BIN)/deskpulse demo $(ARGS)

test: lint ## Everything CI holds, as far as this machine has the parts
	@$(BIN)/pytest $(SIDE_BY_SIDE) $(ARGS)

lint: $(DEV) ## Style and types only
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/mypy --no-error-summary

install: $(DEV) ## Only prepare .venv, with the tools of development

native: $(DEV) pure ## Compile the engine with mypyc (needs a C compiler): several times as fast
	@$(BIN)/python deploy/native.py > target/native.log 2>&1 || { cat target/native.log; exit 1; }

pure: ## Undo `make native`: run the same modules as plain Python
	@mkdir -p target
	@rm -rf build *__mypyc.*.so streams/*/*.so

bench: $(DEV) ## The benchmarks
	@$(BIN)/python -m tests.bench $(ARGS)

bench-guard: $(DEV) ## Instructions per event against those kept (needs valgrind; ARGS=--update keeps)
	@$(BIN)/python -m tests.bench.instructions $(ARGS)

bench-peers: $(DEV) $(KAFKA) ## The comparison with Kafka Streams and others (needs a JDK and Maven)
	@$(BIN)/python -m tests.bench.peers $(ARGS)

mutate: $(DEV) $(MUTMUT) ## What share of defects made on purpose the tests find (an hour; ARGS="--sample 50")
	@$(BIN)/python -m tests.mutate $(ARGS)

chaos: $(DEV) $(KAFKA) ## Workers and brokers killed a hundred times, nothing lost (an hour; ARGS="--seed 7")
	@DESKPULSE_CHAOS_EXAMPLES=4000 $(BIN)/pytest tests/chaos/test_several_workers.py
	@$(BIN)/python -m tests.chaos.havoc --broker embedded --events 100000 --minutes 6 --kills 20 --terms 10
	@$(BIN)/python -m tests.chaos.havoc $(ARGS)

soak: $(DEV) $(KAFKA) ## A worker under steady load: memory, open files, event loop (ARGS="--minutes 30")
	@$(BIN)/python -m tests.chaos.soak $(ARGS)

reliability: $(DEV) ## Take what the runs above have shown over into docs/reliability.md
	@$(BIN)/python -m tests.reliability keep
	@$(BIN)/python -m tests.reliability > docs/reliability.md

lock: $(DEV) ## Renew the lock files after a change of pyproject.toml (ARGS=--upgrade for all)
	$(LOCK) pyproject.toml -o requirements.lock
	echo hatchling | $(LOCK) - -c requirements.lock -o deploy/build.lock
	printf 'mypy\nsetuptools\n' | $(LOCK) - -c requirements.lock -c deploy/build.lock -o deploy/native.lock
	printf 'cyclonedx-bom\npip-audit\n' | $(LOCK) - -o deploy/audit.lock
	$(LOCK) pyproject.toml --group dev -c requirements.lock -c deploy/build.lock -c deploy/native.lock \
		-o requirements-dev.lock
# mutmut asks for a newer click than Faust allows, and works with that one, too.
	sed -n 's/^\(click==[^ ]*\).*/\1/p' requirements.lock > target/click.txt
	echo mutmut | $(LOCK) - --override target/click.txt -c requirements-dev.lock -o deploy/mutate.lock

kafka: $(KAFKA) ## Fetch Apache Kafka for the tests (needs Maven, and Java to run it)

sbom: $(AUDIT) ## What is shipped, as CycloneDX JSON, from the lock file: target/sbom.json
	@PYTHONWARNINGS=ignore target/audit/bin/cyclonedx-py requirements requirements.lock --pyproject pyproject.toml \
		--mc-type application --output-reproducible --output-file target/sbom.json
	@echo "target/sbom.json: $$(grep -c '"purl"' target/sbom.json) packages"

audit: $(AUDIT) ## Ask about known weaknesses of what is locked (needs the network; exit 3: nobody answered)
	@target/audit/bin/python deploy/audit.py

clean: ## Remove everything that was made
	rm -rf .venv target mutants build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage

# The lock files are the whole truth: every file has a known hash, and nothing else is fetched.
# Deskpulse itself is installed in place, by the locked build tool.
$(RUNTIME): requirements.lock deploy/build.lock pyproject.toml
	@command -v "$(PYTHON)" >/dev/null || { echo "There is no $(PYTHON) here: $(OTHER_PYTHON)" >&2; exit 1; }
	@"$(PYTHON)" -c "$$CHECK_PYTHON"
	@echo "Preparing .venv (once)"
	@"$(PYTHON)" -m venv --clear .venv
	@$(PIP) --require-hashes -r requirements.lock -r deploy/build.lock
	@$(PIP) --no-index --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV): $(RUNTIME) requirements-dev.lock
	@echo "Adding the tools of development (once)"
	@$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

# Beside .venv: a test runs with exactly what the lock files say.
$(MUTMUT): deploy/mutate.lock
	@rm -rf $(@D)
	@$(PIP) --no-deps --require-hashes --target $(@D) -r $<
	@touch $@

$(KAFKA): tests/kafka/pom.xml
	@rm -rf $(@D)
	@mvn --quiet --batch-mode --file $< dependency:copy-dependencies -DoutputDirectory=$(CURDIR)/$(@D)
	@touch $@

# Tools for the list of what is shipped, in an environment of their own.
$(AUDIT): deploy/audit.lock
	@rm -rf $(@D)
	@"$(PYTHON)" -m venv $(@D)
	@$(@D)/bin/python -m pip --quiet --disable-pip-version-check install --require-hashes -r $<
	@touch $@
