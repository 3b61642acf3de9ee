package repl

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"fruix/interp"
)

// terminal is a pseudo terminal with a dialogue on it. Control characters are
// sent only when a prompt is there: before, the kernel's line discipline would
// interpret them.
type terminal struct {
	t      *testing.T
	master *os.File
	mu     sync.Mutex
	seen   strings.Builder
	from   int // what expect has looked at
	result chan error
}

// openPTY makes a pseudo terminal (pts(4)).
func openPTY(t *testing.T) (master, slave *os.File) {
	t.Helper()
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Skipf("no pseudo terminals: %v", err)
	}
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Skipf("no pseudo terminals: %v", err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Skipf("no pseudo terminals: %v", err)
	}
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo terminals: %v", err)
	}
	unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 80})
	return os.NewFile(uintptr(fd), "ptmx"), slave
}

func talk(t *testing.T, change func(*Config)) *terminal {
	t.Helper()
	master, slave := openPTY(t)
	e, err := interp.New(interp.Options{
		Stdlib: os.DirFS("../../../stdlib"), Stdin: slave, Stdout: slave, Stderr: slave, Dir: t.TempDir(),
	})
	if err != nil {
		t.Fatal(err)
	}
	c := Config{Engine: e, In: slave, Out: slave, Err: slave, NoColor: true, Banner: "Hello.\n"}
	if change != nil {
		change(&c)
	}
	tm := &terminal{t: t, master: master, result: make(chan error, 1)}
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := master.Read(buf)
			tm.mu.Lock()
			tm.seen.Write(buf[:n])
			tm.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	go func() { tm.result <- Run(context.Background(), c) }()
	t.Cleanup(func() { master.Close(); slave.Close() })
	return tm
}

func (tm *terminal) send(keys string) {
	tm.t.Helper()
	if _, err := tm.master.WriteString(keys); err != nil {
		tm.t.Fatal(err)
	}
}

// expect waits until text appears behind what was expected before.
func (tm *terminal) expect(text string) {
	tm.t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		tm.mu.Lock()
		all := tm.seen.String()
		tm.mu.Unlock()
		if i := strings.Index(all[tm.from:], text); i >= 0 {
			tm.from += i + len(text)
			return
		}
		if time.Now().After(end) {
			tm.t.Fatalf("%q does not come; behind what was expected so far there is %q", text, all[tm.from:])
		}
	}
}

// end waits for Run.
func (tm *terminal) end() error {
	tm.t.Helper()
	select {
	case err := <-tm.result:
		return err
	case <-time.After(20 * time.Second):
		tm.t.Fatal("the dialogue does not end")
	}
	return nil
}

const prompt0, prompt1, prompt2 = "scheme@(guile-user)> ", "scheme@(guile-user) [1]> ", "scheme@(guile-user) [2]> "

func TestDialogue(t *testing.T) {
	tm := talk(t, nil)
	tm.expect("Hello.")
	tm.expect(prompt0)
	tm.send("(+ 1 2)\r")
	tm.expect("$1 = 3\r\n")
	tm.expect(prompt0)
	tm.send("(define (f x)\r(* x $1))\r") // a second line, indented
	tm.expect("...   ")
	tm.expect(prompt0)
	tm.send("(f 5) (values 'a \"b\")\r")
	tm.expect("$2 = 15\r\n")
	tm.expect("$3 = a\r\n$4 = \"b\"\r\n")
	tm.send("(car 1)\r")
	tm.expect("<repl>:1:1: error: ")
	tm.expect(prompt1)
	tm.send("(throw 'oops)\r")
	tm.expect(prompt2)
	tm.send(",q\r")
	tm.expect(prompt1)
	tm.send(",bt\r")
	tm.expect("<repl>:1:1")
	tm.send("\x04") // leaves the level
	tm.expect(prompt0)
	tm.send("(let\x03") // gives the text up
	tm.expect(prompt0)
	tm.send("(use-modules (srfi srfi-\x15\x04")
	if err := tm.end(); err != nil {
		t.Error(err)
	}
}

func TestExit(t *testing.T) {
	tm := talk(t, nil)
	tm.expect(prompt0)
	tm.send("(exit 3)\r")
	var e *interp.Error
	if err := tm.end(); !errors.As(err, &e) || e.Status != 3 {
		t.Errorf("%v", err)
	}
}

// TestInterrupt stops an evaluation and goes on. The signal goes to the whole
// process, so that this test cannot run beside others.
func TestInterrupt(t *testing.T) {
	tm := talk(t, nil)
	tm.expect(prompt0)
	tm.send("(begin (display \"run\") (newline) (let loop () (loop)))\r")
	tm.expect("run\r\n")
	syscall.Kill(syscall.Getpid(), syscall.SIGINT)
	tm.expect("interrupted")
	tm.expect("[1]> ")
	tm.send("'still-here\r")
	tm.expect("$1 = still-here")
	tm.expect("[1]> ")
	tm.send("\x04")
	tm.expect(prompt0)
	tm.send("\x04")
	if err := tm.end(); err != nil {
		t.Error(err)
	}
}

// TestInterruptInBreakpoint interrupts an evaluation that was typed while
// another one waits at a breakpoint, which goes on afterwards.
func TestInterruptInBreakpoint(t *testing.T) {
	tm := talk(t, nil)
	tm.expect(prompt0)
	tm.send("(define (g y) (let ((z (list y))) (length z)))\r,break g\r(+ 41 (g 5))\r")
	tm.expect("Breakpoint at")
	tm.expect("[1]> ")
	tm.send("(begin (display \"run\") (newline) (let loop () (loop)))\r")
	tm.expect("run\r\n")
	syscall.Kill(syscall.Getpid(), syscall.SIGINT)
	tm.expect("interrupted")
	tm.expect("[2]> ")
	tm.send(",q\r")
	tm.expect("[1]> ")
	tm.send(",locals\r")
	tm.expect("y = 5")
	tm.send(",q\r")
	tm.expect("= 42")
	tm.expect(prompt0)
	tm.send("\x04")
	if err := tm.end(); err != nil {
		t.Error(err)
	}
}

func TestHistoryAcrossRuns(t *testing.T) {
	file := filepath.Join(t.TempDir(), "deep", "history")
	keep := func(c *Config) { c.HistoryFile = file }
	tm := talk(t, keep)
	tm.expect(prompt0)
	tm.send("(string-append \"a\"\r\"b\")\r")
	tm.expect("$1 = \"ab\"")
	tm.expect(prompt0)
	tm.send("\x04")
	tm.end()
	tm = talk(t, keep)
	tm.expect(prompt0)
	tm.send("\x1b[A\r")
	tm.expect("$1 = \"ab\"")
	tm.expect(prompt0)
	tm.send("\x04")
	tm.end()
}

func TestCompletionKeys(t *testing.T) {
	tm := talk(t, nil)
	tm.expect(prompt0)
	tm.send("(define some-long-name 'found)\r")
	tm.expect(prompt0)
	tm.send("some-l\t\r")
	tm.expect("$1 = found")
	tm.send("(use-modules (ice-9 mat\t)\r")
	tm.expect("match))")
	tm.expect(prompt0)
	tm.send(",disas\t(lambda (x) x)\r")
	tm.expect("(x), ")
	tm.expect(prompt0)
	tm.send("\x04")
	tm.end()
}

func TestDumbTerminal(t *testing.T) {
	tm := talk(t, func(c *Config) { c.Dumb = true })
	tm.expect(prompt0)
	tm.send("(list 1\n")
	tm.expect("... ")
	tm.send("2)\n")
	tm.expect("$1 = (1 2)")
	tm.expect(prompt0)
	tm.send("\x04")
	if err := tm.end(); err != nil {
		t.Error(err)
	}
	tm.mu.Lock()
	defer tm.mu.Unlock()
	if strings.Contains(tm.seen.String(), "\x1b") {
		t.Errorf("control sequences: %q", tm.seen.String())
	}
}
