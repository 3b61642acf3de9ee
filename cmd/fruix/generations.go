package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"fruix/builder/access"
	"fruix/store/profile"
)

// generation is a generation of a profile, as commands print it.
type generation struct {
	Profile string    `json:"profile"`
	Number  int       `json:"number"`
	Link    string    `json:"-"`
	Target  string    `json:"target"` // a logical path where it is one
	Time    time.Time `json:"time"`
	Current bool      `json:"current,omitempty"`
}

// describeGeneration makes what is printed of a generation.
func describeGeneration(st access.Store, of string, g profile.Generation) generation {
	target := g.Target
	if object, inside, err := st.Find(target); err == nil {
		target = object + inside
	}
	return generation{of, g.Number, g.Link, target, g.Time, g.Current}
}

// allGenerations stands for an age that is not given: all but the current
// generation.
const allGenerations = "all"

// chosen are generations of one profile.
type chosen struct {
	profile     string
	generations []profile.Generation
}

// oldGenerations finds the generations of the caller's profiles, of all profiles when
// the caller is root, that choose chooses, but for current ones.
func (s *session) oldGenerations(ctx context.Context, st access.Store, choose profile.Pattern) ([]chosen, error) {
	paths, err := st.Profiles(ctx)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	var all []chosen
	for _, path := range paths {
		if !s.mayChange(path) {
			continue
		}
		list, err := s.choose(ctx, st, path, choose, now)
		if err != nil {
			return nil, err
		}
		all = append(all, chosen{path, list})
	}
	return all, nil
}

// choose returns the generations of one profile that pattern chooses, but for the
// current one.
func (s *session) choose(ctx context.Context, st access.Store, path string, pattern profile.Pattern, now time.Time) ([]profile.Generation, error) {
	p, err := st.Profile(ctx, path)
	if err != nil {
		return nil, err
	}
	list, err := p.Generations()
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(pattern(list, now), func(g profile.Generation) bool { return g.Current }), nil
}

// deleteGenerations deletes generations that were chosen, unless they have become
// current or others' since, and returns what is gone. With -n it only returns them.
func (s *session) deleteGenerations(ctx context.Context, st access.Store, old []chosen) ([]generation, error) {
	var out []generation
	for _, c := range old {
		list, err := c.generations, error(nil)
		if !s.flags.dryRun {
			list, err = c.delete(ctx, st)
		}
		for _, g := range list {
			out = append(out, describeGeneration(st, c.profile, g))
		}
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

func (c chosen) delete(ctx context.Context, st access.Store) ([]profile.Generation, error) {
	p, err := st.Profile(ctx, c.profile)
	if err != nil {
		return nil, err
	}
	return p.Delete(ctx, func(all []profile.Generation) []profile.Generation {
		return slices.DeleteFunc(all, func(g profile.Generation) bool { return !slices.Contains(c.generations, g) })
	})
}

// mayChange says whether a profile is the caller's business: there is one, and it
// is the caller's or the caller is root.
func (s *session) mayChange(path string) bool {
	fi, err := os.Lstat(path)
	if err != nil {
		return false
	}
	uid, ok := uidOf(fi)
	return s.env.uid == 0 || ok && uid == s.env.uid
}

// uidOf is the owner of a file.
func uidOf(fi os.FileInfo) (int, bool) {
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return int(st.Uid), true
}

// accountName is the name of a user, or the number of one who has none.
func accountName(uid int) string {
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil && filepath.IsLocal(u.Username) && filepath.Base(u.Username) == u.Username {
		return u.Username
	}
	return strconv.Itoa(uid)
}

// userName is the name of the caller, for the folder of the caller's profiles.
func (e *environment) userName() string {
	if u, err := user.LookupId(strconv.Itoa(e.uid)); err == nil {
		return u.Username
	}
	if name := e.getenv("USER"); name != "" && !strings.ContainsRune(name, '/') && name != "." && name != ".." {
		return name
	}
	return strconv.Itoa(e.uid)
}

// setProfile records what was built as a generation of the profile that the option
// -p names.
func (s *session) setProfile(ctx context.Context, path string, results []string) error {
	if path == "" {
		return nil
	}
	if len(results) != 1 {
		return s.flags.usage("a generation of a profile is one store item, but %d were built", len(results))
	}
	g, err := s.store.SetProfile(ctx, path, results[0])
	if err != nil {
		return err
	}
	s.note("generation %d of %s", g.Number, path)
	return nil
}

// joinValues joins an option whose value may be left out with the word behind it,
// if that is such a value: "-d 2m" becomes "-d=2m", and "-d2m" too.
func joinValues(args []string, isValue func(string) bool, options ...string) []string {
	var out []string
	for i := 0; i < len(args); i++ {
		if args[i] == "--" {
			return append(out, args[i:]...)
		}
		out = append(out, args[i])
		for _, o := range options {
			value, ok := strings.CutPrefix(args[i], o)
			if ok && len(o) == 2 && value != "" && strings.Contains("0123456789.", value[:1]) {
				out[len(out)-1] = o + "=" + value
				break
			}
			if args[i] == o && i+1 < len(args) && isValue(args[i+1]) {
				out[len(out)-1] += "=" + args[i+1]
				i++
				break
			}
		}
	}
	return out
}

const packageText = `
Look at the generations of a profile, and choose among them. PATTERN is a list of
numbers (1,8,2), a range (2..9, 2.. or ..9), or a duration (12h, 10d, 2w, 1m):
the generations of the last so long, or, for deleting, older ones.
`

// runPackage is "fruix package".
func runPackage(ctx context.Context, e *environment, args []string) error {
	f := newFlags("package", "ACTION [OPTION]...", packageText)
	path := f.StringP("profile", "p", "", "the profile, a `FILE` (default: your own, fruix-profile in the store's state)")
	list := f.StringP("list-generations", "l", "", "list generations, those that match `PATTERN`")
	f.Lookup("list-generations").NoOptDefVal = everything
	remove := f.StringP("delete-generations", "d", "", "delete generations that match `PATTERN`, by default all but the current one, which always stays")
	f.Lookup("delete-generations").NoOptDefVal = everything
	back := f.Bool("roll-back", false, "make the generation before the current one the current one")
	number := f.StringP("switch-generation", "S", "", "make generation `NUMBER` the current one; +1 is the next one, -1 the one before")
	f.BoolVarP(&f.dryRun, "dry-run", "n", false, "tell what would be deleted, and delete nothing")
	isPattern := func(word string) bool { _, err := profile.ParsePattern(word, false); return err == nil }
	if err := f.parse(joinValues(args, isPattern, "-l", "--list-generations", "-d", "--delete-generations")); err != nil {
		return err
	}
	actions := 0
	for _, given := range []bool{*list != "", *remove != "", *back, *number != ""} {
		if given {
			actions++
		}
	}
	switch {
	case f.NArg() > 0:
		return f.usage("%q is more than can be used", f.Arg(0))
	case actions == 0:
		return f.usage("say what to do: --list-generations, --delete-generations, --roll-back or --switch-generation")
	case actions > 1:
		return f.usage("more than one action is given")
	case f.dryRun && (*back || *number != ""):
		return f.usage("--dry-run goes with --delete-generations only")
	}
	// Nothing is done before all values make sense.
	choose, err := packagePattern(f, *list, *remove)
	if err != nil {
		return err
	}
	s := &session{env: e, flags: f}
	st, err := s.openStore(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	if *path == "" {
		*path = st.UserProfile(e.userName(), "fruix-profile")
	}
	p, err := st.Profile(ctx, *path)
	if err != nil {
		return err
	}
	switch {
	case *list != "":
		return s.listGenerations(st, p, choose)
	case *remove != "":
		return s.removeGenerations(ctx, st, p.Path(), choose)
	}
	var g profile.Generation
	if *back {
		g, err = p.RollBack(ctx)
	} else {
		g, err = s.switchGeneration(ctx, p, *number)
	}
	if err != nil {
		return err
	}
	return s.printGenerations([]generation{describeGeneration(st, p.Path(), g)})
}

// everything stands for a pattern that is not given.
const everything = "0.."

// packagePattern reads the pattern of the generations to list or to delete.
func packagePattern(f *flags, list, remove string) (profile.Pattern, error) {
	option, text := "list-generations", list
	if remove != "" {
		option, text = "delete-generations", remove
	}
	if text == "" {
		return nil, nil
	}
	choose, err := profile.ParsePattern(text, remove != "")
	if err != nil {
		return nil, f.usage("--%s: %v", option, err)
	}
	return choose, nil
}

func (s *session) listGenerations(st access.Store, p *profile.Profile, choose profile.Pattern) error {
	list, err := p.Generations()
	if err != nil {
		return err
	}
	out := []generation{}
	for _, g := range choose(list, time.Now()) {
		out = append(out, describeGeneration(st, p.Path(), g))
	}
	return s.printGenerations(out)
}

func (s *session) removeGenerations(ctx context.Context, st access.Store, path string, choose profile.Pattern) error {
	list, err := s.choose(ctx, st, path, choose, time.Now())
	if err != nil {
		return err
	}
	gone, err := s.deleteGenerations(ctx, st, []chosen{{path, list}})
	if err != nil {
		return err
	}
	if s.flags.json {
		return json.NewEncoder(s.env.stdout).Encode(append([]generation{}, gone...))
	}
	verb := "deleted"
	if s.flags.dryRun {
		verb = "would delete"
	}
	for _, g := range gone {
		fmt.Fprintf(s.env.stderr, "%s generation %d of %s\n", verb, g.Number, g.Profile)
	}
	return nil
}

// switchGeneration reads the number of a generation, or how far it is from the
// current one, and makes it the current one.
func (s *session) switchGeneration(ctx context.Context, p *profile.Profile, text string) (profile.Generation, error) {
	n, err := strconv.Atoi(text)
	if err != nil {
		return profile.Generation{}, s.flags.usage("--switch-generation: %q is no number", text)
	}
	if !strings.HasPrefix(text, "+") && !strings.HasPrefix(text, "-") {
		return p.Switch(ctx, n)
	}
	return p.Step(ctx, n)
}

// printGenerations writes a line for each: number, when it was made, what it is, and
// whether it is current.
func (s *session) printGenerations(list []generation) error {
	if s.flags.json {
		return json.NewEncoder(s.env.stdout).Encode(list)
	}
	for _, g := range list {
		current := ""
		if g.Current {
			current = "\tcurrent"
		}
		if _, err := fmt.Fprintf(s.env.stdout, "%d\t%s\t%s%s\n", g.Number, g.Time.Format("2006-01-02 15:04:05"), g.Target, current); err != nil {
			return err
		}
	}
	return nil
}
