// Package script is fruix-scheme: it runs Scheme scripts on the systems that
// Fruix makes, such as a system's boot and activate programs.
package script

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"fruix/interp"
	"fruix/osmodel/shepherd/target"
)

// Usage describes the command line.
const Usage = `usage: fruix-scheme [-L DIRECTORY]... FILE [ARGUMENT]...
       fruix-scheme [-L DIRECTORY]... -c EXPRESSION [ARGUMENT]...

Run the Scheme script FILE, or evaluate EXPRESSION.
`

// Options are what a run depends on.
type Options struct {
	Stdlib         fs.FS
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Environ        []string
}

// Engine gives the options of an engine for a program that owns its process.
func Engine(o Options, args, loadPath []string) interp.Options {
	return interp.Options{
		Stdlib: o.Stdlib, LoadPath: loadPath, Stdin: o.Stdin, Stdout: o.Stdout, Stderr: o.Stderr, Args: args,
		Environ: o.Environ, OwnsProcess: true,
	}
}

// Main runs a command line without the program's name and returns the exit
// status: 0, 1 after an error that was reported, 2 for a wrong command line.
func Main(args []string, o Options) int {
	var loadPath []string
	expression, have := "", false
	for len(args) > 0 && strings.HasPrefix(args[0], "-") && len(args[0]) > 1 && !have {
		switch {
		case args[0] == "--":
			args = args[1:]
			goto run
		case args[0] == "--help" || args[0] == "-h":
			fmt.Fprint(o.Stdout, Usage)
			return 0
		case args[0] == "-L" && len(args) > 1:
			loadPath, args = append(loadPath, args[1]), args[2:]
		case args[0] == "-c" && len(args) > 1:
			expression, have, args = args[1], true, args[2:]
		default:
			fmt.Fprintf(o.Stderr, "fruix-scheme: unknown option %s, or its value is missing\n%s", args[0], Usage)
			return 2
		}
	}
run:
	if !have && len(args) == 0 {
		fmt.Fprint(o.Stderr, Usage)
		return 2
	}
	commandLine := args
	if have {
		commandLine = append([]string{"fruix-scheme"}, args...)
	}
	e, err := interp.New(Engine(o, commandLine, loadPath))
	if err != nil {
		return fail(o.Stderr, err)
	}
	e.Register("(fruix native system)", target.Natives()...)
	ctx := context.Background()
	if have {
		_, err = e.Eval(ctx, expression, "command line")
	} else {
		_, err = e.Load(ctx, args[0])
	}
	if err != nil {
		return fail(o.Stderr, err)
	}
	return 0
}

// fail reports an error and gives the exit status.
func fail(w io.Writer, err error) int {
	var e *interp.Error
	if errors.As(err, &e) {
		if e.Key == "quit" {
			return e.Status
		}
		if e.Report(w) == nil {
			return 1
		}
	}
	fmt.Fprintln(w, "fruix-scheme:", err)
	return 1
}

// Standard gives the options of the running process.
func Standard(stdlib fs.FS) Options {
	return Options{Stdlib: stdlib, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Environ: os.Environ()}
}
