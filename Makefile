# make help lists the targets. Everything that they need is fetched by them: Go modules by the go command, TLC by Maven, the official
# JavaScript clients by npm.

GO ?= go
SHELL := /bin/bash

# What is recorded so is compared with the register in tests/README.md by the last step of make check.
RECORD = $(GO) run ./tests/register record

.PHONY: help demo check fmt vet staticcheck tidy test race plain tlc specmutants equality explore traces frames faults misreadings interop register golden \
	evidence conformance-js generate bench mutants soak fuzz

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## run the demo: two clients on the embedded server, or on Ably itself when ABLY_API_KEY is set
	@$(GO) run ./examples/demo

check: ## run everything but mutants of the code, conformance-js and soak, and compare what ran with the register
	@$(GO) run ./tests/register clear
	@$(MAKE) --no-print-directory fmt vet staticcheck tidy race plain tlc equality explore traces frames specmutants misreadings interop register
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

# One goroutine's work, or that of the explorer, which has tests of its own: the race detector would only make it slow.
PURE = ./model ./spec/TLA/... ./tests/graphs/rooms ./tests/graphs/roomstatus ./tests/faults

race: ## the tests, with the race detector; without it, the one that ably-go's own race stands in the way of
	@$(RECORD) tests -- $(GO) test -race -count=1 -json $$(comm -23 <($(GO) list ./... | sort) <($(GO) list $(PURE) | sort))
	@$(RECORD) aside -- $(GO) test -count=1 -json -run 'TestAClosedConnection|TestEventsAndReturnsComeInOneOrder' ./adapter/ably

plain: ## without the race detector, what takes long under it: all orders of three calls, planted faults, specs, models and graphs
	@$(RECORD) plain -- $(GO) test -count=1 -json ./tests/schedules $(PURE)

tlc: ## check the TLA+ specs: every configuration, and those that must fail; the two largest graphs are made and checked by make equality
	@$(RECORD) tlc -- $(GO) run ./spec/TLA/tlc -skip '^(MCRooms_safety4|MCRoomStatus_graph4)$$'

specmutants: ## plant small faults in the spec, one at a time, and see which of them TLC notices
	@$(RECORD) specmutants -- $(GO) run ./tests/specmutants -quick -sample 102

equality: ## compare the state graphs of spec, model and core, both ways, with TLC's made afresh
	@$(RECORD) equality -- $(GO) run ./tests/graphs/run equality

explore: ## hold properties and model to ten million states of the core up to renaming, and check its liveness; the same for one room
	@$(RECORD) explore -- $(GO) run ./tests/graphs/run explore -calls 5 -symmetry -refusals=false -against -check
	@$(RECORD) liveness -- $(GO) run ./tests/graphs/run liveness
	@$(RECORD) explore-room -- $(GO) run ./tests/graphs/run explore -of roomstatus -calls 4 -promised -refusals=false -check
	@$(RECORD) liveness-room -- $(GO) run ./tests/graphs/run liveness -of roomstatus -calls 2

traces: ## record traces of the whole stack, and hold them and corrupted ones against the spec
	@$(RECORD) traces -- $(GO) run ./tests/traces

frames: ## each fault at every frame of the scenarios
	@$(RECORD) frames -- $(GO) run ./tests/frames -pairs 0

faults: ## the same with pairs of faults, at random by the seed that it prints
	@$(GO) run ./tests/frames -pairs 5000

misreadings: ## plant rules that were understood wrongly in core, model and spec, and see what notices: some, by the seed that it prints, or all with SAMPLE=0
	@$(RECORD) misreadings -- $(GO) run ./tests/misreadings -sample $${SAMPLE:-6}

register: ## compare what ran with the register in tests/README.md
	@$(GO) run ./tests/register check

golden: ## make the kept graphs of the specs and the sizes of all graphs anew, after a change of a spec or model
	@$(GO) run ./tests/graphs/run golden && echo "golden: ok"

evidence: ## the larger bounds of the suites: all schedules, a million operations, a hundred thousand runs of each good subject
	@EVIDENCE=full $(GO) test -count=1 -v ./tests/schedules ./tests/gallery | grep -E '^(---|ok|FAIL|PASS)|EVIDENCE'; exit $${PIPESTATUS[0]}
	@EVIDENCE=full $(GO) test -count=1 -race -v ./tests/linear | grep -E '^(---|ok|FAIL|PASS)|EVIDENCE'; exit $${PIPESTATUS[0]}

mutants: ## plant small faults in the code, one at a time, and measure which of them the suites notice; takes long
	@$(GO) run ./tests/mutants

interop: ## run the official JavaScript clients against the embedded server, and with this library
	@$(RECORD) interop -- $(GO) run ./tests/interop

conformance-js: ## hold the official @ably/chat, unpatched, to the rules, with a script for each that it breaks; needs Node
	@$(GO) run ./tests/conformance/js

soak: ## random faults for as long as FOR says (default 10m), with rooms opened and closed all the time
	@$(GO) run ./tests/soak -for $${FOR:-10m}

fuzz: ## fuzz each decoder of what comes from the wire, for as long as FOR says (default 10m each)
	@for target in FuzzMessage FuzzSummary FuzzPresence FuzzOccupancy FuzzAnnotation; do \
		$(GO) test ./chat -run '^$$' -fuzz "^$$target$$" -fuzztime $${FOR:-10m} || exit 1; done

generate: ## write the generated parts of the documents anew
	@$(GO) test ./tests/docs -count=1 -update && echo "generate: ok"

bench: ## print the benchmarks as ratios against baselines in the same run
	@$(GO) run ./tests/bench
