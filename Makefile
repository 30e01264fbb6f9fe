# Every target does all of its own set-up. On Debian 12, as root:
#   apt-get install make git python3 python3-venv ca-certificates

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup demo test test-313 check serve bench sdk

LINE ?= sandbox
PYTHON313 ?= python3.13
BIN := .venv/bin

help:
	@echo "make setup     the Python environment in .venv"
	@echo "make demo      calls placed, steered, and judged by what the far end heard (LINE=sip: a SIP phone instead)"
	@echo "make test      everything, in under eight minutes after set-up"
	@echo "make test-313  unit, stories and contracts on Python 3.13, if there is one"
	@echo "make check     lint, format, types, architecture"
	@echo "make serve     the whole platform on http://127.0.0.1:8080"
	@echo "make sdk       both clients, generated from the OpenAPI document; the TypeScript package as a file to install"
	@echo "make bench     figures beside their budgets"

.venv/.ready: pyproject.toml uv.lock scripts/setup
	@scripts/setup python3 .venv

setup: .venv/.ready

demo: setup
	@if [ "$(LINE)" = sip ]; then scripts/debian-packages baresip-core; fi
	@$(BIN)/trunkline demo --line $(LINE)

test: setup
	@scripts/debian-packages sip-tester baresip-core postgresql curl
	@scripts/sdk setup
	@scripts/test $(BIN)/python

test-313: setup
	@scripts/test-313 $(PYTHON313)

check: setup
	@scripts/check

serve: setup
	@exec $(BIN)/trunkline serve

bench: setup
	@scripts/debian-packages sip-tester postgresql
	@$(BIN)/python benchmarks/run.py

sdk: setup
	@scripts/sdk generate
	@scripts/sdk build
	@scripts/sdk pack
