# The table of contents of everything that is run here. The work is in scripts/.
# 作業の目次。中身は scripts/ にある。

SHELL := /bin/bash
.DEFAULT_GOAL := help

# A clone that belongs to another user (as in CI) makes git, and so Go's version stamp, fail; tests do not need the stamp.
export GOFLAGS := $(filter-out -buildvcs=%,$(GOFLAGS)) -buildvcs=false

# What the tests use beside Go. Each is installed through apt only when it is missing.
NEEDED := postgresql openssl chromium jq poppler-utils fonts-noto-cjk fonts-ipamj-mincho softhsm2 gcc

# What the full run uses beside: programs of others that judge our certificates and documents, one that goes through our models, and printers (with the bus without which ippeveprinter does not start).
FOREIGN := libnss3-tools gnutls-bin default-jdk-headless qpdf zbar-tools cups-ipp-utils cups-daemon dbus-daemon spin

.PHONY: help test full race lint golden generate

help: ## say what there is to run
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

test: ## gofmt, go vet, all tests on SQLite and PostgreSQL, published vectors; under 15 minutes on two cores
	@scripts/need.sh $(NEEDED)
	@scripts/with-postgres.sh scripts/check.sh

full: ## the same with the long runs and the interoperability with foreign programs
	@scripts/need.sh $(NEEDED) $(FOREIGN)
	@AKASHI_FULL=1 scripts/with-postgres.sh scripts/check.sh -timeout 90m

race: ## all tests under the race detector
	@scripts/need.sh $(NEEDED)
	@CGO_ENABLED=1 scripts/with-postgres.sh scripts/check.sh -race -timeout 60m

lint: ## gofmt, go vet and staticcheck, pinned in tools/go.mod
	@scripts/lint.sh

golden: ## write the golden files (screens, documents, messages) again; look at the diff before committing it
	@scripts/need.sh $(NEEDED)
	@AKASHI_GOLDEN=write scripts/with-postgres.sh go test -count=1 -run Golden ./...

generate: ## make the Go code of api/*.proto again, with protoc and the plugin pinned in tools/go.mod
	@scripts/need.sh protobuf-compiler
	@scripts/generate.sh
