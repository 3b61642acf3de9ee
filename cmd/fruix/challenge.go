package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"fruix/builder/substitute"
	"fruix/cmd/internal/report"
	"fruix/store"
	"fruix/store/nar"
	"fruix/store/nixbase32"
	"fruix/store/path"
	"fruix/store/publish"
	"fruix/store/tree"
)

const challengeText = `
Compare what was built here with what substitute servers have: PACKAGEs, PATHs, or,
when none are named, all that was built here. The servers need not be trusted.
Exit status: 0 when all is the same, 2 when something differs, 1 when nothing
differs but something could not be compared.
`

// runChallenge is "fruix challenge".
func runChallenge(ctx context.Context, e *environment, args []string) error {
	f := newFlags("challenge", "[OPTION]... [PACKAGE|PATH]...", challengeText)
	f.addBuildFlags()
	verbose := f.Bool("verbose", false, "show what is the same, too")
	diff := f.String("diff", "simple", "how to show what differs: simple, diffoscope, none, or a `COMMAND` that begins with \"/\" and gets two folders")
	if err := f.parse(args); err != nil {
		return err
	}
	if !strings.HasPrefix(*diff, "/") && *diff != "simple" && *diff != "none" && *diff != "diffoscope" {
		return f.usage("--diff can be simple, diffoscope, none or a command that begins with \"/\", not %q", *diff)
	}
	return withServers(ctx, e, f, args, func(s *session, c *substitute.Client) error {
		st, err := s.openStore(ctx)
		if err != nil {
			return err
		}
		look, closed, err := published(st)
		if err != nil {
			return err
		}
		defer closed()
		h := &challenger{s: s, c: c, look: look, diff: *diff, verbose: *verbose || f.verbosity > 1}
		paths, err := h.paths(ctx, f.Args())
		if err != nil {
			return err
		}
		return h.run(ctx, paths)
	})
}

// challenger compares objects.
type challenger struct {
	s       *session
	c       *substitute.Client
	look    publish.Source // keeps nothing from being collected
	diff    string
	verbose bool

	all []challenged // for --json
}

// challenged is one comparison as JSON.
type challenged struct {
	Path        string    `json:"path"`
	Verdict     string    `json:"verdict"`
	Local       string    `json:"local,omitempty"`
	Servers     []claimed `json:"servers"`
	Differences []string  `json:"differences,omitempty"`
}

type claimed struct {
	URL  string `json:"url"`
	Hash string `json:"hash"`
}

// paths are the objects that names stand for; without names, all that was built here.
func (h *challenger) paths(ctx context.Context, names []string) ([]string, error) {
	if len(names) > 0 {
		goals, err := h.s.distantGoals(ctx, names)
		return goalPaths(goals), err
	}
	all, err := h.s.store.All(ctx)
	if err != nil {
		return nil, err
	}
	var built []string
	for _, p := range all {
		local, err := h.local(ctx, p)
		if err != nil {
			return nil, err
		}
		if local != nil {
			built = append(built, p)
		}
	}
	return built, nil
}

// distantGoals are what names stand for, which need not be here: packages, objects, and
// the outputs of derivations.
func (s *session) distantGoals(ctx context.Context, names []string) ([]goal, error) {
	var out []goal
	for _, name := range names {
		if q, err := path.Parse(s.store.Dir(), name); err == nil && !strings.HasSuffix(name, ".drv") {
			out = append(out, goal{paths: []string{q.In(s.store.Dir())}})
			continue
		}
		goals, err := s.goals(ctx, []string{name}, nil, nil)
		if err != nil {
			return nil, err
		}
		out = append(out, goals...)
	}
	return out, nil
}

// local is the hash of the archive of p when it was built here, nil otherwise: what
// was fetched is not of this machine. Who has built something has its log.
func (h *challenger) local(ctx context.Context, p string) ([]byte, error) {
	info, err := h.look.Peek(ctx, p)
	var invalid *store.NotValidError
	if errors.As(err, &invalid) {
		return nil, nil
	}
	if err != nil || info.Deriver == "" {
		return nil, err
	}
	log, err := h.s.store.ReadLog(info.Deriver)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	log.Close()
	return info.NarHash, nil
}

func (h *challenger) run(ctx context.Context, paths []string) error {
	answers, err := h.c.Survey(ctx, paths)
	if err != nil {
		return err
	}
	counts := map[substitute.Verdict]int{}
	for _, p := range paths {
		local, err := h.local(ctx, p)
		if err != nil {
			return err
		}
		c := substitute.Compare(p, local, answers)
		counts[c.Verdict]++
		if err := h.tell(ctx, c); err != nil {
			return err
		}
	}
	return h.finish(len(paths), counts)
}

// tell shows one comparison.
func (h *challenger) tell(ctx context.Context, c substitute.Comparison) error {
	one := challenged{Path: c.Path, Servers: []claimed{}}
	if c.Local != nil {
		one.Local = nixbase32.EncodeToString(c.Local)
	}
	for _, o := range c.Claims {
		one.Servers = append(one.Servers, claimed{o.From() + "/" + o.URL, nixbase32.EncodeToString(o.NarHash.Sum)})
	}
	text := ""
	switch c.Verdict {
	case substitute.Same:
		one.Verdict = "same"
		if h.verbose {
			text = c.Path + " is the same:\n" + one.hashes()
		}
	case substitute.Different:
		one.Verdict = "different"
		text = c.Path + " differs:\n" + one.hashes()
	default:
		one.Verdict = "inconclusive"
		text = c.Path + " cannot be compared: " + lacking(c) + "\n"
	}
	if !h.s.flags.json {
		fmt.Fprint(h.s.env.stdout, text)
	}
	var err error
	if c.Verdict == substitute.Different {
		one.Differences, err = h.differences(ctx, c)
		if !h.s.flags.json && len(one.Differences) > 0 {
			fmt.Fprintf(h.s.env.stdout, "  in:\n    %s\n", strings.ReplaceAll(strings.Join(one.Differences, "\n"), "\n", "\n    "))
		}
	}
	h.all = append(h.all, one)
	return err
}

// hashes are lines that say which hash is whose.
func (c challenged) hashes() string {
	local := c.Local
	if local == "" {
		local = "was not built here"
	}
	text := fmt.Sprintf("  here: %s\n", local)
	for _, s := range c.Servers {
		text += fmt.Sprintf("  %s: %s\n", s.URL, s.Hash)
	}
	return text
}

// lacking says why there is nothing to compare.
func lacking(c substitute.Comparison) string {
	switch {
	case len(c.Claims) == 0 && c.Local == nil:
		return "it was not built here, and no server has it"
	case len(c.Claims) == 0:
		return "no server has it"
	}
	return "it was not built here, and only one server has it"
}

// finish sums up, and says by its error how it went.
func (h *challenger) finish(n int, counts map[substitute.Verdict]int) error {
	h.s.endProgress()
	same, different, open := counts[substitute.Same], counts[substitute.Different], counts[substitute.Inconclusive]
	if h.s.flags.json {
		if h.all == nil {
			h.all = []challenged{}
		}
		if err := json.NewEncoder(h.s.env.stdout).Encode(h.all); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(h.s.env.stdout, "%s compared: %d the same, %d different, %d inconclusive\n", count(n, "object"), same, different, open)
	}
	switch {
	case different > 0:
		verb := "differ"
		if different == 1 {
			verb = "differs"
		}
		return &report.StatusError{Err: fmt.Errorf("%s %s from what others have built", count(different, "object"), verb), Status: 2}
	case open > 0:
		return fmt.Errorf("%s could not be compared", count(open, "object"))
	}
	return nil
}

// differences shows, or returns the lines that show, in which files two of the trees
// that c tells of differ: what is here, if it was built here, and the first other one.
func (h *challenger) differences(ctx context.Context, c substitute.Comparison) (lines []string, err error) {
	if h.diff == "none" {
		return nil, nil
	}
	dir, err := os.MkdirTemp("", "fruix-challenge-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, tree.Remove(dir)) }()
	first, claims := h.s.store.Physical(c.Path), c.Claims
	reference := c.Local
	if reference != nil {
		// From now on it stays.
		_, err := h.s.store.Info(ctx, c.Path)
		if errors.As(err, new(*store.NotValidError)) {
			err = fmt.Errorf("%s has been collected while it was compared", c.Path)
		}
		if err != nil {
			return nil, err
		}
	} else {
		first, reference, claims = filepath.Join(dir, "first"), c.Claims[0].NarHash.Sum, c.Claims[1:]
		if err := h.unpack(ctx, c.Claims[0], first); err != nil {
			return nil, err
		}
	}
	second := filepath.Join(dir, "second")
	for _, o := range claims {
		if !bytes.Equal(o.NarHash.Sum, reference) {
			if err := h.unpack(ctx, o, second); err != nil {
				return nil, err
			}
			break
		}
	}
	if h.diff != "simple" {
		return nil, h.compareBy(ctx, first, second)
	}
	err = tree.Diff(first, second, func(d tree.Difference) bool {
		lines = append(lines, "/"+d.String())
		return true
	})
	return lines, err
}

// unpack fetches an archive. That it is not what the server says it is, is worth a
// warning only: nothing here uses it.
func (h *challenger) unpack(ctx context.Context, o *substitute.Offer, dest string) error {
	r, err := h.c.Open(ctx, o, nil)
	if err != nil {
		return err
	}
	defer r.Close()
	sum := sha256.New()
	// One byte more than announced is enough to see that there is too much.
	limited := io.TeeReader(io.LimitReader(r, o.NarSize+1), sum)
	if _, err := tree.Restore(ctx, nar.NewReader(limited), dest, nil); err != nil {
		return fmt.Errorf("%s/%s: %w", o.From(), o.URL, err)
	}
	if !bytes.Equal(sum.Sum(nil), o.NarHash.Sum) {
		h.s.warn(fmt.Sprintf("%s/%s is not what the server says it is", o.From(), o.URL))
	}
	return nil
}

// compareBy runs another program on two trees.
func (h *challenger) compareBy(ctx context.Context, first, second string) error {
	words := strings.Fields(h.diff)
	if h.diff == "diffoscope" {
		words = []string{"diffoscope", "--exclude-directory-metadata=yes"} // times are those of the store
	}
	cmd := exec.CommandContext(ctx, words[0], append(words[1:], first, second)...)
	cmd.Stdout, cmd.Stderr = h.s.env.stdout, h.s.env.stderr
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) { // it says by its status that they differ
		return fmt.Errorf("--diff: %w", err)
	}
	return ctx.Err()
}
