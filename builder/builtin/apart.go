package builtin

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"fruix/builder/plan"
)

// A builder that needs the network cannot run in a jail. Where the calling process has
// rights that it does not take to fetch something, it runs in a process apart: Fruix,
// started again as a user who has none (builder/local). That process is handed the build
// folder as a descriptor, since it could not enter it by its name, the request on its
// standard input, which ends with the caller, and tells how it goes on with lines of JSON
// on its standard output. The output is left in the build folder.

// apartArgument marks a process apart.
const apartArgument = "__apart"

// Descriptors of a process apart.
const (
	apartFolder = 3 + iota
	ApartLock   // kept open until its end, for who started it
)

// ApartOutput is what the output is called in the build folder.
const ApartOutput = "output"

// ApartCommand are the arguments of a process that runs a builder of the table of
// ApartMain.
func ApartCommand(name string) []string { return []string{"fruix", apartArgument, name} }

// ApartRequest is what a process apart is to do, and what of the machine it may take.
type ApartRequest struct {
	Request *plan.Request
	Limits  []ApartLimit
}

// ApartLimit is a limit of setrlimit(2).
type ApartLimit struct {
	Resource int
	Value    uint64
}

// ApartMessage is what a process apart tells.
type ApartMessage struct {
	Location    string `json:"location,omitempty"`
	Done, Total int64
	// Failed says that it is over, and Error why, as Builtin.Pack has it.
	Failed bool
	Error  []byte `json:",omitempty"`
}

// PackedError is an error of a builder in a process apart.
type PackedError struct{ Packed []byte }

func (e *PackedError) Error() string { return "the builder failed" }

// ApartMain runs a builder and ends the process, if args (os.Args) are those of
// ApartCommand; otherwise it returns at once.
func ApartMain(args []string, t Table) {
	if len(args) != 3 || args[1] != apartArgument {
		return
	}
	out := json.NewEncoder(os.Stdout)
	b, err := t.Lookup(args[2])
	if err == nil {
		err = apart(b, os.Stdin, func(m ApartMessage) { _ = out.Encode(m) }) // who does not read it has gone
	}
	if err == nil {
		os.Exit(0)
	}
	m := ApartMessage{Failed: true}
	if b.Pack != nil {
		m.Error = b.Pack(err)
	}
	_ = out.Encode(m)
	os.Exit(1)
}

func apart(b Builtin, in io.Reader, tell func(ApartMessage)) error {
	if err := closeInherited(ApartLock + 1); err != nil {
		return fmt.Errorf("close what the calling program was started with: %w", err)
	}
	if err := unix.Fchdir(apartFolder); err != nil {
		return fmt.Errorf("enter the build folder: %w", err)
	}
	unix.Close(apartFolder)
	input := bufio.NewReader(in)
	line, err := input.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("read the request: %w", err)
	}
	var r ApartRequest
	if err := json.Unmarshal(line, &r); err != nil {
		return fmt.Errorf("read the request: %w", err)
	}
	for _, l := range r.Limits {
		if err := setLimit(l); err != nil {
			return fmt.Errorf("bound what may be taken of the machine (resource %d): %w", l.Resource, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, input)
		cancel() // nobody wants it any more
	}()
	return b.Run(ctx, &Call{
		Request: r.Request, BuildDir: ".", Log: os.Stderr,
		Output: func(string) string { return ApartOutput },
		Input:  func(logical string) string { return logical },
		Fetched: func(location string, done, total int64) {
			tell(ApartMessage{Location: location, Done: done, Total: total})
		},
	})
}

// closeInherited closes the descriptors from first on that somebody else has opened, and
// so are not to be closed when another program is executed, as Go's own are.
func closeInherited(first int) error {
	all, err := openDescriptors()
	if err != nil {
		return err
	}
	for _, fd := range all {
		if fd < first {
			continue
		}
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			unix.Close(fd)
		}
	}
	return nil
}
