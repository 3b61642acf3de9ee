package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"

	"fruix/builder"
	"fruix/builder/remote/protocol"
	"fruix/builder/remote/serve"
	"fruix/builder/remote/transfer"
)

const serveText = `
Carry out builds for the fruix at the other end of standard input and output, and
exchange store objects with it. "fruix copy" and builds that are handed to other
machines start this over there, by ssh; people do not.

Whoever is at the other end is believed, since this account may write the store. For
an account that may do nothing else, let sshd run (command="…" in authorized_keys)

  fruix serve --signed

which takes only objects that are signed by a key that is trusted here (see "fruix
archive --authorize") or prove themselves, such as sources and derivations, and keeps
nothing of what it builds.
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

// serveOptions opens the store and says what is served.
func (s *session) serveOptions(ctx context.Context, signed, noBuilds bool) (*serve.Options, error) {
	st, err := s.openLocal(ctx)
	if err != nil {
		return nil, err
	}
	// That this account may not write the store shows here, not in the midst of
	// something.
	place, err := st.TempOutput(st.Dir() + "/00000000000000000000000000000000-serve")
	if err != nil {
		return nil, fmt.Errorf("user %d may not write the store under %s: %w", s.env.uid, st.Root(), err)
	}
	if err := st.Discard(place); err != nil {
		return nil, err
	}
	o := &serve.Options{Store: st, Trust: transfer.Trust{Everybody: !signed}, Status: hostStatus}
	if signed {
		if o.Trust.Keys, err = trustedKeys(st.Root()); err != nil {
			return nil, err
		}
	}
	if o.Keys, err = secretKeys(st.Root(), ""); err != nil && !errors.Is(err, os.ErrPermission) {
		return nil, err
	}
	if !noBuilds {
		local := s.localOptions()
		o.Executor = builder.NewLocal(st, local)
		if !signed {
			local.KeepFailed = os.TempDir()
			o.Keeping = builder.NewLocal(st, local)
		}
	}
	host, _ := os.Hostname() // a machine without a name is as good
	o.Hello = protocol.Hello{
		Program: version, Host: host, Systems: builder.HostSystems(runtime.GOOS, runtime.GOARCH),
		Features: builder.HostFeatures(), Builders: builderVersion, Cores: runtime.NumCPU(),
	}
	return o, nil
}
