# make help lists the targets. Everything that they need is fetched by them: Go modules by the go command,
# TLC by Maven, the solver by pip, the official JavaScript clients by npm.

GO ?= go
SHELL := /bin/bash
REPORT = $(GO) run ./tests/report

# What is recorded so is compared with tests/report/register.json by the last step of make check.
RECORD = $(REPORT) record

# The steps of make check, in their order; a + joins steps that run side by side. Adding a step is a
# word here, a target below, and a line in register.json.
STEPS = fmt+vet+tidy staticcheck race plain tlc equality prove explore traces frames soak specmutants misreadings interop+browser

.PHONY: help $(shell sed -n 's/^\([a-z-]*\):.*/\1/p' Makefile)

help: # lists the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' Makefile

check: ## everything that must pass before a change is merged; prints where the time went
	@$(REPORT) all $(STEPS)

demo: ## two clients on the embedded server, or on Ably with ABLY_API_KEY
	@$(GO) run ./examples/demo

test: ## the tests, without the race detector: under a minute, without Java or Node
	@$(GO) test ./...

generate: ## write the generated parts of the documents
	@$(GO) test ./tests/report -count=1 -run TestGeneratedPartsHaveNotDrifted -update && echo "generate: ok"

golden: ## make the numbers and graphs that tests expect, after a change of a spec
	@$(GO) run ./spec/TLA/tlc -renew && $(GO) run ./tests/graphs/run golden && echo "golden: ok"

bench: ## benchmarks as ratios against baselines in the same run
	@$(GO) run ./tests/bench

page: ## a page in the browser in which one steps through the machines; prints its address
	@$(GO) run ./cmd/playground

# The steps of make check.

fmt: # fails on files that gofmt would change
	@out="$$(gofmt -l .)"; if [ -n "$$out" ]; then echo "gofmt would change:"; echo "$$out"; exit 1; fi

vet: # go vet
	@$(GO) vet ./...

staticcheck: # staticcheck, at the version that go.mod pins
	@$(GO) tool staticcheck ./...

tidy: # fails when go.mod or go.sum is not tidy
	@$(GO) mod tidy -diff && $(GO) mod verify >/dev/null

# One goroutine's work, or that of the explorer, which has tests of its own: the race detector would only make it slow.
PURE = ./model ./spec/TLA/... ./spec/proof/... ./tests/graphs/rooms ./tests/graphs/roomstatus ./tests/graphs/channel ./tests/graphs/run \
	./tests/graphs/toy ./tests/mutation ./adapter/ably/internal/transport/sequence ./adapter/ably/internal/realtime/presence

race: ## the tests with the race detector; without it, those that take too long under it
	@$(RECORD) tests -- $(GO) test -race -count=1 -json $$(comm -23 <($(GO) list ./... | sort) <($(GO) list $(PURE) | sort))
	@$(RECORD) aside -- $(GO) test -count=1 -json -run 'TestEventsAndReturnsComeInOneOrder|TestMemoryStaysFlat' ./adapter/ably ./adapter/ably/ablytest/bottest

plain: ## without the race detector, what takes long under it
	@EVIDENCE=check $(RECORD) plain -- $(GO) test -count=1 -json ./tests/conformance/schedules $(PURE)

# What TLC checks in make equality, with its graph, and in make evidence.
ELSEWHERE = ^(MCRooms_safety[45]|MCRoomStatus_graph[24]|MCChannel_graph[13]|RoomOverChannel_safety2)$$

tlc: ## check the TLA+ specs: every configuration, and those that must fail
	@$(RECORD) tlc -- $(GO) run ./spec/TLA/tlc -skip '$(ELSEWHERE)'

equality: ## compare the state graphs of spec, model and core, both ways
	@$(RECORD) equality -- $(GO) run ./tests/graphs/run equality

prove: ## prove the properties of Rooms, Leases and Channel for any number of names, options and calls
	@$(RECORD) prove -- $(GO) run ./spec/proof/prove

explore: ## hold the properties to millions of states of the cores, and check their liveness
	@$(RECORD) explore -- $(GO) run ./tests/graphs/run explore -calls 5 -symmetry -refusals=false -against -check
	@$(RECORD) liveness -- $(GO) run ./tests/graphs/run liveness
	@$(RECORD) explore-room -- $(GO) run ./tests/graphs/run explore -of roomstatus -calls 4 -promised -refusals=false -check
	@$(RECORD) liveness-room -- $(GO) run ./tests/graphs/run liveness -of roomstatus -calls 2
	@$(RECORD) liveness-channel -- $(GO) run ./tests/graphs/run liveness -of channel -calls 2

traces: ## record traces of the whole stack, and hold them and corrupted ones to the spec
	@$(RECORD) traces -- $(GO) run ./tests/wire/traces

frames: ## each fault at every frame of the scenarios, and some pairs
	@$(RECORD) frames -- $(GO) run ./tests/wire/frames -pairs 500

soak: ## random faults on real sockets for as long as FOR says (default 30s)
	@$(RECORD) soak -- $(GO) run ./tests/wire/soak -killers -for $${FOR:-30s}
	@$(RECORD) double-cuts -- $(GO) run ./tests/wire/soak -double-cuts 10

specmutants: ## plant small faults in the specs, and see which of them TLC notices
	@$(RECORD) specmutants -- $(GO) run ./tests/mutation spec -quick
	@$(RECORD) channel-mutants -- $(GO) run ./tests/mutation spec -of channel -quick -sample 16 -seed 1 -compare 1

misreadings: ## plant misread rules in core, model and spec; all of them with SAMPLE=0
	@$(RECORD) misreadings -- $(GO) run ./tests/mutation misread -sample $${SAMPLE:-6}

interop: ## the official JavaScript clients on the embedded server, and with this library
	@$(RECORD) interop -- $(GO) run ./tests/interop

browser: ## that page in a headless Chromium: controls, stories, links, keyboard, axe-core; screenshots in .cache/page
	@$(RECORD) browser -- $(GO) run ./tests/page

register: ## compare what the last check showed with tests/report/register.json
	@$(REPORT) check && $(REPORT) evidence -compare

# What takes too long for make check.

evidence: ## larger bounds of the suites: all states of five calls, all schedules, a million operations, a server in use
	@$(GO) run ./tests/graphs/run explore -calls 5 -refusals=false -check
	@$(GO) run ./spec/TLA/tlc -only '^(MCRooms_safety5|RoomOverChannel_safety2)$$'
	@for seed in 1 2 3; do $(GO) run ./spec/proof/prove -seed $$seed || exit 1; done
	@$(GO) run ./tests/wire/soak -double-cuts 200
	@EVIDENCE=full $(GO) test -count=1 -v -run 'MemoryStaysFlat$$' ./adapter/ably/ablytest/bottest | grep -E '^(---|ok|FAIL|PASS)|EVIDENCE'; exit $${PIPESTATUS[0]}
	@EVIDENCE=full $(GO) test -count=1 -v -run 'Channel|OfARoom|OfRooms|SmallRooms' ./spec/proof | grep -E '^(---|ok|FAIL|PASS)|EVIDENCE'; exit $${PIPESTATUS[0]}
	@$(GO) run ./tests/mutation spec -of channel -quick
	@EVIDENCE=full $(GO) test -count=1 -v ./tests/conformance/schedules ./tests/conformance/gallery ./tests/conformance/server | grep -E '^(---|ok|FAIL|PASS)|EVIDENCE'; exit $${PIPESTATUS[0]}
	@EVIDENCE=full $(GO) test -count=1 -race -v ./tests/conformance/linear | grep -E '^(---|ok|FAIL|PASS)|EVIDENCE'; exit $${PIPESTATUS[0]}
	@EVIDENCE=full FOR=$${FOR:-10m} $(GO) test -count=1 -v -timeout 30m ./adapter/ably/ablytest -run '^(TestManyConnections|TestAServersMemoryIsFlat)$$' | grep -E '^(---|ok|FAIL|PASS)|EVIDENCE'; exit $${PIPESTATUS[0]}

faults: ## frames with pairs of faults, at random by the seed that it prints
	@$(GO) run ./tests/wire/frames -pairs 5000

mutants: ## plant small faults in the code, and measure which the suites notice
	@$(GO) run ./tests/mutation code

live: ## the scenarios of interop on Ably itself, with ABLY_API_KEY; prints the frames that differ
	@$(GO) run ./tests/interop -live

conformance-js: ## hold the official @ably/chat to the rules, or run SCRIPT; needs Node
	@$(GO) run ./tests/conformance/try -name conformance-js -without Cancellation,Causes -depth 6 -runs 150 \
		-npm tests/conformance/js -verdicts tests/conformance/js/verdicts.json $(if $(SCRIPT),-script '$(SCRIPT)') -- node subject.mjs

conformance-python: ## hold the official ably for Python to the rules, or run SCRIPT; needs Python
	@$(GO) run ./tests/conformance/try -name conformance-python -depth 5 -runs 100 -without $(PYTHON_LACKS) \
		-pip tests/conformance/python -verdicts tests/conformance/python/verdicts.json $(if $(SCRIPT),-script '$(SCRIPT)') -- python subject.py

# It has channels, but no rooms: no disposal, no leases, and no options with defaults.
PYTHON_LACKS = Cancellation,Causes,EndedContexts,OpeningsCancelled,EqualAfterDefaults,FailedOpenings,FailedReleases,Disposal,SharedDisposal,DisposalWaitsForAll,DisposalReports,DisposalJoins,Leases

fuzz: ## fuzz each decoder for as long as FOR says (default 10m each)
	@for target in FuzzMessage FuzzSummary FuzzPresence FuzzOccupancy FuzzAnnotation; do \
		$(GO) test ./chat -run '^$$' -fuzz "^$$target$$" -fuzztime $${FOR:-10m} || exit 1; done
	@$(GO) test ./adapter/ably/internal/chatrest -run '^$$' -fuzz '^FuzzNextPage$$' -fuzztime $${FOR:-10m}
	@for target in FuzzParse FuzzFragment; do \
		$(GO) test ./internal/playlink -run '^$$' -fuzz "^$$target$$" -fuzztime $${FOR:-10m} || exit 1; done
	@for target in FuzzFrame FuzzConversation FuzzREST FuzzAuth; do \
		$(GO) test ./adapter/ably/ablytest -run '^$$' -fuzz "^$$target$$" -fuzztime $${FOR:-10m} || exit 1; done

peers: ## the suite of one of Ably's official clients, which lies in DIR, on the embedded server
	@$(GO) run ./tests/peers -dir '$(DIR)' $(if $(ONLY),-only '$(ONLY)')
