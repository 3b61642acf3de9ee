package main

import (
	"context"
	"maps"
	"slices"

	"fruix/builder/substitute"
	"fruix/store/drv"
)

// scout finds out what keeps things from being available at servers. It looks at what is
// missing somewhere, and at what that is made from, and so on down.
type scout struct {
	s *session
	c *substitute.Client

	has     []map[string]bool   // by server: the paths that it has; nil when it cannot be asked
	asked   map[string]bool     // paths that the servers were asked about
	outputs map[string][]string // of a derivation: the outputs that are needed
	needs   map[string][]string // derivations of what a derivation that is missing somewhere is made from
}

// coverage returns for each server what keeps most of goals from being available there,
// as far as at least so many goals wait for it. answers is what the servers have said
// about goals.
func (s *session) coverage(ctx context.Context, c *substitute.Client, goals []goal, answers []substitute.Answer, least int) ([][]hindrance, error) {
	if err := s.lang.Flush(ctx); err != nil {
		return nil, err
	}
	x := &scout{s: s, c: c, asked: map[string]bool{}, outputs: map[string][]string{}, needs: map[string][]string{}}
	var top []string
	for _, g := range goals {
		for _, p := range g.paths {
			x.asked[p] = true
		}
		g, err := x.made(ctx, g)
		if err != nil {
			return nil, err
		}
		if g.drv == "" && len(g.paths) > 0 {
			s.note("fruix: what %s is made from is not known here, so --coverage tells nothing of it; name a package instead", g.paths[0])
		}
		if g.drv != "" {
			top = append(top, g.drv)
			x.outputs[g.drv] = append(x.outputs[g.drv], g.paths...)
		}
	}
	for n, a := range answers {
		x.has = append(x.has, nil)
		if a.Err == nil {
			x.has[n] = map[string]bool{}
			x.learn(n, a)
		}
	}
	for level := top; len(level) > 0; {
		next, err := x.below(ctx, level)
		if err != nil {
			return nil, err
		}
		if err := x.ask(ctx, next); err != nil {
			return nil, err
		}
		level = next
	}
	all := make([][]hindrance, len(answers))
	for n := range answers {
		all[n] = []hindrance{}
		if x.has[n] == nil {
			continue
		}
		for _, h := range substitute.Hindrances(x.needs, top, func(drv string) bool { return x.missing(n, drv) }) {
			if h.Dependents >= least {
				all[n] = append(all[n], hindrance{x.lacking(n, h.Name), h.Dependents})
			}
		}
	}
	return all, nil
}

// hindrance is what is printed as JSON.
type hindrance struct {
	Path       string `json:"path"`
	Dependents int    `json:"dependents"`
}

// made is goal with the derivation that it is made by, if that is here.
func (x *scout) made(ctx context.Context, g goal) (goal, error) {
	if g.drv != "" || len(g.paths) == 0 {
		return g, nil
	}
	drvs, err := x.s.store.Derivers(ctx, g.paths[0])
	if err == nil && len(drvs) > 0 {
		g.drv = drvs[0]
	}
	return g, err
}

func (x *scout) learn(server int, a substitute.Answer) {
	if x.has[server] == nil {
		return
	}
	for p := range a.Offers {
		x.has[server][p] = true
	}
}

// missing says whether a server lacks something of a derivation.
func (x *scout) missing(server int, drv string) bool { return x.lacking(server, drv) != "" }

// lacking is the first output of a derivation that is needed and that a server lacks, ""
// when it has them all.
func (x *scout) lacking(server int, drv string) (first string) {
	for _, p := range x.outputs[drv] {
		if !x.has[server][p] && (first == "" || p < first) {
			first = p
		}
	}
	return first
}

// below returns the derivations of which more is needed than was known, for those of
// level that are missing somewhere. What is fetched by its hash is left out: nobody
// waits for servers with that.
func (x *scout) below(ctx context.Context, level []string) (next []string, err error) {
	for _, name := range level {
		if _, done := x.needs[name]; done || !x.missingSomewhere(name) {
			continue
		}
		d, err := x.s.store.ReadDerivation(ctx, name)
		if err != nil {
			return nil, err
		}
		x.needs[name] = []string{}
		for _, input := range slices.Sorted(maps.Keys(d.InputDrvs)) {
			in, err := x.s.store.ReadDerivation(ctx, input)
			if err != nil {
				return nil, err
			}
			if _, fixed := in.FixedOutput(); fixed {
				continue
			}
			x.needs[name] = append(x.needs[name], input)
			if x.need(input, in, d.InputDrvs[input]) {
				next = append(next, input)
			}
		}
	}
	return next, nil
}

// missingSomewhere says whether a server that can be asked lacks something.
func (x *scout) missingSomewhere(drv string) bool {
	for server, has := range x.has {
		if has != nil && x.missing(server, drv) {
			return true
		}
	}
	return false
}

// need takes down that outputs of a derivation are needed, and says whether that is new.
func (x *scout) need(name string, d *drv.Derivation, outputs []string) (fresh bool) {
	for _, o := range outputs {
		if p := d.Outputs[o].Path; !slices.Contains(x.outputs[name], p) {
			x.outputs[name] = append(x.outputs[name], p)
			fresh = true
		}
	}
	return fresh
}

// ask asks the servers about what is needed of derivations.
func (x *scout) ask(ctx context.Context, drvs []string) error {
	var paths []string
	for _, name := range drvs {
		for _, p := range x.outputs[name] {
			if !x.asked[p] {
				x.asked[p] = true
				paths = append(paths, p)
			}
		}
	}
	if len(paths) == 0 {
		return nil
	}
	answers, err := x.c.Survey(ctx, paths)
	if err != nil {
		return err
	}
	for server, a := range answers {
		x.learn(server, a)
	}
	return nil
}
