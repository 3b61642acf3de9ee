package main

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"fruix/builder/remote"
)

// machine is another machine, as it is configured.
type machine struct {
	ssh       remote.SSH
	systems   []string // nil: those that it says it has
	parallel  int
	speed     float64
	features  []string
	mandatory []string
}

// name is what people call the machine.
func (m *machine) name() string {
	name := m.ssh.Host
	if m.ssh.Port != 0 {
		name = fmt.Sprintf("%s:%d", name, m.ssh.Port)
	}
	return name
}

// place is the name under which the builds on a machine are counted, whatever is said of
// it otherwise.
func (m *machine) place() string { return strings.ToLower(m.name()) }

// serveCommand is what runs on a machine.
func serveCommand(program, root string) []string {
	if program == "" {
		program = "fruix"
	}
	command := []string{program, "serve"}
	if root != "" {
		command = append(command, "--root="+root)
	}
	return command
}

// parseHost reads how a machine is named on the command line: [USER@]HOST[:PORT],
// or a URL "ssh://[USER@]HOST[:PORT][?program=FILE&root=DIR]".
func parseHost(text string) (*machine, error) {
	rest, isURL := strings.CutPrefix(text, "ssh://")
	if !isURL && strings.Contains(text, "://") {
		return nil, fmt.Errorf("%q: machines are reached by ssh:// alone", text)
	}
	u, err := url.Parse("ssh://" + rest)
	if err != nil || u.Hostname() == "" || u.Path != "" && u.Path != "/" {
		return nil, fmt.Errorf("%q does not name a machine: the form is ssh://USER@HOST:PORT", text)
	}
	m := &machine{parallel: 1, speed: 1}
	m.ssh.Host, m.ssh.User = u.Hostname(), u.User.Username()
	if p := u.Port(); p != "" {
		if m.ssh.Port, err = strconv.Atoi(p); err != nil || m.ssh.Port < 1 || m.ssh.Port > 65535 {
			return nil, fmt.Errorf("%q: %q is no port", text, p)
		}
	}
	for k := range u.Query() {
		if k != "program" && k != "root" {
			return nil, fmt.Errorf("%q: unknown parameter %q; there are program and root", text, k)
		}
	}
	m.ssh.Command = serveCommand(u.Query().Get("program"), u.Query().Get("root"))
	return m, nil
}
