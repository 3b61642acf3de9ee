package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"fruix/builder/access"
	"fruix/builder/client"
	"fruix/cmd/internal/report"
	"fruix/store"
	"fruix/store/narinfo"
	"fruix/store/publish"
)

const publishText = `
Serve the store over HTTP, until interrupted. Other machines fetch from it with
"fruix build --substitute-urls=URL", Nix with "nix copy --from URL". What is told
of objects is signed with the key of this store; "fruix archive --generate-key"
makes one.
`

// runPublish is "fruix publish".
func runPublish(ctx context.Context, e *environment, args []string) error {
	f := newFlags("publish", "[OPTION]...", publishText)
	port := f.IntP("port", "p", 8080, "listen on `PORT`; 0 takes any that is free")
	host := f.String("listen", "localhost", "listen on the addresses of `HOST`; \"\" means all")
	compression := f.StringP("compression", "C", "zstd", "how archives are compressed: zstd, gzip or none")
	ttl := f.Duration("ttl", 0, "for how `LONG` clients may keep what they were told, such as 24h")
	priority := f.Int("priority", 40, "which of several servers clients ask first: the one with the least `N`")
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
	}
	s := &session{env: e, flags: f}
	defer s.Close()
	st, err := s.openStore(ctx)
	if err != nil {
		return err
	}
	keys, err := secretKeys(st.Root(), *key)
	switch {
	case errors.Is(err, fs.ErrPermission) && *key == "":
		s.warn("the key of this store is not yours to sign with, so nobody will use what is served; --private-key names another")
	case err != nil:
		return err
	case len(keys) == 0:
		s.warn("there is no key to sign with, so nobody will use what is served; \"fruix archive --generate-key\" makes one")
	}
	source, closed, err := published(st)
	if err != nil {
		return err
	}
	defer closed()
	return serveHTTP(ctx, s, net.JoinHostPort(*host, strconv.Itoa(*port)), publish.Handler(source, publish.Options{
		Keys: keys, Compression: *compression, Priority: *priority, TTL: *ttl, Log: st.ReadLog,
	}))
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

// serveHTTP answers until ctx ends. The address goes to standard output once it is
// listened on, so that programs can wait for it.
func serveHTTP(ctx context.Context, s *session, address string, h http.Handler) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return &report.AdvisedError{Err: fmt.Errorf("cannot listen on %s: %w", address, err), Hint: "choose another port with -p"}
	}
	fmt.Fprintf(s.env.stdout, "http://%s\n", l.Addr())
	server := &http.Server{Handler: h, ReadHeaderTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute}
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		end, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		stopped <- server.Shutdown(end)
	}()
	err = server.Serve(l)
	if errors.Is(err, http.ErrServerClosed) {
		<-stopped
		return nil
	}
	return err
}

// secretKeys reads the key to sign with: none when none is named and none was
// made.
func secretKeys(root, file string) ([]narinfo.SecretKey, error) {
	named := file != ""
	if !named {
		file = filepath.Join(root, configDir, secretKeyFile)
	}
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) && !named {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	k, err := narinfo.ParseSecretKey(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
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
