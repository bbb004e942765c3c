# How `sam build` packs each function and the layer (BuildMethod: makefile). Without Docker, from any host:
# by default wheels for Lambda; with REELHOUSE_BUILD=local the host's own, for the local stack.
# python3.13 runs on Amazon Linux 2023 (glibc 2.34); DuckDB's wheels need 2.28.
LAMBDA_PLATFORM := --python-platform aarch64-manylinux_2_28 --python-version 3.13 --only-binary :all:
ifeq ($(REELHOUSE_BUILD),local)
LAMBDA_PLATFORM := --python $(BIN)/python
endif
PACK := $(UV) pip install --quiet --require-hashes --no-deps --no-compile-bytecode $(LAMBDA_PLATFORM)
VERSION := $(shell git describe --always --dirty 2>/dev/null || sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)

define pack_function
	@cp -R lambdas pipeline insights "$(ARTIFACTS_DIR)"
	@rm -rf "$(ARTIFACTS_DIR)"/lambdas/{*.mk,*.in,*.lock,*.yaml,Dockerfile} && find "$(ARTIFACTS_DIR)" -name __pycache__ -prune -exec rm -rf {} +
	@echo $(VERSION) > "$(ARTIFACTS_DIR)/pipeline/CODE_VERSION"
	@$(PACK) --target "$(ARTIFACTS_DIR)" -r lambdas/function.lock
endef

build-GetMoviesAndSendToQueue build-EnrichAndStoreMovie build-ProcessBronzeToSilver build-AggregateToGold build-FindSimilarMovies: | $(UV)
	$(pack_function)

build-DuckdbLayer: | $(UV)
	@$(PACK) --target "$(ARTIFACTS_DIR)/python" -r lambdas/layer.lock
