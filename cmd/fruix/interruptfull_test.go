package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestLastWords interrupts a command that can do nothing else: it says so in the form
// that is asked for, and ends though nobody reads it.
func TestLastWords(t *testing.T) {
	for name, tt := range map[string]struct{ json, full bool }{"text": {}, "JSON": {json: true}, "full": {full: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := newDir(t)
			file := filepath.Join(dir, "pipe.scm")
			r, w, err := os.Pipe()
			if err = errors.Join(err, unix.Mkfifo(file, 0o600)); err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			defer w.Close()
			if tt.full {
				fill(t, w)
			}
			args := []string{"build", "-f", file}
			if tt.json {
				args = append(args, "--json")
			}
			cmd := exec.Command(binary(t), args...)
			cmd.Env = []string{"FRUIX_ROOT=" + dir + "/root", "XDG_CACHE_HOME=" + dir + "/cache", "HOME=" + dir, "NO_COLOR=1"}
			cmd.Stderr = w
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			stop := time.AfterFunc(30*time.Second, func() { cmd.Process.Kill() })
			defer stop.Stop()
			begun := make(chan error, 1)
			go func() { // open until the end, so that the file is not read to its end
				f, err := os.OpenFile(file, os.O_WRONLY, 0)
				begun <- err
				if err == nil {
					cmd.Wait()
					f.Close()
				}
				begun <- nil
			}()
			if err := <-begun; err != nil {
				t.Fatal(err)
			}
			if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
			<-begun
			if code := cmd.ProcessState.ExitCode(); code != 130 {
				t.Errorf("exit status %d", code)
			}
			w.Close()
			if tt.full {
				return
			}
			var said bytes.Buffer
			said.ReadFrom(r)
			if tt.json {
				if !json.Valid(said.Bytes()) || !bytes.Contains(said.Bytes(), []byte("interrupted")) {
					t.Errorf("it said %q", said.String())
				}
			} else if said.String() != "fruix: interrupted\n" {
				t.Errorf("it said %q", said.String())
			}
		})
	}
}

// fill writes to a pipe until it takes no more.
func fill(t *testing.T, w *os.File) {
	t.Helper()
	fd := int(w.Fd())
	if err := unix.SetNonblock(fd, true); err != nil {
		t.Fatal(err)
	}
	block := make([]byte, 4096)
	var err error
	for err == nil {
		_, err = unix.Write(fd, block)
	}
	if err != unix.EAGAIN {
		t.Fatal(err)
	}
	if err := unix.SetNonblock(fd, false); err != nil {
		t.Fatal(err)
	}
}
