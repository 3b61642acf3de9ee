// Package scheme is the builder "builtin:scheme": it runs a Scheme program in
// Fruix's own engine, inside the jail.
//
// The derivation's arguments are those of Guile's command line, as far as they
// make sense here: any number of "-L DIRECTORY" (a folder of modules that goes
// in front of the load path), then the program's file, then arguments for the
// program. The engine comes as a function, so that this package does not
// depend on it.
package scheme

import (
	"context"
	"fmt"
	"strings"

	"fruix/builder/builtin"
)

// A Program is what to run.
type Program struct {
	File     string   // the program, a path inside the jail
	LoadPath []string // folders of modules, first one first
	Args     []string // of the program, without its name
}

// Parse reads a derivation's arguments.
func Parse(args []string) (*Program, error) {
	p := new(Program)
	for len(args) > 0 {
		switch a := args[0]; {
		case a == "--":
			args = args[1:]
			if len(args) == 0 {
				return nil, fmt.Errorf("builtin:scheme: no program is given")
			}
			p.File, p.Args = args[0], args[1:]
			return p, nil
		case a == "-L" || a == "-C": // -C: Guile's folders of compiled code
			if len(args) < 2 {
				return nil, fmt.Errorf("builtin:scheme: %s needs a folder", a)
			}
			if a == "-L" {
				p.LoadPath = append(p.LoadPath, args[1])
			}
			args = args[2:]
		case a == "--no-auto-compile":
			args = args[1:]
		case strings.HasPrefix(a, "-"):
			return nil, fmt.Errorf("builtin:scheme: unknown option %q (known: -L DIRECTORY)", a)
		default:
			p.File, p.Args = a, args[1:]
			return p, nil
		}
	}
	return nil, fmt.Errorf("builtin:scheme: no program is given")
}

// Builtin returns the builder. run evaluates a program in a fresh engine; the
// environment and the working directory of the process are the builder's.
func Builtin(run func(ctx context.Context, p *Program) error) builtin.Builtin {
	return builtin.Builtin{Run: func(ctx context.Context, c *builtin.Call) error {
		p, err := Parse(c.Request.Args)
		if err != nil {
			return err
		}
		return run(ctx, p)
	}}
}
