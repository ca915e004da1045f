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
.PHONY: help test perf compare report gate gate-pull-request summary tools drill schema fmt lint

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12
	@echo
	@echo "make perf takes LABELS='subject:queue && measure:latency', TIER=smoke|full|soak or"
	@echo "ONLY=<scenario>. LOGPERF_CORPUS=FILE measures with the records of your own log,"
	@echo "LOGPERF_SOAK=2h says how long a soak lasts. make gate takes BASE=<commit>, and LABELS,"
	@echo "TIER and ONLY as make perf does."
	@echo "make drill takes SHORT=1, which plants some, PLANT=<name>, BY=threshold|gate."

test: export GINKGO_NO_COLOR = TRUE
test: ## unit tests and a check of every scenario: with the race detector, then without
	go test -race -count=1 $(PACKAGES)
	go test -count=1 $(PACKAGES)
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || command -v google-chrome-stable >/dev/null || command -v chrome >/dev/null || \
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

# BASE is what the gate compares with; empty: where this branch left the main
# branch. SUMMARY is a file for Markdown, ACCEPT a reason why slowdowns are expected.
export GATE_BASE := $(value BASE)
export GATE_SUMMARY := $(value SUMMARY)
export GATE_ACCEPT := $(value ACCEPT)
gate_flags = --base "$$GATE_BASE" --markdown "$$GATE_SUMMARY" --accept "$$GATE_ACCEPT" \
	$(if $(ONLY),--only "$$LOGPERF_ONLY",--label-filter "$$LABEL_FILTER") $(GATE_FLAGS)

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

gate: ## compare with BASE: did the library get slower?
	$(if $(tiers),,$(error TIER is "$(TIER)": want smoke, full or soak))
	@exec go tool logperf gate $(gate_flags)

# Where it could not decide it gets twice the time, once, and then a neutral end: a
# noisy machine is not the fault of who wrote the change. That scenarios are gone is,
# and more time tells nothing of them.
gate-pull-request: ## the gate as CI runs it
	@mkdir -p results; \
	run() { go tool logperf gate $(gate_flags) --annotate --json results/gate.json "$$@"; }; \
	run; status=$$?; \
	if [ $$status -eq 3 ] && ! grep -q '"only_removed": true' results/gate.json; then \
		echo "INCONCLUSIVE: once more with twice the time"; \
		run --budget 20m; status=$$?; \
	fi; \
	if [ $$status -eq 3 ] && [ -z "$$GATE_ACCEPT" ] && grep -q '"removed": \[' results/gate.json; then \
		echo "::error::scenarios of the base are gone, and with them what they would show. The label accept-regression accepts that."; \
		exit 3; \
	fi; \
	[ $$status -ne 3 ] || { \
		echo "::warning::INCONCLUSIVE twice: this machine is too noisy to tell. It is neither a PASS nor a FAIL; make gate on a quiet machine decides."; \
		exit 0; }; \
	exit $$status

tools: ## install what the gate counts with: valgrind
	@command -v valgrind >/dev/null || { sudo apt-get update -q; sudo apt-get install -y -q valgrind; }

# The results say most where the run has failed.
summary: ## append the summary of the latest run to SUMMARY
	@cat results/latest/summary.md >> "$${GATE_SUMMARY:-/dev/stdout}"

# SHORT plants some of the regressions, PLANT the one of that name, BY what the
# threshold or the gate has to catch.
SHORT ?=
PLANT ?=
BY ?=
drill: ## plant known regressions and see that each is caught
	@exec go tool logperf drill $(if $(SHORT),--short) $(if $(PLANT),--only='$(PLANT)') $(if $(BY),--by='$(BY)')

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
