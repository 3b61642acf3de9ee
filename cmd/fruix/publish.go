package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"fruix/builder/access"
	"fruix/builder/client"
	"fruix/cmd/internal/report"
	"fruix/store"
	"fruix/store/baked"
	"fruix/store/narinfo"
	"fruix/store/publish"
)

const publishText = `
Serve the store over HTTP, until interrupted. Other machines fetch from it with
"fruix build --substitute-urls=URL", Nix with "nix copy --from URL". What is told
of objects is signed with the key of this store; "fruix archive --generate-key"
makes one. With --user root only listens and reads the key: USER, who needs to be able
to write nothing but the cache, does the rest, and asks "fruix daemon" about the store.
`

// runPublish is "fruix publish".
func runPublish(ctx context.Context, e *environment, args []string) error {
	f := newFlags("publish", "[OPTION]...", publishText)
	port := f.IntP("port", "p", 8080, "listen on `PORT`; 0 takes any that is free")
	host := f.String("listen", "localhost", "listen on the addresses of `HOST`; \"\" means all")
	compression := f.StringP("compression", "C", "zstd", "how archives are compressed: zstd, gzip or none")
	ttl := f.Duration("ttl", 0, "for how `LONG` clients may keep what they were told, such as 24h, and the cache what nobody asks for")
	priority := f.Int("priority", 40, "which of several servers clients ask first: the one with the least `N`")
	cache := addCacheFlags(f)
	user := f.StringP("user", "u", "", "become `USER` as soon as the socket is open and the key is read")
	key := f.String("private-key", "", "sign with the key in `FILE` (default: "+filepath.Join(configDir, secretKeyFile)+")")
	if err := f.parse(args); err != nil {
		return err
	}
	switch {
	case f.NArg() > 0:
		return f.usage("%q is more than can be used", f.Arg(0))
	case *compression != "zstd" && *compression != "gzip" && *compression != "none":
		return f.usage("--compression can be zstd, gzip or none, not %q", *compression)
	case *port < 0 || *port > 65535:
		return f.usage("--port is %d; ports are numbers up to 65535", *port)
	case *ttl < 0:
		return f.usage("--ttl is %v; it is how long something is kept", *ttl)
	case cache.dir != "" && *compression == "none":
		return f.usage("--cache keeps compressed archives, and with --compression=none there are none")
	}
	limits, err := cache.limits(f)
	if err != nil {
		return err
	}
	limits.Limits.Age = *ttl
	s := &session{env: e, flags: f}
	defer s.Close()
	root, err := s.storeRoot()
	if err != nil {
		return err
	}
	var account *account
	if *user != "" {
		if account, err = s.servingAccount(*user); err != nil {
			return err
		}
	}
	keys, err := secretKeys(root, *key)
	switch {
	case errors.Is(err, fs.ErrPermission) && *key == "":
		s.warn("the key of this store is not yours to sign with, so nobody will use what is served; --private-key names another")
	case err != nil:
		return err
	case len(keys) == 0:
		s.warn("there is no key to sign with, so nobody will use what is served; \"fruix archive --generate-key\" makes one")
	}
	l, err := listen(net.JoinHostPort(*host, strconv.Itoa(*port)))
	if err != nil {
		return err
	}
	defer l.Close() // that it is closed already is no error
	if account != nil {
		if err := account.become(); err != nil {
			return err
		}
		// The store is the same, and asked as any user asks it.
		as := *e
		as.uid = account.uid
		s.env, f.root = &as, root
	}
	st, err := s.openStore(ctx)
	if err != nil {
		return err
	}
	source, closed, err := published(st)
	if err != nil {
		return err
	}
	defer closed()
	o := publish.Options{Keys: keys, Compression: *compression, Priority: *priority, TTL: *ttl, Log: st.ReadLog}
	if cache.dir != "" {
		end, err := s.bake(ctx, source, &o, cache.dir, limits)
		if err != nil {
			return err
		}
		defer end()
	}
	// Programs wait for the address.
	if _, err := fmt.Fprintf(e.stdout, "http://%s\n", l.Addr()); err != nil {
		return errors.Join(err, l.Close())
	}
	return publish.Serve(ctx, l, publish.Handler(source, o), publish.Bounds{})
}

// cacheFlags are the options about archives that are kept compressed.
type cacheFlags struct {
	dir, bypass, size string
	workers           int
}

func addCacheFlags(f *flags) *cacheFlags {
	c := new(cacheFlags)
	f.StringVarP(&c.dir, "cache", "c", "", "keep compressed archives in `DIR`; they are made after somebody has asked")
	f.StringVar(&c.bypass, "cache-bypass-threshold", "10M", "serve objects of up to `SIZE` while their archives are not in the cache")
	f.StringVar(&c.size, "cache-size", "", "keep at most so many bytes, `SIZE`, in the cache (default: no limit)")
	f.IntVar(&c.workers, "workers", runtime.NumCPU(), "compress `N` archives for the cache at a time")
	return c
}

// limits reads the options.
func (c *cacheFlags) limits(f *flags) (o publish.BakeryOptions, err error) {
	for _, name := range []string{"cache-bypass-threshold", "cache-size", "workers"} {
		if f.Changed(name) && c.dir == "" {
			return o, f.usage("--%s is about the cache; name one with --cache", name)
		}
	}
	if f.Changed("cache") && c.dir == "" {
		return o, f.usage("--cache names no folder")
	}
	if o.Workers = c.workers; o.Workers < 1 {
		return o, f.usage("--workers is %d; at least one is needed", o.Workers)
	}
	if c.bypass == "0" {
		c.bypass = "" // nothing is so small
	}
	err = f.sizes(size{"--cache-bypass-threshold", c.bypass, &o.Bypass}, size{"--cache-size", c.size, &o.Limits.Bytes})
	return o, err
}

// bake lets archives be compressed for the folder dir until end is called.
func (s *session) bake(ctx context.Context, from publish.Source, o *publish.Options, dir string, limits publish.BakeryOptions) (end func(), err error) {
	if limits.Folder, err = baked.New(dir, time.Now, limits.Limits.Age); err != nil {
		return nil, &report.AdvisedError{Err: fmt.Errorf("--cache: %w", err), Hint: "name a folder that you may write to"}
	}
	limits.Warn = s.warn
	o.Bakery = publish.NewBakery(from, limits)
	ctx, cancel := context.WithCancel(ctx)
	var baking sync.WaitGroup
	baking.Go(func() { o.Bakery.Run(ctx) })
	return func() {
		cancel()
		baking.Wait()
	}, nil
}

// published is a store as it is served, for which nothing is kept from being collected,
// and what ends its use.
func published(st access.Store) (publish.Source, func() error, error) {
	switch st := st.(type) {
	case *access.Direct:
		return st.Store, func() error { return nil }, nil
	case *client.Client:
		l := st.Onlooker()
		return l, l.Close, nil
	}
	return nil, nil, fmt.Errorf("a store of the kind %T cannot be served", st)
}

// listen listens on an address.
func listen(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	var unknown *net.DNSError
	var unfit *net.AddrError
	switch {
	case errors.As(err, &unknown), errors.As(err, &unfit):
		return nil, &report.AdvisedError{Err: fmt.Errorf("cannot listen on %s: %w", address, err), Hint: "--listen names this machine, or an address that it has"}
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return nil, &report.AdvisedError{Err: fmt.Errorf("cannot listen on %s: %w", address, err), Hint: "--listen names an address that this machine has; \"\" means all of them"}
	case err != nil:
		return nil, &report.AdvisedError{Err: fmt.Errorf("cannot listen on %s: %w", address, err), Hint: "choose another port with -p"}
	}
	return l, nil
}

// secretKeys reads the key to sign with: none when none is named and none was
// made. The store's own is refused when everybody can read it.
func secretKeys(root, file string) ([]narinfo.SecretKey, error) {
	named := file != ""
	if !named {
		file = filepath.Join(root, configDir, secretKeyFile)
	}
	text, mode, err := readWithMode(file)
	if errors.Is(err, os.ErrNotExist) && !named {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	k, err := narinfo.ParseSecretKey(strings.TrimSpace(string(text)))
	if err != nil {
		err = fmt.Errorf("%s: %w", file, err)
		if !named {
			err = &report.AdvisedError{Err: err, Hint: "it holds no key: remove it, and \"fruix archive --generate-key\" makes one"}
		}
		return nil, err
	}
	if !named && mode&0o007 != 0 {
		return nil, &report.AdvisedError{
			Err:  fmt.Errorf("%s can be read by everybody, so that everybody can sign with it", file),
			Hint: "if nobody has, \"chmod 400 " + file + "\" will do; else remove it, let \"fruix archive --generate-key\" make another, and let nobody trust it any more",
		}
	}
	return []narinfo.SecretKey{k}, nil
}

// storeRoot is the root that the options name.
func (s *session) storeRoot() (string, error) {
	if s.flags.root != "" {
		return filepath.Abs(s.flags.root)
	}
	root, err := store.DefaultRoot(s.env.uid, s.env.getenv)
	if s.env.getenv("FRUIX_ROOT") == "" && (s.daemonAddress() != "" || err == nil && s.usesSystem(root)) {
		return "/", nil
	}
	return root, err
}
