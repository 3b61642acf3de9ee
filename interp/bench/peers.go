package bench

import (
	"context"
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

//go:embed peers
var peerFiles embed.FS

// Peer is another Scheme that runs the programs in a process of its own and
// takes the time there, so that its start does not count.
type Peer struct {
	// Name stands in tables and, behind "x-vs-", in the names of metrics.
	Name string
	// prelude and timer are files of peers/ before and behind the program.
	prelude, timer string
	// prepare, when given, is run on the program's file first, then command.
	// {} stands for the path of the file without its ending.
	prepare, command []string
	environ          []string
}

// Guile runs compiled code in its machine or, by default, with its just-in-time
// compiler, and interprets what it loads when it may not compile; the Guile
// manual tells about GUILE_JIT_THRESHOLD in "Environment Variables".
var (
	guileCompile = []string{"guile", "--no-auto-compile", "-c",
		`(use-modules (system base compile)) (compile-file "{}.scm" #:output-file "{}.go")`}
	guileRun = []string{"guile", "--no-auto-compile", "-c", `(load-compiled "{}.go")`}
)

// Peers lists the Schemes to compare with; they need not be installed.
func Peers() []Peer {
	return []Peer{
		{"guile-vm", "guile.scm", "timer-guile.scm", guileCompile, guileRun, []string{"GUILE_JIT_THRESHOLD=-1"}},
		{"guile-jit", "guile.scm", "timer-guile.scm", guileCompile, guileRun, nil},
		{"guile-interp", "guile.scm", "timer-guile.scm", nil, []string{"guile", "--no-auto-compile", "{}.scm"}, nil},
		{"csi", "csi.scm", "timer-csi.scm", nil, []string{"csi", "-q", "-b", "-w", "{}.scm"}, nil},
	}
}

// Installed reports whether the peer's program is found.
func (p Peer) Installed() bool {
	_, err := exec.LookPath(p.command[0])
	return err == nil
}

// Run runs a program and returns the value of main as the peer writes it and
// the least time of one call. It fails when the peer lacks what the program
// needs.
func (p Peer) Run(ctx context.Context, dir string, prog Program) (string, time.Duration, error) {
	base := filepath.Join(dir, p.Name+"-"+prog.Name)
	var text []byte
	for _, part := range []string{"peers/" + p.prelude, "programs/" + prog.Name + ".scm", "peers/" + p.timer} {
		files := peerFiles
		if strings.HasPrefix(part, "programs/") {
			files = programs
		}
		b, err := files.ReadFile(part)
		if err != nil {
			return "", 0, err
		}
		text = append(append(text, b...), '\n')
	}
	if err := os.WriteFile(base+".scm", text, 0o644); err != nil {
		return "", 0, err
	}
	var out []byte
	for _, c := range [][]string{p.prepare, p.command} {
		if c == nil {
			continue
		}
		args := make([]string, len(c))
		for i, a := range c {
			args[i] = strings.ReplaceAll(a, "{}", base)
		}
		cmd := exec.CommandContext(ctx, args[0], args[1:]...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), p.environ...)
		var err error
		if out, err = cmd.Output(); err != nil {
			return "", 0, fmt.Errorf("%s: %s: %w", p.Name, prog.Name, err)
		}
	}
	value, rest, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	ns, err := strconv.ParseFloat(strings.TrimSpace(rest), 64)
	if err != nil {
		return "", 0, fmt.Errorf("%s: %s: printed %q", p.Name, prog.Name, out)
	}
	switch value {
	case "#t":
		value = "true"
	case "#f":
		value = "false"
	}
	return value, time.Duration(ns), nil
}
