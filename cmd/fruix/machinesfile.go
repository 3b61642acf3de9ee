package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"

	"fruix/builder/remote"
	"fruix/interp"
	"fruix/interp/datum"
	"fruix/stdlib"
)

// machinesFile is the list of machines that the administrator keeps.
const machinesFile = "machines.scm"

// machinesModule is the module whose names that file knows.
const machinesModule = "(guix scripts offload)"

// loadMachines evaluates a list of machines, in an engine of its own. The error is
// fs.ErrNotExist when there is no such file.
func loadMachines(ctx context.Context, e *environment, file string) ([]*machine, error) {
	if _, err := os.Stat(file); err != nil {
		return nil, err
	}
	engine, err := interp.New(interp.Options{
		Stdlib: stdlib.FS, Stdin: e.stdin, Stdout: e.stderr, Stderr: e.stderr, Args: []string{"fruix"},
		Environ: os.Environ(), Cache: moduleCache(e.getenv, os.LookupEnv), Warn: e.warn,
	})
	if err != nil {
		return nil, err
	}
	defer engine.Close()
	if _, err := engine.Eval(ctx, "(use-modules "+machinesModule+")", "machines"); err != nil {
		return nil, err
	}
	list, err := engine.Load(ctx, file)
	if err != nil {
		return nil, err
	}
	proc, err := engine.Lookup(machinesModule, "machines->lists")
	if err != nil {
		return nil, err
	}
	list, err = engine.Apply(ctx, proc, list)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var out []*machine
	for ; list.IsPair(); list = list.Pair().Cdr {
		m, err := asMachine(list.Pair().Car)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		out = append(out, m)
	}
	return out, nil
}

// asMachine reads one of the lists that machines->lists makes.
func asMachine(v datum.Value) (*machine, error) {
	text := func(v datum.Value) string {
		if v.IsString() {
			return v.Str().Go()
		}
		return ""
	}
	words := func(v datum.Value) []string {
		out := []string{}
		for ; v.IsPair(); v = v.Pair().Cdr {
			out = append(out, text(v.Pair().Car))
		}
		return out
	}
	var f []datum.Value
	for ; v.IsPair(); v = v.Pair().Cdr {
		f = append(f, v.Pair().Car)
	}
	if len(f) != 11 {
		return nil, fmt.Errorf("%s did not yield machines", machinesModule)
	}
	m := &machine{systems: words(f[5]), features: words(f[8])}
	m.ssh = remote.SSH{
		Host: text(f[0]), User: text(f[1]), PrivateKey: text(f[3]), HostKey: text(f[4]),
		Options: words(f[10]), Command: serveCommand(text(f[9]), ""),
	}
	var errs []error
	if p := text(f[2]); p != "" {
		var err error
		m.ssh.Port, err = strconv.Atoi(p)
		errs = append(errs, err)
	}
	var err error
	m.parallel, err = strconv.Atoi(text(f[6]))
	errs = append(errs, err)
	m.speed, err = strconv.ParseFloat(text(f[7]), 64)
	return m, errors.Join(append(errs, err)...)
}
