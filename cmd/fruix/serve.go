package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"runtime"

	"fruix/builder"
	"fruix/builder/access"
	"fruix/builder/client"
	"fruix/builder/remote/protocol"
	"fruix/builder/remote/serve"
	"fruix/store/tree"
)

const serveText = `
Carry out builds for the fruix at the other end of standard input and output, and
exchange store objects with it. "fruix copy" and builds that are handed to other
machines start this over there, by ssh; people do not.

Whoever is at the other end is believed when this account may write the store. For
an account that may do nothing else, let sshd run (command="…" in authorized_keys)

  fruix serve --signed

which takes only objects that are signed by a key that is trusted here (see "fruix
archive --authorize") or prove themselves, such as sources and derivations, and keeps
nothing of what it builds. So it is, too, for an account that uses the store through
its daemon: objects go through that, and builds are this account's own.
`

// runServe is "fruix serve".
func runServe(ctx context.Context, e *environment, args []string) error {
	f := newFlags("serve", "[OPTION]...", serveText)
	jobs := f.IntP("max-jobs", "M", 0, "carry out at most `N` builds at a time; 0: as many as the other side asks for")
	signed := f.Bool("signed", false, "believe nobody but those whose keys are trusted here, and keep nothing that is built")
	noBuilds := f.Bool("no-builds", false, "exchange objects only")
	if err := f.parse(args); err != nil {
		return err
	}
	switch {
	case f.NArg() > 0:
		return f.usage("%q is more than can be used", f.Arg(0))
	case *jobs < 0:
		return f.usage("--max-jobs is %d", *jobs)
	case isTerminal(e.stdin) || isTerminal(e.stdout):
		return f.usage("this is for another fruix, not for a terminal")
	}
	s := &session{env: e, flags: f}
	o, err := s.serveOptions(ctx, *signed, *noBuilds)
	if err != nil {
		return errors.Join(err, serve.Refuse(e.stdout, err))
	}
	defer s.Close()
	o.MaxJobs = *jobs
	err = serve.Serve(ctx, protocol.Duplex(e.stdin, e.stdout), *o)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// serveOptions opens the store and says what is served. An account that may not write the
// store serves it through its daemon, which believes only what is signed or proves itself,
// and keeps nothing of what this account builds.
func (s *session) serveOptions(ctx context.Context, signed, noBuilds bool) (*serve.Options, error) {
	st, err := s.openStore(ctx)
	if err != nil {
		return nil, err
	}
	o := &serve.Options{Status: hostStatus}
	var place interface{ StatePath(...string) string }
	switch st := st.(type) {
	case *access.Direct:
		o.Store, place = st.Store, st
		if !signed {
			o.Keep = st.Store
		}
		// That this account may not write the store shows here, not in the midst of
		// something.
		room, err := st.TempOutput(st.Dir() + "/00000000000000000000000000000000-serve")
		if err != nil {
			return nil, fmt.Errorf("user %d may not write the store under %s: %w", s.env.uid, st.Root(), err)
		}
		if err := st.Discard(room); err != nil {
			return nil, err
		}
	case *client.Client:
		o.Store, place, signed = daemonStore{st}, st, true
	}
	o.Signed = signed
	if o.Take, err = taker(st, !signed); err != nil {
		return nil, err
	}
	if o.Sign, err = signer(st); err != nil {
		return nil, err
	}
	if !noBuilds {
		local := s.localOptions()
		o.Executor = builder.NewLocal(place, local)
		if o.Keep != nil {
			local.KeepFailed = os.TempDir()
			o.Keeping = builder.NewLocal(place, local)
		}
	}
	host, _ := os.Hostname() // a machine without a name is as good
	o.Hello = protocol.Hello{
		Program: version, Host: host, Systems: builder.HostSystems(runtime.GOOS, runtime.GOARCH),
		Features: builder.HostFeatures(), Builders: builderVersion, Cores: runtime.NumCPU(),
	}
	return o, nil
}

// daemonStore is a store behind a daemon, in which this account's builds have no room: they
// write to a folder of its own.
type daemonStore struct{ *client.Client }

// TempOutput implements serve.Store.
func (daemonStore) TempOutput(p string) (string, error) {
	dir, err := os.MkdirTemp("", "fruix-serve-")
	return filepath.Join(dir, path.Base(p)), err
}

// Discard implements serve.Store.
func (daemonStore) Discard(place string) error { return tree.Remove(filepath.Dir(place)) }
