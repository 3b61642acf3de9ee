// Command fruix builds packages, systems and images from declarations in
// Scheme.
//
// This folder is thin: it reads the command line, calls one function of the
// packages that do the work, and prints what they return. Results go to
// standard output, progress and errors to standard error.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/pflag"

	"fruix/builder/builtin"
	"fruix/cmd/internal/progress"
	"fruix/cmd/internal/report"
	"fruix/jail/native"
)

func main() {
	spareYouth(os.Getenv)
	native.ChildMain(os.Args)
	builtin.Main(os.Args, jailBuiltins())
	builtin.ApartMain(os.Args, apartBuiltins(os.Getenv))
	e := &environment{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
		getenv: os.Getenv, uid: os.Geteuid(),
	}
	tell := func(err error) {
		report.Error(e.stderr, err, report.Options{
			Color: e.color(e.stderr), JSON: wantsJSON(os.Args[1:]), Time: progress.Time(time.Now()),
		})
	}
	ctx := untilSignalled(os.Args[1:], tell)
	err := e.run(ctx, os.Args[1:])
	if err != nil {
		tell(err)
	}
	var end *endedBy
	if errors.As(err, &end) {
		os.Exit(end.status())
	}
	os.Exit(report.ExitCode(err))
}

// wantsJSON says whether a command line asks for results and events as JSON, even one
// that makes no sense otherwise.
func wantsJSON(args []string) bool {
	if len(args) == 0 || args[0] == "repl" {
		return false // what follows may be for a program
	}
	for _, a := range args {
		switch a {
		case "--json", "--json=true":
			return true
		case "--":
			return false
		}
	}
	return false
}

// patience is how long a process that is asked to end may take to tidy up, and
// longPatience how long one that serves others.
const patience, longPatience = 800 * time.Millisecond, 10 * time.Second

// lastWords is how long standard error may take them.
const lastWords = 100 * time.Millisecond

// endedBy is the signal that ended a command: the cause of its context's end, and
// the error that it ends with.
type endedBy struct{ signal syscall.Signal }

func (e *endedBy) Error() string { return "ended by signal: " + e.signal.String() }

// Unwrap says that this is an interrupt like any other.
func (e *endedBy) Unwrap() error { return context.Canceled }

// status is the exit status that shells give to a program that a signal ended.
func (e *endedBy) status() int { return 128 + int(e.signal) }

// untilSignalled returns a context that ends with the first interrupt or request
// to end. When the process has not ended soon after that, because it is in
// the midst of something long or has much to remove, it ends at once; so it does at
// a second signal. What is left then, the next command removes; see "Crash safety"
// in ARCHITECTURE.md. In the dialogue an interrupt only ends what is being
// evaluated. tell is told why it ends at once; who does not read what it says keeps
// nobody waiting.
func untilSignalled(args []string, tell func(error)) context.Context {
	name := ""
	if len(args) > 0 {
		name = args[0]
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		s, _ := (<-signals).(syscall.Signal)
		end := &endedBy{s}
		cancel(end)
		signal.Stop(signals)
		switch {
		case name == "repl" && s == syscall.SIGINT:
			return
		case serves(name) && (s == syscall.SIGTERM || name == "daemon"):
			time.Sleep(longPatience)
		default:
			time.Sleep(patience)
		}
		told := make(chan bool)
		go func() {
			tell(end)
			close(told)
		}()
		select {
		case <-told:
		case <-time.After(lastWords):
		}
		os.Exit(end.status())
	}()
	return ctx
}

// serves says whether a command runs for others, whom it does not leave in the
// midst of an answer when it is told to end.
func serves(command string) bool {
	return command == "repl" || command == "publish" || command == "daemon" || command == "serve"
}

// environment is what a command knows of the process it runs in.
type environment struct {
	stdin          *os.File
	stdout, stderr *os.File
	getenv         func(string) string
	uid            int
}

// command is one word after "fruix".
type command struct {
	name    string
	args    string // for the usage line
	summary string
	// run gets the words after the command's name.
	run func(ctx context.Context, e *environment, args []string) error
}

func commands() []command {
	return []command{
		{"build", "[OPTION]... PACKAGE...", "build packages or other objects and print where they are", runBuild},
		{"system", "build|rootfs|image [OPTION]... FILE [DIR]", "build a whole operating system", runSystem},
		{"package", "ACTION [OPTION]...", "look at the generations of profiles and choose among them", runPackage},
		{"repl", "[OPTION]... [FILE ARG...]", "evaluate Scheme, interactively or from a file", runREPL},
		{"gc", "[ACTION] [OPTION]... [PATH]...", "delete what nothing needs any more", runGC},
		{"store", "VERB [OPTION]... [ARGUMENT]...", "look at and work on the store", runStore},
		{"daemon", "[OPTION]...", "work on the store for users who may not write it", runDaemon},
		{"publish", "[OPTION]...", "serve the store to other machines", runPublish},
		{"challenge", "[OPTION]... [PACKAGE|PATH]...", "compare what was built here with what servers have", runChallenge},
		{"weather", "[OPTION]... [PACKAGE|PATH]...", "say how much of something servers have", runWeather},
		{"serve", "[OPTION]...", "build for another fruix and exchange objects with it, over standard input and output", runServe},
		{"copy", "--to=HOST|--from=HOST [OPTION]... ITEM...", "copy objects and all they need to or from another machine", runCopy},
		{"offload", "test|status [OPTION]... [FILE [REGEXP]]", "try the machines that builds are handed to, or ask how they are", runOffload},
		{"archive", "ACTION [OPTION]... [PATH]...", "exchange objects with others, and say whom to trust", runArchive},
		{"download", "[OPTION]... URL", "fetch a file or a git repository into the store and print its hash", runDownload},
		{"hash", "[OPTION]... FILE", "print the hash of a file or of a folder's archive", runHash},
		{"help", "[COMMAND]", "print this list, or what a command takes", runHelp},
		{"version", "", "print the version", runVersion},
	}
}

func (e *environment) run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return &report.UsageError{Message: "no command is given", Hint: "\"fruix help\" lists them"}
	}
	name := args[0]
	switch name {
	case "-h", "--help":
		name = "help"
	case "-V", "--version":
		name = "version"
	}
	var known []string
	for _, c := range commands() {
		if c.name == name {
			err := c.run(ctx, e, args[1:])
			if errors.Is(err, pflag.ErrHelp) {
				return nil
			}
			// What fails after an interrupt failed because of it; but the
			// dialogue has interrupts of its own.
			var end *endedBy
			if err != nil && name != "repl" && errors.As(context.Cause(ctx), &end) {
				return end
			}
			return err
		}
		known = append(known, c.name)
	}
	return &report.UsageError{Message: fmt.Sprintf("unknown command %q", name), Hint: nearestHint(name, known, "fruix help")}
}

// color reports whether colours may be written to f.
func (e *environment) color(f *os.File) bool {
	return e.getenv("NO_COLOR") == "" && e.live(f)
}

// live reports whether lines of f can be taken back and written anew. A terminal of which
// nobody says what it is can do nothing.
func (e *environment) live(f *os.File) bool {
	kind := e.getenv("TERM")
	return kind != "" && kind != "dumb" && isTerminal(f)
}

func runHelp(ctx context.Context, e *environment, args []string) error {
	if len(args) > 0 {
		return e.run(ctx, append(args, "--help"))
	}
	w := e.stdout
	fmt.Fprintf(w, "Usage: fruix COMMAND [OPTION]... [ARGUMENT]...\n\nCommands:\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-9s %s\n", c.name, c.summary)
	}
	_, err := io.WriteString(w, "\n\"fruix COMMAND --help\" tells more.\n")
	return err
}

func runVersion(_ context.Context, e *environment, _ []string) error {
	_, err := fmt.Fprintf(e.stdout, "fruix %s\n", version)
	return err
}
