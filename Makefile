# The commands of this project. CI runs these and nothing else.
.DEFAULT_GOAL := help
SHELL := bash
# A pipe fails when any part of it does.
.SHELLFLAGS := -o pipefail -c

BIN      := bin
GO       := go
SHARED   ?= ../shared
LEAN     := $(SHARED)/data/lean
LINT     := v2.15.0
VULN     := v1.9.0
CONF     := 0.2.0-alpha.12
STOQEY   := 1.6.10
NODE     := 22
LDFLAGS  := -s -w
LEAN_CLI ?= ../lean-cli
PYTHON   ?= python3
RELEASE  ?=

.PHONY: help run test check race lint fmt vet golden drift lean-page demo conformance tws-client lean-cli fuzz bench cover vuln e2e soak build release hooks clean

help: ## Show this list
	@grep -hE '^[a-z0-9-]+:.*?## ' $(MAKEFILE_LIST) | awk -F ':.*?## ' '{printf "  %-12s %s\n", $$1, $$2}'

run: build ## Build and serve on http://127.0.0.1:8787/mcp
	$(BIN)/quantdesk serve

build: ## Build bin/quantdesk, static
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS) $(if $(RELEASE),-X main.release=$(RELEASE))' -o $(BIN)/quantdesk ./cmd/quantdesk

test: ## Run all tests
	CGO_ENABLED=0 $(GO) test ./...

race: ## Run the tests with the race detector (needs a C compiler)
	CGO_ENABLED=1 $(GO) test -race -short ./...

check: fmt vet lint race drift ## Everything a change must pass

vet: ## Vet, in both builds
	$(GO) vet ./...
	$(GO) vet -tags fixtures ./cmd/quantdesk

fmt: ## Fail on files that are not formatted
	@out=$$(gofmt -l cmd internal benchmarks); [ -z "$$out" ] || { echo "not formatted: $$out"; exit 1; }

$(BIN)/golangci-lint:
	@mkdir -p $(BIN)
	GOBIN=$(abspath $(BIN)) $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT)

lint: $(BIN)/golangci-lint ## Lint
	$(BIN)/golangci-lint run --allow-parallel-runners ./...

golden: ## Write everything that is generated: catalogue, references, codes
	cd internal/fault && $(GO) generate .
	cd internal/tools && $(GO) generate .
	QUANTDESK_UPDATE=1 $(GO) test ./internal/arch
	QUANTDESK_UPDATE=1 CGO_ENABLED=0 $(GO) test ./internal/python/runner -run Stubs -count 1

drift: golden ## Fail when what is generated is not what is committed
	git diff --exit-code -- docs internal/tools/catalogue.json internal/fault/codes_gen.go internal/python/strategy/stubs

lean-page: build ## Write docs/lean-compatibility.md (ALGORITHMS=DIR EXPECTED=FILE, from a checkout of LEAN)
	$(BIN)/quantdesk lean-check --algorithms $(ALGORITHMS) --expected $(EXPECTED) --market $(LEAN) --markdown > docs/lean-compatibility.md

demo: build ## Play the demo on simulated and, where it is there, on real data
	$(BIN)/quantdesk demo
	@if [ -d $(LEAN) ]; then $(BIN)/quantdesk demo --market $(LEAN); else echo "skipped: no market data at $(LEAN)"; fi

out/conformance/node_modules:
	@mkdir -p out/conformance
	cd out/conformance && npm init -y >/dev/null && npm install --no-audit --no-fund @modelcontextprotocol/conformance@$(CONF) node@$(NODE)

conformance: out/conformance/node_modules ## Run the official MCP conformance suite, both requirement sets
	QUANTDESK_CONFORMANCE=$(abspath out/conformance) $(GO) test -tags fixtures ./cmd/quantdesk -run TestConformance -count 1 -v | grep -E 'Total:|^(---|===|ok|FAIL|PASS)|✗'

out/stoqey/node_modules:
	@mkdir -p out/stoqey
	cd out/stoqey && npm init -y >/dev/null && npm install --no-audit --no-fund @stoqey/ib@$(STOQEY) node@$(NODE)

tws-client: out/stoqey/node_modules ## Run the paper TWS under a client that others wrote
	QUANTDESK_STOQEY=$(abspath out/stoqey) CGO_ENABLED=0 $(GO) test -timeout 120s ./internal/tws/server -run TestStoqey -count 1 -v

lean-cli: ## Run the LEAN CLI's own API tests against a desk (LEAN_CLI=its repository, PYTHON=with its requirements)
	QUANTDESK_LEAN_CLI=$(abspath $(LEAN_CLI)) QUANTDESK_PYTHON=$(PYTHON) $(GO) test ./cmd/quantdesk -run TestLeanCLI -count 1 -v

# By count: a bound in time fails now and then, when it strikes within an input.
fuzz: ## Fuzz each target for a moment
	@for p in $$(grep -rlE '^func Fuzz' --include='*_test.go' internal cmd | xargs -n1 dirname | sort -u); do \
	  for f in $$(grep -hoE '^func Fuzz[A-Za-z0-9_]+' $$p/*_test.go | cut -d' ' -f2); do \
	    echo "fuzz $$p $$f"; $(GO) test ./$$p -run '^$$' -fuzz "^$$f$$" -fuzztime 20000x || exit 1; done; done

bench: build ## Measure start, calls, orders and backtests beside their floors
	$(GO) run ./benchmarks start -bin $(BIN)/quantdesk
	$(GO) run ./benchmarks calls -bin $(BIN)/quantdesk
	$(GO) run ./benchmarks orders -bin $(BIN)/quantdesk
	$(GO) run ./benchmarks engine -bin $(BIN)/quantdesk
	CGO_ENABLED=0 $(GO) test ./internal/desktest -run '^$$' -bench TicketToFill -benchtime 3s
	CGO_ENABLED=0 $(GO) test ./internal/lean -run '^$$' -bench MinuteRows
	CGO_ENABLED=0 $(GO) test ./internal/tws -run '^$$' -bench Decode
	CGO_ENABLED=0 $(GO) test ./internal/tws/client -run '^$$' -bench Flood -benchtime 500000x
	CGO_ENABLED=0 $(GO) test ./internal/tws/server -run '^$$' -bench 'Order|Floor'

soak: ## Kill the desk a thousand times
	QUANTDESK_KILLS=1000 CGO_ENABLED=0 $(GO) test ./internal/desktest -run Crash -count 1 -v -timeout 30m

cover: ## Coverage by package
	CGO_ENABLED=0 $(GO) test -coverprofile coverage.out ./... && $(GO) tool cover -func coverage.out | tail -1

vuln: ## Look for known vulnerabilities
	$(GO) run golang.org/x/vuln/cmd/govulncheck@$(VULN) ./...

e2e: demo conformance tws-client ## The end-to-end checks

release: ## Build for every system into out/release, with checksums (RELEASE=v1.2.3)
	@mkdir -p out/release
	@for t in linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64; do \
	  os=$${t%/*}; arch=$${t#*/}; ext=; [ $$os = windows ] && ext=.exe; \
	  echo "$$os/$$arch"; CGO_ENABLED=0 GOOS=$$os GOARCH=$$arch $(GO) build -trimpath -ldflags '$(LDFLAGS) -X main.release=$(RELEASE)' -o out/release/quantdesk-$$os-$$arch$$ext ./cmd/quantdesk || exit 1; done
	cd out/release && sha256sum quantdesk-* > SHA256SUMS

hooks: ## Run the fast half of check before each commit
	printf '#!/bin/sh\nexec make fmt vet\n' > .git/hooks/pre-commit && chmod +x .git/hooks/pre-commit

clean: ## Remove what was built
	rm -rf $(BIN) out coverage.out
