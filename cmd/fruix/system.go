package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"fruix/builder/builtin/tree"
	"fruix/cmd/internal/report"
	imagetree "fruix/image/tree"
	"fruix/interp/datum"
	"fruix/lang"
	"fruix/store"
	"fruix/store/journal"
	storetree "fruix/store/tree"
)

const systemText = `
Build the operating system that FILE declares.

  build   FILE      the closure: the system's directory in the store
  rootfs  FILE DIR  the root file system, as a tree in the new folder DIR
  image   FILE      a disk image that boots

The results are printed as lines KEY=VALUE.
`

// runSystem is "fruix system".
func runSystem(ctx context.Context, e *environment, args []string) error {
	f := newFlags("system", "build|rootfs|image [OPTION]... FILE [DIR]", systemText)
	f.addBuildFlags()
	free := f.String("free", "", "free space of the image's root file system, such as 512M")
	size := f.String("image-size", "", "size of the image's root file system, such as 4G")
	root := f.StringP("root-link", "r", "", "make `FILE` a link to the result that keeps it from being collected")
	profile := f.StringP("profile", "p", "", "with build: make the system a new generation of the profile `FILE`")
	expression := f.StringP("expression", "e", "", "build the system that `EXPR` yields, instead of a file's")
	if err := f.parse(args); err != nil {
		return err
	}
	kinds := map[string]func(*systemJob, context.Context) error{"build": (*systemJob).closure, "rootfs": (*systemJob).rootfs, "image": (*systemJob).image}
	if f.NArg() == 0 {
		return f.usage("say what to make: build, rootfs or image")
	}
	run, ok := kinds[f.Arg(0)]
	if !ok {
		return &report.UsageError{Command: f.name, Message: fmt.Sprintf("unknown action %q", f.Arg(0)), Hint: nearestHint(f.Arg(0), sortedKeys(kinds), "fruix system --help")}
	}
	if *profile != "" && f.Arg(0) != "build" {
		return f.usage("--profile goes with \"build\" only")
	}
	words := f.Args()[1:]
	j := &systemJob{link: *root, profile: *profile}
	var err error
	if j.free, err = parseSize(*free); err != nil {
		return f.usage("--free: %v", err)
	}
	if j.size, err = parseSize(*size); err != nil {
		return f.usage("--image-size: %v", err)
	}
	if *expression == "" {
		if len(words) == 0 {
			return f.usage("no file is named")
		}
		j.file, words = words[0], words[1:]
	}
	if f.Arg(0) == "rootfs" {
		if len(words) == 0 {
			return f.usage("no folder is named for the tree")
		}
		j.dir, words = words[0], words[1:]
	}
	if len(words) > 0 {
		return f.usage("too many words: %q", words[0])
	}
	if j.session, err = open(ctx, e, f, args); err != nil {
		return err
	}
	defer j.session.Close()
	if err := j.load(ctx, *expression); err != nil {
		return err
	}
	return run(j, ctx)
}

// systemJob is one run of "fruix system".
type systemJob struct {
	*session
	file, dir     string
	link, profile string
	free, size    int64
	os            datum.Value
	results       [][2]string
}

// systemModule is the Scheme side.
const systemModule = "(fruix system commands)"

// load evaluates the declaration.
func (j *systemJob) load(ctx context.Context, expression string) error {
	var err error
	if expression != "" {
		j.file = "expression"
		j.os, err = j.engine.Eval(ctx, expression, j.file)
	} else {
		j.os, err = j.loadFile(ctx, j.file)
	}
	if err != nil {
		return err
	}
	summary, err := j.ask(ctx, "system-summary")
	if err != nil {
		return err
	}
	for l := summary; l.IsPair(); l = l.Pair().Cdr {
		pair := l.Pair().Car
		j.result(pair.Pair().Car.Str().Go(), pair.Pair().Cdr.Str().Go())
	}
	return nil
}

func (j *systemJob) ask(ctx context.Context, name string, more ...datum.Value) (datum.Value, error) {
	return j.call(ctx, systemModule, name, append([]datum.Value{j.os, datum.NewString(j.file)}, more...)...)
}

func (j *systemJob) result(key, value string) {
	j.results = append(j.results, [2]string{key, value})
}

// make builds the derivation that a Scheme procedure gives and returns the
// path of its output. done is false when nothing is to be built (-n).
func (j *systemJob) make(ctx context.Context, name string, more ...datum.Value) (out string, done bool, err error) {
	v, err := j.ask(ctx, name, more...)
	if err != nil {
		return "", false, err
	}
	d, ok := lang.AsDerivation(v)
	if !ok {
		return "", false, fmt.Errorf("%s did not yield a derivation", name)
	}
	if err := j.lang.Flush(ctx); err != nil {
		return "", false, err
	}
	out = d.Outputs["out"]
	if j.flags.dryRun {
		return out, false, j.printPlan(ctx, []goal{{drv: d.Path}}, nil)
	}
	if err := j.build(ctx, []*lang.Derivation{d}); err != nil {
		return "", false, err
	}
	if j.link != "" {
		if err := j.store.AddRoot(ctx, j.link, out); err != nil {
			return "", false, err
		}
	}
	return out, true, nil
}

// closure is "fruix system build".
func (j *systemJob) closure(ctx context.Context) error {
	out, done, err := j.make(ctx, "system-closure")
	if err != nil || !done {
		return err
	}
	if err := j.setProfile(ctx, j.profile, []string{out}); err != nil {
		return err
	}
	if err := j.describe(ctx, out); err != nil {
		return err
	}
	return j.print()
}

// describe adds what is known of the closure of a system.
func (j *systemJob) describe(ctx context.Context, system string) error {
	items, err := j.store.Closure(ctx, system)
	if err != nil {
		return err
	}
	j.result("closure_path", system)
	j.result("store_item_count", strconv.Itoa(len(items)))
	return nil
}

// image is "fruix system image".
func (j *systemJob) image(ctx context.Context) error {
	free := datum.False
	if j.free > 0 {
		free = datum.Fix(j.free)
	}
	v, err := j.ask(ctx, "system-closure")
	if err != nil {
		return err
	}
	system, ok := lang.AsDerivation(v)
	if !ok {
		return fmt.Errorf("system-closure did not yield a derivation")
	}
	out, done, err := j.make(ctx, "system-disk", free, datum.Fix(j.size))
	if err != nil || !done {
		return err
	}
	if err := j.describe(ctx, system.Outputs["out"]); err != nil {
		return err
	}
	physical := j.store.Physical(out)
	text, err := os.ReadFile(filepath.Join(physical, "image.json"))
	if err != nil {
		return err
	}
	var facts struct {
		SHA256 string `json:"raw_sha256"`
		Size   int64  `json:"image_size_bytes"`
	}
	if err := json.Unmarshal(text, &facts); err != nil {
		return fmt.Errorf("%s: %w", filepath.Join(physical, "image.json"), err)
	}
	j.result("image_store_path", out)
	j.result("disk_image", filepath.Join(physical, "disk.img"))
	j.result("raw_sha256", facts.SHA256)
	j.result("image_size_bytes", strconv.FormatInt(facts.Size, 10))
	return j.print()
}

// rootfs is "fruix system rootfs".
func (j *systemJob) rootfs(ctx context.Context) error {
	planPath, done, err := j.make(ctx, "system-plan")
	if err != nil || !done {
		return err
	}
	system, _, err := j.make(ctx, "system-closure")
	if err != nil {
		return err
	}
	items, err := j.store.Closure(ctx, system)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(j.store.Physical(planPath))
	if err != nil {
		return err
	}
	plan, err := tree.Parse(text)
	if err != nil {
		return err
	}
	root, err := j.rootTree(ctx, plan, items)
	if err != nil {
		return err
	}
	total, err := treeSize(root)
	if err != nil {
		return err
	}
	task := j.progress().Task("writing "+filepath.Base(j.dir), "bytes")
	o := imagetree.ExtractOptions{
		Progress: func(bytes int64) { task.Set(bytes, total) },
		Stop:     ctx.Err,
		// Without root the files are not root's, and a set-id bit would
		// give away the caller's rights instead.
		DropSetID: j.env.uid != 0,
		// The mark says that the store is whole.
		Last: func(name string) bool { return path.Base(name) == journal.MarkFile },
	}
	if !j.flags.relaxed {
		// The folder may be another file system than the one it is in.
		o.Sync = func(dir string) error { return storetree.Sync(dir+"/.", math.MaxInt) }
	}
	extracted, err := imagetree.Extract(root, j.dir, o)
	task.End()
	if err != nil {
		return err
	}
	if err := j.describe(ctx, system); err != nil {
		return err
	}
	dir, err := filepath.Abs(j.dir)
	if err != nil {
		return err
	}
	j.result("rootfs", dir)
	j.tellExtracted(extracted)
	manifest, err := imagetree.Manifest(root)
	if err != nil {
		return err
	}
	if err := os.WriteFile(dir+".mtree", manifest, 0o644); err != nil {
		return err
	}
	j.result("manifest", dir+".mtree")
	return j.print()
}

// rootTree makes the tree of the root file system; items are the closure of the
// system.
func (j *systemJob) rootTree(ctx context.Context, plan *tree.Plan, items []string) (*imagetree.Node, error) {
	text, err := store.FreshJournal(ctx, j.store, items)
	if err != nil {
		return nil, err
	}
	records, err := tree.ParseRegistrations(text)
	if err != nil {
		return nil, err
	}
	s := tree.Sources{Resolve: j.store.Physical, Graphs: map[string][]string{}, Registrations: map[string][]journal.Record{}}
	for _, name := range plan.Graphs() {
		s.Graphs[name] = items
	}
	for _, name := range plan.Registrations() {
		s.Registrations[name] = records
	}
	return plan.Root("root", s)
}

// treeSize is how many bytes the regular files of a tree hold.
func treeSize(root *imagetree.Node) (total int64, err error) {
	err = imagetree.Walk(root, func(_ string, n *imagetree.Node, link bool) error {
		if n.Kind == imagetree.File && !link {
			total += n.Size()
		}
		return nil
	})
	return total, err
}

// tellExtracted says on standard error what the host did not let the tree have.
func (j *systemJob) tellExtracted(x imagetree.Extracted) {
	if j.flags.quiet {
		return
	}
	for _, lack := range []struct {
		names []string
		what  string
	}{
		{x.Owners, "files belong to you and not to their owners"},
		{x.SetID, "files have lost their set-id bits"},
		{x.Missing, "devices could not be made"},
	} {
		if n := len(lack.names); n > 0 {
			j.note("fruix: %d %s, such as %s; the manifest says what was declared", n, lack.what, lack.names[0])
		}
	}
}

// print writes the results.
func (j *systemJob) print() error {
	j.endProgress()
	if j.flags.json {
		object := map[string]string{}
		for _, r := range j.results {
			object[r[0]] = r[1]
		}
		return json.NewEncoder(j.env.stdout).Encode(object)
	}
	var b strings.Builder
	for _, r := range j.results {
		fmt.Fprintf(&b, "%s=%s\n", r[0], r[1])
	}
	_, err := io.WriteString(j.env.stdout, b.String())
	return err
}

// parseSize reads a number of bytes with an optional K, M, G or T.
func parseSize(s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	digits, unit := strings.TrimRight(s, "KMGTkmgtiBb"), int64(1)
	switch strings.ToUpper(strings.TrimSuffix(strings.TrimSuffix(strings.ToUpper(s[len(digits):]), "B"), "I")) {
	case "":
	case "K":
		unit = 1 << 10
	case "M":
		unit = 1 << 20
	case "G":
		unit = 1 << 30
	case "T":
		unit = 1 << 40
	default:
		return 0, fmt.Errorf("%q is not a size such as 512M or 4G", s)
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n <= 0 || n > (1<<62)/unit {
		return 0, fmt.Errorf("%q is not a size such as 512M or 4G", s)
	}
	return n * unit, nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
