package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"fruix/builder/access"
	"fruix/builder/client"
	"fruix/builder/remote"
	"fruix/builder/remote/protocol"
	"fruix/builder/remote/transfer"
	"fruix/cmd/internal/report"
	"fruix/store"
	"fruix/store/wire"
)

const copyText = `
Copy objects, and all that they need, to another machine or from there, by ssh. Only
what is missing on the receiving side goes. HOST is [USER@]HOST[:PORT] or a URL
ssh://HOST?program=FILE&root=DIR, when fruix or its store are not where they usually
are over there. ITEM is a path of the store or a package, which is built first when it
is to go, and must have been built over there when it is to come.

What comes from another machine must be signed by a key that is trusted here ("fruix
archive --authorize"), or prove itself, as sources and derivations do. What goes to
one is taken there if that account may write the store; see "fruix serve".
`

// runCopy is "fruix copy".
func runCopy(ctx context.Context, e *environment, args []string) error {
	f := newFlags("copy", "--to=HOST|--from=HOST [OPTION]... ITEM...", copyText)
	to := f.String("to", "", "copy to `HOST`")
	from := f.String("from", "", "copy from `HOST`")
	unsigned := f.Bool("unsigned", false, "with --from, believe HOST: take what is not signed, too")
	expressions := f.StringArrayP("expression", "e", nil, "copy what `EXPR` yields")
	f.addBuildFlags()
	if err := f.parse(args); err != nil {
		return err
	}
	switch {
	case (*to == "") == (*from == ""):
		return f.usage("exactly one of --to and --from is needed")
	case f.NArg()+len(*expressions) == 0:
		return f.usage("nothing to copy is named")
	case *to != "" && *unsigned:
		return f.usage("--unsigned goes with --from")
	}
	m, err := parseHost(*to + *from)
	if err != nil {
		return f.usage("%v", err)
	}
	s, err := open(ctx, e, f, args)
	if err != nil {
		return err
	}
	defer s.Close()
	c := &copying{session: s, machine: m, options: remote.Copying{DryRun: f.dryRun}}
	if *to != "" {
		return c.push(ctx, f.Args(), *expressions)
	}
	return c.pull(ctx, f.Args(), *expressions, *unsigned)
}

// copying is one run of "fruix copy".
type copying struct {
	*session
	machine *machine
	options remote.Copying
}

// link connects to the machine.
func (c *copying) link(ctx context.Context) (*remote.Link, error) {
	o, err := linkOptions(c.store, c.machine)
	if err != nil {
		return nil, err
	}
	l, err := remote.Connect(ctx, c.dialer(c.machine, false), o)
	if err != nil {
		return nil, c.machine.advised(fmt.Errorf("%s: %w", c.machine.name(), err))
	}
	return l, nil
}

// tell says what is going on.
func (c *copying) tell(direction string) {
	if c.flags.quiet {
		return
	}
	done, all := 0, 0
	c.options.Planned = func(objects int, bytes int64) {
		all = objects
		if objects > 0 {
			verb := "copying"
			if c.options.DryRun {
				verb = "would copy"
			}
			c.note("%s %s (%s) %s %s", verb, count(objects, "object"), sizeText(bytes), direction, c.machine.name())
		}
	}
	c.options.Copied = func(i *store.Info) {
		done++
		if c.flags.verbosity >= 1 {
			c.note("[%d/%d] %s", done, all, i.Path)
		}
	}
}

func (c *copying) push(ctx context.Context, items, expressions []string) error {
	roots, err := c.roots(ctx, items, expressions)
	if err != nil {
		return err
	}
	l, err := c.link(ctx)
	if err != nil {
		return err
	}
	defer l.Close()
	c.tell("to")
	copied, err := l.Push(ctx, roots, c.options)
	return c.end(copied, err)
}

// roots are the objects that the items and expressions stand for. What is to be built
// is built.
func (c *copying) roots(ctx context.Context, items, expressions []string) ([]string, error) {
	var roots, names []string
	for _, item := range items {
		if !strings.Contains(item, "/") {
			names = append(names, item)
			continue
		}
		object, _, err := c.store.Find(item)
		if err != nil {
			return nil, err
		}
		roots = append(roots, object)
	}
	goals, err := c.declared(ctx, names, expressions)
	if err == nil {
		err = c.buildGoals(ctx, goals)
	}
	return append(roots, pathsOf(goals)...), err
}

// declared are the goals that packages and expressions stand for.
func (c *copying) declared(ctx context.Context, names, expressions []string) ([]goal, error) {
	if len(names)+len(expressions) == 0 {
		return nil, nil
	}
	goals, err := c.goals(ctx, names, expressions, nil)
	if err == nil {
		err = c.lang.Flush(ctx)
	}
	return goals, err
}

func pathsOf(goals []goal) []string {
	var out []string
	for _, g := range goals {
		out = append(out, g.paths...)
	}
	return out
}

func (c *copying) pull(ctx context.Context, items, expressions []string, unsigned bool) error {
	var roots, names []string
	for _, item := range items {
		switch {
		case strings.HasPrefix(item, c.store.Dir()+"/"):
			roots = append(roots, item)
		case strings.Contains(item, "/"):
			return c.flags.usage("%q is no path of the store; only such can be copied from elsewhere", item)
		default:
			names = append(names, item)
		}
	}
	goals, err := c.declared(ctx, names, expressions)
	if err != nil {
		return err
	}
	roots = append(roots, pathsOf(goals)...)
	if c.options.Take, err = taker(c.store, unsigned); err != nil {
		return err
	}
	l, err := c.link(ctx)
	if err != nil {
		return err
	}
	defer l.Close()
	c.tell("from")
	copied, err := l.Pull(ctx, roots, c.options)
	return c.end(copied, err)
}

// end prints what was copied, and makes the error of the command.
func (c *copying) end(copied []string, err error) error {
	if perr := c.printList(copied); err == nil {
		return perr
	}
	var unsigned *transfer.UnsignedError
	var failure *protocol.Failure
	var rejected *remote.RejectedError
	_, through := c.store.(*client.Client)
	switch {
	case through && errors.As(err, new(*wire.RemoteError)):
		return &report.AdvisedError{Err: err, Hint: "this store is another user's, who may copy what is not signed, and makes a key trusted with \"fruix archive --authorize\""}
	case through && errors.As(err, &unsigned):
		return &report.AdvisedError{Err: err, Hint: "let the owner of this store make the key of " + c.machine.name() + " trusted with \"fruix archive --authorize\""}
	case errors.As(err, &unsigned):
		return &report.AdvisedError{Err: err, Hint: "trust the key of " + c.machine.name() + " with \"fruix archive --authorize\", or believe that machine this once with --unsigned"}
	case through && errors.As(err, &rejected):
		return &report.AdvisedError{Err: fmt.Errorf("%s: %w", c.machine.name(), err), Hint: "over there, \"fruix archive --authorize\" makes a key trusted; the key of this store its owner makes with \"fruix archive --generate-key\""}
	case errors.As(err, &rejected):
		return &report.AdvisedError{Err: fmt.Errorf("%s: %w", c.machine.name(), err), Hint: "over there, \"fruix archive --authorize\" makes a key trusted; \"fruix archive --generate-key\" makes one here"}
	case errors.As(err, &failure):
		return fmt.Errorf("%s: %w", c.machine.name(), err)
	}
	return c.machine.advised(err)
}

// taker takes objects into a store: those that keys sign which are trusted there, or that
// prove themselves; unsigned takes all.
func taker(st access.Store, unsigned bool) (transfer.Taker, error) {
	trust := transfer.Trust{Everybody: unsigned}
	var err error
	if !unsigned {
		trust.Keys, err = trustedKeys(st.Root())
	}
	if err != nil {
		return nil, err
	}
	switch st := st.(type) {
	case *access.Direct:
		return trust.Into(st.Store), nil
	case *client.Client:
		return trust.Through(st.AddObject), nil
	}
	return nil, fmt.Errorf("nothing can be copied to a store of the kind %T", st)
}
