package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
)

// mostAgain is how many tests may have a second try. More than that have a common
// cause, which is no accident.
const mostAgain = 5

// failures are the tests, without what they divide into, that failed in one package.
type failures struct {
	pkg   string
	tests []string
}

// again returns the tests that deserve a second try: those that failed, when they are
// few, and every package that failed has ended as packages do. What a package did not
// come to, after a panic or its time, no second try of one test would make good.
func (s *summary) again() ([]failures, bool) {
	var all []failures
	n := 0
	for _, pkg := range s.brokenPackages {
		tests := s.failedTests[pkg]
		if len(tests) == 0 || s.panicked[pkg] {
			return nil, false
		}
		n += len(tests)
		all = append(all, failures{pkg, tests})
	}
	return all, n > 0 && n <= mostAgain && s.unexpected == 0
}

// note remembers a test that failed.
func (s *summary) note(pkg, test string) {
	top, _, _ := strings.Cut(test, "/")
	if s.failedTests == nil {
		s.failedTests = map[string][]string{}
	}
	if !slices.Contains(s.failedTests[pkg], top) {
		s.failedTests[pkg] = append(s.failedTests[pkg], top)
	}
}

var panics = regexp.MustCompile(`^(panic: |fatal error: )`)

// listen notices what ends a package before its end.
func (s *summary) listen(pkg, line string) {
	if panics.MatchString(line) {
		if s.panicked == nil {
			s.panicked = map[string]bool{}
		}
		s.panicked[pkg] = true
	}
}

// tryAgain runs the tests that failed once more, with nothing beside them, by command
// ("go test -json" and its options), and tells whether all passed. Tests that wait for
// other processes judge by time in the end, and a machine may be too busy once; which
// ones were unsteady is said each time, since that is a defect of theirs or of what
// they test.
func tryAgain(w io.Writer, command []string, all []failures) bool {
	good := true
	for _, f := range all {
		fmt.Fprintf(w, "again: %s of %s\n", strings.Join(f.tests, ", "), f.pkg)
		args := append(slices.Clone(command[1:]), "-count=1", "-run", "^("+strings.Join(f.tests, "|")+")$", f.pkg)
		cmd := exec.Command(command[0], args...)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			fmt.Fprintln(w, "testsum:", err)
			return false
		}
		s := summary{w: w, expected: expected(), output: map[key][]string{}}
		readErr := s.read(out)
		err = errors.Join(readErr, cmd.Wait())
		if err != nil || !s.good() || s.passed < len(f.tests) {
			good = false
			continue
		}
		for _, t := range f.tests {
			fmt.Fprintf(w, "UNSTEADY %s.%s: failed, then passed alone\n", f.pkg, t)
		}
	}
	return good
}
