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
	"fruix/cmd/internal/report"
)

func main() {
	spareYouth(os.Getenv)
	builtin.Main(os.Args, jailBuiltins())
	ctx := untilSignalled()
	e := &environment{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
		getenv: os.Getenv, uid: os.Geteuid(),
	}
	err := e.run(ctx, os.Args[1:])
	if err != nil {
		report.Error(e.stderr, err, report.Options{Color: e.color(e.stderr)})
	}
	os.Exit(report.ExitCode(err))
}

// patience is how long a process that is asked to end may take to tidy up.
const patience = 10 * time.Second

// untilSignalled returns a context that ends with the first interrupt or request
// to end. A second interrupt ends the process at once, and so does patience: what
// the first one leaves, the next command removes.
func untilSignalled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		s := <-signals
		cancel()
		signal.Stop(signals) // the dialogue has its own way with interrupts
		if s == syscall.SIGTERM {
			time.Sleep(patience)
			os.Exit(128 + int(syscall.SIGTERM))
		}
	}()
	return ctx
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
		{"publish", "[OPTION]...", "serve the store to other machines", runPublish},
		{"archive", "ACTION [OPTION]... [PATH]...", "exchange objects with others, and say whom to trust", runArchive},
		{"hash", "[OPTION]... FILE", "print the hash of a file or of a folder's archive", runHash},
		{"help", "", "print this list", runHelp},
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
			if ctx.Err() != nil && err != nil && name != "repl" {
				return context.Canceled
			}
			return err
		}
		known = append(known, c.name)
	}
	return &report.UsageError{Message: fmt.Sprintf("unknown command %q", name), Hint: nearestHint(name, known, "fruix help")}
}

// color reports whether colours may be written to f.
func (e *environment) color(f *os.File) bool {
	return e.getenv("NO_COLOR") == "" && e.getenv("TERM") != "dumb" && isTerminal(f)
}

func runHelp(_ context.Context, e *environment, _ []string) error {
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
