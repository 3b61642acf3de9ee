package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"fruix/builder/substitute"
	"fruix/lang"
)

const weatherText = `
Say how much of PACKAGEs or PATHs each substitute server has; without any, of all
packages. Exit status: 0 when every server has everything.
`

// runWeather is "fruix weather".
func runWeather(ctx context.Context, e *environment, args []string) error {
	f := newFlags("weather", "[OPTION]... [PACKAGE|PATH]...", weatherText)
	f.addBuildFlags()
	expressions := f.StringArrayP("expression", "e", nil, "ask for what `EXPR` yields")
	files := f.StringArrayP("file", "f", nil, "ask for what the last expression of `FILE` yields, such as a package")
	manifests := f.StringArrayP("manifest", "m", nil, "ask for all that the last expression of `FILE` names: a manifest, or a list of packages")
	missing := f.Bool("display-missing", false, "list what is not available")
	least := f.Int("coverage", 0, "list what is missing although nothing that it is made from is, and is needed by at least `N` others that are missing (default 0)")
	f.Lookup("coverage").NoOptDefVal = "0"
	if err := f.parse(args); err != nil {
		return err
	}
	if *least < 0 {
		return f.usage("--coverage is %d; it is a number of objects", *least)
	}
	return withServers(ctx, e, f, args, func(s *session, c *substitute.Client) error {
		goals, err := s.weatherGoals(ctx, f.Args(), *expressions, *files, *manifests)
		if err != nil {
			return err
		}
		paths := goalPaths(goals)
		slices.Sort(paths)
		paths = slices.Compact(paths)
		answers, err := c.Survey(ctx, paths)
		if err != nil {
			return err
		}
		var hindrances [][]hindrance
		if f.Changed("coverage") {
			if hindrances, err = s.coverage(ctx, c, goals, answers, *least); err != nil {
				return err
			}
		}
		return s.tellWeather(paths, answers, *missing, hindrances)
	})
}

// weatherGoals are what to ask for.
func (s *session) weatherGoals(ctx context.Context, names, expressions, files, manifests []string) ([]goal, error) {
	goals, err := s.distantGoals(ctx, names)
	if err != nil {
		return nil, err
	}
	more, err := s.goals(ctx, nil, expressions, append(files, manifests...))
	if err != nil {
		return nil, err
	}
	goals = append(goals, more...)
	if len(names)+len(expressions)+len(files)+len(manifests) == 0 {
		v, err := s.call(ctx, "(fruix commands)", "all-derivations")
		if err != nil {
			return nil, err
		}
		for ; v.IsPair(); v = v.Pair().Cdr {
			if d, ok := lang.AsDerivation(v.Pair().Car); ok {
				goals = append(goals, derivationGoal(d))
			}
		}
	}
	return goals, nil
}

// weather is what is printed as JSON of one server.
type weather struct {
	URL       string   `json:"url"`
	Error     string   `json:"error,omitempty"`
	Asked     int      `json:"asked"`
	Available int      `json:"available"`
	Download  int64    `json:"download_bytes"` // of those whose size is known
	Known     int      `json:"download_known"` // of how many it is known
	Bytes     int64    `json:"bytes"`
	Requests  int      `json:"requests"`
	Seconds   float64  `json:"seconds"`
	Missing   []string `json:"missing"`
	// Coverage is what keeps others from being available; nil when nobody wants to know.
	Coverage []hindrance `json:"coverage,omitzero"`
}

func weatherOf(paths []string, a substitute.Answer) weather {
	w := weather{URL: a.URL, Asked: len(paths), Available: len(a.Offers), Requests: a.Requests, Seconds: a.Took.Seconds(), Missing: []string{}}
	if a.Err != nil {
		w.Error = a.Err.Error()
	}
	for _, p := range paths {
		o := a.Offers[p]
		if o == nil {
			w.Missing = append(w.Missing, p)
			continue
		}
		w.Bytes += o.NarSize
		if o.FileSize > 0 {
			w.Known++
			w.Download += o.FileSize
		}
	}
	return w
}

// text is for people.
func (w weather) text(missing bool) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("%s", w.URL)
	if w.Asked > 0 {
		line("  %.1f%% available (%d of %d)", 100*float64(w.Available)/float64(w.Asked), w.Available, w.Asked)
	}
	switch {
	case w.Available == 0:
	case w.Known == 0:
		line("  size of what would come is unknown")
	case w.Known < w.Available:
		line("  at least %s to fetch (compressed)", sizeText(w.Download))
	default:
		line("  %s to fetch (compressed)", sizeText(w.Download))
	}
	if w.Available > 0 {
		line("  %s on disk (uncompressed)", sizeText(w.Bytes))
	}
	if w.Requests > 0 && w.Seconds > 0 {
		line("  %.3f seconds per request (%s, %.1f seconds in total)", w.Seconds/float64(w.Requests), count(w.Requests, "request"), w.Seconds)
		line("  %.1f requests per second", float64(w.Requests)/w.Seconds)
	}
	if missing && len(w.Missing) > 0 {
		line("  missing:\n    %s", strings.Join(w.Missing, "\n    "))
	}
	if len(w.Coverage) > 0 {
		line("  missing, though nothing that it is made from is, and how many others need it:")
	}
	for _, h := range w.Coverage {
		line("    %5d  %s", h.Dependents, h.Path)
	}
	return b.String()
}

// tellWeather prints what the servers have; hindrances may be nil.
func (s *session) tellWeather(paths []string, answers []substitute.Answer, missing bool, hindrances [][]hindrance) error {
	s.endProgress()
	all := []weather{}
	lacking, down := 0, 0
	for n, a := range answers {
		w := weatherOf(paths, a)
		if hindrances != nil && a.Err == nil {
			w.Coverage = hindrances[n]
		}
		all = append(all, w)
		switch {
		case a.Err != nil:
			down++
		case w.Available < w.Asked:
			lacking++
		}
		if !s.flags.json {
			fmt.Fprint(s.env.stdout, w.text(missing))
		}
	}
	if s.flags.json {
		if err := json.NewEncoder(s.env.stdout).Encode(all); err != nil {
			return err
		}
	}
	of := func(n int) string { return fmt.Sprintf("%s of %d", count(n, "server"), len(answers)) }
	lacks := "lack"
	if lacking == 1 {
		lacks = "lacks"
	}
	switch {
	case lacking+down == 0:
		return nil
	case down == 0:
		return fmt.Errorf("%s %s something", of(lacking), lacks)
	case lacking == 0:
		return fmt.Errorf("%s cannot be asked", of(down))
	}
	return fmt.Errorf("%s %s something, and %d cannot be asked", of(lacking), lacks, down)
}
