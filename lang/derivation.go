package lang

import (
	"context"
	"encoding/hex"
	"fmt"
	"sort"
	"strings"

	"fruix/interp/datum"
	"fruix/store/drv"
	"fruix/store/hash"
	"fruix/store/path"
)

// Derivation is a derivation of the session's store, as Scheme holds it.
type Derivation struct {
	Path   string // logical path of the .drv file
	Name   string
	System string
	// Outputs maps output names to logical paths.
	Outputs map[string]string
	// Hash is what the output of a fixed-output derivation promises; else nil.
	Hash []byte
}

// derivationType is the type name of opaque values that hold a *Derivation.
const derivationType = "derivation"

// Value wraps d for Scheme.
func (d *Derivation) Value() datum.Value { return datum.NewOpaque(derivationType, d) }

// AsDerivation returns the derivation that v holds.
func AsDerivation(v datum.Value) (*Derivation, bool) {
	if !v.Is(datum.KOpaque) {
		return nil, false
	}
	d, ok := v.Opaque().Go.(*Derivation)
	return d, ok
}

// OutputNames returns the names of the outputs in order.
func (d *Derivation) OutputNames() []string {
	names := make([]string, 0, len(d.Outputs))
	for n := range d.Outputs {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

// input is a derivation with the outputs that are used of it.
type input struct {
	drv     *Derivation
	outputs []string
}

// request is what Scheme asks for.
type request struct {
	name, builder, system string
	args                  []string
	env                   [][2]string
	inputs                []input
	sources               []string
	outputs               []string
	hashAlgo              string // "" unless fixed
	hash                  []byte
	recursive             bool
}

// add makes the derivation that r describes part of the session's batch.
func (s *Session) add(ctx context.Context, r *request) (*Derivation, error) {
	d := &drv.Derivation{
		Outputs:   map[string]drv.Output{},
		InputDrvs: map[string][]string{},
		Platform:  r.system,
		Builder:   r.builder,
		Args:      r.args,
		Env:       map[string]string{},
	}
	fail := func(format string, a ...any) (*Derivation, error) {
		return nil, fmt.Errorf("derivation %s: %s", r.name, fmt.Sprintf(format, a...))
	}
	if err := path.CheckName(r.name + ".drv"); err != nil {
		return fail("%v", err)
	}
	if len(r.outputs) == 0 {
		return fail("it has no outputs")
	}
	out := drv.Output{}
	if r.hashAlgo != "" {
		algo, err := hash.ParseAlgo(r.hashAlgo)
		if err != nil {
			return fail("%v", err)
		}
		if len(r.hash) != algo.Size() {
			return fail("a %s hash has %d bytes, this one %d", algo, algo.Size(), len(r.hash))
		}
		if len(r.outputs) != 1 || r.outputs[0] != "out" {
			return fail("what has a fixed hash has the one output \"out\"")
		}
		out.HashAlgo, out.Hash = algo.String(), hex.EncodeToString(r.hash)
		if r.recursive {
			out.HashAlgo = "r:" + out.HashAlgo
		}
	}
	for _, o := range r.outputs {
		if _, twice := d.Outputs[o]; twice {
			return fail("output %q is named twice", o)
		}
		d.Outputs[o] = out
	}
	for _, e := range r.env {
		if old, twice := d.Env[e[0]]; twice && old != e[1] {
			return fail("environment variable %s is set twice", e[0])
		}
		d.Env[e[0]] = e[1]
	}
	for _, in := range r.inputs {
		for _, o := range in.outputs {
			if _, ok := in.drv.Outputs[o]; !ok {
				return fail("its input %s has no output %q, only %s", in.drv.Name, o,
					strings.Join(in.drv.OutputNames(), ", "))
			}
		}
		d.InputDrvs[in.drv.Path] = union(d.InputDrvs[in.drv.Path], in.outputs)
	}
	d.InputSrcs = union(nil, r.sources)
	batch, err := s.batch()
	if err != nil {
		return nil, err
	}
	p, err := batch.AddDerivation(ctx, r.name, d)
	if err != nil {
		return fail("%v", err)
	}
	if known := s.byPath[p]; known != nil {
		return known, nil
	}
	made := &Derivation{Path: p, Name: r.name, System: r.system, Outputs: map[string]string{}, Hash: r.hash}
	for n, o := range d.Outputs {
		made.Outputs[n] = o.Path
	}
	s.byPath[p] = made
	return made, nil
}

// union returns the sorted union of two string sets.
func union(a, b []string) []string {
	set := make(map[string]bool, len(a)+len(b))
	var all []string
	for _, list := range [][]string{a, b} {
		for _, x := range list {
			if !set[x] {
				set[x] = true
				all = append(all, x)
			}
		}
	}
	sort.Strings(all)
	return all
}
