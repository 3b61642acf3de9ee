package main

import (
	"context"
	"errors"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"fruix/builder"
	"fruix/builder/client"
	"fruix/builder/remote"
	"fruix/builder/remote/transfer"
	"fruix/builder/turns"
	"fruix/cmd/internal/report"
	"fruix/store"
)

// addMachineFlags adds the options that say which machines there are.
func (f *flags) addMachineFlags() {
	f.StringVar(&f.builders, "builders", "", "hand builds to these `MACHINES`, separated by semicolons: \"ssh://USER@HOST SYSTEMS KEY JOBS SPEED FEATURES\"; - stands for the usual, @FILE for what a file holds (default: those of "+filepath.Join(configDir, machinesFile)+")")
	f.BoolVar(&f.noOffload, "no-offload", false, "hand no build to another machine")
}

// configured are the machines that the options name, or else the administrator; none
// when there are no others.
func (s *session) configured(ctx context.Context) ([]*machine, error) {
	if s.flags.noOffload || s.flags.Lookup("builders") == nil {
		return nil, nil
	}
	if s.flags.builders != "" {
		machines, err := parseBuilders(s.flags.builders)
		if err != nil {
			return nil, s.flags.usage("--builders: %v", err)
		}
		return machines, nil
	}
	root, err := s.storeRoot()
	if err != nil {
		return nil, err
	}
	machines, err := loadMachines(ctx, s.env, filepath.Join(root, configDir, machinesFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return machines, err
}

// linkOptions are those of a connection to a machine, for the store st.
func linkOptions(st interface {
	transfer.Store
	Root() string
}, m *machine) (remote.LinkOptions, error) {
	sign, err := signer(st)
	return remote.LinkOptions{Name: m.name(), Store: st, Program: version, Sign: sign, Parallel: m.parallel}, err
}

// signer is what signs objects of the store st for others: who works through a daemon asks
// that, which has the key.
func signer(st interface{ Root() string }) (transfer.Sign, error) {
	if c, ok := st.(*client.Client); ok {
		return c.Sign, nil
	}
	keys, err := secretKeys(st.Root(), "")
	if errors.Is(err, fs.ErrPermission) {
		err = nil // it is the administrator's; what goes is not signed
	}
	return transfer.SignWith(keys), err
}

// dialer connects to a machine. batch never asks a person for anything.
func (s *session) dialer(m *machine, batch bool) remote.Dialer {
	ssh := m.ssh
	ssh.Program, ssh.Batch = strings.Fields(s.env.getenv("FRUIX_SSH")), batch
	switch {
	case batch:
	case s.flags.json:
		ssh.Messages = noteWriter{s}
	default:
		ssh.Messages = s.env.stderr
	}
	return ssh.Dial
}

// fleet is the machines that builds for one store may go to. They are made when there
// is something to build, and connected to when something could go there.
type fleet struct {
	session *session
	store   *store.Store
	cores   int // for each build; 0 means all
	keep    bool
	warn    func(string)
	// turns are those of the builds that go on at each machine; user is whose they are.
	turns *turns.Book
	user  int

	once sync.Once
	all  []*remote.Machine
	err  error
}

// machineTurns is the folder of a store's state in which processes count what goes on at
// machines.
const machineTurns = "machines"

// fleet is that of the options, for the store st.
func (s *session) fleet(st *store.Store, book *turns.Book, warn func(string)) *fleet {
	return &fleet{session: s, store: st, cores: s.flags.cores, keep: s.flags.keepFailed, warn: warn, turns: book}
}

// machines returns them, the same ones each time.
func (f *fleet) machines(ctx context.Context) ([]builder.Machine, error) {
	f.once.Do(func() { f.all, f.err = f.make(ctx) })
	if f.err != nil {
		return nil, f.err
	}
	out := make([]builder.Machine, len(f.all))
	for i, m := range f.all {
		out[i] = m
	}
	return out, nil
}

func (f *fleet) make(ctx context.Context) ([]*remote.Machine, error) {
	configured, err := f.session.configured(ctx)
	if err != nil {
		return nil, err
	}
	var out []*remote.Machine
	for _, c := range configured {
		link, err := linkOptions(f.store, c)
		if err != nil {
			return nil, err
		}
		out = append(out, remote.NewMachine(remote.MachineOptions{
			LinkOptions: link, Dial: f.session.dialer(c, true), Systems: c.systems, Features: slices.Concat(builder.HostFeatures(), c.features),
			Mandatory: c.mandatory, Speed: c.speed, Cores: f.cores, Builders: builderVersion,
			Keep: f.keep, Warn: f.warn, Turns: f.turns.At(c.place()).Client(f.user, c.parallel),
		}))
	}
	return out, nil
}

// close ends all connections, and what goes on over them.
func (f *fleet) close() {
	var ends sync.WaitGroup
	for _, m := range f.all {
		ends.Go(func() { _ = m.Close() }) // nothing is lost with a connection
	}
	ends.Wait()
}

// advised adds to an error of a connection to a machine what can be done about it.
func (m *machine) advised(err error) error {
	var lost *remote.LostError
	if !errors.As(err, &lost) {
		return err
	}
	hint := "\"ssh " + m.ssh.Host + " true\" must work without a question first"
	switch said := lost.Said; {
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		hint = "connections are made by the program ssh, which must be installed here; FRUIX_SSH names another"
	case strings.Contains(said, "not found"), strings.Contains(said, "No such file"):
		hint = "fruix must be installed over there, where ssh finds programs; or say where it is: ssh://HOST?program=FILE, or (program FILE) in " + machinesFile
	case strings.Contains(said, "Host key verification failed"), strings.Contains(said, "IDENTIFICATION HAS CHANGED"):
		hint = "the machine shows another key than the one that is known: that in " + machinesFile + ", or those in ~/.ssh/known_hosts"
	}
	return &report.AdvisedError{Err: err, Hint: hint}
}

// noteWriter shows text beside the progress, and so as an event for programs.
type noteWriter struct{ s *session }

// Write implements io.Writer. What a program says comes in lines, most often whole.
func (n noteWriter) Write(b []byte) (int, error) {
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimRight(line, "\r\n"); line != "" {
			n.s.note("%s", line)
		}
	}
	return len(b), nil
}
