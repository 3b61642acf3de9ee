package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"fruix/builder"
	"fruix/builder/access"
	"fruix/builder/client"
	"fruix/builder/turns"
	"fruix/cmd/internal/report"
	"fruix/store"
	"fruix/store/narinfo"
	"fruix/store/wire"
)

// openStore makes the store that the options name ready, once: through a daemon when
// one is named or when this user may not write the store, and else to be worked on by
// this process itself.
func (s *session) openStore(ctx context.Context) (access.Store, error) {
	if s.store != nil {
		return s.store, nil
	}
	if address := s.daemonAddress(); address != "" {
		c, err := s.connect(ctx, address)
		var gone *client.UnreachableError
		if errors.As(err, &gone) {
			err = &report.AdvisedError{Err: err, Hint: "\"fruix daemon\" starts one; --daemon-socket and $FRUIX_DAEMON_SOCKET say where it listens"}
		}
		return c, err
	}
	st, err := s.openLocal(ctx)
	foreign := err
	if err == nil {
		foreign = st.Foreign()
	}
	if s.env.uid != 0 && errors.Is(foreign, fs.ErrPermission) {
		if c, cerr := s.connectDefault(ctx); c != nil || cerr != nil {
			return c, cerr
		}
	}
	if err != nil {
		return nil, err
	}
	warn := func(text string) {
		if !s.flags.quiet {
			s.warn(text)
		}
	}
	s.others = s.fleet(st, turns.NewBook(st.StatePath(machineTurns), warn), warn)
	s.store = &access.Direct{
		Store: st,
		Builder: func(p builder.Progress) *builder.Builder {
			o := s.builderOptions(p)
			o.Machines = s.others.machines
			return builder.New(st, o)
		},
		Keys:        func() ([]narinfo.PublicKey, error) { return trustedKeys(st.Root()) },
		SigningKeys: func() ([]narinfo.SecretKey, error) { return secretKeys(st.Root(), "") },
	}
	return s.store, nil
}

// daemonAddress is that of the daemon that the options or the environment name; ""
// when they name none.
func (s *session) daemonAddress() string {
	if s.flags.daemonSocket != "" {
		return s.flags.daemonSocket
	}
	return s.env.getenv("FRUIX_DAEMON_SOCKET")
}

// daemonSocket is where a daemon listens, below the store's state.
const daemonSocket = "daemon-socket/socket"

// usesSystem says whether a user who has named no store, and has none of his own at
// root, uses that of the system: when a daemon serves it.
func (s *session) usesSystem(root string) bool {
	if s.env.uid == 0 {
		return false
	}
	place := func(root string) store.Place {
		p, _ := store.NewPlace(root, s.flags.storeDir, "")
		return p
	}
	if _, err := os.Stat(place(root).StatePath()); !errors.Is(err, fs.ErrNotExist) {
		return false
	}
	fi, err := os.Stat(place("/").StatePath(daemonSocket))
	return err == nil && fi.Mode()&fs.ModeSocket != 0
}

// connectDefault connects to the daemon of a store that this user may not write. It
// returns nothing when none listens and the store can be looked at.
func (s *session) connectDefault(ctx context.Context) (access.Store, error) {
	c, err := s.storeConfig()
	if err != nil {
		return nil, err
	}
	place, err := store.NewPlace(c.Root, c.StoreDir, c.StateDir)
	if err != nil {
		return nil, err
	}
	through, err := s.connect(ctx, place.StatePath(daemonSocket))
	var gone *client.UnreachableError
	if err == nil || !errors.As(err, &gone) {
		return through, err
	}
	whose := "this user may not write it"
	if owner, ok := ownerOf(place.StatePath()); ok {
		whose = "it belongs to " + owner
	}
	return nil, &report.AdvisedError{
		Err:  fmt.Errorf("the store under %s cannot be used, since %s and no daemon answers: %w", c.Root, whose, gone.Err),
		Hint: "let its owner start \"fruix daemon\", or name a store of your own with --root",
	}
}

// ownerOf names the owner of a file.
func ownerOf(name string) (string, bool) {
	fi, err := os.Stat(name)
	if err != nil {
		return "", false
	}
	uid, ok := uidOf(fi)
	if !ok {
		return "", false
	}
	if name := accountName(uid); name != strconv.Itoa(uid) {
		return name, true
	}
	return fmt.Sprintf("the user %d", uid), true
}

// connect connects to a daemon.
func (s *session) connect(ctx context.Context, address string) (access.Store, error) {
	c, err := s.storeConfig()
	if err != nil {
		return nil, err
	}
	if s.substitutes, err = s.substituter(c.Root); err != nil { // for logs
		return nil, err
	}
	place, err := store.NewPlace(c.Root, c.StoreDir, c.StateDir)
	if err != nil {
		return nil, err
	}
	if filepath.IsLocal(address) { // not a URI either
		if abs, err := filepath.Abs(address); err == nil && isSocket(abs) {
			address = abs
		}
	}
	through, err := client.Connect(ctx, client.Options{
		OnWait:  s.onWait,
		Address: address, Place: place, Build: s.wanted(), Notice: func(line string) { s.note("%s", line) },
	})
	if err != nil {
		return nil, err
	}
	s.store = through
	return through, nil
}

func isSocket(name string) bool {
	fi, err := os.Stat(name)
	return err == nil && fi.Mode()&fs.ModeSocket != 0
}

// wanted is what the options ask of a daemon. What they leave open is the daemon's
// to decide.
func (s *session) wanted() wire.Options {
	f := s.flags
	o := wire.Options{
		KeepFailed: f.keepFailed, KeepGoing: f.keepGoing, Fallback: true, UseHook: !f.noOffload, PrintTrace: true,
		UseSubstitutes: !f.noSubstitutes,
		Pairs:          [][2]string{{wire.OptionMultiplexed, "true"}, {wire.OptionExtended, "1"}, {wire.OptionFruix, "1"}},
	}
	seconds := func(d time.Duration) string { return strconv.FormatInt(int64((d+time.Second-1)/time.Second), 10) }
	for _, x := range []struct{ option, name, value string }{
		{"max-jobs", wire.OptionMaxJobs, strconv.Itoa(f.jobs)},
		{"cores", wire.OptionCores, strconv.Itoa(f.cores)},
		{"rounds", wire.OptionRepeat, strconv.Itoa(f.rounds - 1)},
		{"timeout", wire.OptionTimeout, seconds(f.timeout)},
		{"max-silent-time", wire.OptionMaxSilent, seconds(f.silent)},
		{"substitute-urls", wire.OptionURLs, f.substituteURLs},
	} {
		if f.Changed(x.option) && !(s.asksItself && x.name == wire.OptionURLs) {
			o.Pairs = append(o.Pairs, [2]string{x.name, x.value})
		}
	}
	for _, name := range []string{"max-build-memory", "max-build-processes", "max-log-size", "min-free", "max-free", "builders", "no-sync", "disable-deduplication"} {
		if f.Changed(name) {
			s.warn(fmt.Sprintf("--%s means nothing here: the daemon decides that", name))
		}
	}
	return o
}
