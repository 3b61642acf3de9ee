// Package herd is the command that people use to talk to Shepherd.
package herd

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"fruix/osmodel/shepherd/control"
	"fruix/osmodel/shepherd/manager"
)

// Usage describes the command line.
const Usage = `usage: herd [OPTION]... ACTION [SERVICE [ARGUMENT]...]

Ask Shepherd to perform ACTION on SERVICE, "root" being Shepherd itself.

actions on a service: start, stop, restart, status, enable, disable, doc, log
actions on root:      status, power-off, halt, reboot, log, load, eval, unload

options:
  -s, --socket FILE  talk to the Shepherd that listens on FILE
      --json         print the answer as JSON
  -h, --help         print this help
`

// Environment is what a run depends on.
type Environment struct {
	Stdout, Stderr io.Writer
	Now            func() time.Time
}

// Main runs a command line without the program's name and returns the exit
// status: 0 done, 1 the action failed, 2 the command line was wrong.
func Main(args []string, env Environment) int {
	socket, asJSON := control.DefaultSocket, false
	var words []string
	for len(args) > 0 {
		a := args[0]
		args = args[1:]
		switch {
		case len(words) >= 2 || !strings.HasPrefix(a, "-"):
			words = append(words, a) // arguments of the action may look like options
		case a == "-h" || a == "--help":
			fmt.Fprint(env.Stdout, Usage)
			return 0
		case a == "--json":
			asJSON = true
		case a == "-s" || a == "--socket":
			if len(args) == 0 {
				fmt.Fprintf(env.Stderr, "herd: option %s needs a file\n", a)
				return 2
			}
			socket, args = args[0], args[1:]
		case strings.HasPrefix(a, "--socket="):
			socket = strings.TrimPrefix(a, "--socket=")
		default:
			fmt.Fprintf(env.Stderr, "herd: unknown option %s\n%s", a, Usage)
			return 2
		}
	}
	// Options may also follow the service, where no argument is meant.
	if len(words) > 2 && words[len(words)-1] == "--json" {
		asJSON, words = true, words[:len(words)-1]
	}
	if len(words) == 0 {
		fmt.Fprint(env.Stderr, Usage)
		return 2
	}
	r := control.Request{Action: words[0], Service: "root"}
	if len(words) > 1 {
		r.Service, r.Args = words[1], words[2:]
	} else if slices.Contains([]string{"start", "stop", "restart", "enable", "disable"}, r.Action) {
		fmt.Fprintf(env.Stderr, "herd: %s what? usage: herd %s SERVICE\n", r.Action, r.Action)
		return 2
	}
	return perform(socket, r, asJSON, env)
}

func perform(socket string, r control.Request, asJSON bool, env Environment) int {
	reply, err := control.Do(socket, r, func(m string) {
		if !asJSON {
			fmt.Fprintln(env.Stdout, m)
		}
	})
	if err != nil {
		fmt.Fprintln(env.Stderr, "herd:", err)
		return 1
	}
	if asJSON {
		out := json.NewEncoder(env.Stdout)
		out.SetIndent("", "  ")
		if err := out.Encode(reply); err != nil {
			return 1
		}
	} else {
		show(r, reply, env)
	}
	switch {
	case reply.OK:
		return 0
	case reply.Usage:
		return 2
	}
	return 1
}

func show(r control.Request, reply control.Reply, env Environment) {
	if reply.Error != "" {
		fmt.Fprintln(env.Stderr, "herd:", reply.Error)
	}
	for _, l := range reply.Lines {
		fmt.Fprintln(env.Stdout, l)
	}
	if reply.Text != "" {
		fmt.Fprintln(env.Stdout, reply.Text)
	}
	if r.Action == "status" && reply.OK {
		if r.Service == "root" || r.Service == "shepherd" {
			Overview(env.Stdout, reply.Services)
		} else {
			for _, i := range reply.Services {
				Detail(env.Stdout, i, env.Now())
			}
		}
	}
}

// Overview lists services by state.
func Overview(w io.Writer, services []manager.Info) {
	for _, g := range []struct {
		title, mark string
		in          func(manager.Info) bool
	}{
		{"Started:", "+", func(i manager.Info) bool { return i.State == "running" }},
		{"Starting:", "^", func(i manager.Info) bool { return i.State == "starting" }},
		{"Stopping:", "v", func(i manager.Info) bool { return i.State == "stopping" }},
		{"One-shot, done:", "*", func(i manager.Info) bool { return i.State == "done" }},
		{"Stopped:", "-", func(i manager.Info) bool { return i.State == "stopped" && i.Failure == "" && i.Enabled }},
		{"Disabled:", "-", func(i manager.Info) bool { return i.State == "stopped" && i.Failure == "" && !i.Enabled }},
		{"Failed:", "!", func(i manager.Info) bool { return i.State == "stopped" && i.Failure != "" }},
	} {
		var names []string
		for _, i := range services {
			if g.in(i) {
				names = append(names, i.Name)
			}
		}
		if len(names) == 0 {
			continue
		}
		slices.Sort(names)
		fmt.Fprintln(w, g.title)
		for _, n := range names {
			fmt.Fprintf(w, " %s %s\n", g.mark, n)
		}
	}
}

// Detail describes one service.
func Detail(w io.Writer, i manager.Info, now time.Time) {
	fmt.Fprintf(w, "Status of %s:\n", i.Name)
	since := fmt.Sprintf("since %s (%s ago)", i.Since.Format("2006-01-02 15:04:05"), ago(now.Sub(i.Since)))
	switch i.State {
	case "done":
		fmt.Fprintf(w, "  It is a one-shot service that did its work %s.\n", since)
	default:
		fmt.Fprintf(w, "  It is %s %s.\n", i.State, since)
	}
	if i.PID > 0 {
		fmt.Fprintf(w, "  Its process is %d.\n", i.PID)
	}
	if i.Failure != "" {
		fmt.Fprintf(w, "  It failed: %s\n", strings.ReplaceAll(i.Failure, "\n", "\n    "))
	}
	if i.LastExit != "" {
		fmt.Fprintf(w, "  Its last process %s.\n", i.LastExit)
	}
	fmt.Fprintf(w, "  It is %s.\n", map[bool]string{true: "enabled", false: "disabled"}[i.Enabled])
	fmt.Fprintf(w, "  Provides: %s\n", strings.Join(i.Provides, " "))
	if len(i.Requires) > 0 {
		fmt.Fprintf(w, "  Requires: %s\n", strings.Join(i.Requires, " "))
	}
	switch {
	case i.OneShot:
	case i.Respawn:
		fmt.Fprintf(w, "  Will be respawned; has been, %d times.\n", i.Respawns)
	default:
		fmt.Fprintln(w, "  Will not be respawned.")
	}
	if i.Transient {
		fmt.Fprintln(w, "  It is transient: forgotten once stopped.")
	}
}

// ago rounds a time to what a person wants to know.
func ago(d time.Duration) string {
	count := func(n int, unit string) string {
		if n == 1 {
			return "1 " + unit
		}
		return fmt.Sprintf("%d %ss", n, unit)
	}
	switch {
	case d < time.Minute:
		return count(max(int(d/time.Second), 0), "second")
	case d < time.Hour:
		return count(int(d/time.Minute), "minute")
	case d < 48*time.Hour:
		return count(int(d/time.Hour), "hour")
	}
	return count(int(d/(24*time.Hour)), "day")
}
