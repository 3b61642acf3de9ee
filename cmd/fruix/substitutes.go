package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"fruix/builder"
	"fruix/builder/fetch"
	"fruix/builder/substitute"
	"fruix/cmd/internal/report"
	"fruix/store"
	"fruix/store/narinfo"
)

// configDir is the logical folder of what an administrator decides.
const configDir = "/frx/etc/fruix"

// Files in it.
const (
	trustedKeysFile = "trusted-keys"    // public keys, one a line
	aclFile         = "acl"             // public keys in the form of Guix's file of this name
	urlsFile        = "substitute-urls" // servers, one a line
	roomFile        = "min-free"        // how much space shall be free, and until when garbage goes
	secretKeyFile   = "signing-key.sec"
	publicKeyFile   = "signing-key.pub"
)

// configLines reads a file of the configuration: its lines without comments;
// none when there is no file.
func configLines(root, name string) ([]string, error) {
	text, err := readConfig(root, name)
	if err != nil {
		return nil, err
	}
	var out []string
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		if line := strings.TrimSpace(lines.Text()); line != "" && !strings.HasPrefix(line, "#") {
			out = append(out, line)
		}
	}
	return out, lines.Err()
}

// readConfig reads a file of the configuration; "" when there is none. One that everybody
// may write is refused: it says whom to believe.
func readConfig(root, name string) (string, error) {
	file := filepath.Join(root, configDir, name)
	text, mode, err := readWithMode(file)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err == nil && mode&0o002 != 0 {
		err = &report.AdvisedError{
			Err:  fmt.Errorf("%s can be written by everybody, so that nobody knows what it should say", file),
			Hint: "look at what is in it, and put the mode right with \"chmod 644 " + file + "\"",
		}
	}
	return string(text), err
}

// readWithMode reads a file, and tells its mode.
func readWithMode(name string) ([]byte, fs.FileMode, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return nil, 0, err
	}
	text, err := io.ReadAll(f)
	return text, fi.Mode(), err
}

// trustedKeys are whom the administrator of the store under root believes.
func trustedKeys(root string) ([]narinfo.PublicKey, error) {
	lines, err := configLines(root, trustedKeysFile)
	if err != nil {
		return nil, err
	}
	var keys []narinfo.PublicKey
	for _, line := range lines {
		k, err := narinfo.ParsePublicKey(line)
		if err != nil {
			return nil, &report.AdvisedError{
				Err:  fmt.Errorf("%s: %q: %w", filepath.Join(root, configDir, trustedKeysFile), line, err),
				Hint: "remove the line, or make the key trusted again with \"fruix archive --authorize\"",
			}
		}
		keys = append(keys, k)
	}
	acl, err := readConfig(root, aclFile)
	if err != nil {
		return nil, err
	}
	more, err := narinfo.ParsePublicKeys(acl)
	if err != nil {
		return nil, &report.AdvisedError{
			Err:  fmt.Errorf("%s: %w", filepath.Join(root, configDir, aclFile), err),
			Hint: "it is to be an access control list such as Guix's; remove it, and make the keys trusted again with \"fruix archive --authorize\"",
		}
	}
	return append(keys, more...), nil
}

// substituter makes what the options and the configuration ask for; nil when
// nobody is asked.
func (s *session) substituter(root string) (builder.Substituter, error) {
	if s.flags.noSubstitutes || s.flags.Lookup("no-substitutes") == nil {
		return nil, nil
	}
	c, err := s.cacheClient(root)
	if c == nil || err != nil {
		return nil, err
	}
	return caches{c}, nil
}

// cacheClient makes what asks the servers that the options or the configuration name;
// nil when they name none.
func (s *session) cacheClient(root string) (*substitute.Client, error) {
	urls, err := s.substituteURLs(root)
	if err != nil {
		return nil, err
	}
	return s.clientOf(root, urls, func(text string) {
		if !s.flags.quiet {
			s.warn(text)
		}
	})
}

// substituteURLs are the servers that the options name, or else the
// configuration.
func (s *session) substituteURLs(root string) ([]string, error) {
	if s.flags.substituteURLs != "" {
		return strings.Fields(s.flags.substituteURLs), nil
	}
	return configLines(root, urlsFile)
}

// clientOf makes what asks these servers; nil when there are none.
func (s *session) clientOf(root string, urls []string, warn func(text string)) (*substitute.Client, error) {
	if len(urls) == 0 {
		return nil, nil
	}
	keys, err := trustedKeys(root)
	if err != nil {
		return nil, err
	}
	dir := s.flags.storeDir
	if dir == "" {
		dir = store.DefaultStoreDir
	}
	return substitute.New(substitute.Options{
		StoreDir: dir, URLs: urls, Keys: keys, Proxy: fetch.Proxies(s.env.getenv), Warn: warn,
	})
}

// theCaches makes what asks servers for a command that has nothing else to do.
func (s *session) theCaches() (*substitute.Client, error) {
	root, err := s.storeRoot()
	if err != nil {
		return nil, err
	}
	c, err := s.cacheClient(root)
	if err == nil && c == nil {
		err = &report.UsageError{
			Command: s.flags.name, Message: "no server is named",
			Hint: "name some with --substitute-urls, or in " + filepath.Join(root, configDir, urlsFile),
		}
	}
	return c, err
}

// withServers opens a session for a command that asks servers about what the command
// line names, and closes it when do has ended.
func withServers(ctx context.Context, e *environment, f *flags, args []string, do func(s *session, c *substitute.Client) error) error {
	if err := f.check(); err != nil {
		return err
	}
	s := &session{env: e, flags: f, asksItself: true}
	defer s.Close()
	if err := s.start(args); err != nil {
		return err
	}
	if _, err := s.openStore(ctx); err != nil {
		return err
	}
	c, err := s.theCaches()
	if err != nil {
		return err
	}
	return do(s, c)
}

// caches makes a builder.Substituter of a client.
type caches struct{ c *substitute.Client }

func (k caches) Find(ctx context.Context, paths []string, valid func([]string) (map[string]bool, error)) (map[string]builder.Offer, error) {
	found, err := k.c.Find(ctx, paths, valid)
	if err != nil {
		return nil, err
	}
	out := make(map[string]builder.Offer, len(found))
	for p, o := range found {
		out[p] = builder.Offer{
			Info: store.Info{
				Path: o.Path, NarHash: o.NarHash.Sum, NarSize: o.NarSize, References: o.References,
				Deriver: o.Deriver, ContentAddress: o.CA,
			},
			From: o.From(), Download: o.FileSize,
			Open: func(ctx context.Context, progress func(done, total int64)) (io.ReadCloser, error) {
				return k.c.Open(ctx, o, progress)
			},
			Reject: func() bool { return k.c.Reject(o) },
		}
	}
	return out, nil
}
