# Every target is one command, or a few, that can be typed by hand.
N    ?= 100000
SEED ?= 1
FUZZTIME ?= 30s
UPDATES ?= 10000
KILLS ?= 100

# The tools have a go.mod of their own, which go does not take within a workspace.
TOOL = GOWORK=off go tool -modfile=tools/go.mod

.PHONY: help
help: ## This list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "%-22s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: generate
generate: ## Types, mappings, field symbols and pages from spec/openapi.yaml
	go generate ./...

.PHONY: proto
proto: ## The gRPC stubs from spec/proto
	$(TOOL) buf generate --template spec/proto/buf.gen.yaml spec/proto

.PHONY: check
check: ## What CI proves without databases: drift, vet, lint, tests with the race detector
	go run ./gen -check
	go run ./gen docs -test -check
	go run ./gen lint
	go vet work
	$$($(TOOL) -n staticcheck) work
	test -z "$$($(TOOL) gofumpt -l $$(git ls-files '*.go' | grep -v -e '^generated/mlmdpb/' -e testdata/))"
	go test -race -short work

.PHONY: tidy
tidy: ## go.mod and go.sum of the SDK, the generator and the suites
	go mod tidy
	cd gen && trap 'go mod edit -dropreplace github.com/mlmd-go/sdk' EXIT && \
	  go mod edit -replace github.com/mlmd-go/sdk=.. && go mod tidy
	cd suites && trap 'go mod edit -dropreplace github.com/mlmd-go/sdk -dropreplace github.com/mlmd-go/sdk/gen' EXIT && \
	  go mod edit -replace github.com/mlmd-go/sdk=.. -replace github.com/mlmd-go/sdk/gen=../gen && go mod tidy

.PHONY: test
test: ## All tests; what cannot start here is skipped and says why
	go test work

.PHONY: suites
suites: ## The same, but every backend must run (docker, PostgreSQL, MariaDB, the published core)
	MLMD_REQUIRE=all go test ./suites/... ./pkg/store/...

.PHONY: counter
counter: ## 4 processes add one to a property UPDATES=10000 times through Update, on every backend
	go test ./suites/contention -count 1 -timeout 0 -run TestCounter -v -args -updates $(UPDATES)

.PHONY: kills
kills: ## A process is killed KILLS=100 times during Register, on a file and on PostgreSQL
	go test ./suites/durability -count 1 -timeout 0 -run TestRegister_Killed -v -args -kills $(KILLS)

.PHONY: cluster
cluster: ## The store on three MariaDB nodes (Galera), which are killed, frozen and brought back
	MLMD_REQUIRE=cluster go test ./suites/cluster -count 1 -timeout 15m -v

.PHONY: failover
failover: ## The store while its PostgreSQL or MariaDB primary is lost and the standby promoted
	MLMD_REQUIRE=failover go test ./suites/failover -count 1 -timeout 15m -v

.PHONY: tidb
tidb: ## The store on TiDB, also while it is killed; the first time TiDB is built (20 minutes of processor time)
	tidb=$$(GOWORK=off go tool -modfile=suites/tidb/server/go.mod -n tidb-server) && \
	  MLMD_REQUIRE=tidb MLMD_TIDB=$$tidb go test ./suites/tidb -count 1 -timeout 30m -v

.PHONY: attack
attack: DURATION = 10m
attack: ## mlmd-server in 512 MiB of memory is attacked for DURATION=10m while honest clients use it; needs root
	go test ./suites/attack -count 1 -timeout 0 -v -args -duration $(DURATION)

.PHONY: differential
differential: ## Random requests, ours against the published core: N=100000 SEED=1
	go test ./suites/differential -timeout 0 -run 'TestDifferential$$' -v -args -n $(N) -seed $(SEED)

.PHONY: differential-filter
differential-filter: ## Random stores and filters, ours against the published core: N=100000 SEED=1
	go test ./suites/differential -timeout 0 -run 'TestFilters$$' -v -args -n $(N) -seed $(SEED)

.PHONY: schemathesis
schemathesis: N = 500
schemathesis: ## N=500 requests for each operation of the REST API, made from its documents
	go test ./suites/rest -count 1 -timeout 0 -v -ginkgo.focus schemathesis -args -examples $(N)

.PHONY: fuzz
fuzz: ## Every fuzz target for FUZZTIME=30s
	@for pkg in $$(git grep -l '^func Fuzz' -- '*_test.go' | xargs -n1 dirname | sort -u); do \
	  for f in $$(grep -ho '^func Fuzz[A-Za-z0-9_]*' $$pkg/*_test.go | cut -d' ' -f2); do \
	    echo "$$pkg $$f"; go test ./$$pkg -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) || exit 1; \
	  done; done

.PHONY: bench
bench: ## The registry on the embedded store
	go test ./bench -run '^$$' -bench . -benchmem

.PHONY: bench-rest
bench-rest: ## The REST API beside gRPC and the embedded store, on a file and on MariaDB
	go test ./bench/rest -run '^$$' -bench .

.PHONY: bench-edges
bench-edges: ## Versions with their artifacts in one query, beside a loop over them, over gRPC
	go test ./bench/edges -run '^$$' -bench .

.PHONY: bench-dump
bench-dump: ## A dump of 100,000 nodes, beside reading them page by page over gRPC
	go test ./bench/dump -run '^$$' -bench . -benchtime 1x

.PHONY: bench-lineage
bench-lineage: ## Lineage of 1,000 among 1,000,000 nodes beside reading these by ID, and the memory of a dense graph
	go test ./bench/lineage -run '^$$' -bench . -benchtime 20x -timeout 0

.PHONY: bench-reference
bench-reference: ## Every RPC against the published core
	go run ./bench/reference

.PHONY: bench-writers
bench-writers: ## Upserts of 1 to 64 writers at once on a file, over gRPC and in memory
	go run ./bench/writers

.PHONY: bench-compare
bench-compare: ## The registry on each of its stores beside MLMD's C++ core and MLflow; 6 minutes
	go run ./bench/compare

.PHONY: bench-scale
bench-scale: ## Lists, finds and filters at 1,000 to 1,000,000 nodes
	go run ./bench/scale

.PHONY: breaking
breaking: ## What the uncommitted change to the spec breaks
	go run ./gen breaking -against HEAD
