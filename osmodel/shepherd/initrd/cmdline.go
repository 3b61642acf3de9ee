// Package initrd is the first program of a Linux machine, /init of the
// initrd: it loads the kernel modules that the root file system needs, finds
// and mounts it, and hands over to the system's boot program.
package initrd

import (
	"fmt"
	"path"
	"strings"
	"time"
)

// Plan is what the kernel's command line asks for.
type Plan struct {
	Root     string // "PARTUUID=…", "/dev/vda2", …
	Type     string // rootfstype=, "" to find out
	Flags    string // rootflags=
	ReadOnly bool   // ro; rw is the default
	System   string // fruix.system=, the store item of the system
	Init     string // init=, instead of the system's boot program
	Delay    time.Duration
	Timeout  time.Duration // how long the device may take to turn up
	REPL     bool          // fruix.repl: talk to a person before mounting, and on failure
}

// DefaultTimeout is how long the root device may take to turn up.
const DefaultTimeout = 30 * time.Second

// ParseCommandLine reads the kernel's command line (kernel documentation,
// "The kernel's command-line parameters"): words, where double quotes protect
// spaces. Later parameters replace earlier ones; those of others are ignored.
func ParseCommandLine(line string) (Plan, error) {
	p := Plan{Timeout: DefaultTimeout}
	for _, w := range words(line) {
		key, value, _ := strings.Cut(w, "=")
		switch key {
		case "root":
			p.Root = value
		case "rootfstype":
			p.Type = value
		case "rootflags":
			p.Flags = value
		case "ro":
			p.ReadOnly = true
		case "rw":
			p.ReadOnly = false
		case "rootdelay", "rootwait":
			if value == "" {
				continue // rootwait alone: waiting is what we do
			}
			d, err := time.ParseDuration(value + "s")
			if err != nil || d < 0 {
				return p, fmt.Errorf("%s: %q is not a number of seconds", key, value)
			}
			if key == "rootdelay" {
				p.Delay = d
			} else {
				p.Timeout = d
			}
		case "fruix.system":
			p.System = value
		case "fruix.repl":
			p.REPL = value != "0" && value != "no"
		case "init":
			p.Init = value
		}
	}
	return p, nil
}

// Check says what the plan lacks.
func (p Plan) Check() error {
	if p.Root == "" {
		return fmt.Errorf("the kernel's command line has no root=, such as root=PARTUUID=… or root=/dev/vda2")
	}
	if p.Init == "" && p.System == "" {
		return fmt.Errorf("the kernel's command line has neither fruix.system= nor init=, so there is nothing to start")
	}
	for _, f := range []string{p.Init, p.System} {
		if f != "" && !path.IsAbs(f) {
			return fmt.Errorf("%q on the kernel's command line is not an absolute file name", f)
		}
	}
	return nil
}

// Program is what is run on the root file system.
func (p Plan) Program() string {
	if p.Init != "" {
		return p.Init
	}
	return path.Join(p.System, "boot")
}

// words splits at spaces outside of double quotes, which are removed.
func words(line string) []string {
	var out []string
	var b strings.Builder
	quoted, any := false, false
	for _, r := range strings.TrimRight(line, "\n\x00") {
		switch {
		case r == '"':
			quoted, any = !quoted, true
		case !quoted && (r == ' ' || r == '\t' || r == '\n'):
			if any {
				out = append(out, b.String())
			}
			b.Reset()
			any = false
		default:
			b.WriteRune(r)
			any = true
		}
	}
	if any {
		out = append(out, b.String())
	}
	return out
}
