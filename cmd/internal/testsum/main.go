// Command testsum shows what tests found. It reads the events that "go test
// -json" writes (go doc test2json) from standard input, prints one line for each
// package, what failed tests printed, which tests were skipped and why, and which
// took longest, and ends with "N passed, N failed, N skipped".
//
// It exits with status 1 when something failed, when nothing was tested and, with the
// option -strict, when a test was skipped that should not have been: where everything
// that tests need is installed, a skipped test is one that nobody runs.
//
// Arguments are the command that made the events, without packages: by it a few tests
// that failed are tried once more, alone, and marked UNSTEADY if they pass then.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/spf13/pflag"
)

// expected are the tests that may be skipped everywhere, by "package.Test".
func expected() *regexp.Regexp {
	return regexp.MustCompile(`^(` + strings.Join([]string{
		`fruix/image/ext4\.TestKernelGrows`,          // growing a mounted file system: containers lack the capability
		`fruix/image/ufs\.TestFsckFFS.*`,             // FreeBSD's own checker, which no package has
		`fruix/osmodel/etc/freebsd/pwdb\.TestPeer.*`, // FreeBSD's own pwd_mkdb, likewise
		`fruix/builder\.TestChild`,                   // a process for other tests
		`fruix/jail/freebsd\.Test.*`,                 // FreeBSD only
		`fruix/cmd/internal/defences\.TestNeeded`,    // minutes of its own: "make defences"
	}, "|") + `)$`)
}

func main() {
	strict := pflag.Bool("strict", false, "fail when a test was skipped that should run")
	pflag.CommandLine.SetInterspersed(false)
	pflag.Parse()
	s := summary{w: os.Stdout, strict: *strict, expected: expected(), output: map[key][]string{}}
	if err := s.read(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "testsum:", err)
		os.Exit(1)
	}
	s.finish()
	if s.good() {
		return
	}
	if few, ok := s.again(); ok && pflag.NArg() > 0 && tryAgain(os.Stdout, pflag.Args(), few) {
		return
	}
	os.Exit(1)
}

// event is one line of "go test -json".
type event struct {
	Action, Package, ImportPath, Test, Output string
	Elapsed                                   float64
}

// key is one test, or a package when Test is "".
type key struct{ pkg, test string }

type summary struct {
	w        io.Writer
	strict   bool // say which tests should not have been skipped
	expected *regexp.Regexp
	output   map[key][]string

	passed, failed, skipped, unexpected int
	broken                              int // packages that failed
	slow                                slowest

	brokenPackages []string
	failedTests    map[string][]string // by package, without subtests
	panicked       map[string]bool     // by package
}

// good tells whether nothing is wrong.
func (s *summary) good() bool {
	return s.passed > 0 && s.failed == 0 && s.broken == 0 && s.unexpected == 0
}

func (s *summary) read(r io.Reader) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			// What is no event was not written by a test.
			fmt.Fprintln(s.w, lines.Text())
			continue
		}
		s.event(e)
	}
	return lines.Err()
}

func (s *summary) event(e event) {
	k := key{e.Package, e.Test}
	switch e.Action {
	case "output":
		s.output[k] = append(s.output[k], e.Output)
		s.listen(e.Package, e.Output)
	case "build-output":
		fmt.Fprint(s.w, e.Output)
	case "pass", "fail", "skip":
		if e.Test == "" {
			s.packageEnds(e)
		} else {
			s.testEnds(e)
		}
		delete(s.output, k)
	}
}

func (s *summary) testEnds(e event) {
	out := s.output[key{e.Package, e.Test}]
	s.slow.note(e)
	switch e.Action {
	case "pass":
		s.passed++
	case "fail":
		s.failed++
		s.note(e.Package, e.Test)
		fmt.Fprintf(s.w, "FAIL %s.%s\n%s", e.Package, e.Test, strings.Join(said(out), ""))
	case "skip":
		s.skipped++
		mark := ""
		if s.strict && !s.expected.MatchString(e.Package+"."+e.Test) {
			s.unexpected++
			mark = " (should run where everything is installed)"
		}
		fmt.Fprintf(s.w, "SKIP %s.%s%s\n%s", e.Package, e.Test, mark, strings.Join(said(out), ""))
	}
}

// said is what a test printed, without the lines that say how it goes.
func said(lines []string) []string {
	var out []string
	for _, l := range lines {
		if t := strings.TrimSpace(l); !strings.HasPrefix(t, "=== ") && !strings.HasPrefix(t, "--- ") {
			out = append(out, l)
		}
	}
	return out
}

func (s *summary) packageEnds(e event) {
	switch e.Action {
	case "pass":
		fmt.Fprintf(s.w, "ok   %s %.1fs\n", e.Package, e.Elapsed)
	case "fail":
		s.broken++
		s.brokenPackages = append(s.brokenPackages, e.Package)
		fmt.Fprintf(s.w, "FAIL %s %.1fs\n", e.Package, e.Elapsed)
		// A panic or a time-out ends a package in the middle of tests.
		for k, out := range s.output {
			if k.pkg == e.Package {
				fmt.Fprint(s.w, strings.Join(said(out), ""))
			}
		}
	}
}

func (s *summary) finish() {
	s.slow.show(s.w)
	if s.unexpected > 0 {
		fmt.Fprintf(s.w, "%d tests were skipped that should run where everything is installed\n", s.unexpected)
	}
	fmt.Fprintf(s.w, "%d passed, %d failed, %d skipped\n", s.passed, s.failed, s.skipped)
}
