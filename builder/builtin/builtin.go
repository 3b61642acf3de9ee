// Package builtin runs builders that are part of Fruix: derivations whose
// builder is "builtin:NAME".
//
// What there is stands in a [Table], which the program puts together and hands
// to the builder; nothing registers itself. Most run in a jail like any other
// builder: Fruix starts itself there, and [Main], called early in main, finds
// the request in a file. Only what needs the network runs in the calling
// process, or in one apart ([ApartMain]).
package builtin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"fruix/builder/log"
	"fruix/builder/plan"
)

// A Call is one run of a builder.
type Call struct {
	Request *plan.Request
	// Output returns the path at which to make an output; "" for an unknown
	// name. Nothing lies there yet.
	Output func(name string) string
	// Input returns where the file at a logical path (a store object, or
	// below one) can be read.
	Input func(logical string) string
	// BuildDir is the folder for temporary files, which holds Request.Files.
	BuildDir string
	// Log receives messages for people.
	Log io.Writer
	// Fetched is told of bytes that arrived from a location (total is -1 when
	// unknown); never nil.
	Fetched func(location string, done, total int64)
	// Apart, when not nil, runs a builder in a process that has no rights of the
	// calling one's, for one that is InProcess: see ApartMain. The error is a
	// *PackedError when the builder failed.
	Apart func(ctx context.Context, name string) error

	told time.Time // when Step last told
}

// stepInterval is how often at most Step tells.
const stepInterval = 100 * time.Millisecond

// Step tells people how far a step of the build is, in bytes. It is for one
// goroutine, and may be called often.
func (c *Call) Step(what string, done, total int64) {
	now := time.Now()
	if done < total && now.Sub(c.told) < stepInterval {
		return
	}
	c.told = now
	// The log takes it out again: a display that cannot be written to is no error.
	_, _ = io.WriteString(c.Log, log.Step{What: what, Done: done, Total: total}.Line())
}

// A Builtin is a builder that is part of Fruix.
type Builtin struct {
	// InProcess is set for a builder that runs in the process that schedules,
	// with its view of the machine. Those must be fixed-output derivations,
	// since nothing but the hash keeps their results honest.
	InProcess bool
	// Pack makes bytes of an error of Run, for a builder that runs in a process apart;
	// may be nil.
	Pack func(error) []byte
	// Run builds. It runs at most once per process when in a jail, and
	// concurrently otherwise. The error is shown to people as is.
	Run func(ctx context.Context, c *Call) error
}

// Table holds builders by name, without the "builtin:".
type Table map[string]Builtin

// Lookup returns a builder, or an error that names those there are.
func (t Table) Lookup(name string) (Builtin, error) {
	b, ok := t[name]
	if !ok {
		return b, fmt.Errorf("there is no builder builtin:%s (there are: %s)", name,
			"builtin:"+strings.Join(slices.Sorted(maps.Keys(t)), ", builtin:"))
	}
	return b, nil
}

// Places inside the jail, outside the store.
const (
	SelfPath    = "/.fruix/fruix"        // the executable
	RequestPath = "/.fruix/request.json" // the request
	argument    = "__builtin"
)

// Command returns what runs a builder inside the jail.
func Command(name string) (program string, argv []string) {
	return SelfPath, []string{"fruix", argument, name}
}

// Main runs a builder and ends the process, if args (os.Args) are those of
// Command; otherwise it returns at once. Call it in main before reading
// options.
func Main(args []string, t Table) {
	if len(args) != 3 || args[1] != argument {
		return
	}
	err := run(args[2], t)
	var exit *ExitError
	switch {
	case err == nil:
		os.Exit(0)
	case errors.As(err, &exit):
		os.Exit(exit.Status)
	}
	fmt.Fprintf(os.Stderr, "error: %v\n", err)
	os.Exit(1)
}

// bound makes this process keep to so many bytes of memory, 0 for any number: it looks
// for garbage before it takes more. When there is too little, Go's runtime ends it.
func bound(memory uint64) {
	if memory > 0 {
		debug.SetMemoryLimit(int64(min(memory, math.MaxInt64) / 5 * 4)) // of the rest the runtime knows nothing
	}
}

// ExitError ends the process of a builder in a jail with a status that its
// program chose, 0 included. Whatever there is to say has been said.
type ExitError struct{ Status int }

func (e *ExitError) Error() string { return fmt.Sprintf("exit code %d", e.Status) }

func run(name string, t Table) error {
	b, err := t.Lookup(name)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(RequestPath)
	if err != nil {
		return err
	}
	r := new(plan.Request)
	if err := json.Unmarshal(data, r); err != nil {
		return fmt.Errorf("%s: %w", RequestPath, err)
	}
	bound(r.Constraints.Memory)
	return b.Run(context.Background(), &Call{
		Request: r,
		Output: func(name string) string {
			for _, o := range r.Outputs {
				if o.Name == name {
					return o.Path
				}
			}
			return ""
		},
		Input:    func(logical string) string { return logical },
		BuildDir: r.BuildDir,
		Log:      os.Stderr,
		Fetched:  func(string, int64, int64) {},
	})
}
