package report

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"fruix/builder"
	"fruix/builder/fetch"
	"fruix/builder/sched"
	"fruix/interp"
	"fruix/interp/source"
	"fruix/jail"
	"fruix/store"
	"fruix/store/db"
	"fruix/store/drv"
)

// Describe gathers what a reader is told about err, which is not nil. The
// outermost error of a known type leads.
func Describe(err error) *Problem {
	if interrupted(err) {
		return &Problem{Kind: "interrupted", Prefix: "fruix", Message: "interrupted"}
	}
	for e := err; e != nil; e = errors.Unwrap(e) {
		if p := known(e); p != nil {
			addContext(p, err, e)
			return p
		}
	}
	// Known types below an error with several branches.
	if p := branches(err); p != nil {
		return p
	}
	return plain(err)
}

// interrupted reports whether the user ended the command.
func interrupted(err error) bool {
	if errors.Is(err, builder.ErrInterrupted) || errors.Is(err, context.Canceled) {
		return true
	}
	var e *interp.Error
	return errors.As(err, &e) && e.Key == "interrupted" && !errors.Is(err, context.DeadlineExceeded)
}

// known describes an error of a type that carries more than its text, and
// returns nil for any other.
func known(err error) *Problem {
	switch e := err.(type) {
	case *UsageError:
		p := &Problem{Kind: "usage", Prefix: e.command(), Message: tidy(e.Message)}
		p.hint(e.Hint)
		return p
	case *interp.Error:
		return evaluation(e)
	case *builder.Failure:
		return failure(e)
	case *builder.BuildError:
		return build(e)
	case *store.HashMismatchError:
		return &Problem{
			Kind: "hash-mismatch", Prefix: "fruix", Message: "hash mismatch for " + e.Path,
			Details: []string{
				fmt.Sprintf("expected: %s (%s)", e.Want, e.Want.SRI()),
				fmt.Sprintf("actual:   %s (%s)", e.Got, e.Got.SRI()),
			},
			Hints: []string{"the content is not what was declared; if you trust it, put the actual hash into the declaration"},
		}
	case *builder.ReferenceError:
		head, rest, _ := strings.Cut(e.Error(), "\n")
		return &Problem{
			Kind: "reference", Prefix: "fruix", Message: head, Details: strings.Split(rest, "\n"),
			Hints: []string{"let the builder not write that name, or change what " + e.Rule + " lists"},
		}
	case *builder.DifferError:
		head, rest, _ := strings.Cut(e.Error(), "\n")
		p := &Problem{Kind: "not-reproducible", Prefix: "fruix", Message: head, Details: strings.Split(rest, "\n")}
		if e.Kept == "" {
			p.hint("-K keeps what was built, to be compared")
		} else {
			p.hint(fmt.Sprintf("all differences: fruix store diff %s %s", cmp.Or(e.First, e.Path), e.Kept))
		}
		return p
	case *store.NoSpaceError:
		return &Problem{
			Kind: "no-space", Prefix: "fruix", Message: tidy(e.Error()),
			Hints: []string{"\"fruix gc\" deletes what nothing needs any more; or make room on that disk, or choose another place with --root"},
		}
	case *AdvisedError:
		p := Describe(e.Err)
		p.hint(e.Hint)
		return p
	case *PlacedError:
		p := Describe(e.Err)
		placeHashes(p, "", e.HashPlace)
		return p
	case *store.AliveError:
		return &Problem{
			Kind: "alive", Prefix: "fruix", Message: "cannot delete " + e.Path + ": it is in use by " + e.Root,
			Details: e.Chain,
			Hints:   []string{"remove the root, or end what uses the object, and try again"},
		}
	case *store.UnreadableRootError:
		return &Problem{
			Kind: "unreadable-root", Prefix: "fruix", Message: tidy(e.Error()), Details: e.Links[1:],
			Hints: []string{"see to it that what the link leads to can be read, and try again; or remove the link if it is of no use any more"},
		}
	case *store.ForeignError:
		return &Problem{Kind: "foreign-store", Prefix: "fruix", Message: tidy(e.Error()), Hints: []string{e.Hint}}
	case *store.FreshError:
		return &Problem{Kind: "fresh-store", Prefix: "fruix", Message: tidy(e.Error()), Hints: []string{e.Hint}}
	case *db.DamagedError:
		return &Problem{
			Kind: "damaged-database", Prefix: "fruix", Message: tidy(e.Error()),
			Hints: []string{rebuildHint},
		}
	case *db.OtherStoreError:
		return &Problem{
			Kind: "foreign-store", Prefix: "fruix", Message: tidy(e.Error()),
			Hints: []string{"--store names the store, --root the place where it lies"},
		}
	case *store.OwnerError:
		return &Problem{
			Kind: "foreign-store", Prefix: "fruix", Message: tidy(e.Error()),
			Hints: []string{ownerHint(e)},
		}
	case *store.ReadOnlyError:
		return &Problem{Kind: "read-only-store", Prefix: "fruix", Message: tidy(e.Error()), Hints: []string{readOnlyHint}}
	case *sched.CycleError:
		return &Problem{
			Kind: "damaged-derivation", Prefix: "fruix", Message: "derivations need each other in a circle", Details: []string{e.Error()},
			Hints: []string{"no builds could do that, as what a derivation needs is in its name: one of them is damaged, and \"fruix store verify\" finds it"},
		}
	case *drv.SyntaxError:
		return &Problem{
			Kind: "damaged-derivation", Prefix: "fruix", Message: tidy(e.Error()),
			Hints: []string{"\"fruix store verify\" tells whether it is damaged, and \"fruix store repair\" fetches it again"},
		}
	case *jail.SetupError:
		bare := *e
		bare.Hint = ""
		p := &Problem{Kind: "jail", Prefix: "fruix", Message: tidy(bare.Error())}
		p.hint(e.Hint)
		return p
	case *fetch.Error:
		return unfetched(e)
	}
	return nil
}

// placeHashes gives wrong hashes below p the places where they are written; drv
// is the derivation that p belongs to.
func placeHashes(p *Problem, drv string, place func(string) source.Pos) {
	if p.Derivation != "" {
		drv = p.Derivation
	}
	if p.Kind == "hash-mismatch" && p.Place == nil && drv != "" {
		p.Place = placeOf(place(drv))
	}
	for _, c := range p.Causes {
		placeHashes(c, drv, place)
	}
}

// rebuildHint is what helps when the database is lost.
const rebuildHint = "\"fruix store rebuild\" makes the database anew from what lies in the store; it reads every object"

// unfetched describes a file that could not be had. When something was found
// under its name, but with other content, the hashes are what matters.
func unfetched(e *fetch.Error) *Problem {
	p := &Problem{Kind: "fetch", Prefix: "fruix", Message: "cannot get " + e.Name}
	var found *fetch.MismatchError
	archives := 0
	for _, a := range e.Attempts {
		if a.Archive {
			archives++
			continue
		}
		var mismatch *fetch.MismatchError
		if !errors.As(a.Err, &mismatch) {
			p.Details = append(p.Details, a.Place+": "+tidy(a.Err.Error()))
			continue
		}
		found = mismatch
		p.Details = append(p.Details, a.Place+": hash mismatch",
			fmt.Sprintf("expected: %s (%s)", mismatch.Want, mismatch.Want.SRI()),
			fmt.Sprintf("actual:   %s (%s)", mismatch.Got, mismatch.Got.SRI()))
	}
	if archives > 0 {
		p.Details = append(p.Details, fmt.Sprintf("archives of sources: none of %d could give it", archives))
	}
	switch {
	case found != nil:
		p.Kind, p.Message = "hash-mismatch", "the content of "+e.Name+" is not what its hash says"
		p.hint("the content is not what was declared; if you trust it, put the actual hash into the declaration")
	case len(e.Attempts) == 0:
		p.Details = []string{"no place to look for it is known"}
		fallthrough
	default:
		p.hint("put the file into a folder and name that in $FRUIX_SOURCES")
	}
	return p
}

// addContext keeps what the errors around inner, the one described, say.
func addContext(p *Problem, outer, inner error) {
	if outer == inner || p.Place != nil {
		return
	}
	before, _, ok := strings.Cut(outer.Error(), inner.Error())
	before = strings.TrimRight(strings.TrimSpace(before), ":")
	if ok && before != "" {
		p.Message = tidy(before) + ": " + p.Message
	}
}

// branches describes an error that joins others, when one of them is of a
// known type.
func branches(err error) *Problem {
	for e := err; e != nil; e = errors.Unwrap(e) {
		many, ok := e.(interface{ Unwrap() []error })
		if !ok {
			continue
		}
		var causes []*Problem
		found := false
		for _, x := range many.Unwrap() {
			q := Describe(x)
			found = found || q.Kind != "error" || len(q.Hints) > 0
			causes = append(causes, q)
		}
		switch {
		case !found:
			return nil
		case len(causes) == 1:
			return causes[0]
		}
		return &Problem{Kind: "error", Prefix: "fruix", Message: fmt.Sprintf("%d errors", len(causes)), Causes: causes}
	}
	return nil
}

// readOnlyHint is about a file system that cannot be written.
const readOnlyHint = "a store there can be asked, but not changed: mount the file system for writing, or name another place with --root"

// plain describes an error by its text alone.
func plain(err error) *Problem {
	p := &Problem{Kind: "error", Prefix: "fruix"}
	if errors.Is(err, syscall.EROFS) {
		p.hint(readOnlyHint)
	}
	var pe *fs.PathError
	if errors.As(err, &pe) && err == error(pe) {
		p.Message = fmt.Sprintf("cannot %s %s: %s", verb(pe.Op), pe.Path, tidy(pe.Err.Error()))
		return p
	}
	head, rest, _ := strings.Cut(tidy(err.Error()), "\n")
	p.Message = head
	if rest != "" {
		p.Details = strings.Split(rest, "\n")
	}
	return p
}

// verb gives a system call's name in English.
func verb(op string) string {
	switch op {
	case "openat", "open":
		return "open"
	case "lstat", "stat", "fstatat", "newfstatat":
		return "find"
	case "mkdirat", "mkdir":
		return "make the folder"
	case "unlinkat", "unlink", "remove":
		return "remove"
	case "readdirent", "getdents", "fdopendir":
		return "list"
	}
	return op
}

func evaluation(e *interp.Error) *Problem {
	p := &Problem{Kind: e.Key, Prefix: "fruix", Message: tidy(e.Message), Place: placeOf(e.Pos)}
	if e.Key == "" {
		p.Kind = "error"
	}
	p.hint(e.Hint)
	for _, n := range e.Related {
		p.Notes = append(p.Notes, Note{placeOf(n.Pos), tidy(n.Text)})
	}
	if len(e.Stack) > 1 || e.Key == "internal-error" {
		p.Backtrace = frames(e.Stack)
	}
	if c := underlying(e.Cause); c != nil {
		// The message repeats the cause, which is shown in full below.
		p.Message, _, _ = strings.Cut(p.Message, "\n")
		if i := strings.Index(p.Message, c.Message); i >= 0 {
			p.Message = strings.TrimRight(p.Message[:i], ": ")
		}
		if p.Message == "" {
			p.Message = "the evaluation failed"
		}
		p.Causes = []*Problem{c}
	}
	return p
}

// underlying describes the failure of a build or of the store behind an error
// of the language, nil when there is none.
func underlying(err error) *Problem {
	for e := err; e != nil; e = errors.Unwrap(e) {
		if _, ok := e.(*interp.Error); ok {
			continue
		}
		if p := known(e); p != nil {
			return p
		}
	}
	return nil
}

func frames(stack []interp.Frame) []Frame {
	var out []Frame
	for i := 0; i < len(stack); {
		j := i + 1
		for j < len(stack) && stack[j].Same(stack[i]) {
			j++
		}
		f := Frame{Name: stack[i].Name, Place: placeOf(stack[i].Pos)}
		if j-i > 1 {
			f.Count = j - i
		}
		out = append(out, f)
		i = j
	}
	return out
}

// failure describes a run in which builds failed.
func failure(f *builder.Failure) *Problem {
	var p *Problem
	switch len(f.Failed) {
	case 0:
		p = &Problem{Kind: "build", Prefix: "fruix", Message: "the build failed"}
	case 1:
		p = build(f.Failed[0])
	default:
		p = &Problem{Kind: "build", Prefix: "fruix", Message: fmt.Sprintf("%d builds failed", len(f.Failed))}
		for _, e := range f.Failed {
			p.Causes = append(p.Causes, build(e))
		}
	}
	if n := len(f.Blocked); n > 0 {
		var drvs []string
		for d := range f.Blocked {
			drvs = append(drvs, d)
		}
		slices.Sort(drvs)
		p.Notes = append(p.Notes, Note{Text: "not built because of that: " + list(drvs)})
	}
	if n := len(f.Left); n > 0 {
		p.Notes = append(p.Notes, Note{Text: "not built because the run ended: " + list(f.Left)})
	}
	return p
}

// list names a few derivations.
func list(drvs []string) string {
	const most = 5
	if n := len(drvs); n > most {
		return fmt.Sprintf("%s and %d more", strings.Join(drvs[:most], ", "), n-most)
	}
	return strings.Join(drvs, ", ")
}

func build(e *builder.BuildError) *Problem {
	p := &Problem{Kind: "build", Prefix: "fruix", Derivation: e.Drv, Log: e.LogTail, Message: "build of " + e.Drv + e.On() + " failed"}
	switch c := underlying(e.Err); {
	case c != nil:
		if e.Status != "" && e.Status != "failed" && !strings.Contains(c.Message, e.Status) {
			p.Message += ": " + e.Status
		}
		p.Causes = []*Problem{c}
	case e.Err != nil:
		head, rest, _ := strings.Cut(tidy(e.Err.Error()), "\n")
		p.Message += ": " + head
		if rest != "" {
			p.Details = strings.Split(rest, "\n")
		}
	case e.Status != "":
		p.Message += ": " + e.Status
	}
	var platform *builder.PlatformError
	var feature *builder.FeatureError
	switch {
	case errors.As(e.Err, &platform), errors.As(e.Err, &feature):
		p.hint("name machines that can build it with --builders, or list them in machines.scm; \"fruix offload test\" tries them")
	case errors.Is(e.Err, builder.ErrNotHere):
		p.hint("name machines with --builders, or list them in machines.scm; \"fruix offload test\" tries them; -M 1 builds here")
	}
	if e.LogPath != "" {
		p.hint(wholeLog + "fruix store log " + e.Drv)
	}
	if e.KeptDir != "" {
		p.hint("the build folder is kept in " + e.KeptDir)
	}
	return p
}

// wholeLog begins the hint that holds the command which shows the log of a build.
const wholeLog = "the whole log: "

func (p *Problem) hint(text string) {
	if text != "" {
		p.Hints = append(p.Hints, text)
	}
}

var (
	exitStatus = regexp.MustCompile(`\bexit status (\d+)`)
	goTrace    = regexp.MustCompile(`(?s)\n?(?:panic: [^\n]*\n+)?goroutine \d+ \[[a-z].*`)
)

// tidy takes out of a text what means something to Go programmers alone.
func tidy(s string) string {
	s = goTrace.ReplaceAllString(s, "")
	s = exitStatus.ReplaceAllString(s, "the program ended with exit code $1")
	if s = strings.TrimSpace(s); s == "" || s == "EOF" {
		return map[string]string{"": "unknown error", "EOF": "the input ended early"}[s]
	}
	return s
}

// ownerHint says what can be done about a store of somebody else. That of root is the
// system's, and stays root's.
func ownerHint(e *store.OwnerError) string {
	if e.Owner == 0 {
		return "run it as root, or name a store of your own with --root; what goes through a daemon does so where root runs \"fruix daemon\""
	}
	return fmt.Sprintf("run fruix as the user %d, name a store of the user %d with --root, or give %s to that user with chown -R", e.Owner, e.Want, e.Path)
}
