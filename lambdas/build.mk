# How `sam build` packs each function and the layer (BuildMethod: makefile), on any host and without Docker.
# By default it installs wheels for Lambda; with REELHOUSE_BUILD=local those of this host, for the local stack.
# python3.13 runs on Amazon Linux 2023 (glibc 2.34); DuckDB's wheels need glibc 2.28.
LAMBDA_PLATFORM := --python-platform aarch64-manylinux_2_28 --python-version 3.13 --only-binary :all:
# Bytecode is specific to one Python version, so it is compiled by the version that runs the functions.
find_compiler = $(UV) python find --no-project 3.13 2>/dev/null
ifeq ($(REELHOUSE_BUILD),local)
LAMBDA_PLATFORM := --python $(BIN)/python
find_compiler = echo $(BIN)/python
endif
PACK := $(UV) pip install --quiet --require-hashes --no-deps --no-compile-bytecode $(LAMBDA_PLATFORM)
VERSION := $(shell git describe --always --dirty 2>/dev/null || sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)

# The shell, and not make, reads ARTIFACTS_DIR below: its path may have quotes and dollar signs.

# Lambda's file system is read-only: without bytecode in the package, every cold start compiles all imports. Unchecked,
# because the times of the source files change on the way to Lambda.
define compile_bytecode
	@python=$$($(find_compiler)) && "$$python" -m compileall -q -j 0 -s $(1) --invalidation-mode unchecked-hash $(1) || \
		echo 'Without bytecode, cold starts take 1 to 2 s longer: install Python 3.13 and build again.' >&2
endef

define pack_function
	@cp -R lambdas pipeline insights "$$ARTIFACTS_DIR"
	@rm -rf "$$ARTIFACTS_DIR"/lambdas/{*.mk,*.in,*.lock,*.yaml,Dockerfile} && find "$$ARTIFACTS_DIR" -name __pycache__ -prune -exec rm -rf {} +
	@echo $(VERSION) > "$$ARTIFACTS_DIR/pipeline/CODE_VERSION"
	@$(PACK) --target "$$ARTIFACTS_DIR" -r lambdas/function.lock
	$(call compile_bytecode,"$$ARTIFACTS_DIR")
endef

build-GetMoviesAndSendToQueue build-EnrichAndStoreMovie build-ProcessBronzeToSilver build-AggregateToGold build-FindSimilarMovies: | $(UV)
	$(pack_function)

build-DuckdbLayer: | $(UV)
	@$(PACK) --target "$$ARTIFACTS_DIR/python" -r lambdas/layer.lock
	$(call compile_bytecode,"$$ARTIFACTS_DIR/python")
