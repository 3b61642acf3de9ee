package builder

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// BuildError is one build that failed.
type BuildError struct {
	Drv     string   // the derivation
	Machine string   // where; "" is this machine
	Name    string   // its readable name
	Status  string   // how it ended: "exit code 1", "killed by signal 9", "hash mismatch", …
	Err     error    // the cause
	LogTail []string // the last lines of its output
	LogPath string   // the file that holds all of it; "" when nothing ran
	KeptDir string   // where its build folder was kept; "" when it was not
}

// Error says in one line what failed and why.
func (e *BuildError) Error() string {
	return fmt.Sprintf("build of %s%s failed: %v", e.Drv, e.On(), e.Err)
}

// On is " on MACHINE", or nothing for this machine.
func (e *BuildError) On() string {
	if e.Machine == "" {
		return ""
	}
	return " on " + e.Machine
}

// Unwrap returns the cause.
func (e *BuildError) Unwrap() error { return e.Err }

// Failure is a run in which something failed. Its parts are sorted.
type Failure struct {
	Failed []*BuildError
	// Blocked holds derivations that were not built because one that they need
	// (the value) failed.
	Blocked map[string]string
	// Left holds derivations that were not built because the run ended first.
	Left []string
}

// Error lists the builds that failed, one a line, and what they kept from
// being built.
func (f *Failure) Error() string {
	var b strings.Builder
	for i, e := range f.Failed {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(e.Error())
	}
	blocked := map[string][]string{} // by what failed
	for drv, by := range f.Blocked {
		blocked[by] = append(blocked[by], drv)
	}
	for _, e := range f.Failed {
		if names := blocked[e.Drv]; len(names) > 0 {
			slices.Sort(names)
			const shown = 5
			more := ""
			if len(names) > shown {
				more = fmt.Sprintf(" and %d more", len(names)-shown)
				names = names[:shown]
			}
			fmt.Fprintf(&b, "\nnot built because %s failed: %s%s", e.Drv, strings.Join(names, ", "), more)
		}
	}
	return b.String()
}

// Unwrap returns the errors of the builds.
func (f *Failure) Unwrap() []error {
	errs := make([]error, len(f.Failed))
	for i, e := range f.Failed {
		errs[i] = e
	}
	return errs
}

// OutputError is a request for an output that a derivation does not have.
type OutputError struct {
	Drv, Output string
	Known       []string
}

func (e *OutputError) Error() string {
	return fmt.Sprintf("%s has no output %q; it has: %s", e.Drv, e.Output, strings.Join(e.Known, ", "))
}

// PlatformError is a derivation for another kind of machine.
type PlatformError struct {
	Platform string
	Known    []string
}

func (e *PlatformError) Error() string {
	return fmt.Sprintf("it must be built on %s, but this machine is %s", e.Platform, strings.Join(e.Known, " or "))
}

// FeatureError is a derivation that asks for something that this machine does not
// offer; see plan.Request's Features.
type FeatureError struct{ Missing, Known []string }

func (e *FeatureError) Error() string {
	return fmt.Sprintf("it must be built on a machine that offers %s, but this machine offers %s",
		strings.Join(e.Missing, " and "), strings.Join(e.Known, ", "))
}

// ErrInterrupted is what Build returns, wrapped, when its context was
// cancelled.
var ErrInterrupted = errors.New("the build was interrupted")
