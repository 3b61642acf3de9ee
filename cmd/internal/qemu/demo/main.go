// Command demo boots a disk image of the example system in QEMU, shows its
// console, logs in, asks Shepherd for its services and powers off.
//
//	demo [-host NAME] [-user NAME] [-password WORD] [-limit TIME] IMAGE
//
// It fails when the machine is not up within the limit. With FRUIX_KVM=1 in
// the environment it uses the host's virtualization.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"syscall"
	"time"

	"fruix/cmd/internal/qemu"
)

// show is what the demonstration asks for.
type show struct {
	image, host, user, password string
	limit                       time.Duration
	kvm                         bool
}

func main() {
	var s show
	flag.StringVar(&s.host, "host", "minimal", "the machine's `name`")
	flag.StringVar(&s.user, "user", "root", "the `user` to log in as")
	flag.StringVar(&s.password, "password", "fruix", "the user's `password`")
	flag.DurationVar(&s.limit, "limit", 5*time.Minute, "how `long` the machine may take to be up")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "demo: name one image")
		os.Exit(2)
	}
	s.image, s.kvm = flag.Arg(0), os.Getenv("FRUIX_KVM") == "1"
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := s.run(ctx, os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "\ndemo: %v\n", err)
		os.Exit(1)
	}
}

// run does all; what the machine writes goes to w.
func (s show) run(ctx context.Context, w io.Writer) (err error) {
	tools, err := qemu.Find()
	if err != nil {
		return err
	}
	begin := time.Now()
	m, err := tools.Start(ctx, qemu.Config{Image: s.image, Snapshot: true, KVM: s.kvm, Console: w})
	if err != nil {
		return err
	}
	defer func() {
		if text := m.Messages(); err != nil && text != "" {
			err = fmt.Errorf("%w\nqemu says: %s", err, text)
		}
		_ = m.Close()
	}()
	ready, err := m.Expect(`fruix-ready host=`+regexp.QuoteMeta(s.host)+` system=(\S+)\s`, s.limit)
	if err != nil {
		return err
	}
	up := time.Since(begin)
	// A newline makes getty print its prompt again, below the kernel's lines.
	if err := m.Send("\n"); err != nil {
		return err
	}
	if err := m.Login(s.host, s.user, s.password, time.Minute); err != nil {
		return err
	}
	for _, command := range []string{"cat /var/lib/fruix/ready", "herd status"} {
		_, status, err := m.Run(command, time.Minute)
		if err != nil {
			return err
		}
		if status != 0 {
			return fmt.Errorf("%s: exit status %d", command, status)
		}
	}
	off := time.Now()
	if err := m.Send("herd power-off\n"); err != nil {
		return err
	}
	if err := m.Wait(time.Minute); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "\n\nup=%.1fs\nsystem=%s\npowered_off=%.1fs\n", up.Seconds(), ready[1], time.Since(off).Seconds())
	return err
}
