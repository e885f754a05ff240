# On a bare Debian 12 or 13, `make demo` and `make test` each do everything themselves;
# what a run has set up, the next one finds.  The work is in .ci/setup.sh and .ci/check_wheel.sh.

BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help demo test lint wheel setup setup-dev clean

help:  ## this list
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/  make \1\t\2/p' Makefile | expand -t 18

demo: setup  ## the whole way on an embedded example; the report is written to demo-out/
	$(BIN)/spicegen demo -o demo-out

test: lint  ## ruff, mypy --strict, the tests, and the wheel in a clean environment
	$(BIN)/pytest -n 2
	bash .ci/check_wheel.sh

lint: setup-dev  ## ruff and mypy --strict
	$(BIN)/ruff check
	$(BIN)/mypy --strict

wheel: setup-dev  ## build the wheel into dist/, install it elsewhere, render a model there
	bash .ci/check_wheel.sh

setup:  ## ngspice, and the package in .venv
	@bash .ci/setup.sh

setup-dev:  ## the same, with the tools for development
	@bash .ci/setup.sh dev

clean:  ## remove .venv and everything else that was made here
	rm -rf .venv build dist demo-out .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -prune -exec rm -rf {} +
