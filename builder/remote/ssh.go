package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// SSH connects by the ssh program, which knows what its user has configured: keys,
// agents, known hosts, other names of machines, ways through others.
type SSH struct {
	Program    []string // the program and its first arguments; nil means "ssh"
	Host, User string   // User may be ""
	Port       int      // 0: the usual one, or what is configured
	PrivateKey string   // file; "" means what is configured
	// HostKey is the key that the machine must have, such as "ssh-ed25519
	// AAAA… root@host"; "" means those that ssh knows.
	HostKey string
	// Options are further ones of the program.
	Options []string
	// Batch never asks a person for anything, and keeps what a terminal's keys
	// send from the program.
	Batch bool
	// Command runs over there; nil means "fruix serve".
	Command []string
	// Messages gets what the program says beside the connection, and may be nil.
	// The last lines are kept for errors in any case.
	Messages io.Writer
}

// connectTimeout is for how many seconds ssh tries to reach a machine, unless
// configured otherwise.
const connectTimeout = 20

// alias is the name under which a host key that is given is known.
const alias = "fruix-machine"

// arguments are those of the program. keys is the file with the given host key, if
// any.
func (s *SSH) arguments(keys string) []string {
	args := []string{"-T", "-x", "-a", "-o", "ConnectTimeout=" + strconv.Itoa(connectTimeout), "-o", "ClearAllForwardings=yes"}
	if s.Batch {
		args = append(args, "-o", "BatchMode=yes")
	}
	if s.Port > 0 {
		args = append(args, "-p", strconv.Itoa(s.Port))
	}
	if s.User != "" {
		args = append(args, "-l", s.User)
	}
	if s.PrivateKey != "" {
		args = append(args, "-i", s.PrivateKey, "-o", "IdentitiesOnly=yes")
	}
	if keys != "" {
		args = append(args, "-o", "HostKeyAlias="+alias, "-o", "UserKnownHostsFile="+keys,
			"-o", "GlobalKnownHostsFile=/dev/null", "-o", "StrictHostKeyChecking=yes", "-o", "UpdateHostKeys=no")
	}
	args = append(args, s.Options...)
	command := s.Command
	if command == nil {
		command = []string{"fruix", "serve"}
	}
	words := make([]string, len(command))
	for i, w := range command {
		words[i] = quote(w)
	}
	return append(args, "--", s.Host, strings.Join(words, " "))
}

// quote makes a word of the shell over there.
func quote(word string) string {
	if word != "" && strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-._/=:,@%") == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// Dial is a Dialer.
func (s *SSH) Dial(ctx context.Context) (io.ReadWriteCloser, error) {
	if s.Host == "" || strings.HasPrefix(s.Host, "-") {
		return nil, fmt.Errorf("%q cannot be the name of a machine", s.Host)
	}
	keys, err := s.knownHosts()
	if err != nil {
		return nil, err
	}
	program := s.Program
	if len(program) == 0 {
		program = []string{"ssh"}
	}
	cmd := exec.Command(program[0], append(program[1:len(program):len(program)], s.arguments(keys)...)...)
	if s.Batch {
		// An interrupt is for this program; it ends the connection itself, after
		// what goes on over it.
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	}
	p, err := start(cmd, s.Messages)
	if err != nil {
		if keys != "" {
			os.Remove(keys)
		}
		return nil, err
	}
	p.keys = keys
	return p, nil
}

// knownHosts makes a file with the given host key; "" when none is given.
func (s *SSH) knownHosts() (string, error) {
	if s.HostKey == "" {
		return "", nil
	}
	if fields := strings.Fields(s.HostKey); len(fields) < 2 || strings.ContainsAny(s.HostKey, "\r\n") {
		return "", fmt.Errorf("%q is no key of a host: it has the form \"ssh-ed25519 AAAA…\"", s.HostKey)
	}
	f, err := os.CreateTemp("", "fruix-known-hosts-")
	if err != nil {
		return "", err
	}
	_, err = fmt.Fprintf(f, "%s %s\n", alias, s.HostKey)
	if err = errors.Join(err, f.Close()); err != nil {
		os.Remove(f.Name())
		return "", err
	}
	return f.Name(), nil
}

// process is a connection to the standard input and output of a program.
type process struct {
	cmd  *exec.Cmd
	in   *os.File // written to
	out  *os.File // read from
	keys string   // a file to remove in the end
	said tail
	done chan struct{} // closed when the program has ended
	once sync.Once
}

// Start makes a connection of a program that serves on its standard input and output.
func Start(cmd *exec.Cmd) (io.ReadWriteCloser, error) { return start(cmd, nil) }

func start(cmd *exec.Cmd, messages io.Writer) (*process, error) {
	p := &process{cmd: cmd, said: tail{to: messages}, done: make(chan struct{})}
	theirIn, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	out, theirOut, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, theirIn.Close(), in.Close())
	}
	p.in, p.out = in, out
	cmd.Stdin, cmd.Stdout, cmd.Stderr = theirIn, theirOut, &p.said
	// A grandchild may hold the standard error open.
	cmd.WaitDelay = time.Second
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = new(syscall.SysProcAttr)
	}
	diesWithParent(cmd.SysProcAttr)
	started := make(chan error)
	go func() {
		// The thread that has started the program is its parent in this.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended is in the process' state
			close(p.done)
		}
	}()
	err = <-started
	theirIn.Close()
	theirOut.Close()
	if err != nil {
		return nil, errors.Join(err, in.Close(), out.Close())
	}
	return p, nil
}

func (p *process) Read(b []byte) (int, error)  { return p.out.Read(b) }
func (p *process) Write(b []byte) (int, error) { return p.in.Write(b) }

// farewell is for how long a program may go on after its connection was closed: one that
// hangs, because the network or the machine does, is part of what an interrupt ends soon.
const farewell = 300 * time.Millisecond

// Close ends the connection, and the program, which gets a little time to do so by
// itself.
func (p *process) Close() error {
	p.once.Do(func() {
		p.in.Close()
		select {
		case <-p.done:
		case <-time.After(farewell):
			p.kill()
			<-p.done
		}
		p.out.Close()
		if p.keys != "" {
			os.Remove(p.keys)
		}
	})
	return nil
}

// Abort ends the program at once: before a connection is made, there is nothing for it
// to tidy up. [process.Close] is still needed.
func (p *process) Abort() {
	select {
	case <-p.done:
	default:
		p.kill()
	}
}

// kill kills the program, and what it has started where it leads a group of its own.
func (p *process) kill() {
	if a := p.cmd.SysProcAttr; a != nil && a.Setpgid {
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
		return
	}
	_ = p.cmd.Process.Kill()
}

// Explain says how the program ended and what it said last.
func (p *process) Explain() string {
	select {
	case <-p.done:
	case <-time.After(time.Second):
		return p.said.String()
	}
	text := p.said.String()
	if text == "" && p.cmd.ProcessState != nil && !p.cmd.ProcessState.Success() {
		text = p.cmd.Args[0] + " ended: " + p.cmd.ProcessState.String()
	}
	return text
}

// tail keeps the end of what is written to it.
type tail struct {
	to io.Writer // gets everything; may be nil

	mu  sync.Mutex
	buf []byte
}

// tailSize and tailLines bound what a tail keeps and tells.
const (
	tailSize  = 4 << 10
	tailLines = 5
)

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.to != nil {
		_, _ = t.to.Write(b)
	}
	t.buf = append(t.buf, b...)
	if len(t.buf) > tailSize {
		t.buf = bytes.Clone(t.buf[len(t.buf)-tailSize:])
	}
	return len(b), nil
}

// String is the last lines.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := strings.TrimSpace(strings.ReplaceAll(string(t.buf), "\r", ""))
	lines := strings.Split(text, "\n")
	return strings.Join(lines[max(0, len(lines)-tailLines):], "\n")
}
