# The commands of this repository. Needs python3 (3.11 or newer) and make, nothing else.

PYTHON ?= python3
PORT_BASE ?= 8800
export PORT_BASE

export FUNCTION EVENT NAME SAM_ARGS ONLY APPLICATION ENV OPERATOR PARAMETERS CONFIRM

.PHONY: help run up down demo test soak check format engine scan lock openapi schema reference docs screenshots invoke agent aws destroy

help: ## Show the commands
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 20

run: ## Start everything, show one task live, stay until Ctrl-C
	@$(PYTHON) -m tools run

up: ## Start everything in the background
	@$(PYTHON) -m tools up

down: ## Stop it
	@$(PYTHON) -m tools down

demo: ## Drive one task against the stack that is up
	@$(PYTHON) -m tools demo

test: ## Run all tests, or some: ONLY=tests/e2e/test_refusals.py
	@$(PYTHON) -m tools test

soak: ## Try random schedules of failures: MINUTES=60
	@$(PYTHON) -m tools soak

check: ## Lint, types, import contracts, template and house rules
	@$(PYTHON) -m tools check

invoke: ## One function in a container, by sam local: FUNCTION=ApiFunction EVENT=events/api/health.json
	@$(PYTHON) -m tools invoke

format: ## Format the code and apply the fixes of the linter
	@$(PYTHON) -m tools format

engine: ## Build the engine's wheel and run its tests without the application
	@$(PYTHON) -m tools engine

scan: ## Scanners over templates, code and packages: checkov, bandit, pip-audit
	@$(PYTHON) -m tools scan

lock: ## Generate the hash-pinned requirement files from pyproject.toml
	@$(PYTHON) -m tools lock

openapi: ## Generate shared/playmate/openapi.json from the routes
	@$(PYTHON) -m tools openapi

schema: ## Generate shared/orchestrator/store/schema.sql from the migrations
	@$(PYTHON) -m tools schema

reference: ## Generate the reference pages of docs/ from the code
	@$(PYTHON) -m tools reference

docs: ## Build the documentation site into .local/site
	@$(PYTHON) -m tools docs

screenshots: ## Take the screenshots of README.md from the running stack
	@$(PYTHON) -m tools screenshots

agent: ## The skeleton of a new agent and its test: NAME=kid.greet
	@$(PYTHON) -m tools agent

aws: ## Deploy to AWS, or repeat it after any failure: ENV=staging OPERATOR=your-name
	@$(PYTHON) -m tools aws

destroy: ## Remove the stacks of `make aws` from AWS: ENV=staging
	@$(PYTHON) -m tools destroy
