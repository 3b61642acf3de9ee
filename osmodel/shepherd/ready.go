package shepherd

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"fruix/osmodel/shepherd/manager"
)

// Where a machine tells that it is up.
const (
	ReadyFile   = "/var/lib/fruix/ready"
	ConsoleFile = "/dev/console"
)

// How long a process must have lived to count as running, and how long
// services may take to come up before the machine counts as degraded.
const (
	stable       = 500 * time.Millisecond
	readyTimeout = 3 * time.Minute
)

// announcement says what is told, and where, once services are up.
type announcement struct {
	names         []string
	host          string
	file, console string
}

// announce waits until the services are up, or will not be, and tells.
func (s *Shepherd) announce(a announcement) {
	if a.file != "" {
		_ = os.Remove(a.file)
	}
	ctx, cancel := context.WithTimeout(context.Background(), readyTimeout)
	defer cancel()
	go func() {
		select {
		case <-s.stopped:
			cancel()
		case <-ctx.Done():
		}
	}()
	settled := s.manager.AwaitSettled(ctx, a.names, stable)
	s.tell(a, settled)
}

// tell writes the marker file and the line on the console.
func (s *Shepherd) tell(a announcement, settled manager.Settled) {
	system, err := os.Readlink("/run/current-system")
	if err != nil {
		system = "-"
	}
	word := "ready"
	detail := ""
	if len(settled.Failed) > 0 {
		detail += " failed=" + strings.Join(settled.Failed, ",")
	}
	if len(settled.Waiting) > 0 {
		detail += " waiting=" + strings.Join(settled.Waiting, ",")
	}
	if detail != "" {
		word = "degraded"
	}
	if a.file != "" {
		text := fmt.Sprintf("status=%s\nhost=%s\nsystem=%s\ntime=%s\n", word, a.host, system, s.opts.Now().UTC().Format(time.RFC3339))
		for _, d := range strings.Fields(detail) {
			text += d + "\n"
		}
		if err := replaceFile(a.file, text); err != nil {
			s.say("", "cannot tell that the machine is up: "+err.Error())
		}
	}
	line := fmt.Sprintf("fruix-%s host=%s system=%s%s", word, a.host, system, detail)
	s.log.Note(line)
	if a.console == "" {
		return
	}
	f, err := os.OpenFile(a.console, os.O_WRONLY|os.O_APPEND|syscall.O_NOCTTY, 0)
	if err != nil {
		s.say("", "cannot write to the console: "+err.Error())
		return
	}
	defer f.Close()
	fmt.Fprintf(f, "%s\n", line)
}

// announceBroken tells that the configuration could not be loaded.
func (s *Shepherd) announceBroken() {
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "-"
	}
	s.tell(announcement{host: host, file: ReadyFile, console: ConsoleFile}, manager.Settled{Failed: []string{"shepherd-configuration"}})
}

func replaceFile(name, text string) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(name+".new", []byte(text), 0o644); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
}
