# Every step that CI runs is a target here. `make` alone lists them.

# TIER is the set of scenarios: smoke, full (smoke and full) or soak.
TIER ?= smoke
# LABELS is a filter in Ginkgo's language, joined with the tiers of TIER.
LABELS ?=
# ONLY is the name of one scenario. It takes the place of LABELS and TIER.
ONLY ?=
# PACKAGES are those that make test tests.
PACKAGES ?= ./...

.DEFAULT_GOAL := help
.PHONY: help test perf compare report plants schema fmt lint

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12
	@echo
	@echo "make perf takes LABELS='subject:queue && measure:latency', TIER=smoke|full|soak or"
	@echo "ONLY=<scenario>. LOGPERF_CORPUS=FILE measures with the records of your own log,"
	@echo "LOGPERF_SOAK=2h says how long a soak lasts."

test: export GINKGO_NO_COLOR = TRUE
test: ## unit tests and a check of every scenario: with the race detector, then without
	go test -race -count=1 $(PACKAGES)
	go test -count=1 $(PACKAGES)
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || command -v chrome >/dev/null || \
	echo 'skipped: the tests that look at the report in a browser; they need apt-get install chromium'

tiers.smoke := tier:smoke
tiers.full := tier:smoke || tier:full
tiers.soak := tier:soak
tiers := $(tiers.$(TIER))

# Filter and name reach the shell through the environment, taken literally: make
# leaves a $ in them alone, the shell && and quotes.
ifneq ($(ONLY),)
export LOGPERF_ONLY := $(value ONLY)
else
export LABEL_FILTER := $(if $(strip $(value LABELS)),($(value LABELS)) && )($(tiers))
endif
ifeq ($(TIER),soak)
export LOGPERF_SOAK ?= 1
endif

# The last command replaces the shell, which would end at ^C before the suite
# has written its results.
perf: ## measure the scenarios and hold them against thresholds.yaml
	$(if $(tiers),,$(error TIER is "$(TIER)": want smoke, full or soak))
	@[ -t 1 ] || export GINKGO_NO_COLOR=TRUE; \
	exec go tool ginkgo run --fail-on-pending --label-filter="$$LABEL_FILTER" ./suites

compare: ## show what two stored runs differ in: OLD and NEW, by default the latest and that before it
	$(if $(NEW),$(if $(OLD),,$(error NEW is "$(NEW)" without OLD: want both, or OLD alone to compare it with the latest)))
	@exec go tool logperf compare $${OLD:+"$$OLD"} $${NEW:+"$$NEW"}

report: ## write a run as a page for a browser: RUN, by default the latest; OLD names one to compare it with
	@exec go tool logperf report $${OLD:+--compare "$$OLD"} "$${RUN:-latest}"


plants: ## build with planted faults and see that make perf fails for each
	LOGPERF_PLANTS=1 go test -count=1 -v -timeout 20m ./suites/internal/plants

.PHONY: docs-check
docs-check: ## follow the guides in a copy of the tree; see that their links and names exist
	LOGPERF_DOCS=1 go test -count=1 -v -timeout 60m ./suites/internal/docscheck

schema: ## write docs/thresholds.schema.json anew
	go tool logperf thresholds schema > docs/.thresholds.schema.json
	mv docs/.thresholds.schema.json docs/thresholds.schema.json

lint_tool := go tool -modfile=.ci/tools.mod

fmt: ## format the code
	$(lint_tool) gofumpt -w .

lint: ## formatting, linters, tidiness of go.mod, workflows
	@echo '$(lint_tool) gofumpt -l .'; unformatted=$$($(lint_tool) gofumpt -l .) || exit 1; \
	[ -z "$$unformatted" ] || { echo "not formatted, run make fmt:"; echo "$$unformatted"; exit 1; }
	$(lint_tool) golangci-lint run ./...
	go mod tidy -diff
	go run github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
