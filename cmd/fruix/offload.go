package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"fruix/builder/plan"
	"fruix/builder/remote"
	"fruix/builder/remote/protocol"
	"fruix/cmd/internal/report"
	"fruix/store"
	"fruix/store/drv"
	"fruix/store/tree"
)

const offloadText = `
Look at the machines that builds are handed to: those that FILE lists, or --builders,
or else /frx/etc/fruix/machines.scm; with REGEXP those whose names match.

  test      connect to each, send an object there and carry out a small build
  status    ask each how it is
`

// runOffload is "fruix offload".
func runOffload(ctx context.Context, e *environment, args []string) error {
	f := newFlags("offload", "test|status [OPTION]... [FILE [REGEXP]]", offloadText)
	f.addMachineFlags()
	if err := f.parse(args); err != nil {
		return err
	}
	kinds := map[string]func(*session, context.Context, []*machine) error{"test": (*session).testMachines, "status": (*session).machineStatus}
	if f.NArg() == 0 {
		return f.usage("say what to do: test or status")
	}
	run, ok := kinds[f.Arg(0)]
	if !ok {
		return &report.UsageError{Command: f.name, Message: fmt.Sprintf("unknown action %q", f.Arg(0)), Hint: nearestHint(f.Arg(0), sortedKeys(kinds), "fruix offload --help")}
	}
	if f.NArg() > 3 {
		return f.usage("too many words: %q", f.Arg(3))
	}
	s := &session{env: e, flags: f}
	defer s.Close()
	if _, err := s.openStore(ctx); err != nil {
		return err
	}
	machines, err := s.chosen(ctx, f.Args()[1:])
	if err != nil {
		return err
	}
	return run(s, ctx, machines)
}

// chosen are the machines that the words after the action choose.
func (s *session) chosen(ctx context.Context, words []string) (machines []*machine, err error) {
	file := filepath.Join(s.store.Root(), configDir, machinesFile)
	if len(words) > 0 {
		file = words[0]
		machines, err = loadMachines(ctx, s.env, file)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	} else {
		machines, err = s.configured(ctx)
	}
	if err != nil {
		return nil, err
	}
	if len(machines) == 0 {
		return nil, &report.AdvisedError{Err: errors.New("no other machines are known"), Hint: "list them in " + file + ", or name them with --builders"}
	}
	if len(words) < 2 {
		return machines, nil
	}
	rx, err := regexp.Compile(words[1])
	if err != nil {
		return nil, s.flags.usage("%v", err)
	}
	machines = slices.DeleteFunc(machines, func(m *machine) bool { return !rx.MatchString(m.name()) })
	if len(machines) == 0 {
		return nil, fmt.Errorf("no machine's name matches %q", words[1])
	}
	return machines, nil
}

// each calls do for all machines at once and says, in their order, what it returned.
func (s *session) each(ctx context.Context, machines []*machine, do func(context.Context, *machine, *remote.Link) (string, error)) error {
	type result struct {
		text string
		err  error
	}
	results := make([]chan result, len(machines))
	var wg sync.WaitGroup
	for i, m := range machines {
		results[i] = make(chan result, 1)
		wg.Go(func() {
			o, err := linkOptions(s.store, m)
			if err != nil {
				results[i] <- result{err: err}
				return
			}
			l, err := remote.Connect(ctx, s.dialer(m, true), o)
			if err != nil {
				results[i] <- result{err: err}
				return
			}
			defer l.Close()
			text, err := do(ctx, m, l)
			results[i] <- result{text, err}
		})
	}
	defer wg.Wait()
	var failed []error
	for i, m := range machines {
		r := <-results[i]
		if _, err := io.WriteString(s.env.stdout, r.text); err != nil {
			return err
		}
		if r.err != nil {
			failed = append(failed, m.advised(fmt.Errorf("%s: %w", m.name(), r.err)))
		}
	}
	return errors.Join(failed...)
}

// testMachines tries what a build takes.
func (s *session) testMachines(ctx context.Context, machines []*machine) error {
	return s.each(ctx, machines, func(ctx context.Context, m *machine, l *remote.Link) (string, error) {
		h := l.Hello()
		text := report.Printable(fmt.Sprintf("%s: fruix %s on %s (%s), %s", m.name(), h.Program, h.Host, strings.Join(h.Systems, ", "), count(h.Cores, "processor"))) + "\n"
		for _, system := range m.systems {
			if !slices.Contains(h.Systems, system) {
				return text, fmt.Errorf("it is said to build for %s, but it is %s", system, strings.Join(h.Systems, " and "))
			}
		}
		if h.Builders != builderVersion {
			text += report.Printable(fmt.Sprintf("%s: it has version %s of the built-in builders, not %s, and is not given such builds", m.name(), h.Builders, builderVersion)) + "\n"
			return text, nil
		}
		took, err := s.tryBuild(ctx, l)
		if err != nil {
			return text, err
		}
		return text + fmt.Sprintf("%s: took an object and carried out a build in %v\n", m.name(), took.Round(time.Millisecond)), nil
	})
}

// tryBuild has a build carried out whose result is known.
func (s *session) tryBuild(ctx context.Context, l *remote.Link) (time.Duration, error) {
	const said = "hello"
	batch := store.NewBatch(s.store)
	script, err := batch.AddText("offload-test.scm", []byte(`(call-with-output-file (getenv "out") (lambda (port) (display "`+said+`" port)))`+"\n"), nil)
	if err != nil {
		return 0, err
	}
	d := &drv.Derivation{
		Outputs: map[string]drv.Output{"out": {}}, InputSrcs: []string{script}, Platform: hostSystem(),
		Builder: "builtin:scheme", Args: []string{script}, Env: map[string]string{"out": "", "name": "offload-test", "FRUIX_BUILDER": builderVersion},
	}
	drvPath, err := batch.AddDerivation(ctx, "offload-test", d)
	if err != nil {
		return 0, err
	}
	if err := batch.Flush(ctx); err != nil {
		return 0, err
	}
	req, err := plan.New(s.store.Dir(), drvPath, d, []string{script}, plan.Constraints{Timeout: time.Minute})
	if err != nil {
		return 0, err
	}
	scratch, err := os.MkdirTemp("", "fruix-offload-")
	if err != nil {
		return 0, err
	}
	defer tree.Remove(scratch)
	var log strings.Builder
	start := time.Now()
	res, _, err := l.Execute(ctx, req, plan.IO{Scratch: scratch, Physical: s.store.Physical, Log: &log, Fresh: true}, remote.ExecuteOptions{})
	if err != nil {
		var u *plan.UnavailableError
		if errors.As(err, &u) {
			err = u.Err // the name stands before it already
		}
		if log.Len() > 0 {
			err = fmt.Errorf("%w\n%s", err, strings.TrimSpace(log.String()))
		}
		return 0, err
	}
	if got, err := os.ReadFile(res.Outputs["out"]); err != nil || string(got) != said {
		return 0, fmt.Errorf("its build gave %q, %v", got, err)
	}
	return time.Since(start), nil
}

// machineStatus says how machines are.
func (s *session) machineStatus(ctx context.Context, machines []*machine) error {
	return s.each(ctx, machines, func(ctx context.Context, m *machine, l *remote.Link) (string, error) {
		start := time.Now()
		st, err := l.Status(ctx)
		if err != nil {
			return "", err
		}
		round := time.Since(start)
		skew := st.Time.Sub(start.Add(round / 2))
		h := l.Hello()
		if s.flags.json {
			b, err := json.Marshal(struct {
				Name    string          `json:"name"`
				Systems []string        `json:"systems"`
				Seconds float64         `json:"roundTripSeconds"`
				Status  protocol.Status `json:"status"`
			}{m.name(), h.Systems, round.Seconds(), *st})
			return string(b) + "\n", err
		}
		var text strings.Builder
		line := func(key, format string, a ...any) {
			text.WriteString(report.Printable(fmt.Sprintf("  %-12s"+format, append([]any{key + ":"}, a...)...)) + "\n")
		}
		fmt.Fprintf(&text, "%s\n", m.name())
		line("host", "%s, fruix %s", st.Host, st.Program)
		line("systems", "%s", strings.Join(h.Systems, ", "))
		line("processors", "%d", st.Cores)
		if len(st.Load) == 3 {
			line("load", "%.2f %.2f %.2f", st.Load[0], st.Load[1], st.Load[2])
		}
		if st.Memory > 0 {
			line("memory", "%s free of %s", sizeText(st.MemoryFree), sizeText(st.Memory))
		}
		line("disk", "%s free", sizeText(st.DiskFree))
		line("round trip", "%v", round.Round(100*time.Microsecond))
		line("clock", "%s", clockText(skew, round))
		return text.String(), nil
	})
}

// clockText says how far another machine's clock is from this one's, as far as that
// can be told.
func clockText(skew, uncertain time.Duration) string {
	if skew.Abs() <= uncertain+100*time.Millisecond {
		return "as here"
	}
	word := "ahead"
	if skew < 0 {
		word = "behind"
	}
	return fmt.Sprintf("%v %s", skew.Abs().Round(100*time.Millisecond), word)
}
