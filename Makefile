# make help lists the targets. Everything that they need is fetched by them: Go modules by the go command, TLC by Maven, the official
# JavaScript clients by npm.

GO ?= go
SHELL := /bin/bash

.PHONY: help demo check fmt vet staticcheck tidy test race tlc equality explore golden evidence interop generate bench mutants

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## run the demo: two clients on the embedded server, or on Ably itself when ABLY_API_KEY is set
	@$(GO) run ./examples/demo

check: ## run everything: format, vet, staticcheck, tests with the race detector, TLC, equality of graphs, ten million states, interop
	@$(MAKE) --no-print-directory fmt vet staticcheck tidy race tlc equality explore interop
	@echo "check: all passed"

fmt: ## fail on files that gofmt would change
	@out="$$(gofmt -l .)"; if [ -n "$$out" ]; then echo "gofmt would change:"; echo "$$out"; exit 1; fi; echo "fmt: ok"

vet: ## go vet
	@$(GO) vet ./... && echo "vet: ok"

staticcheck: ## staticcheck, at the version that go.mod pins
	@$(GO) tool staticcheck ./... && echo "staticcheck: ok"

tidy: ## fail when go.mod or go.sum is not tidy
	@$(GO) mod tidy -diff && $(GO) mod verify >/dev/null && echo "tidy: ok"

test: ## the tests, without the race detector
	@$(GO) test ./...

race: ## the tests, with the race detector; without it, the one that ably-go's own race stands in the way of
	@$(GO) test -race -count=1 ./...
	@$(GO) test -count=1 -run TestAClosedConnection ./adapter/ably

tlc: ## check the TLA+ specs: every configuration, and those that must fail
	@$(GO) run ./spec/TLA/tlc

equality: ## compare the state graphs of spec, model and core, both ways, with TLC's made afresh
	@$(GO) run ./tests/equality/run

explore: ## hold the properties to ten million states of the core, and check its liveness
	@$(GO) run ./cmd/explore -calls 5 -refusals=false
	@$(GO) run ./cmd/explore -liveness

golden: ## make the kept graph of the spec anew, after a change of the spec
	@$(GO) run ./tests/equality/run -golden && echo "golden: ok"

evidence: ## the larger bounds of the suites: all schedules, a million operations, a hundred thousand runs of each good subject
	@EVIDENCE=full $(GO) test -count=1 -v ./tests/schedules ./tests/gallery | grep -E '^(---|ok|FAIL|PASS)|EVIDENCE'; exit $${PIPESTATUS[0]}
	@EVIDENCE=full $(GO) test -count=1 -race -v ./tests/linear | grep -E '^(---|ok|FAIL|PASS)|EVIDENCE'; exit $${PIPESTATUS[0]}

mutants: ## plant small faults in the code, one at a time, and measure which of them the suites notice; takes long
	@$(GO) run ./tests/mutants

interop: ## run the official JavaScript client against the embedded server
	@$(GO) run ./tests/interop

generate: ## write the generated parts of the documents anew
	@$(GO) test ./tests/docs -count=1 -update && echo "generate: ok"

bench: ## print the benchmarks as ratios against baselines in the same run
	@$(GO) run ./tests/bench
