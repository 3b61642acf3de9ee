package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"fruix/builder/access"
	"fruix/store"
	"fruix/store/profile"
)

const gcText = `
Delete objects of the store that nothing keeps any more. What keeps an object,
and all that it refers to, is a root: a link made with "fruix build -r", a link
below the store's gcroots, a program that runs from the store, and an evaluation
or a build that is going on, and every generation of a profile. With -d
generations are deleted first. Without an action all garbage is deleted.
`

// gcActions are what "fruix gc" can be asked to do; one at a time.
type gcActions struct {
	collect, free         string
	generations           string
	delete                bool
	live, dead, roots     bool
	verify                string
	optimise              bool
	keepOutputs, dropDrvs bool
	asked                 map[string]*bool // by the verb of "fruix store" that answers
}

// gcQuestions are what Guix has as options of "gc", and "fruix store" as verbs.
func gcQuestions() []storeVerb {
	return slices.DeleteFunc(storeQueries(), func(v storeVerb) bool {
		return !slices.Contains([]string{"references", "referrers", "requisites", "derivers"}, v.name)
	})
}

// runGC is "fruix gc".
func runGC(ctx context.Context, e *environment, args []string) error {
	f := newFlags("gc", "[ACTION] [OPTION]... [PATH]...", gcText)
	var a gcActions
	f.StringVarP(&a.collect, "collect-garbage", "C", "", "delete garbage, or at least so much of it: -C 5G")
	f.Lookup("collect-garbage").NoOptDefVal = "all"
	f.StringVarP(&a.generations, "delete-generations", "d", "", "before that, delete the generations of your profiles (root: of all) that are older than `DURATION`, such as 10d, 2w or 1m; without one all but the current")
	f.Lookup("delete-generations").NoOptDefVal = allGenerations
	f.StringVarP(&a.free, "free-space", "F", "", "delete garbage until so much `SPACE` is free, such as 10G")
	f.BoolVarP(&a.delete, "delete", "D", false, "delete the PATHs, if nothing keeps them, and what refers to them")
	f.BoolVar(&a.roots, "list-roots", false, "list what keeps objects")
	f.BoolVar(&a.live, "list-live", false, "list the objects that are kept")
	f.BoolVar(&a.dead, "list-dead", false, "list the objects that would be deleted")
	f.StringVar(&a.verify, "verify", "", "check the store: \"--verify\" that objects are there, \"--verify=contents\" every byte, \"--verify=contents,repair\" repairs what is damaged")
	f.Lookup("verify").NoOptDefVal = "presence"
	f.BoolVar(&a.optimise, "optimize", false, "let equal files share their place on the disk")
	a.asked = map[string]*bool{}
	for _, q := range gcQuestions() {
		short := ""
		if q.name == "requisites" {
			short = "R"
		}
		a.asked[q.name] = f.BoolP(q.name, short, false, q.summary+", as \"fruix store "+q.name+"\" does")
	}
	f.BoolVar(&a.keepOutputs, "gc-keep-outputs", false, "let derivations that are kept keep their outputs")
	f.BoolVar(&a.dropDrvs, "no-gc-keep-derivations", false, "do not let objects that are kept keep their derivations")
	f.addRepairFlags() // for --verify=repair
	f.SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		if name == "optimise" { // as "fruix store" has it
			name = "optimize"
		}
		return pflag.NormalizedName(name)
	})
	f.BoolVarP(&f.dryRun, "dry-run", "n", false, "tell what would be deleted, and delete nothing")
	// "-C 5G" and "-d 2m" read naturally, and Guix takes them.
	args = joinValues(args, func(word string) bool { _, err := parseSize(word); return err == nil }, "-C", "--collect-garbage")
	args = joinValues(args, func(word string) bool { _, err := profile.ParseDuration(word); return err == nil }, "-d", "--delete-generations")
	if err := f.parse(args); err != nil {
		return err
	}
	if err := f.check(); err != nil {
		return err
	}
	rest := f.Args()
	if err := a.check(f, rest); err != nil {
		return err
	}
	if !a.repairs() {
		f.noSubstitutes, f.minFree = true, "0" // whatever is wrong with their configuration
	}
	w, err := a.wish(f)
	if err != nil {
		return err
	}
	s := &session{env: e, flags: f}
	st, err := s.openStore(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	return s.gc(ctx, st, a, w, rest)
}

// check refuses actions that do not go together.
func (a gcActions) check(f *flags, paths []string) error {
	n := 0
	for _, x := range []bool{a.collect != "", a.free != "", a.delete, a.live, a.dead, a.roots, a.verify != "", a.optimise} {
		if x {
			n++
		}
	}
	question := ""
	for name, asked := range a.asked {
		if *asked {
			n, question = n+1, name
		}
	}
	// A value that is missing, of a variable that is not set perhaps, must not have all
	// garbage deleted.
	for _, name := range []string{"collect-garbage", "delete-generations", "free-space", "verify"} {
		if f.Changed(name) && f.Lookup(name).Value.String() == "" {
			return f.usage("--%s has an empty value", name)
		}
	}
	switch {
	case n > 1:
		return f.usage("more than one action is given")
	case a.generations == allGenerations && n == 0 && len(paths) == 1:
		_, err := profile.ParseDuration(paths[0])
		return f.usage("--delete-generations: %v", err)
	case a.collect == "all" && len(paths) == 1:
		_, err := parseSize(paths[0])
		return f.usage("--collect-garbage: %v", err)
	case a.delete && len(paths) == 0:
		return f.usage("no object to delete is named")
	case question != "" && len(paths) == 0:
		return f.usage("no object is named whose %s are wanted", question)
	case !a.delete && question == "" && len(paths) > 0:
		return f.usage("%q is more than can be used; \"-D\" deletes single objects", paths[0])
	case a.generations != "" && n == 1 && a.collect == "" && a.free == "":
		return f.usage("--delete-generations goes with collecting garbage only")
	case !slices.Contains([]string{"", "presence", "contents", "repair", "contents,repair", "repair,contents"}, a.verify):
		return f.usage("--verify can be \"contents\", \"repair\" or \"contents,repair\", not %q", a.verify)
	case f.dryRun && a.optimise:
		return f.usage("what --optimize would do is not known before it is done: it does not go with --dry-run")
	case f.dryRun && a.repairs():
		return f.usage("what --verify=repair would do is not known before it is done: it does not go with --dry-run; \"--verify=contents\" finds what is damaged")
	}
	return nil
}

// repairs says whether what is damaged is to be repaired.
func (a gcActions) repairs() bool { return strings.Contains(a.verify, "repair") }

// gcWish is how much is to be deleted, as the values of options say.
type gcWish struct {
	generations profile.Pattern // nil: none
	free, size  int64           // until so much is free, or so much is deleted; 0: not said
}

// wish reads the values of options. Nothing is done before all of them make sense.
func (a gcActions) wish(f *flags) (w gcWish, err error) {
	switch a.generations {
	case "":
	case allGenerations:
		w.generations = profile.All
	default:
		age, err := profile.ParseDuration(a.generations)
		if err != nil {
			return w, f.usage("--delete-generations: %v", err)
		}
		w.generations = profile.OlderThan(age)
	}
	sizes := []size{{"--free-space", a.free, &w.free}}
	if a.collect != "all" {
		sizes = append(sizes, size{"--collect-garbage", a.collect, &w.size})
	}
	return w, f.sizes(sizes...)
}

// limit is how many bytes to free at least: 0 for all, less when nothing needs
// to be done.
func (w gcWish) limit(st access.Store) (int64, error) {
	if w.free == 0 {
		return w.size, nil
	}
	free, err := st.Free()
	switch {
	case err != nil:
		return 0, err
	case free < w.free:
		return w.free - free, nil
	}
	return -1, nil
}

func (s *session) gc(ctx context.Context, st access.Store, a gcActions, w gcWish, paths []string) error {
	o := store.CollectOptions{KeepOutputs: a.keepOutputs, DropDerivations: a.dropDrvs, DryRun: s.flags.dryRun}
	for _, q := range gcQuestions() {
		if *a.asked[q.name] {
			return q.run(ctx, s, paths)
		}
	}
	switch {
	case a.roots:
		return s.listRoots(ctx, st)
	case a.live, a.dead:
		l, err := st.Liveness(ctx, o)
		if err != nil {
			return err
		}
		if a.dead {
			return s.printList(l.Dead)
		}
		return s.printList(l.Live)
	case a.verify != "":
		return s.verifyStore(ctx, st, strings.Contains(a.verify, "contents"), a.repairs())
	case a.optimise:
		return s.optimiseStore(ctx, st)
	case a.delete:
		objects, err := findObjects(st, paths)
		if err != nil {
			return err
		}
		done, err := st.Delete(ctx, objects, o)
		return s.reportCollected(done, nil, err)
	}
	return s.collect(ctx, st, o, w)
}

// collect deletes generations, and garbage.
func (s *session) collect(ctx context.Context, st access.Store, o store.CollectOptions, w gcWish) error {
	limit, err := w.limit(st)
	if err != nil {
		return err
	}
	var gone []generation
	if w.generations != nil {
		old, err := s.oldGenerations(ctx, st, w.generations)
		if err != nil {
			return err
		}
		for _, p := range old {
			for _, g := range p.generations {
				o.Without = append(o.Without, g.Link)
			}
		}
		// Generations do not come back. What keeps this collection from being done,
		// a damaged database or another store's, is to show before they go.
		try := o
		try.DryRun = true
		if _, err := st.Collect(ctx, try); err != nil {
			return err
		}
		if gone, err = s.deleteGenerations(ctx, st, old); err != nil {
			return s.reportCollected(&store.Collected{}, gone, err)
		}
	}
	if limit < 0 {
		return s.reportCollected(&store.Collected{}, gone, nil)
	}
	if _, own := st.(*access.Direct); o.DryRun && !own && len(gone) > 0 {
		s.note("the daemon tells what is garbage now: what only these generations keep would go as well")
	}
	o.MaxFreed = limit
	meter := s.meter("deleting")
	o.Progress = meter.set
	done, err := st.Collect(ctx, o)
	meter.End()
	return s.reportCollected(done, gone, err)
}

// reportCollected tells what was deleted: the paths with --json, else how much.
func (s *session) reportCollected(c *store.Collected, gone []generation, err error) error {
	if c == nil {
		return err
	}
	s.endProgress()
	if s.flags.json {
		if jerr := json.NewEncoder(s.env.stdout).Encode(map[string]any{
			"paths": append([]string{}, c.Paths...), "bytes": c.Bytes, "freed": c.Freed, "stray": c.Stray,
			"generations": append([]generation{}, gone...),
		}); err == nil {
			err = jerr
		}
		return err
	}
	verb := "deleted"
	if s.flags.dryRun {
		verb = "would delete"
	}
	r := &results{s: s}
	for _, p := range c.Paths {
		r.line(p)
	}
	if err == nil {
		err = r.err
	}
	if !s.flags.quiet {
		for _, g := range gone {
			fmt.Fprintf(s.env.stderr, "%s generation %d of %s\n", verb, g.Number, g.Profile)
		}
		size := sizeText(c.Freed)
		if s.flags.dryRun {
			size = sizeText(c.Bytes)
		}
		fmt.Fprintf(s.env.stderr, "%s %s, %s\n", verb, count(len(c.Paths), "object"), size)
		if c.Stray > 0 {
			fmt.Fprintf(s.env.stderr, "removed %s that interrupted work had left\n", count(c.Stray, "tree"))
		}
	}
	return err
}

// count writes a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// sizeText writes a number of bytes for people.
func sizeText(n int64) string {
	const units = "KMGTPE"
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	x, i := float64(n)/1024, 0
	for x >= 1024 && i < len(units)-1 {
		x, i = x/1024, i+1
	}
	return fmt.Sprintf("%.1f %ciB", x, units[i])
}

// allRoots are links and what else keeps objects.
func allRoots(ctx context.Context, st access.Store) ([]store.Root, error) {
	roots, err := st.Roots(ctx)
	if err != nil {
		return nil, err
	}
	used, err := st.Used(ctx)
	return append(roots, used...), err
}

func (s *session) listRoots(ctx context.Context, st access.Store) error {
	roots, err := allRoots(ctx, st)
	if err != nil {
		return err
	}
	if s.flags.json {
		list := []map[string]string{}
		for _, r := range roots {
			list = append(list, map[string]string{"link": r.Name, "target": r.Target})
		}
		return json.NewEncoder(s.env.stdout).Encode(list)
	}
	var lines []string
	for _, r := range roots {
		lines = append(lines, r.Name+" -> "+r.Target)
	}
	return s.printList(lines)
}

// printList prints one line each, or a JSON array.
func (s *session) printList(lines []string) error {
	if s.flags.json {
		return json.NewEncoder(s.env.stdout).Encode(append([]string{}, lines...))
	}
	_, err := io.WriteString(s.env.stdout, shown(strings.Join(append(lines, ""), "\n"), isTerminal(s.env.stdout)))
	return err
}

// findObjects turns what a person names into objects.
func findObjects(st access.Store, names []string) ([]string, error) {
	out := make([]string, len(names))
	for i, n := range names {
		var err error
		if out[i], _, err = st.Find(n); err != nil {
			return nil, err
		}
	}
	return out, nil
}
