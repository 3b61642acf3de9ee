package local

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"fruix/builder/builtin"
	"fruix/builder/plan"
	"fruix/jail"
)

// maxMessage bounds a line of a process apart.
const maxMessage = 1 << 20

// apart runs a builder that needs the network in a process of a build user, who has no
// rights but to the build folder, and takes the output from there.
//
// The folder above stays ours, so that the build folder cannot be moved away, and what
// comes out is taken from the open folder and not by the folder's name: no link leads
// root to what is somebody else's.
func (b *build) apart(ctx context.Context, name string) error {
	if err := b.acquireUser(ctx); err != nil {
		return err
	}
	dir, err := os.Open(b.dir)
	if err != nil {
		return err
	}
	defer dir.Close()
	err = b.runApart(ctx, name, dir)
	if terr := b.takeBack(); err == nil {
		err = terr
	}
	if err != nil {
		return err
	}
	// What lies there may be anything, and is moved as it is: it is an output when its
	// hash is right.
	out := b.outputs()["out"]
	if err := unix.Renameat(int(dir.Fd()), builtin.ApartOutput, unix.AT_FDCWD, out); err != nil {
		return &os.LinkError{Op: "rename", Old: filepath.Join(b.dir, builtin.ApartOutput), New: out, Err: err}
	}
	return nil
}

// asBuildUser is this program, to be started again as the build user.
func (b *build) asBuildUser(ctx context.Context, args []string) (*exec.Cmd, error) {
	program := "/proc/self/exe" // wherever it lies, it may be started
	if runtime.GOOS != "linux" {
		var err error
		if program, err = os.Executable(); err != nil {
			return nil, err
		}
	}
	cmd := exec.CommandContext(ctx, program)
	cmd.Args, cmd.Dir, cmd.Env = args, "/", append([]string{"LC_ALL=C"}, b.o.Environ...) // not ours
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Setsid: true,
		// Not in the build users' group, which may make names in the store's directory:
		// unlike a jail this process sees that.
		Credential: &syscall.Credential{Uid: uint32(b.user.UID), Gid: uint32(b.user.UID)},
	}
	// It is asked to end, and must. Where something of it could be left behind, that
	// keeps nobody waiting.
	cmd.WaitDelay = 2 * time.Second
	return cmd, nil
}

func (b *build) runApart(ctx context.Context, name string, dir *os.File) error {
	cmd, err := b.asBuildUser(ctx, builtin.ApartCommand(name))
	if err != nil {
		return err
	}
	cmd.ExtraFiles = []*os.File{dir, b.user.lock}
	cmd.Stderr = b.io.Log
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	defer in.Close()
	cmd.Cancel = in.Close
	request, err := json.Marshal(builtin.ApartRequest{Request: b.r, Limits: apartLimits(b.limits())})
	if err != nil {
		return err
	}
	heard, out := io.Pipe()
	cmd.Stdout = out
	failed := make(chan error, 1)
	go func() { failed <- b.listen(heard) }()
	end, err := startTogether(b.o.Jail, cmd)
	if err != nil {
		out.Close()
		<-failed
		return &plan.FailedError{Status: "failed", Err: fmt.Errorf("start what fetches as a build user: %w (every user must be able to run %s)", err, cmd.Path)}
	}
	_, _ = in.Write(append(request, '\n')) // who does not read it ends
	err = cmd.Wait()
	if eerr := end(); eerr != nil {
		err = eerr
	}
	out.Close()
	said := <-failed
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case said != nil:
		return said
	case errors.Is(err, exec.ErrWaitDelay):
		return nil // it has done its work, and left a process behind
	case err != nil:
		return &plan.FailedError{Status: "failed", Err: fmt.Errorf("the process that fetches has ended with %w", err)}
	}
	return nil
}

// startTogether starts a program as its build user behind a fence of the jail's back
// end, so that all it starts is ended by end, once the program has been waited for.
func startTogether(j jail.Jail, cmd *exec.Cmd) (end func() error, err error) {
	if f, ok := j.(jail.Fencer); ok {
		return f.StartFenced(cmd)
	}
	return func() error { return nil }, cmd.Start()
}

// minApartMemory and minApartProcesses are what Fruix itself needs to fetch anything,
// whatever a build may take.
const (
	minApartMemory    = 256 << 20
	minApartProcesses = 64
)

// apartLimits are those of a jail as far as they can be set for a process. There is no
// bound of the address space among them: Go takes more of that than it uses.
func apartLimits(l jail.Limits) []builtin.ApartLimit {
	// A limit of one byte keeps core dumps from programs of the host, too: see core(5).
	list := []builtin.ApartLimit{{Resource: unix.RLIMIT_CORE, Value: 1}}
	for _, x := range []struct {
		resource     int
		value, least uint64
	}{
		{memoryResource, l.Memory, minApartMemory},
		{unix.RLIMIT_NPROC, l.Processes, minApartProcesses},
		{unix.RLIMIT_FSIZE, l.FileSize, 0},
		{unix.RLIMIT_NOFILE, l.OpenFiles, minApartProcesses},
		{unix.RLIMIT_CPU, uint64((l.CPU + time.Second - 1) / time.Second), 1},
	} {
		if x.value != 0 {
			list = append(list, builtin.ApartLimit{Resource: x.resource, Value: max(x.value, x.least)})
		}
	}
	return list
}

// listen takes what a process apart tells, to the end, and returns why it has failed.
func (b *build) listen(from io.Reader) error {
	defer io.Copy(io.Discard, from) // more than is taken
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, maxMessage)
	var failed error
	for lines.Scan() {
		var m builtin.ApartMessage
		switch {
		case json.Unmarshal(lines.Bytes(), &m) != nil:
		case m.Failed:
			failed = &builtin.PackedError{Packed: m.Error}
		default:
			b.io.Fetched(m.Location, m.Done, m.Total)
		}
	}
	return failed
}
