package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"fruix/builder"
	"fruix/builder/daemon"
	"fruix/builder/socket"
	"fruix/builder/turns"
	"fruix/cmd/internal/report"
	"fruix/store"
	"fruix/store/narinfo"
	"fruix/store/tree"
)

const daemonText = `
Work on the store for users who may not write it, until interrupted: they add,
build, ask and collect garbage, in the protocol of Guix's daemon. Only root, and
the user that the daemon runs as, may repair, import what is not signed and name
other servers. The sockets are printed as soon as clients can connect.
`

// daemonOptions are the options that only the daemon has.
type daemonOptions struct {
	listen                []string
	key                   string
	keepOutputs, keepDrvs yesNo
}

// runDaemon is "fruix daemon".
func runDaemon(ctx context.Context, e *environment, args []string) error {
	f := newFlags("daemon", "[OPTION]...", daemonText)
	o := daemonOptions{keepDrvs: true}
	f.StringArrayVar(&o.listen, "listen", nil, "listen on `SOCKET`: the path of a socket, or HOST or HOST:PORT; may be given several times (default: daemon-socket/socket in the store's state)")
	f.addWorkFlags()
	for _, x := range []struct {
		to         *yesNo
		name, text string
	}{
		{&o.keepOutputs, "gc-keep-outputs", "let derivations that are kept keep their outputs: `YES` or no"},
		{&o.keepDrvs, "gc-keep-derivations", "let objects that are kept keep their derivations: `YES` or no"},
	} {
		f.Var(x.to, x.name, x.text)
		f.Lookup(x.name).NoOptDefVal = "yes"
	}
	f.StringVar(&o.key, "private-key", "", "sign exports with the key in `FILE` (default: "+configDir+"/"+secretKeyFile+")")
	debug := f.Bool("debug", false, "tell what each client asks for")
	if err := f.parse(args); err != nil {
		return err
	}
	if f.NArg() > 0 {
		return f.usage("%q is more than can be used", f.Arg(0))
	}
	if err := f.check(); err != nil {
		return err
	}
	s := &session{env: e, flags: f}
	defer s.Close()
	d, err := s.newDaemon(ctx, o, *debug)
	if err != nil {
		return err
	}
	listeners, err := d.listeners(o.listen)
	if err != nil {
		return err
	}
	for _, l := range listeners {
		fmt.Fprintln(e.stdout, l.Addr())
	}
	return daemon.New(d.config).Serve(ctx, listeners...)
}

// daemonWork is what a daemon does for its clients.
type daemonWork struct {
	s      *session
	store  store.Config
	config daemon.Config
	open   openStores
	turns  *turns.Book // of the machines
}

// newDaemon finds out whether the store can be served, and how.
func (s *session) newDaemon(ctx context.Context, o daemonOptions, debug bool) (*daemonWork, error) {
	c, err := s.storeConfig()
	if err != nil {
		return nil, err
	}
	d := &daemonWork{s: s, store: c}
	// The store speaks as soon as it is opened.
	d.config.Log = s.daemonLog(debug)
	c.OnWait = func(w store.Wait) { d.log(false, waitText(w)) }
	c.OnCollect = func(done store.Collected) {
		d.log(false, fmt.Sprintf("made room: deleted %s, %s", count(len(done.Paths), "object"), sizeText(done.Freed)))
	}
	c.OnFirstUse = func(objects int) { d.log(false, firstUseText(objects)) }
	d.open.config = c
	d.config.URLs = func() ([]string, error) {
		if s.flags.noSubstitutes {
			return nil, nil
		}
		return s.substituteURLs(c.Root)
	}
	if _, err := d.config.URLs(); err != nil {
		return nil, err
	}
	// What is wrong with the store or the configuration is said now, to the
	// administrator, and not to the first client.
	view, closed, err := d.open.view(ctx, nil)
	if err != nil {
		return nil, err
	}
	_, err = view.All(ctx)
	if err == nil {
		err = view.Foreign()
	}
	if err = errors.Join(err, closed()); err != nil {
		return nil, err
	}
	if _, err := trustedKeys(c.Root); err != nil {
		return nil, err
	}
	d.configure(o)
	d.turns = turns.NewBook(view.StatePath(machineTurns), func(text string) { d.log(false, text) })
	return d, nil
}

// daemonLog returns what writes the daemon's messages; details are for debug.
func (s *session) daemonLog(debug bool) func(detail bool, text string) {
	var writing sync.Mutex
	return func(detail bool, text string) {
		if s.flags.quiet || detail && !debug {
			return
		}
		writing.Lock()
		defer writing.Unlock()
		fmt.Fprintf(s.env.stderr, "fruix daemon: %s\n", printable(text))
	}
}

// configure completes the server's configuration.
func (d *daemonWork) configure(o daemonOptions) {
	f, root := d.s.flags, d.store.Root
	d.config.Open = d.open.view
	d.config.Builder = d.builder
	if d.s.env.uid == 0 {
		d.config.Connected = d.welcome
	}
	for name := range d.s.builderOptions(nil).Builtins {
		d.config.Builtins = append(d.config.Builtins, name)
	}
	slices.Sort(d.config.Builtins)
	d.config.Keys = func() ([]narinfo.PublicKey, error) { return trustedKeys(root) }
	d.config.SigningKeys = func() ([]narinfo.SecretKey, error) { return secretKeys(root, o.key) }
	d.config.Defaults = daemon.Options{
		MaxJobs: f.jobs, Cores: f.cores, Rounds: f.rounds, Timeout: f.timeout, MaxSilent: f.silent,
		KeepOutputs: bool(o.keepOutputs), DropDrvs: !bool(o.keepDrvs),
	}
	if f.jobs == 0 {
		d.config.Defaults.MaxJobs = -1 // all goes to other machines
	}
	d.config.EUID = d.s.env.uid
}

// welcome makes the folder of a user's profiles, which is the user's own.
func (d *daemonWork) welcome(p socket.Peer) {
	if !p.Local || p.UID == 0 {
		return
	}
	place, err := store.NewPlace(d.store.Root, d.store.StoreDir, d.store.StateDir)
	if err != nil {
		return
	}
	folder := filepath.Dir(place.UserProfile(accountName(p.UID), "x"))
	if _, err := os.Lstat(folder); err == nil {
		return
	}
	// It appears when it is the user's already.
	temp, err := os.MkdirTemp(filepath.Dir(folder), ".new-")
	if err == nil {
		err = errors.Join(os.Chmod(temp, 0o755), os.Chown(temp, p.UID, p.GID))
	}
	if err == nil {
		err = os.Rename(temp, folder)
	}
	if err != nil {
		os.Remove(temp)
		d.log(false, fmt.Sprintf("cannot make %s: %v", folder, err))
	}
}

func (d *daemonWork) log(detail bool, text string) { d.config.Log(detail, text) }

// printable leaves out what could make a terminal or a log show something else
// than what was written: text may quote what a client has sent.
func printable(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 {
			return '?'
		}
		return r
	}, text)
	return strings.ReplaceAll(text, "\n", "\n  ")
}

// listeners are the sockets that the process was started with, and those that the
// options name.
func (d *daemonWork) listeners(addresses []string) (list []net.Listener, err error) {
	defer func() {
		if err != nil {
			for _, l := range list {
				l.Close()
			}
		}
	}()
	if list, err = socket.Inherited(d.s.env.getenv); err != nil {
		return list, err
	}
	if len(addresses) == 0 && len(list) == 0 {
		place, err := store.NewPlace(d.store.Root, d.store.StoreDir, d.store.StateDir)
		if err != nil {
			return list, err
		}
		addresses = []string{place.StatePath(daemonSocket)}
	}
	for _, address := range addresses {
		l, err := socket.Listen(address)
		var busy *socket.BusyError
		switch {
		case errors.As(err, &busy):
			return list, &report.AdvisedError{Err: err, Hint: "end that one first, or name another socket with --listen"}
		case err != nil:
			return list, fmt.Errorf("cannot listen on %s: %w", address, err)
		}
		list = append(list, l)
	}
	return list, nil
}

// builder makes the builder for a client's request.
func (d *daemonWork) builder(st *store.Store, r daemon.Request) (*builder.Builder, func(), error) {
	o := d.s.builderOptions(r.Progress)
	o.MaxJobs, o.Cores, o.KeepGoing = r.MaxJobs, r.Cores, r.KeepGoing
	o.MaxSilent, o.Timeout, o.Rounds = r.MaxSilent, r.Timeout, r.Rounds
	o.Slot, o.Load, o.Sharing = r.Slot, r.Load, r.Sharing
	if r.KeepFailed {
		o.KeepFailed = os.TempDir()
		if d.s.env.uid == 0 {
			o.KeptOwner = &tree.Owner{UID: r.Peer.UID, GID: r.Peer.GID}
		}
	}
	d.s.addDownloads(o.Builtins, !r.Trusted)
	if !r.Trusted {
		o.Getenv = strangersEnv(o.Getenv)
	}
	if r.Substitutes && !d.s.flags.noSubstitutes {
		urls := r.URLs
		if urls == nil {
			var err error
			if urls, err = d.config.URLs(); err != nil {
				return nil, nil, err
			}
		}
		c, err := d.s.clientOf(d.store.Root, urls, func(text string) { d.log(false, text) })
		if err != nil {
			return nil, nil, err
		}
		if c != nil {
			o.Substitutes = caches{c}
		}
	}
	// Connections are a request's own, as what they have provided is the view's. How
	// many builds go on over them is counted for all.
	others := d.s.fleet(st, d.turns, func(text string) { d.log(false, text) })
	others.cores, others.keep, others.user = r.Cores, r.KeepFailed, r.User
	if !r.KeepHere {
		o.Machines = others.machines
	}
	b := builder.New(st, o)
	// Somebody else may still wait for a build that this request has begun.
	end := func() {
		go func() {
			b.Wait()
			others.close()
		}()
	}
	return b, end, nil
}

// openStores opens the store for the first of several users, and closes it when
// the last one goes: nobody has to wait for a daemon that has nothing to do.
type openStores struct {
	config store.Config
	mu     sync.Mutex
	users  int
	base   *store.Store
}

// view returns a view of the store, with limits of its own, and what ends its use.
func (o *openStores) view(ctx context.Context, limit func(*store.Config)) (*store.Store, func() error, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.base == nil {
		base, err := store.Open(ctx, o.config)
		if err != nil {
			return nil, nil, err
		}
		o.base = base
	}
	o.users++
	st := o.base.View(func(c *store.Config) {
		c.MaxDerivations = maxDerivations
		if limit != nil {
			limit(c)
		}
	})
	return st, func() error { return errors.Join(st.Close(), o.leave()) }, nil
}

// maxDerivations bounds the bytes of derivations that are held for one client.
const maxDerivations = 64 << 20

func (o *openStores) leave() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.users--; o.users > 0 {
		return nil
	}
	base := o.base
	o.base = nil
	return base.Close()
}

// yesNo is an option that is yes or no, as "guix-daemon" has it.
type yesNo bool

// Set implements pflag.Value.
func (y *yesNo) Set(text string) error {
	switch text {
	case "yes", "true":
		*y = true
	case "no", "false":
		*y = false
	default:
		return fmt.Errorf("%q is neither yes nor no", text)
	}
	return nil
}

// String implements pflag.Value.
func (y *yesNo) String() string {
	if *y {
		return "yes"
	}
	return "no"
}

// Type implements pflag.Value.
func (y *yesNo) Type() string { return "YES" }
