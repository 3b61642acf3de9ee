package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"fruix/builder"
	"fruix/cmd/internal/report"
	"fruix/interp/datum"
	"fruix/lang"
)

const buildText = `
Build packages, or the objects that expressions and files yield, and print the
store paths of what was built.
`

// runBuild is "fruix build".
func runBuild(ctx context.Context, e *environment, args []string) (err error) {
	f := newFlags("build", "[OPTION]... [PACKAGE]...", buildText)
	f.addBuildFlags()
	expressions := f.StringArrayP("expression", "e", nil, "build what `EXPR` yields")
	files := f.StringArrayP("file", "f", nil, "build what the last expression of `FILE` yields, or each of a list of it")
	manifests := f.StringArrayP("manifest", "m", nil, "build the packages of the manifest in `FILE`")
	f.addTransformations()
	root := f.StringP("root-link", "r", "", "make `FILE` a link to the result that keeps it from being collected")
	profile := f.StringP("profile", "p", "", "make the result a new generation of the profile `FILE`")
	derivations := f.BoolP("derivations", "d", false, "print the derivations' paths, and build nothing")
	check := f.Bool("check", false, "build again what is there, and compare")
	logFile := f.Bool("log-file", false, "print where the log of the last build of each object or DERIVATION is: a file, or an address")
	if err := f.parse(args); err != nil {
		return err
	}
	*files = append(*files, *manifests...)
	if f.NArg()+len(*expressions)+len(*files) == 0 {
		return f.usage("nothing to build is named")
	}
	s, err := open(ctx, e, f, args)
	if err != nil {
		return err
	}
	defer s.Close()
	removeSources, err := s.prepareTransformation(ctx)
	if err != nil {
		return err
	}
	defer removeSources()
	names := f.Args()
	var logged []string
	if *logFile { // what was collected may have left its log
		inStore := func(name string) bool { return strings.HasPrefix(name, s.store.Dir()+"/") }
		logged = slices.DeleteFunc(slices.Clone(names), func(n string) bool { return !inStore(n) })
		names = slices.DeleteFunc(names, inStore)
	}
	goals, err := s.goals(ctx, names, *expressions, *files)
	if err != nil {
		return err
	}
	if err := s.lang.Flush(ctx); err != nil {
		return err
	}
	switch {
	case *logFile:
		return s.printLogFiles(ctx, logged, goals)
	case *derivations:
		return s.printLines(goals, func(g goal) []string { return []string{g.drv} })
	case f.dryRun:
		var again []string
		if *check {
			again = derivationsOf(goals)
		}
		return s.printPlan(ctx, goals, again)
	}
	if err := s.buildGoals(ctx, goals); err != nil {
		return err
	}
	if *check {
		if err := s.checkGoals(ctx, goals); err != nil {
			return err
		}
	}
	if *root != "" {
		if err := s.addRoots(ctx, *root, goals); err != nil {
			return err
		}
	}
	if err := s.setProfile(ctx, *profile, goalPaths(goals)); err != nil {
		return err
	}
	return s.printLines(goals, func(g goal) []string { return g.paths })
}

// goalPaths are the paths of all goals.
func goalPaths(goals []goal) []string {
	var all []string
	for _, g := range goals {
		all = append(all, g.paths...)
	}
	return all
}

// goal is something to build or, when drv is "", something that is there.
type goal struct {
	drv     string
	outputs []string // names; nil means all
	paths   []string
}

// goals evaluates what the command line names.
func (s *session) goals(ctx context.Context, names, expressions, files []string) ([]goal, error) {
	var goals []goal
	add := func(g goal, err error) error {
		if err == nil {
			goals = append(goals, g)
		}
		return err
	}
	for _, name := range names {
		if strings.HasPrefix(name, s.store.Dir()+"/") {
			if err := add(s.storeGoal(ctx, name)); err != nil {
				return nil, err
			}
			continue
		}
		v, err := s.call(ctx, "(fruix commands)", "named-derivation", s.transformed(datum.NewString(name))...)
		if err == nil {
			err = add(namedGoal(v))
		} else if info, serr := os.Stat(name); serr == nil && info.Mode().IsRegular() {
			err = &report.AdvisedError{Err: err, Hint: "to build what a file yields, name it with -f: -f " + name}
		}
		if err != nil {
			return nil, err
		}
	}
	addAll := func(v datum.Value, err error) error {
		if err != nil {
			return err
		}
		more, err := s.objectGoals(ctx, v)
		goals = append(goals, more...)
		return err
	}
	for _, x := range expressions {
		if err := addAll(s.engine.Eval(ctx, x, "expression")); err != nil {
			return nil, err
		}
	}
	for _, file := range files {
		if err := addAll(s.loadFile(ctx, file)); err != nil {
			return nil, err
		}
	}
	return goals, nil
}

// objectGoals lowers a Scheme object, or each of a list or a manifest of them.
func (s *session) objectGoals(ctx context.Context, v datum.Value) ([]goal, error) {
	items, err := s.call(ctx, "(fruix commands)", "manifest-items", v)
	if err != nil {
		return nil, err
	}
	var goals []goal
	for ; items.IsPair(); items = items.Pair().Cdr {
		g, err := s.objectGoal(ctx, items.Pair().Car)
		if err != nil {
			return nil, err
		}
		goals = append(goals, g)
	}
	return goals, nil
}

// storeGoal is a derivation or another object that is named by its path.
func (s *session) storeGoal(ctx context.Context, p string) (goal, error) {
	if !strings.HasSuffix(p, ".drv") {
		valid, err := s.store.ValidMany(ctx, []string{p})
		if err == nil && !valid[p] {
			err = fmt.Errorf("%s is not in the store", p)
		}
		return goal{paths: []string{p}}, err
	}
	d, err := s.store.ReadDerivation(ctx, p)
	if err != nil {
		return goal{}, err
	}
	g := goal{drv: p}
	for _, name := range d.OutputNames() {
		g.paths = append(g.paths, d.Outputs[name].Path)
	}
	return g, nil
}

// namedGoal takes the values of named-derivation: a derivation and an output.
func namedGoal(v datum.Value) (goal, error) {
	if v.Is(datum.KValues) && len(v.Values().Items) == 2 {
		items := v.Values().Items
		if d, ok := lang.AsDerivation(items[0]); ok && items[1].IsString() {
			output := items[1].Str().Go()
			return goal{drv: d.Path, outputs: []string{output}, paths: []string{d.Outputs[output]}}, nil
		}
	}
	return goal{}, fmt.Errorf("named-derivation did not yield a derivation and an output")
}

// objectGoal lowers a Scheme object.
func (s *session) objectGoal(ctx context.Context, v datum.Value) (goal, error) {
	item, err := s.call(ctx, "(fruix commands)", "object->derivation", s.transformed(v)...)
	if err != nil {
		return goal{}, err
	}
	if item.IsString() {
		return goal{paths: []string{item.Str().Go()}}, nil
	}
	d, ok := lang.AsDerivation(item)
	if !ok {
		return goal{}, fmt.Errorf("object->derivation did not yield a derivation")
	}
	return derivationGoal(d), nil
}

// derivationGoal is all outputs of d.
func derivationGoal(d *lang.Derivation) goal {
	g := goal{drv: d.Path}
	for _, name := range d.OutputNames() {
		g.paths = append(g.paths, d.Outputs[name])
	}
	return g
}

// targetsOf are the derivations among goals.
func targetsOf(goals []goal) []builder.Target {
	var targets []builder.Target
	for _, g := range goals {
		if g.drv != "" {
			targets = append(targets, builder.Target{Drv: g.drv, Outputs: g.outputs})
		}
	}
	return targets
}

func (s *session) buildGoals(ctx context.Context, goals []goal) error {
	targets := targetsOf(goals)
	if len(targets) == 0 {
		return nil
	}
	return s.buildTargets(ctx, targets)
}

// checkGoals builds again and compares. What has just been built for the first
// time is built once more, too: it is what was asked for.
func (s *session) checkGoals(ctx context.Context, goals []goal) error {
	drvs := derivationsOf(goals)
	return s.withProgress(func(p builder.Progress) error { return s.store.Check(ctx, p, drvs...) })
}

// derivationsOf are the derivations among goals, each once.
func derivationsOf(goals []goal) []string {
	var drvs []string
	seen := map[string]bool{"": true}
	for _, g := range goals {
		if !seen[g.drv] {
			seen[g.drv] = true
			drvs = append(drvs, g.drv)
		}
	}
	return drvs
}

// printLines prints the lines of all goals, or one JSON array of them.
func (s *session) printLines(goals []goal, lines func(goal) []string) error {
	s.endProgress()
	var all []string
	for _, g := range goals {
		for _, line := range lines(g) {
			if line != "" {
				all = append(all, line)
			}
		}
	}
	if s.flags.json {
		return json.NewEncoder(s.env.stdout).Encode(all)
	}
	_, err := io.WriteString(s.env.stdout, strings.Join(append(all, ""), "\n"))
	return err
}

// foreseen is what is printed as JSON of what would be done.
type foreseen struct {
	Build []string      `json:"build"`
	Fetch []foreseeable `json:"fetch"`
	// Again are derivations that are built once more, to be compared.
	Again []string `json:"again,omitempty"`
}

// foreseeable is an object that would be fetched. Download is 0 when it is not known how
// much would come.
type foreseeable struct {
	Path     string `json:"path"`
	From     string `json:"from"`
	Download int64  `json:"download_bytes"`
	Bytes    int64  `json:"bytes"`
}

// printPlan tells what would be built and fetched; again are the derivations that would be
// built once more then.
func (s *session) printPlan(ctx context.Context, goals []goal, again []string) error {
	f, err := s.store.Foresee(ctx, targetsOf(goals)...)
	if err != nil {
		return err
	}
	s.endProgress()
	out := foreseen{Build: append([]string{}, f.Build...), Fetch: []foreseeable{}, Again: again}
	var download, unpacked int64
	unknown := false // how much would come
	for _, o := range f.Fetch {
		out.Fetch = append(out.Fetch, foreseeable{o.Path, o.From, o.Download, o.NarSize})
		download += o.Download
		unknown = unknown || o.Download == 0
		unpacked += o.NarSize
	}
	if s.flags.json {
		return json.NewEncoder(s.env.stdout).Encode(out)
	}
	var b strings.Builder
	if len(f.Build)+len(again) == 0 {
		b.WriteString("nothing to be built\n")
	}
	if len(f.Build) > 0 {
		fmt.Fprintf(&b, "to be built:\n  %s\n", strings.Join(f.Build, "\n  "))
	}
	if len(again) > 0 {
		fmt.Fprintf(&b, "to be built again and compared:\n  %s\n", strings.Join(again, "\n  "))
	}
	if len(f.Fetch) > 0 {
		size := sizeText(unpacked) + " unpacked"
		if !unknown {
			size = fmt.Sprintf("%s (%s)", sizeText(download), size)
		}
		fmt.Fprintf(&b, "to be fetched, %s:\n", size)
		for _, o := range f.Fetch {
			fmt.Fprintf(&b, "  %s\n", o.Path)
		}
	}
	_, err = io.WriteString(s.env.stdout, b.String())
	return err
}

// addRoots makes links to the results: LINK, LINK-1, …
func (s *session) addRoots(ctx context.Context, link string, goals []goal) error {
	n := 0
	for _, g := range goals {
		for _, p := range g.paths {
			name := link
			if n > 0 {
				name = fmt.Sprintf("%s-%d", link, n)
			}
			if err := s.store.AddRoot(ctx, name, p); err != nil {
				return err
			}
			n++
		}
	}
	return nil
}
