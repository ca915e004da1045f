# Every step that CI runs is a target here. `make` alone lists them.

# TIER is the set of scenarios: smoke, full (smoke and full), or soak.
TIER ?= smoke
# LABELS is a filter in Ginkgo's language, joined with the tiers of TIER.
LABELS ?=
# ONLY is the name of one scenario; it takes the place of LABELS and TIER.
ONLY ?=

export LABELS TIER
ifneq ($(ONLY),)
export LOGPERF_ONLY := $(ONLY)
endif
ifeq ($(TIER),soak)
export LOGPERF_SOAK ?= 1
endif

LINT := go tool -modfile=.ci/tools.mod

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12
	@echo
	@echo "make perf takes LABELS='subject:queue && measure:cost', TIER=smoke|full|soak, ONLY=<scenario>;"
	@echo "LOGPERF_CORPUS=FILE measures with the records of your own log."

.PHONY: test
test: ## unit tests and a check of every scenario: with the race detector, then without
	go vet ./...
	go test -race ./...
	go test ./...

.PHONY: perf
perf: ## measure the scenarios and hold them against thresholds.yaml
	@filter="$$(.ci/filter)" || exit 2; \
	go tool ginkgo run --label-filter="$$filter" ./suites

.PHONY: plants
plants: ## build two regressions with an overlay and see make perf fail for them
	LOGPERF_PLANTS=1 go test -count=1 -v -timeout 15m ./suites/internal/plants

.PHONY: fuzz
fuzz: ## fuzz each input for 20 s
	go test -fuzz FuzzJSONEncoder -fuzztime 20s ./logging
	go test -fuzz FuzzParseLine -fuzztime 20s ./fixtures/workload
	go test -fuzz FuzzParse -fuzztime 20s ./suites/internal/threshold

.PHONY: fmt
fmt: ## format the code
	$(LINT) gofumpt -w $$(git ls-files '*.go')

.PHONY: lint
lint: ## formatting, linters, workflows
	@unformatted="$$($(LINT) gofumpt -l $$(git ls-files '*.go'))"; \
	if [ -n "$$unformatted" ]; then echo "not formatted, run make fmt:"; echo "$$unformatted"; exit 1; fi
	$(LINT) golangci-lint run ./...
	go run github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
	go mod tidy -diff

.PHONY: schema
schema: ## write docs/thresholds.schema.json anew
	go tool logperf thresholds schema > docs/thresholds.schema.json.tmp
	mv docs/thresholds.schema.json.tmp docs/thresholds.schema.json
