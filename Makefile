# Each target builds what it needs, once. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/uv
# Without cached bytecode, a report's imports take three times as long.
unexport PYTHONDONTWRITEBYTECODE
# Trust the system's certificates, as pip does, so that downloads work behind a proxy with its own authority.
export UV_SYSTEM_CERTS := 1
# What a target starts ends with make, even when make is killed.
run test chaos bench: export REELHOUSE_END_WITH_PARENT := 1

include lambdas/build.mk

CHECKS := check-style check-types check-templates
.PHONY: help run check $(CHECKS) test trino trino-short chaos bench audit lock catalogue reports-image reports-image-codebuild deploy delete

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 26

run: environment ## Start the local stack, ingest films, write the reports and print the results
	@$(BIN)/reelhouse demo

check: environment ## Check style, types, templates and the notebooks' code, without running a test
	@$(MAKE) --no-print-directory --jobs 3 $(CHECKS)

check-style:
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .

check-types:
	@$(BIN)/mypy --no-error-summary

check-templates:
	@$(BIN)/cfn-lint --regions eu-central-1 --template $$(git ls-files '*template.yaml')

test: environment ## Run every check and every test
	@$(MAKE) --no-print-directory --jobs 3 $(CHECKS) .scan-venv/.ready .venv/.compiled
	@$(BIN)/python -m pytest --numprocesses 4

bench: environment ## Measure speed and memory against their baselines, into benchmarks/RESULTS.md
	@$(BIN)/python -m benchmarks

trino: environment ## Run Gold's SQL and the Athena engine on a real Trino; needs a JDK 24 or later, and Maven
	@$(BIN)/python -m tests.trino_cluster

trino-short: environment ## Run only Gold's SQL on Trino, for 17,470 films; skipped where Java, Maven or memory is missing
	@$(BIN)/python -m tests.trino_cluster --short

chaos: environment ## Inject every fault into a deployed stack and account for every film; KINDS="killed omdb" for some
	@$(BIN)/python -m tests.chaos $(KINDS)
	@$(if $(KINDS),true,$(BIN)/python -m pytest tests/integration -m chaos --numprocesses 2)

environment:
	@$(MAKE) --silent --jobs 2 .venv/.ready .sam-venv/.ready
.PHONY: environment

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'Reelhouse needs Python 3.11 or later: PYTHON=python3.13 make $(MAKECMDGOALS)' >&2; exit 1; }
	@echo 'Building the environment in .venv (once, about a minute) …'
	@$(PYTHON) -m venv .venv
	@sed -n '/^uv==/,/[^\\]$$/p' requirements.lock | $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-user --no-deps --require-hashes --requirement /dev/stdin

.venv/.ready: requirements.lock pyproject.toml | $(UV)
	@$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@# Python 3.11 and 3.12 read this file in the locale's encoding, which may not have the letters of the folder's name.
	@echo ../../../.. | tee .venv/lib/python*/site-packages/_editable_impl_reelhouse.pth > /dev/null
	@touch $@

# Four test processes would each compile the same imports.
.venv/.compiled: .venv/.ready
	@$(BIN)/python -m compileall -q -j 0 -x '/tests?/' .venv/lib
	@touch $@

.sam-venv/.ready: sam.lock | $(UV)
	@echo 'Building the SAM CLI in .sam-venv …'
	@$(UV) venv --quiet --clear --python $(BIN)/python .sam-venv
	@$(UV) pip sync --quiet --python .sam-venv/bin/python --require-hashes sam.lock
	@touch $@

.scan-venv/.ready: scan.lock | $(UV)
	@echo 'Building the scanners in .scan-venv …'
	@$(UV) venv --quiet --clear --python $(BIN)/python .scan-venv
	@$(UV) pip sync --quiet --python .scan-venv/bin/python --require-hashes scan.lock
	@touch $@

audit: environment .scan-venv/.ready ## Check the locked packages for known vulnerabilities (needs a network)
	@for lock in requirements.lock sam.lock scan.lock lambdas/*.lock; do echo "$$lock"; \
		.scan-venv/bin/pip-audit --disable-pip --require-hashes --requirement "$$lock" || failed=1; done; exit $${failed:-0}

COMPILE := $(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --no-header
lock: | $(UV) ## Update all dependencies and the lock files
	@$(COMPILE) --python-version 3.11 --upgrade --group dev pyproject.toml -o requirements.lock
	@$(COMPILE) --python-version 3.11 --upgrade sam.in -o sam.lock
	@$(COMPILE) --python-version 3.11 --upgrade scan.in -o scan.lock
	@$(COMPILE) --python-version 3.13 -c requirements.lock lambdas/function.in -o lambdas/function.lock
	@$(COMPILE) --python-version 3.13 -c requirements.lock lambdas/layer.in -o lambdas/layer.lock
	@$(COMPILE) --python-version 3.13 -c requirements.lock lambdas/reports.in -o lambdas/reports.lock
	@$(MAKE) --no-print-directory environment
	@$(BIN)/python -m tools.conda_environment

catalogue: environment ## Generate Glue tables, docs/data.md, docs/scale.md and the QuickSight template from their definitions
	@$(BIN)/python -m tools.catalogue
	@$(BIN)/python -m insights.quicksight
	@$(BIN)/python -m tools.scale

# Deploying to AWS: docs/aws.md.
STACK ?= reelhouse
# The AWS CLI's region is that of the stack's settings, as it is for make deploy; without a file the environment's.
REGION = $(shell sed -n 's/^region *= *"\(.*\)".*/\1/p' deployments/$(STACK).toml 2>/dev/null)
in_region = $(if $(REGION),export AWS_REGION=$(REGION) AWS_DEFAULT_REGION=$(REGION);)
output_of = $$(aws cloudformation describe-stacks --stack-name $(STACK) --query "Stacks[0].Outputs[?OutputKey=='$(1)'].OutputValue" --output text)

deploy: environment ## Deploy the stack STACK to AWS (docs/aws.md)
	@$(BIN)/python -m tools.deploy $(STACK)

delete: environment ## Delete the stack STACK from AWS, except its Bronze bucket
	@$(BIN)/python -m tools.delete $(STACK)

NO_REPOSITORY = "stack $(STACK) has no image repository: set ReportsImageBuild = true in deployments/$(STACK).toml, then run make deploy STACK=$(STACK)"
find_repository = set -euo pipefail; $(in_region) repository=$(call output_of,ReportsRepositoryUri); \
	[ -n "$$repository" ] || { echo $(NO_REPOSITORY) >&2; exit 1; }
# Tags in the repository are immutable; the time makes a second build of the same commit possible.
TAG := $(VERSION)-$(shell date -u +%Y%m%dT%H%M%S)
NEXT_STEP = "Next: set ReportsImageUri = \"$$repository:$(TAG)\" in deployments/$(STACK).toml, then run make deploy STACK=$(STACK)"

reports-image: ## Build the reports' image with Docker and push it to the stack's repository
	@$(find_repository); \
	aws ecr get-login-password | docker login --username AWS --password-stdin "$${repository%%/*}"; \
	docker buildx build --platform linux/arm64 --provenance=false --sbom=false --file lambdas/Dockerfile \
		--build-arg VERSION="$(VERSION)" --tag "$$repository:$(TAG)" --push .; \
	echo $(NEXT_STEP)

reports-image-codebuild: ## Build the same image in CodeBuild, from the last commit, without Docker on this machine
	@$(find_repository); source=$$(mktemp -d); \
	git archive --format zip --output "$$source/source.zip" HEAD; \
	aws s3 cp "$$source/source.zip" "s3://$(call output_of,ReportsSourceBucketName)/source.zip"; rm -r "$$source"; \
	build=$$(aws codebuild start-build --project-name $(call output_of,ReportsImageProjectName) \
		--environment-variables-override name=VERSION,value=$$(git describe --always) name=TAG,value=$(TAG) \
		--query build.id --output text); \
	while status=$$(aws codebuild batch-get-builds --ids "$$build" --query 'builds[0].buildStatus' --output text); \
		[ "$$status" = IN_PROGRESS ]; do sleep 10; done; \
	echo "CodeBuild: $$status"; [ "$$status" = SUCCEEDED ] && echo $(NEXT_STEP)
