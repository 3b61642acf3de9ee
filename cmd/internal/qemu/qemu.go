// Package qemu starts disk images in QEMU under UEFI and talks with what runs
// there over the first serial line.
//
// Tests and the demonstration use it. It needs Debian's packages
// qemu-system-x86 and ovmf, or the same programs from elsewhere. Options are
// those of qemu-system-x86_64(1); the firmware is in two flash files, code
// and variables, as described in OVMF's README.
package qemu

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// Tools says where the emulator and its firmware are.
type Tools struct {
	QEMU string // qemu-system-x86_64
	Code string // the firmware's program
	Vars string // the firmware's variables, as they are at first
}

// firmware lists the pairs of code and variables that systems install.
var firmware = [][2]string{
	{"/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"},
	{"/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"},
	{"/usr/share/edk2/x64/OVMF_CODE.4m.fd", "/usr/share/edk2/x64/OVMF_VARS.4m.fd"},
	{"/usr/share/edk2/ovmf/OVMF_CODE.fd", "/usr/share/edk2/ovmf/OVMF_VARS.fd"},
	{"/usr/local/share/edk2-qemu/QEMU_UEFI_CODE-x86_64.fd", "/usr/local/share/edk2-qemu/QEMU_UEFI_VARS-x86_64.fd"},
}

// Find looks for the emulator in $PATH and for the firmware where systems put
// it. The error says which of them is missing and what to install.
func Find() (*Tools, error) {
	program, err := exec.LookPath("qemu-system-x86_64")
	if err != nil {
		return nil, errors.New("qemu-system-x86_64 is not installed (Debian: apt-get install qemu-system-x86)")
	}
	for _, pair := range firmware {
		if readable(pair[0]) && readable(pair[1]) {
			return &Tools{QEMU: program, Code: pair[0], Vars: pair[1]}, nil
		}
	}
	return nil, errors.New("UEFI firmware for QEMU is not installed (Debian: apt-get install ovmf)")
}

func readable(name string) bool {
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	_ = f.Close()
	return true
}

// Config describes a machine.
type Config struct {
	// Image is the raw disk image.
	Image string
	// Snapshot leaves Image as it is: what the machine writes is forgotten.
	Snapshot bool
	// Memory is in MiB; 0 means 768.
	Memory int
	// CPUs is how many processors the machine has; 0 means 2.
	CPUs int
	// KVM uses the host's virtualization where it is there. Otherwise, and
	// where it fails, instructions are translated (TCG), which works
	// everywhere.
	KVM bool
	// Console, if not nil, gets the serial line's text as it comes, without
	// control sequences.
	Console io.Writer
}

// Arguments are the emulator's for the machine c, with its variables in vars.
func (t *Tools) arguments(c Config, vars string) []string {
	memory, cpus := c.Memory, c.CPUs
	if memory == 0 {
		memory = 768
	}
	if cpus == 0 {
		cpus = 2
	}
	snapshot := "off"
	if c.Snapshot {
		snapshot = "on"
	}
	args := []string{"-machine", "q35", "-nodefaults", "-no-user-config"}
	if c.KVM {
		args = append(args, "-accel", "kvm")
	}
	return append(args,
		"-accel", "tcg,thread=multi", "-cpu", "max",
		"-smp", strconv.Itoa(cpus), "-m", strconv.Itoa(memory),
		"-drive", "if=pflash,format=raw,readonly=on,file="+escape(t.Code),
		"-drive", "if=pflash,format=raw,file="+escape(vars),
		"-drive", "if=virtio,format=raw,snapshot="+snapshot+",file="+escape(c.Image),
		"-netdev", "user,id=net,restrict=on", "-device", "virtio-net-pci,netdev=net,romfile=",
		"-device", "virtio-rng-pci",
		"-display", "none", "-monitor", "none",
		"-chardev", "stdio,id=line,signal=off", "-serial", "chardev:line")
}

// escape doubles commas, which end a value in QEMU's options.
func escape(name string) string {
	var b []byte
	for i := range len(name) {
		if name[i] == ',' {
			b = append(b, ',')
		}
		b = append(b, name[i])
	}
	return string(b)
}

// Machine is a machine that runs.
type Machine struct {
	*Console
	command *exec.Cmd
	dir     string
	// ended is closed when the emulator has ended; err is its result.
	ended    chan struct{}
	err      error
	messages tail
}

// Start starts a machine. It ends when it powers itself off, when ctx does,
// or with Close, which must be called in any case.
func (t *Tools) Start(ctx context.Context, c Config) (*Machine, error) {
	dir, err := os.MkdirTemp("", "fruix-qemu-")
	if err != nil {
		return nil, err
	}
	m := &Machine{dir: dir, ended: make(chan struct{})}
	if err := m.start(ctx, t, c); err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	return m, nil
}

func (m *Machine) start(ctx context.Context, t *Tools, c Config) error {
	vars := filepath.Join(m.dir, "vars.fd")
	if err := copyFile(vars, t.Vars); err != nil {
		return err
	}
	m.command = exec.CommandContext(ctx, t.QEMU, t.arguments(c, vars)...)
	m.command.WaitDelay = 10 * time.Second
	m.command.Stderr = &m.messages
	in, err := m.command.StdinPipe()
	if err != nil {
		return err
	}
	out, err := m.command.StdoutPipe()
	if err != nil {
		return err
	}
	m.Console = newConsole(in, c.Console)
	if err := m.command.Start(); err != nil {
		return err
	}
	go func() {
		m.read(out)
		m.err = m.command.Wait()
		close(m.ended)
	}()
	return nil
}

// Wait waits until the machine has powered itself off. It fails when that
// takes longer than limit or when the emulator failed.
func (m *Machine) Wait(limit time.Duration) error {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-m.ended:
		if m.err != nil {
			return fmt.Errorf("qemu: %w: %s", m.err, m.messages.String())
		}
		return nil
	case <-timer.C:
		return fmt.Errorf("the machine is still on after %v", limit)
	}
}

// Close takes the power away, if the machine is still on, and removes its
// temporary files.
func (m *Machine) Close() error {
	select {
	case <-m.ended:
	default:
		_ = m.command.Process.Kill()
		<-m.ended
	}
	return os.RemoveAll(m.dir)
}

// Messages returns the end of what the emulator itself printed.
func (m *Machine) Messages() string { return m.messages.String() }

func copyFile(to, from string) error {
	body, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, body, 0o600)
}

// CopyImage copies a disk image to the new file to, with holes where the
// image is zero.
func CopyImage(to, from string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	buffer, zero := make([]byte, 1<<16), make([]byte, 1<<16)
	var at int64
	for {
		n, err := io.ReadFull(in, buffer)
		if n > 0 && string(buffer[:n]) != string(zero[:n]) {
			if _, err := out.WriteAt(buffer[:n], at); err != nil {
				return err
			}
		}
		at += int64(n)
		switch {
		case err == io.EOF || err == io.ErrUnexpectedEOF:
			return out.Truncate(at)
		case err != nil:
			return err
		}
	}
}
