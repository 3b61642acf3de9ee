//go:build linux

package linux

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"

	"fruix/jail"
	"fruix/jail/linux/stub"
)

// command makes a command that executes p with files as descriptors 3 and on, an
// empty environment and no standard input. done gives up what is needed until the
// command has been started.
func command(ctx context.Context, p *stub.Program, files []*os.File) (cmd *exec.Cmd, done func(), err error) {
	image, err := p.Image()
	if err != nil {
		return nil, nil, &jail.SetupError{Step: "make the first process", Err: err}
	}
	f, err := executable(image)
	if err != nil {
		return nil, nil, err
	}
	// The executable is handed over as the last file, so that its number is known;
	// the keeper closes it.
	cmd = exec.CommandContext(ctx, fmt.Sprintf("/proc/self/fd/%d", 3+len(files)))
	cmd.Args = []string{"fruix-jail"}
	cmd.Env = []string{}
	cmd.Dir = "/"
	cmd.ExtraFiles = append(files[:len(files):len(files)], f)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return cmd, func() { f.Close() }, nil
}

// executable puts an image into a file without a name. Where memory cannot be
// executed, because vm.memfd_noexec forbids it, a file on the disk serves.
func executable(image []byte) (*os.File, error) {
	fail := func(step string, err error) error {
		return &jail.SetupError{Step: step, Err: err, Hint: "the first process of a jail is a small executable in memory, or else in the folder for temporary files ($TMPDIR)"}
	}
	fd, err := unix.MemfdCreate("fruix-jail", unix.MFD_CLOEXEC|unix.MFD_EXEC)
	if err == unix.EINVAL { // before Linux 6.3
		fd, err = unix.MemfdCreate("fruix-jail", unix.MFD_CLOEXEC)
	}
	if err == nil {
		f := os.NewFile(uintptr(fd), "fruix-jail")
		if _, err := f.Write(image); err != nil {
			f.Close()
			return nil, fail("write the first process", err)
		}
		return f, nil
	}
	out, err := os.CreateTemp("", "fruix-jail")
	if err != nil {
		return nil, fail("create the first process", err)
	}
	defer os.Remove(out.Name())
	_, err = out.Write(image)
	if err == nil {
		err = out.Chmod(0o700)
	}
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return nil, fail("write the first process", err)
	}
	// What is open for writing cannot be executed.
	f, err := os.Open(out.Name())
	if err != nil {
		return nil, fail("open the first process", err)
	}
	return f, nil
}
