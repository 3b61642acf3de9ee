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
	if err := f.parse(args); err != nil {
		return err
	}
	s, err := open(ctx, e, f, args)
	if err != nil {
		return err
	}
	defer s.Close()
	c, err := s.theCaches()
	if err != nil {
		return err
	}
	paths, err := s.weatherPaths(ctx, f.Args(), *expressions, *files, *manifests)
	if err != nil {
		return err
	}
	answers, err := c.Survey(ctx, paths)
	if err != nil {
		return err
	}
	return s.tellWeather(paths, answers, *missing)
}

// weatherPaths are the paths to ask for, each once.
func (s *session) weatherPaths(ctx context.Context, names, expressions, files, manifests []string) ([]string, error) {
	paths, err := s.outputsOf(ctx, names)
	if err != nil {
		return nil, err
	}
	goals, err := s.goals(ctx, nil, expressions, append(files, manifests...))
	if err != nil {
		return nil, err
	}
	if len(names)+len(expressions)+len(files)+len(manifests) == 0 {
		v, err := s.call(ctx, "(fruix commands)", "all-derivations")
		if err != nil {
			return nil, err
		}
		for ; v.IsPair(); v = v.Pair().Cdr {
			if d, ok := lang.AsDerivation(v.Pair().Car); ok {
				for _, name := range d.OutputNames() {
					paths = append(paths, d.Outputs[name])
				}
			}
		}
	}
	paths = append(paths, goalPaths(goals)...)
	slices.Sort(paths)
	return slices.Compact(paths), nil
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
	return b.String()
}

// tellWeather prints what the servers have.
func (s *session) tellWeather(paths []string, answers []substitute.Answer, missing bool) error {
	s.endProgress()
	all := []weather{}
	lacking := 0
	for _, a := range answers {
		w := weatherOf(paths, a)
		all = append(all, w)
		if w.Available < w.Asked {
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
	if lacking > 0 {
		return fmt.Errorf("%s of %d lack something", count(lacking, "server"), len(answers))
	}
	return nil
}
