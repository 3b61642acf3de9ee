package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"fruix/builder"
	"fruix/builder/access"
	"fruix/cmd/internal/progress"
	"fruix/cmd/internal/report"
	"fruix/store"
	"fruix/store/hash"
)

const storeText = `
Look at and work on the store itself. "fruix store VERB --help" tells which options
a verb has besides these.
`

const storePathText = `
PATH is an object of the store, something in one, or a link that leads there.
`

// storeVerb is one word after "fruix store".
type storeVerb struct {
	name, args, summary string
	min, max            int // how many arguments; max -1: any number
	run                 func(ctx context.Context, s *session, args []string) error
	options             func(f *flags) // adds those of its own; nil when there are none
}

func storeVerbs() []storeVerb {
	return append(storeQueries(), []storeVerb{
		{"add", "FILE...", "add files and folders by the hash of their archives", 1, -1, storeAdd, (*flags).addRoomFlags},
		{"add-fixed", "ALGORITHM FILE...", "add plain files by the hash of their bytes", 2, -1, storeAddFixed, (*flags).addRoomFlags},
		{"dump", "PATH", "write the archive (NAR) of a file or folder to standard output", 1, 1, storeDump, nil},
		{"restore", "FOLDER", "unpack the archive that standard input holds", 1, 1, storeRestore, nil},
		{"export", "PATH...", "write objects, with what is known of them, to standard output, unsigned", 1, -1, storeExport, nil},
		{"import", "", "add the objects that standard input holds, and believe what is said of them; \"fruix archive --import\" asks for signatures", 0, 0, storeImport, (*flags).addRoomFlags},
		{"verify", "[PATH...]", "read every byte of all, or of some objects, and compare with what was registered", 0, -1, storeVerify, (*flags).addVerifyFlags},
		{"repair", "PATH...", "fetch or build damaged objects again", 1, -1, storeRepair, (*flags).addRepairFlags},
		{"rebuild", "", "make the database anew from what lies in the store, when it is damaged or lost", 0, 0, storeRebuild, (*flags).addRebuildFlags},
		{"optimise", "", "let equal files share their place on the disk", 0, 0, storeOptimise, nil},
	}...)
}

func (f *flags) addVerifyFlags() {
	f.BoolVar(&f.contents, "check-contents", true, "read every byte; with --check-contents=false only look whether all objects are there")
	f.BoolVar(&f.mend, "repair", false, "repair what is damaged")
	f.addRepairFlags()
}

// addRepairFlags adds the options that say how damaged objects are built or fetched.
func (f *flags) addRepairFlags() {
	f.addWorkFlags()
	f.addKeepFlag()
}

func (f *flags) addRebuildFlags() {
	f.BoolVar(&f.unchecked, "no-check-contents", false, "read no objects, and believe what is noted of them")
}

// flags are the options that this verb takes.
func (v storeVerb) flags() *flags {
	text := "\n" + strings.ToUpper(v.summary[:1]) + v.summary[1:] + ".\n"
	if strings.Contains(v.args, "PATH") {
		text += storePathText
	}
	f := newFlags("store "+v.name, strings.TrimSpace("[OPTION]... "+v.args), text)
	if v.options != nil {
		v.options(f)
	}
	return f
}

// parseStore finds the verb of a command line, and reads the options that it has.
func parseStore(args []string) (v storeVerb, f *flags, err error) {
	// Options may stand before the verb. Which words are their values only all options
	// together tell.
	all := newFlags("store", "", "")
	all.Usage = func() {}
	for _, v := range storeVerbs() {
		all.AddFlagSet(v.flags().FlagSet)
	}
	err = all.parse(args)
	if all.NArg() == 0 {
		switch {
		case errors.Is(err, pflag.ErrHelp):
			newFlags("store", "VERB [OPTION]... [ARGUMENT]...", storeText+storePathText+verbList()).Usage()
		case err == nil:
			err = all.usage("nothing to do is named")
		}
		return v, nil, err
	}
	name, known := all.Arg(0), []string(nil)
	for _, v := range storeVerbs() {
		if v.name == name {
			f := v.flags()
			return v, f, f.parse(args)
		}
		known = append(known, v.name)
	}
	return v, nil, &report.UsageError{Command: all.name, Message: fmt.Sprintf("unknown verb %q", name), Hint: nearestHint(name, known, "fruix store --help")}
}

// runStore is "fruix store".
func runStore(ctx context.Context, e *environment, args []string) error {
	v, f, err := parseStore(args)
	if err != nil {
		return err
	}
	if err := f.check(); err != nil {
		return err
	}
	rest := f.Args()[1:]
	if len(rest) < v.min || v.max >= 0 && len(rest) > v.max {
		return f.usage("the form is: %s %s", f.name, v.args)
	}
	if v.name == "verify" && !f.contents && len(rest) > 0 {
		return f.usage("without their contents all objects are looked at, not some")
	}
	s := &session{env: e, flags: f}
	if _, err := s.openStore(ctx); err != nil {
		return err
	}
	defer s.Close()
	return v.run(ctx, s, rest)
}

func verbList() string {
	var b strings.Builder
	b.WriteString("\nVerbs:\n")
	for _, v := range storeVerbs() {
		fmt.Fprintf(&b, "  %-28s %s\n", strings.TrimSpace(v.name+" "+v.args), v.summary)
	}
	return b.String()
}

func storeAdd(ctx context.Context, s *session, files []string) error {
	return s.addAll(ctx, files, store.AddOptions{Recursive: true})
}

func storeAddFixed(ctx context.Context, s *session, args []string) error {
	algo, err := hash.ParseAlgo(args[0])
	if err != nil {
		return s.flags.usage("%v", err)
	}
	return s.addAll(ctx, args[1:], store.AddOptions{Algo: algo})
}

func (s *session) addAll(ctx context.Context, files []string, o store.AddOptions) error {
	var out []string
	for _, file := range files {
		abs, err := filepath.Abs(file)
		if err != nil {
			return err
		}
		p, err := s.store.AddPath(ctx, filepath.Base(abs), abs, o)
		if err != nil {
			return err
		}
		out = append(out, p)
	}
	return s.printList(out)
}

func storeVerify(ctx context.Context, s *session, paths []string) error {
	if len(paths) == 0 {
		return s.verifyStore(ctx, s.store, s.flags.contents, s.flags.mend)
	}
	objects, err := findObjects(s.store, paths)
	if err != nil {
		return err
	}
	r := &results{s: s}
	var problems []store.Problem
	for _, p := range objects {
		problem, err := s.store.VerifyPath(ctx, p)
		if err != nil {
			return err
		}
		if problem != nil {
			problems = append(problems, *problem)
			r.line(problem)
		}
	}
	return s.endVerify(ctx, r, problems, s.flags.mend)
}

// endVerify ends a check that has found problems: it repairs what is damaged if that is
// wanted.
func (s *session) endVerify(ctx context.Context, r *results, problems []store.Problem, repair bool) error {
	out := verified{Problems: problemsJSON(problems), Repaired: []string{}}
	var bad []string
	var err error
	for _, p := range problems {
		if p.Kind != store.Misregistered {
			bad = append(bad, p.Path)
		}
	}
	if wrong := len(problems) - len(bad); wrong > 0 {
		err = &report.AdvisedError{
			Err:  fmt.Errorf("the database is wrong about %s", count(wrong, "object")),
			Hint: "\"fruix store rebuild\" makes it anew from what lies in the store",
		}
	}
	if repair {
		repaired, rerr := s.repairAll(ctx, r, bad)
		out.Repaired = append(out.Repaired, repaired...)
		err = errors.Join(err, rerr)
	} else {
		err = errors.Join(err, damaged(len(bad)))
	}
	return errors.Join(err, r.end(out))
}

// verifyStore checks all objects, and repairs those that are damaged if that is
// wanted.
func (s *session) verifyStore(ctx context.Context, st access.Store, contents, repair bool) error {
	r := &results{s: s}
	var problems []store.Problem
	meter := s.meter("verifying")
	err := st.Verify(ctx, contents, func(p store.Problem) {
		problems = append(problems, p)
		r.line(p)
	}, meter.set)
	meter.End()
	if err != nil {
		return err
	}
	return s.endVerify(ctx, r, problems, repair)
}

// damaged is the error that ends a check which found something.
func damaged(n int) error {
	if n == 0 {
		return nil
	}
	return &report.AdvisedError{
		Err:  fmt.Errorf("%s damaged", map[bool]string{true: "1 object is", false: fmt.Sprintf("%d objects are", n)}[n == 1]),
		Hint: "\"fruix store repair PATH...\" fetches or builds them again",
	}
}

// meter shows how much of something that is done object by object is done.
type meter struct{ *progress.Task }

func (s *session) meter(verb string) meter {
	return meter{s.progress().Task(verb, "objects")}
}

func (m meter) set(done, all int) { m.Set(int64(done), int64(all)) }

// storeRepair builds damaged objects again. What has no derivation any more, such
// as a source, cannot be made again.
func storeRepair(ctx context.Context, s *session, args []string) error {
	objects, err := s.validObjects(ctx, args)
	if err != nil {
		return err
	}
	r := &results{s: s}
	repaired, err := s.repairAll(ctx, r, objects)
	return errors.Join(err, r.end(append([]string{}, repaired...)))
}

// repairAll repairs those of objects that are damaged, prints and returns them. One that
// cannot be repaired does not keep the others from it.
func (s *session) repairAll(ctx context.Context, r *results, objects []string) (repaired []string, err error) {
	var failed error
	for _, p := range objects {
		problem, err := s.store.VerifyPath(ctx, p)
		if err != nil {
			return repaired, errors.Join(failed, err)
		}
		if problem == nil {
			s.note("%s is as it should be", p)
			continue
		}
		if err := s.repair(ctx, p, problem); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		repaired = append(repaired, p)
		r.line(p)
	}
	return repaired, failed
}

// repair puts an object right: modes and times from its own content; that, when it is
// damaged, from who has it, or from building it again.
func (s *session) repair(ctx context.Context, p string, problem *store.Problem) error {
	direct, ok := s.store.(*access.Direct)
	if !ok {
		return s.withProgress(func(show builder.Progress) error { return s.store.Repair(ctx, show, "", p) })
	}
	if problem.Kind == store.Irregular {
		return direct.Regularise(ctx, p)
	}
	derivers, err := s.store.Derivers(ctx, p)
	if err != nil {
		return err
	}
	return s.withProgress(func(show builder.Progress) error {
		b := direct.Builder(show)
		fetched, err := b.Refetch(ctx, p)
		switch {
		case fetched:
			return nil
		case len(derivers) > 0:
			if err != nil {
				s.note("%s cannot be fetched: %v", p, err)
			}
			return b.Repair(ctx, derivers[0], p)
		case err != nil:
			return err
		}
		return &report.AdvisedError{
			Err:  fmt.Errorf("%s is damaged, nobody offers it, and nothing in the store says how it was made", p),
			Hint: "name a server that has it with --substitute-urls; or delete it with \"fruix gc -D\" once nothing needs it, and add it again",
		}
	})
}

// storeRebuild makes the database anew. It prints what does not become valid.
func storeRebuild(ctx context.Context, s *session, _ []string) error {
	st, err := s.openLocal(ctx)
	if err != nil {
		return err
	}
	meter := s.meter("reading")
	r, err := st.Rebuild(ctx, store.RebuildOptions{Trust: s.flags.unchecked, Progress: meter.set})
	meter.End()
	if err != nil {
		return err
	}
	out, left := &results{s: s}, []string{}
	for _, p := range r.Bad {
		out.line(p)
	}
	for _, l := range r.Left {
		out.line(l)
		left = append(left, l.String())
	}
	s.tellRebuilt(r)
	return errors.Join(lost(r.Left), damaged(len(r.Bad)), out.end(map[string]any{
		"objects": r.Objects, "proven": r.Proven, "problems": problemsJSON(r.Bad), "left": left, "old": r.Old,
	}))
}

// lost is the error of a store in which what roots name is no object any more.
func lost(left []store.Left) error {
	n := 0
	for _, l := range left {
		if l.Root != "" {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	return &report.AdvisedError{
		Err:  fmt.Errorf("%s, and could not be registered", map[bool]string{true: "1 object is named by a root", false: fmt.Sprintf("%d objects are named by roots", n)}[n == 1]),
		Hint: "the next \"fruix gc\" deletes them, and what they alone needed: before that build or fetch them again, or copy what you need of them to another place",
	}
}

func (s *session) tellRebuilt(r *store.Rebuilt) {
	text := count(r.Objects, "object") + " registered"
	if r.Proven > 0 {
		text += fmt.Sprintf(", %d of them known by nothing but their content", r.Proven)
	}
	if len(r.Left) > 0 {
		text += fmt.Sprintf("; %s left, which the next \"fruix gc\" removes", count(len(r.Left), "tree"))
	}
	s.note("%s", text)
	if r.Old != "" {
		s.note("the old database is %s", r.Old)
	}
}

func storeOptimise(ctx context.Context, s *session, _ []string) error {
	return s.optimiseStore(ctx, s.store)
}

func (s *session) optimiseStore(ctx context.Context, st access.Store) error {
	meter := s.meter("optimising")
	done, err := st.Optimise(ctx, meter.set)
	meter.End()
	if done != nil {
		s.note("%s saved by sharing %s", sizeText(done.Bytes), count(done.Files, "file"))
	}
	return err
}

// storeDump writes the archive of any file or folder, of the store or not.
func storeDump(ctx context.Context, s *session, args []string) error {
	name := s.hostPath(args[0])
	return s.writeBinary(func(w *os.File) error { return dumpArchive(ctx, w, name) })
}

// writeBinary keeps archives away from terminals.
func (s *session) writeBinary(f func(*os.File) error) error {
	if isTerminal(s.env.stdout) {
		return s.flags.usage("an archive is not for a terminal: send it to a file or a program")
	}
	return f(s.env.stdout)
}

func storeRestore(ctx context.Context, s *session, args []string) error {
	return restoreArchive(ctx, s.env.stdin, args[0])
}

func storeExport(ctx context.Context, s *session, args []string) error {
	objects, err := findObjects(s.store, args)
	if err != nil {
		return err
	}
	err = s.writeBinary(func(w *os.File) error { return s.store.Export(ctx, w, objects, false, false) })
	var bad *store.HashMismatchError
	if errors.As(err, &bad) { // no declaration is wrong here
		return &report.AdvisedError{
			Err:  errors.New(store.Problem{Path: bad.Path, Kind: store.Modified}.String()),
			Hint: fmt.Sprintf("\"fruix store repair %s\" fetches or builds it again", bad.Path),
		}
	}
	return err
}

// storeImport believes whoever made the export, as far as this user may decide that.
func storeImport(ctx context.Context, s *session, _ []string) error { return s.importAll(ctx, true) }

// importAll adds what standard input holds and prints it.
func (s *session) importAll(ctx context.Context, unsigned bool) error {
	if isTerminal(s.env.stdin) {
		return s.flags.usage("an export is expected on standard input")
	}
	paths, err := s.store.Import(ctx, s.env.stdin, unsigned)
	err = s.adviseImport(err)
	if perr := s.printList(paths); err == nil {
		err = perr
	}
	return err
}
