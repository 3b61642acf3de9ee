# Two commands do everything on a fresh machine with Go:
#   make demo     build fruix, build the example system, boot it, show that it is up
#   make check    run all tests
# As root on Debian they install what they need; otherwise they say what is missing.

GO       ?= go
export CGO_ENABLED = 0
FLAGS     = -trimpath -buildvcs=false
LDFLAGS   = -ldflags "-s -w -buildid="
RUNTIMES  = x86_64-linux aarch64-linux x86_64-freebsd aarch64-freebsd
BLOBS     = cmd/internal/runtimes/blobs
SOURCES   = $(shell find interp stdlib osmodel image store jail builder lang cmd -name '*.go' -o -name '*.scm') go.mod go.sum

.PHONY: all demo check bench defences soak clean setup lint test race fmt

all: bin/fruix

bin/fruix: $(BLOBS)/manifest.json $(SOURCES)
	$(GO) build $(FLAGS) $(LDFLAGS) -o $@ ./cmd/fruix

# The programs that go into target systems: see cmd/internal/runtimes.
$(BLOBS)/manifest.json: $(SOURCES)
	@mkdir -p bin/runtimes
	GOOS=linux   GOARCH=amd64 $(GO) build $(FLAGS) $(LDFLAGS) -o bin/runtimes/x86_64-linux ./cmd/shepherd
	GOOS=linux   GOARCH=arm64 $(GO) build $(FLAGS) $(LDFLAGS) -o bin/runtimes/aarch64-linux ./cmd/shepherd
	GOOS=freebsd GOARCH=amd64 $(GO) build $(FLAGS) $(LDFLAGS) -o bin/runtimes/x86_64-freebsd ./cmd/shepherd
	GOOS=freebsd GOARCH=arm64 $(GO) build $(FLAGS) $(LDFLAGS) -o bin/runtimes/aarch64-freebsd ./cmd/shepherd
	$(GO) run ./cmd/internal/runtimes/pack $(BLOBS) $(foreach s,$(RUNTIMES),$(s)=bin/runtimes/$(s))

setup:
	sh scripts/setup

demo: setup bin/fruix
	sh scripts/demo

check: setup bin/fruix
	sh scripts/check

bench: setup bin/fruix
	sh scripts/bench

# Whether each defence against hostile builds is missed when it is taken out.
defences:
	FRUIX_DEFENCES=all $(GO) test -v -timeout 60m ./cmd/internal/defences

# The promises of docs/store.md when things go wrong, at every call and for minutes:
# hours. Of single tests: make soak RUN=TestSoak.
RUN ?= .
soak: setup bin/fruix
	CGO_ENABLED=0 FRUIX_BINARY=$(CURDIR)/bin/fruix FRUIX_CRASH_FAULTS=all FRUIX_CRASH_RACES=1000 FRUIX_CRASH_SOAK=5m \
		$(GO) test -v -timeout 12h ./cmd/internal/crashtest -run '$(RUN)'

fmt:
	gofmt -w interp stdlib osmodel image store jail builder lang cmd

clean:
	rm -rf bin $(BLOBS)/*.zst $(BLOBS)/manifest.json
