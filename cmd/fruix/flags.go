package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"fruix/cmd/internal/report"
)

// version is that of the program; make sets it for releases.
var version = "0.1"

// flags are the options that several commands share. The letters are those of
// Guix's commands.
type flags struct {
	*pflag.FlagSet
	name             string
	root, storeDir   string
	daemonSocket     string
	loadPath         []string
	system           string
	jobs, cores      int
	rounds           int
	substituteURLs   string
	noSubstitutes    bool
	builders         string
	noOffload        bool
	minFree, maxFree string
	keepGoing        bool
	keepFailed       bool
	dryRun           bool
	quiet            bool
	verbosity        int
	json             bool
	relaxed          bool
	unshared         bool
	unchecked        bool // store rebuild
	mend, contents   bool // store verify
	timeout, silent  time.Duration
	withSource       []string
	// Bounds of builds, as they were written.
	maxMemory, maxLog string
	maxProcesses      uint64
}

// newFlags makes the options of a command. usage is its usage line, text what
// --help says below it.
func newFlags(name, usage, text string) *flags {
	f := &flags{FlagSet: pflag.NewFlagSet("fruix "+name, pflag.ContinueOnError), name: "fruix " + name}
	f.SortFlags = false
	f.StringVar(&f.root, "root", "", "physical `DIR` under which the store lies (default: $FRUIX_ROOT, \"/\" for root, else a folder of yours)")
	f.StringVar(&f.storeDir, "store", "", "logical name of the store's `DIR` (default /frx/store)")
	f.StringVar(&f.daemonSocket, "daemon-socket", "", "work through the daemon at `ADDRESS`: the path of its socket, unix://PATH or guix://HOST (default: $FRUIX_DAEMON_SOCKET; else only when you may not write the store)")
	f.StringArrayVarP(&f.loadPath, "load-path", "L", nil, "look for modules in `DIR` first; may be given several times")
	f.BoolVarP(&f.quiet, "quiet", "q", false, "print no progress")
	f.IntVarP(&f.verbosity, "verbosity", "v", 1, "how much progress to print: 0 none, 1 what is built, 2 addresses and phases too, 3 all that builders print")
	f.BoolVar(&f.json, "json", false, "print results as JSON, and events on standard error")
	f.BoolVar(&f.relaxed, "no-sync", false, "do not wait until data is safely on disk")
	f.BoolVar(&f.unshared, "disable-deduplication", false, "do not let files that are the same share their place on the disk as they arrive")
	f.Usage = func() {
		fmt.Fprintf(os.Stdout, "Usage: fruix %s %s\n%s\nOptions:\n%s", name, usage, text, f.FlagUsages())
	}
	f.SetOutput(discard{})
	return f
}

type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }

// addBuildFlags adds the options of commands that build.
func (f *flags) addBuildFlags() {
	f.addGoalFlags()
	f.BoolVarP(&f.dryRun, "dry-run", "n", false, "print what would be built, and build nothing")
}

// addGoalFlags adds the options of commands that build and cannot tell before what they
// would build.
func (f *flags) addGoalFlags() {
	f.StringVarP(&f.system, "system", "s", "", "build for `SYSTEM`, such as x86_64-freebsd")
	f.addWorkFlags()
	f.BoolVarP(&f.keepGoing, "keep-going", "k", false, "after a failure go on with what does not depend on it")
	f.addKeepFlag()
}

func (f *flags) addKeepFlag() {
	f.BoolVarP(&f.keepFailed, "keep-failed", "K", false, "keep the folders of failed builds")
}

// addSubstituteFlags adds the options that say what is fetched from whom.
func (f *flags) addSubstituteFlags() {
	f.StringVar(&f.substituteURLs, "substitute-urls", "", "fetch what these servers have, `URLS` with spaces between, in place of building it")
	f.BoolVar(&f.noSubstitutes, "no-substitutes", false, "build everything here")
}

// addRoomFlags adds the options that say when garbage makes room.
func (f *flags) addRoomFlags() {
	f.StringVar(&f.minFree, "min-free", "", "while less `SPACE` is free, such as 5G, delete garbage before adding to the store; 0 is never (default: what /frx/etc/fruix/min-free says)")
	f.StringVar(&f.maxFree, "max-free", "", "how much `SPACE` shall be free then (default: that of --min-free)")
}

// addWorkFlags adds the options that say how builds go on, whoever has asked for
// them.
func (f *flags) addWorkFlags() {
	f.IntVarP(&f.jobs, "max-jobs", "M", runtime.NumCPU(), "run at most `N` builds at a time on this machine; 0 leaves all to others")
	f.IntVarP(&f.cores, "cores", "c", 0, "let a build use `N` processors; 0 means all")
	f.addSubstituteFlags()
	f.addMachineFlags()
	f.addRoomFlags()
	f.IntVar(&f.rounds, "rounds", 1, "build each derivation without a fixed output `N` times, and fail when the results differ")
	f.Var((*span)(&f.silent), "max-silent-time", "end a build that prints and fetches nothing for so `LONG`, such as 10m; a number alone is seconds")
	f.Var((*span)(&f.timeout), "timeout", "end a build that takes so `LONG`")
	f.StringVar(&f.maxMemory, "max-build-memory", "", "end a build whose processes use more `MEMORY` together, such as 4G")
	f.Uint64Var(&f.maxProcesses, "max-build-processes", 0, "let a build have `N` processes and threads at a time (default: 16384)")
	f.StringVar(&f.maxLog, "max-log-size", "", "end a build that prints more than `SIZE` (default: 1G)")
}

// parse reads the command line; the error is a *report.UsageError or
// pflag.ErrHelp.
func (f *flags) parse(args []string) error {
	err := f.Parse(args)
	switch {
	case err != nil && !errors.Is(err, pflag.ErrHelp):
		return f.usage("%v", err)
	case err == nil && (f.verbosity < 0 || f.verbosity > 3):
		return f.usage("--verbosity is %d; there are 0, 1, 2 and 3", f.verbosity)
	}
	return err
}

// check rejects values that no build could use.
func (f *flags) check() error {
	switch {
	case f.Lookup("max-jobs") == nil:
	case f.jobs < 0:
		return f.usage("--max-jobs is %d; 0 means that other machines build everything", f.jobs)
	case f.cores < 0:
		return f.usage("--cores is %d; 0 means all processors", f.cores)
	case f.rounds < 1:
		return f.usage("--rounds is %d; a build takes at least one", f.rounds)
	case f.timeout < 0 || f.silent < 0:
		return f.usage("a time limit is negative")
	}
	// Even when nothing will be handed to them.
	if _, err := parseBuilders(f.builders); err != nil {
		return f.usage("--builders: %v", err)
	}
	_, _, err := f.bounds()
	return err
}

// room is how much space shall be free in the store under root, as the options say, or
// else the configuration.
func (s *session) room(root string) (low, high int64, err error) {
	f := s.flags
	switch {
	case f.Lookup("min-free") == nil: // what adds nothing needs no room
		return 0, 0, nil
	case f.minFree == "0": // whatever the configuration says
		return 0, 0, nil
	}
	err = f.sizes(size{"--min-free", f.minFree, &low}, size{"--max-free", f.maxFree, &high})
	if err != nil || f.Changed("min-free") {
		return low, high, err
	}
	lines, err := configLines(root, roomFile)
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, unix.ENOTDIR) {
		return low, high, nil // what is wrong with the store says so itself
	}
	if err != nil || len(lines) == 0 {
		return low, high, err
	}
	words := strings.Fields(strings.Join(lines, " "))
	low, err = parseSize(words[0])
	switch {
	case err != nil:
	case len(words) > 2:
		err = errors.New("there are more than two sizes")
	case len(words) == 2 && high == 0:
		high, err = parseSize(words[1])
	}
	if err != nil {
		return 0, 0, &report.AdvisedError{
			Err:  fmt.Errorf("%s: %w", filepath.Join(root, configDir, roomFile), err),
			Hint: "it is to hold what --min-free would say, such as 5G, and behind that, if need be, what --max-free would",
		}
	}
	return low, high, nil
}

// bounds reads how much memory a build may use, and how much it may print; 0 is what
// is usual.
func (f *flags) bounds() (memory, log int64, err error) {
	err = f.sizes(size{"--max-build-memory", f.maxMemory, &memory}, size{"--max-log-size", f.maxLog, &log})
	return memory, log, err
}

// size is an option that is a size, as it was written.
type size struct {
	name, text string
	to         *int64
}

func (f *flags) sizes(list ...size) (err error) {
	for _, x := range list {
		if x.text == "" {
			continue
		}
		if *x.to, err = parseSize(x.text); err != nil {
			return f.usage("%s: %v", x.name, err)
		}
	}
	return nil
}

// usage makes the error for a wrong command line.
func (f *flags) usage(format string, args ...any) error {
	return &report.UsageError{Command: f.name, Message: fmt.Sprintf(format, args...), Hint: fmt.Sprintf("%q tells more", f.name+" --help")}
}

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// nearestHint names the known word that is nearest to name, or the command that
// lists them all.
func nearestHint(name string, known []string, list string) string {
	best, distance := "", len(name)/2+2
	for _, k := range known {
		if d := editDistance(name, k); d < distance {
			best, distance = k, d
		}
	}
	if best == "" {
		return fmt.Sprintf("%q lists what there is", list)
	}
	return fmt.Sprintf("did you mean %q?", best)
}

// editDistance is Levenshtein's.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		left, diagonal := i+1, i
		for j := range b {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, left, row[j+1])
			}
			diagonal, row[j], left = row[j+1], left, cost
		}
		row[len(b)] = left
	}
	return row[len(b)]
}

// span is a length of time as an option's value: 90s, 10m, 1h30m or, as Guix's commands
// have it, a number of seconds.
type span time.Duration

// Set implements pflag.Value.
func (s *span) Set(text string) error {
	if n, err := strconv.ParseUint(text, 10, 31); err == nil {
		*s = span(time.Duration(n) * time.Second)
		return nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return fmt.Errorf("%q is no length of time such as 90s, 10m or 1h30m", text)
	}
	*s = span(d)
	return nil
}

// String implements pflag.Value.
func (s *span) String() string {
	if *s == 0 {
		return ""
	}
	return time.Duration(*s).String()
}

// Type implements pflag.Value.
func (s *span) Type() string { return "LONG" }
