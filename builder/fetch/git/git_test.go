package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/zlib"

	"fruix/builder/fetch"
	"fruix/builder/remote"
)

// theGit is the real git, with repositories in a folder of the test's own.
type theGit struct {
	t    *testing.T
	home string
}

func realGit(t *testing.T) *theGit {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("needs git")
	}
	return &theGit{t, t.TempDir()}
}

func (g *theGit) run(dir string, args ...string) string {
	g.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = []string{
		"HOME=" + g.home, "PATH=" + os.Getenv("PATH"), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_COUNT=2",
		"GIT_CONFIG_KEY_0=protocol.file.allow", "GIT_CONFIG_VALUE_0=always",
		"GIT_CONFIG_KEY_1=init.defaultBranch", "GIT_CONFIG_VALUE_1=main",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.org", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.org",
		"GIT_AUTHOR_DATE=1000000000 +0000", "GIT_COMMITTER_DATE=1000000000 +0000",
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		g.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

func put(t *testing.T, dir, name, text string, mode os.FileMode) {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// sample makes repositories: "inner", "middle" with inner as a submodule, and
// "outer" with both.
func (g *theGit) sample(format string) {
	t := g.t
	for _, name := range []string{"inner", "middle", "outer"} {
		g.run(g.home, "init", "-q", "--object-format="+format, name)
	}
	inner, middle, outer := filepath.Join(g.home, "inner"), filepath.Join(g.home, "middle"), filepath.Join(g.home, "outer")
	put(t, inner, "in.txt", "inner\n", 0o644)
	g.run(inner, "add", ".")
	g.run(inner, "commit", "-q", "-m", "one")
	put(t, middle, "mid.txt", "middle\n", 0o644)
	g.run(middle, "submodule", "--quiet", "add", "../inner", "deep/inner")
	g.run(middle, "add", ".")
	g.run(middle, "commit", "-q", "-m", "one")

	long := strings.Repeat("a line that stays the same from one commit to the next\n", 2000)
	put(t, outer, "first", long, 0o644)
	g.run(outer, "add", ".")
	g.run(outer, "commit", "-q", "-m", "first")
	g.run(outer, "tag", "v1.0")
	put(t, outer, "first", long+"and one more\n", 0o644)
	put(t, outer, "second", "0"+long, 0o644)
	put(t, outer, "bin/run", "#!/bin/sh\n", 0o755)
	put(t, outer, "empty", "", 0o644)
	put(t, outer, "dir.x/a", "a", 0o644)
	put(t, outer, "dir/a", "a", 0o644)
	put(t, outer, "dir/ü \"quoted\"\n", "odd", 0o644)
	put(t, outer, "dos/a.bat", "one\ntwo\r\nthree\n", 0o644)
	put(t, outer, "dos/auto.bat", "one\ntwo\n", 0o644)
	put(t, outer, "dos/binary.bat", "one\x00\ntwo\n", 0o644)
	put(t, outer, "dos/kept.txt", "one\ntwo\n", 0o644)
	put(t, outer, "dos/deep/x.cmd", "one\ntwo\n", 0o644)
	put(t, outer, "ident.c", "/* $Id$ and $Id: old $ and $Id: of another kind $ and $Ident$ $Id\n */\n", 0o644)
	put(t, outer, ".gitattributes", "# comment\n[attr]dos eol=crlf\n*.bat text=auto eol=crlf\n/dos/a.bat text\n*.c ident\ndos/**/x.cmd dos text\nkept.txt eol=crlf -text\n", 0o644)
	put(t, outer, "dos/.gitattributes", "\"binary.bat\" binary\n*.none eol=crlf\n", 0o644)
	for name, target := range map[string]string{"link": "first", "dangling": "/nowhere/at all", "dir/up": "../second"} {
		if err := os.Symlink(target, filepath.Join(outer, name)); err != nil {
			t.Fatal(err)
		}
	}
	g.run(outer, "submodule", "--quiet", "add", "../inner", "sub/inner")
	g.run(outer, "submodule", "--quiet", "add", g.home+"/middle", "sub/middle")
	g.run(outer, "config", "-f", ".gitmodules", "submodule.sub/middle.url", "./../middle")
	g.run(outer, "add", ".")
	g.run(outer, "commit", "-q", "-m", "second")
	g.run(outer, "tag", "-a", "-m", "annotated", "v2.0")
	g.run(outer, "tag", "-a", "-m", "a tag of a tag", "v2.0-again", "v2.0")
	g.run(outer, "gc", "-q")
	put(t, outer, "third", "loose", 0o644)
	g.run(outer, "add", ".")
	g.run(outer, "commit", "-q", "-m", "third")
}

// serve offers the repositories by smart HTTP. Without v2 the server does not
// see that the client knows version 2 of the protocol.
func (g *theGit) serve(v2 bool, config ...string) string {
	exe := filepath.Join(g.run(g.home, "--exec-path"), "git-http-backend")
	if _, err := os.Stat(exe); err != nil {
		g.t.Skip("needs git-http-backend")
	}
	env := []string{"GIT_PROJECT_ROOT=" + g.home, "GIT_HTTP_EXPORT_ALL=1", "HOME=" + g.home, "GIT_CONFIG_NOSYSTEM=1"}
	env = append(env, fmt.Sprintf("GIT_CONFIG_COUNT=%d", 1+len(config)), "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*")
	for i, c := range config {
		key, value, _ := strings.Cut(c, "=")
		env = append(env, fmt.Sprintf("GIT_CONFIG_KEY_%d=%s", i+1, key), fmt.Sprintf("GIT_CONFIG_VALUE_%d=%s", i+1, value))
	}
	backend := &cgi.Handler{Path: exe, Env: env, Stderr: io.Discard}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !v2 {
			r.Header.Del("Git-Protocol")
		}
		if rest, ok := strings.CutPrefix(r.URL.Path, "/moved"); ok {
			http.Redirect(w, r, rest+"?"+r.URL.RawQuery, http.StatusMovedPermanently)
			return
		}
		backend.ServeHTTP(w, r)
	}))
	g.t.Cleanup(s.Close)
	return s.URL
}

// listing describes a tree: a line for each file.
func listing(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, file)
		info, err := d.Info()
		if err != nil {
			return err
		}
		switch {
		case d.Name() == ".git":
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir():
			fmt.Fprintf(&b, "%q folder\n", rel)
		case d.Type()&fs.ModeSymlink != 0:
			target, _ := os.Readlink(file)
			fmt.Fprintf(&b, "%q -> %q\n", rel, target)
		default:
			text, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			if len(text) > 200 {
				text = append(text[:100:100], fmt.Sprintf("… %x", nameOf(blobKind, text, 20))...)
			}
			fmt.Fprintf(&b, "%q %v %q\n", rel, info.Mode()&0o100 != 0, text)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func fetcher() *Fetcher {
	return &Fetcher{HTTP: &fetch.HTTP{Tries: 2, Backoff: time.Millisecond, Stall: 20 * time.Second}, SSH: notSSH}
}

// notSSH runs the command here.
func notSSH(_ context.Context, user, host string, port int, command []string) (io.ReadWriteCloser, error) {
	if user != "me" || host != "example.org" || port != 222 && port != 0 {
		return nil, fmt.Errorf("%s@%s:%d", user, host, port)
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir = "/"
	return remote.Start(cmd)
}

// files offers repositories as files.
func (g *theGit) files(names ...string) string {
	for _, name := range names {
		g.run(filepath.Join(g.home, name), "update-server-info")
	}
	files := http.FileServer(http.Dir(g.home))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, file, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		r.URL.Path = "/" + name + "/.git/" + file
		if file == "info/refs" {
			w.Header().Set("Content-Type", "text/plain")
		}
		files.ServeHTTP(w, r)
	}))
	g.t.Cleanup(s.Close)
	return s.URL
}

// daemon offers the repositories as a git daemon does; there is one for each connection,
// so that no port is chosen that somebody else takes meanwhile.
func (g *theGit) daemon() string {
	t := g.t
	if _, err := os.Stat(filepath.Join(g.run(g.home, "--exec-path"), "git-daemon")); err != nil {
		t.Skip("needs git-daemon")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			f, err := c.(*net.TCPConn).File()
			c.Close()
			if err != nil {
				t.Error(err)
				return
			}
			cmd := exec.Command("git", "daemon", "--inetd", "--export-all", "--informative-errors", "--base-path="+g.home)
			cmd.Stdin, cmd.Stdout = f, f
			if err := cmd.Start(); err != nil {
				t.Error(err)
			} else {
				running.Go(func() { _ = cmd.Wait() }) // a client that goes away ends it with an error
			}
			f.Close()
		}
	})
	t.Cleanup(func() {
		l.Close()
		running.Wait()
	})
	return "git://" + l.Addr().String()
}

func get(t *testing.T, s Source) (string, error) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "out")
	err := fetcher().Fetch(t.Context(), s, dir, func(string, int64) {})
	if err != nil {
		if _, serr := os.Lstat(dir); serr == nil {
			t.Error("a folder is left behind")
		}
		return "", err
	}
	return listing(t, dir), nil
}

// What is checked out is what git itself checks out.
func TestAsGit(t *testing.T) {
	for _, format := range []string{"sha1", "sha256"} {
		t.Run(format, func(t *testing.T) {
			g := realGit(t)
			g.sample(format)
			outer := filepath.Join(g.home, "outer")
			places := map[string]string{
				"file": "file://" + g.home, "v2": g.serve(true), "v0": g.serve(false),
				"old":   g.serve(false, "uploadpack.allowTipSHA1InWant=false", "uploadpack.allowReachableSHA1InWant=false"),
				"moved": g.serve(true) + "/moved", "daemon": g.daemon(), "dumb": g.files("inner", "middle", "outer"),
				"ssh": "ssh://me@example.org:222" + g.home, "as scp": "me@example.org:" + g.home,
			}
			revs := map[string]string{"annotated": "v2.0", "commit": g.run(outer, "rev-parse", "v1.0")}
			if format == "sha1" {
				revs["tag"], revs["of a tag"], revs["branch"] = "v1.0", "v2.0-again", "main"
				revs["whole name"], revs["HEAD"] = "refs/tags/v2.0", "HEAD"
				revs["commit of a tag"] = g.run(outer, "rev-parse", "v2.0^{commit}")
			} else {
				delete(places, "old") // it knows one format only
				delete(places, "ssh")
				delete(places, "as scp")
			}
			for name, rev := range revs {
				for _, recursive := range []bool{false, true} {
					if recursive && name != "annotated" {
						continue
					}
					clone := filepath.Join(t.TempDir(), "clone")
					g.run(g.home, "clone", "-q", outer, clone)
					g.run(clone, "checkout", "-q", rev)
					if recursive {
						g.run(clone, "submodule", "--quiet", "update", "--init", "--recursive")
					}
					want := listing(t, clone)
					for place, url := range places {
						t.Run(fmt.Sprint(name, " ", place, " ", recursive), func(t *testing.T) {
							got, err := get(t, Source{URL: url + "/outer", Rev: rev, Recursive: recursive})
							if err != nil {
								t.Fatal(err)
							}
							if got != want {
								t.Errorf("got:\n%s\nwant:\n%s", got, want)
							}
						})
					}
				}
			}
		})
	}
}

func TestErrors(t *testing.T) {
	g := realGit(t)
	g.sample("sha1")
	smart, daemon, plain := g.serve(true), g.daemon(), g.files("outer")
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/dumb"):
			w.Header().Set("Content-Type", "text/plain")
			fmt.Fprint(w, "Welcome!\n")
		case strings.HasPrefix(r.URL.Path, "/secret"):
			w.WriteHeader(http.StatusUnauthorized)
		case strings.HasPrefix(r.URL.Path, "/garbage"):
			w.Header().Set("Content-Type", advertisement)
			fmt.Fprint(w, "zzzz")
		case strings.HasPrefix(r.URL.Path, "/cut"):
			w.Header().Set("Content-Type", advertisement)
			fmt.Fprint(w, "001e# service=git-up")
		case strings.HasPrefix(r.URL.Path, "/says"):
			w.Header().Set("Content-Type", advertisement)
			fmt.Fprint(w, "0011ERR go away!\n")
		default:
			w.Header().Set("Content-Type", "text/html")
		}
	}))
	defer other.Close()
	absent := strings.Repeat("12", 20)
	for _, tt := range []struct{ url, rev, want string }{
		{smart + "/outer", "1.0", `has no tag, branch or commit "1.0"; did you mean v1.0`},
		{smart + "/outer", "v2.1", `did you mean v2.0`},
		{smart + "/outer", "deadbee", `must be given with all 40 digits`},
		{smart + "/outer", absent, `/outer has no commit "` + absent + `"`},
		{"file://" + g.home + "/outer", absent, `has no commit "` + absent + `"`},
		{"file://" + g.home + "/outer", "v3", `has no tag, branch or commit "v3"`},
		{"file://" + g.home, "v3", "is no git repository"},
		{"file://" + g.home + "/nothing", "v3", "no such file"},
		{smart + "/nothing", "v1", "the server says 404 Not Found"},
		{smart + "/outer", "a\nb", "is no name of a tag"},
		{smart + "/outer", "", "is no name of a tag"},
		{other.URL + "/dumb", "v1", "its list of references is something else"},
		{plain + "/outer", "1.0", `has no tag, branch or commit "1.0"; did you mean v1.0`},
		{plain + "/outer", absent, `/outer has no commit "` + absent + `"`},
		{other.URL + "/html", "v1", "there is no git repository (the server sent text/html)"},
		{other.URL + "/secret", "v1", "401 Unauthorized; there is no such repository, or not everybody may read it"},
		{other.URL + "/garbage", "v1", "not git's protocol"},
		{other.URL + "/cut", "v1", "unexpected EOF"},
		{other.URL + "/says", "v1", "the server says: go away!"},
		{"http://127.0.0.1:1/x", "v1", "connection refused"},
		{"svn://git@example.org/x", "v1", `no way to fetch from "svn://"`},
		{"example.org", "v1", "is no address that can be fetched from"},
		{"git://127.0.0.1:1/x", "v1", "connection refused"},
		{daemon + "/nothing", "v1", "the server says: "},
		{daemon + "/outer", "1.0", `has no tag, branch or commit "1.0"; did you mean v1.0`},
		{daemon + "/outer", absent, `/outer has no commit "` + absent + `"`},
		{"git://127.0.0.1", "v1", "it names no repository"},
		{"git://127.0.0.1/a%0ab", "v1", "can be no part of an address"},
		{"git://127.0.0.1/a%00b", "v1", "can be no part of an address"},
		{"ssh://me@example.org" + g.home + "/outer", "1.0", `has no tag, branch or commit "1.0"; did you mean v1.0`},
		{"ssh://me@example.org" + g.home + "/outer", absent, `/outer has no commit "` + absent + `"`},
		{"ssh://me@example.org" + g.home + "/nothing", "v1", "does not appear to be a git repository"},
		{"ssh://other@example.org/x", "v1", "other@example.org:0"},
		{"ssh://me@example.org:0/x", "v1", "is no port"},
		{"ssh://-oProxyCommand=x/y", "v1", "can be no part of an address"},
		{"-oProxyCommand=x:y", "v1", "can be no part of an address"},
		{"-x@example.org:y", "v1", "can be no part of an address"},
	} {
		if _, err := get(t, Source{URL: tt.url, Rev: tt.rev}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s %q: got %v, want %q", tt.url, tt.rev, err, tt.want)
		}
	}
}

// TestDumbLimits: a web server does not fill the disk, nor take all files that may be open.
func TestDumbLimits(t *testing.T) {
	packs := ""
	index := append([]byte("\xfftOc\x00\x00\x00\x02"), make([]byte, 256*4)...)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/info/refs":
			w.Header().Set("Content-Type", "text/plain")
			fmt.Fprintf(w, "%s\trefs/tags/v1\n", strings.Repeat("12", 20))
		case r.URL.Path == "/objects/info/packs":
			fmt.Fprint(w, packs)
		case strings.HasPrefix(r.URL.Path, "/objects/pack/"):
			_, _ = w.Write(index)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer s.Close()
	for _, x := range []struct {
		packs int
		bytes int64
		want  string
	}{
		{2, 1 << 20, "commit \"" + strings.Repeat("12", 20)},
		{2, 2000, "the server sends more than is taken"},
		{1, 1000, "the server sends more than is taken; at most 1000 bytes"},
		{501, 1 << 30, "the repository has more packs"},
	} {
		packs = ""
		for n := range x.packs {
			packs += fmt.Sprintf("P pack-%040x.pack\n", n)
		}
		f := fetcher()
		f.Limits = DefaultLimits()
		f.Limits.Pack = x.bytes
		err := f.Fetch(t.Context(), Source{URL: s.URL, Rev: strings.Repeat("12", 20)}, filepath.Join(t.TempDir(), "out"), func(string, int64) {})
		if err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%d packs: %v, want %q", x.packs, err, x.want)
		}
	}
}

// TestDumbAsks looks at what is asked for of a repository of plain files: packs that have
// something of the revision, and no object by itself that is in one. After the list of
// references nothing is asked for if that is none.
func TestDumbAsks(t *testing.T) {
	g := realGit(t)
	repo := filepath.Join(g.home, "r")
	g.run(g.home, "init", "-q", "r")
	for _, name := range []string{"one", "two"} {
		put(t, repo, name, name, 0o644)
		g.run(repo, "add", ".")
		g.run(repo, "commit", "-q", "-m", name)
		g.run(repo, "tag", name)
		g.run(repo, "repack", "-q", "-d") // what is in no pack yet
	}
	g.run(repo, "update-server-info")
	var mu sync.Mutex
	var asked []string
	files := http.FileServer(http.Dir(filepath.Join(repo, ".git")))
	none := false
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, strings.TrimPrefix(r.URL.Path, "/"))
		if r.URL.Path == "/info/refs" {
			w.Header().Set("Content-Type", "text/plain")
			if none {
				fmt.Fprint(w, "words")
				return
			}
		}
		files.ServeHTTP(w, r)
	}))
	defer s.Close()
	count := func(part, end string) (n int) {
		mu.Lock()
		defer mu.Unlock()
		for _, a := range asked {
			if strings.HasPrefix(a, part) && strings.HasSuffix(a, end) {
				n++
			}
		}
		return n
	}
	for rev, packs := range map[string]int{"one": 1, "two": 2} {
		asked = nil
		if _, err := get(t, Source{URL: s.URL, Rev: rev}); err != nil {
			t.Fatal(err)
		}
		if all, whole := count("objects/", ""), count("objects/pack/", ".pack"); all != 3+whole || whole != packs {
			t.Errorf("for %s: %q", rev, asked)
		}
	}
	none, asked = true, nil
	_, err := get(t, Source{URL: s.URL, Rev: "one"})
	if err == nil || count("", "info/refs") != len(asked) {
		t.Errorf("%v after %q", err, asked)
	}
}

// TestTalkative: a server's list of references, and what else it says, is not held in
// memory without end.
func TestTalkative(t *testing.T) {
	line := func(w io.Writer, format string, args ...any) {
		s := fmt.Sprintf(format, args...)
		fmt.Fprintf(w, "%04x%s", len(s)+packetHeadSize, s)
	}
	refs, comments := 0, 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		old := strings.HasPrefix(r.URL.Path, "/old")
		if r.Method == http.MethodGet {
			w.Header().Set("Content-Type", advertisement)
			line(w, "# service=git-upload-pack\n")
			fmt.Fprint(w, flushPacket)
			if !old {
				line(w, "version 2\n")
				fmt.Fprint(w, flushPacket)
				return
			}
		} else {
			w.Header().Set("Content-Type", result)
		}
		for range comments {
			line(w, "it says")
		}
		for n := range refs {
			line(w, "%040x refs/heads/%d\n", n, n)
		}
		fmt.Fprint(w, flushPacket)
	}))
	defer s.Close()
	for _, x := range []struct {
		refs, comments int
		want           string
	}{
		{10, 0, `has no tag, branch or commit "v1"`},
		{11, 0, "the repository has more references; at most 10 are taken"},
		{0, 2000, "the server says more than is taken; at most 10000 bytes are taken"},
	} {
		refs, comments = x.refs, x.comments
		for _, place := range []string{"/old", "/new"} {
			f := fetcher()
			f.Limits = DefaultLimits()
			f.Limits.Refs, f.Limits.Text = 10, 10000
			err := f.Fetch(t.Context(), Source{URL: s.URL + place, Rev: "v1"}, filepath.Join(t.TempDir(), "out"), func(string, int64) {})
			if err == nil || !strings.Contains(err.Error(), x.want) {
				t.Errorf("%s with %d references: %v, want %q", place, x.refs, err, x.want)
			}
		}
	}
}

// TestDeepDeltas: of a chain of deltas nothing is read before the object that they
// change, which here is none.
func TestDeepDeltas(t *testing.T) {
	const size, deep = 4 << 20, 100
	var zeros bytes.Buffer
	z := zlib.NewWriter(&zeros)
	if _, err := z.Write(make([]byte, size)); err != nil {
		t.Fatal(err)
	}
	z.Close()
	entry := func(b *bytes.Buffer, k kind) {
		head := byte(k)<<4 | size&15
		for n := size >> 4; n > 0; n >>= 7 {
			b.WriteByte(head | 0x80)
			head = byte(n & 0x7f)
		}
		b.WriteByte(head)
	}
	var b bytes.Buffer
	entry(&b, refDelta)
	b.WriteString(strings.Repeat("x", 20))
	b.Write(zeros.Bytes())
	last := 0
	for range deep {
		at := b.Len()
		entry(&b, ofsDelta)
		back := at - last // of two digits: (back+1)<<7|…, gitformat-pack(5)
		b.Write([]byte{byte(back>>7-1) | 0x80, byte(back & 0x7f)})
		b.Write(zeros.Bytes())
		last = at
	}
	p := &pack{f: bytes.NewReader(b.Bytes()), size: int64(b.Len()), idSize: 20, maxObject: 2 * size,
		find: func(i id) (int64, bool, error) { return int64(last), i[0] == 'w', nil }}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _, err := p.object(id(strings.Repeat("w", 20)))
	runtime.ReadMemStats(&after)
	if !errors.Is(err, errAbsent) || !strings.Contains(err.Error(), "the base of a delta") {
		t.Errorf("it fails with %v", err)
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > deep*size/4 {
		t.Errorf("%d bytes were taken for deltas of nothing", n)
	}
}

// TestSides: submodules lead nobody's rights to a server, and no server to what is
// somebody's own.
func TestSides(t *testing.T) {
	g := realGit(t)
	g.sample("sha1")
	outer := filepath.Join(g.home, "outer")
	asked := 0
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		w.WriteHeader(http.StatusNotFound)
	}))
	defer other.Close()
	lead := func(address string) {
		g.run(outer, "config", "-f", ".gitmodules", "submodule.sub/inner.url", address)
		g.run(outer, "commit", "-q", "-a", "--allow-empty", "-m", "elsewhere")
	}
	for _, x := range []struct {
		top, sub string
		side     fetch.Side
		said     string // why it fails
		asked    bool
	}{
		{outer, other.URL + "/inner", fetch.Near, "is not fetched with the rights that the repository above needs", false},
		{outer, other.URL + "/inner", fetch.All, "404", true},
		{outer, "../inner", fetch.Near, "", false},
		{g.serve(true) + "/outer", "ssh://me@example.org" + g.home + "/inner", fetch.Far, "is reached by files or keys of this machine's", false},
		{g.serve(true) + "/outer", "ssh://me@example.org" + g.home + "/inner", fetch.All, "", false},
		{g.serve(true) + "/outer", "../inner", fetch.Far, "", false},
	} {
		lead(x.sub)
		asked = 0
		_, err := get(t, Source{URL: x.top, Rev: "main", Recursive: true, Side: x.side})
		if x.said == "" && err != nil || x.said != "" && (err == nil || !strings.Contains(err.Error(), x.said)) || asked > 0 != x.asked {
			t.Errorf("%s with %s, side %d: %v after %d questions", x.top, x.sub, x.side, err, asked)
		}
		var side *SideError
		if errors.As(err, &side) != (x.side != fetch.All && x.said != "") {
			t.Errorf("%s with %s, side %d: %v", x.top, x.sub, x.side, err)
		}
	}
}

// TestForOthers: who works for others fetches nothing by ssh.
func TestForOthers(t *testing.T) {
	f := fetcher()
	f.SSH = nil
	err := f.Fetch(t.Context(), Source{URL: "me@example.org:x", Rev: "v1"}, filepath.Join(t.TempDir(), "out"), func(string, int64) {})
	if err == nil || !strings.Contains(err.Error(), "nothing is fetched by ssh for others") {
		t.Errorf("%v", err)
	}
}

// TestPatience: connections that break off are made again, and those on which nothing
// comes, or something else, are given up.
func TestPatience(t *testing.T) {
	g := realGit(t)
	g.sample("sha1")
	there := strings.TrimPrefix(g.daemon(), "git://")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	cut := 0 // how many connections shall break off
	var running sync.WaitGroup
	defer running.Wait()
	running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			bad := cut > 0
			cut--
			mu.Unlock()
			running.Go(func() {
				defer c.Close()
				to, err := net.Dial("tcp", there)
				if err != nil {
					t.Error(err)
					return
				}
				defer to.Close()
				go func() {
					_, _ = io.Copy(to, c)
					_ = to.(*net.TCPConn).CloseWrite()
				}()
				if bad {
					_, _ = io.CopyN(c, to, 30)
					return
				}
				_, _ = io.Copy(c, to)
			})
		}
	})
	defer l.Close()
	url := "git://" + l.Addr().String() + "/outer"
	fetchIt := func(bad int) error {
		mu.Lock()
		cut = bad
		mu.Unlock()
		_, err := get(t, Source{URL: url, Rev: "v1.0"})
		return err
	}
	if err := errors.Join(fetchIt(0), fetchIt(1)); err != nil {
		t.Error(err)
	}
	if err := fetchIt(5); err == nil || !strings.Contains(err.Error(), "tried 2 times") {
		t.Errorf("%v", err)
	}
	silent, err := net.Listen("tcp", "127.0.0.1:0") // it takes connections, and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	babbling, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer babbling.Close()
	running.Go(func() {
		if c, err := babbling.Accept(); err == nil {
			defer c.Close()
			fmt.Fprintf(c, "SSH-2.0-none\r\n")
		}
	})
	if _, err := get(t, Source{URL: "git://" + babbling.Addr().String() + "/x", Rev: "v1"}); err == nil || !strings.Contains(err.Error(), "not git's protocol") {
		t.Errorf("%v", err)
	}
	f := fetcher()
	f.HTTP.Stall = 50 * time.Millisecond
	err = f.Fetch(t.Context(), Source{URL: "git://" + silent.Addr().String() + "/x", Rev: "v1"}, filepath.Join(t.TempDir(), "out"), func(string, int64) {})
	if err == nil || !strings.Contains(err.Error(), "nothing, or next to nothing, has come") {
		t.Errorf("%v", err)
	}
}

// handmade writes objects by hand, as git itself refuses to make such.
func (g *theGit) handmade(entries ...entry) string {
	t := g.t
	repo := filepath.Join(g.home, "bad")
	if _, err := os.Stat(repo); err != nil {
		g.run(g.home, "init", "-q", "bad")
	}
	object := func(kind string, data []byte) id {
		file := filepath.Join(g.home, "object")
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
		i, _ := parseID(g.run(repo, "hash-object", "--literally", "-w", "-t", kind, file))
		return i
	}
	var tree bytes.Buffer
	for _, e := range entries {
		if e.id == "" {
			e.id = object("blob", []byte("/tmp"))
		}
		fmt.Fprintf(&tree, "%o %s\x00%s", e.mode, e.name, string(e.id))
	}
	top := object("tree", tree.Bytes())
	return object("commit", fmt.Appendf(nil, "tree %v\n\nx\n", top)).String()
}

func TestHostile(t *testing.T) {
	g := realGit(t)
	folder, _ := parseID(g.run(g.home, "hash-object", "-t", "tree", "/dev/null"))
	g.run(g.home, "init", "-q", "bad")
	g.run(filepath.Join(g.home, "bad"), "hash-object", "-w", "-t", "tree", "/dev/null")
	for _, tt := range []struct {
		name, want string
		entries    []entry
	}{
		{"dots", "leads out", []entry{{mode: 0o100644, name: ".."}}},
		{"slash", "leads out", []entry{{mode: 0o100644, name: "../x"}}},
		{"absolute", "leads out", []entry{{mode: 0o100644, name: "/etc/x"}}},
		{"empty", "leads out", []entry{{mode: 0o100644, name: ""}}},
		{"git", "git's own folder", []entry{{mode: 0o40000, name: ".GIT", id: folder}}},
		{"link then folder", "twice", []entry{{mode: 0o120000, name: "a"}, {mode: 0o40000, name: "a", id: folder}}},
		{"link then file", "twice", []entry{{mode: 0o120000, name: "a"}, {mode: 0o100644, name: "a"}}},
		{"device", "unknown mode", []entry{{mode: 0o020644, name: "a"}}},
		{"absent", "does not hold the object", []entry{{mode: 0o100644, name: "a", id: id(strings.Repeat("x", 20))}}},
		{"folder as file", "no file", []entry{{mode: 0o100644, name: "a", id: folder}}},
		{"file as folder", "no tree", []entry{{mode: 0o40000, name: "a"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rev := g.handmade(tt.entries...)
			_, err := get(t, Source{URL: "file://" + g.home + "/bad", Rev: rev})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
	t.Run("bomb", func(t *testing.T) {
		repo := filepath.Join(g.home, "bad")
		tree := folder
		for range 12 { // ten to the power of twelve folders
			var text strings.Builder
			for i := range 10 {
				fmt.Fprintf(&text, "40000 %d\x00%s", i, string(tree))
			}
			file := filepath.Join(g.home, "object")
			if err := os.WriteFile(file, []byte(text.String()), 0o644); err != nil {
				t.Fatal(err)
			}
			tree, _ = parseID(g.run(repo, "hash-object", "--literally", "-w", "-t", "tree", file))
		}
		rev := g.handmade(entry{mode: 0o40000, name: "a", id: tree})
		f := fetcher()
		f.Limits = DefaultLimits()
		f.Limits.Files = 1000
		err := f.Fetch(t.Context(), Source{URL: repo, Rev: rev}, filepath.Join(t.TempDir(), "out"), func(string, int64) {})
		var limit *LimitError
		if !errors.As(err, &limit) {
			t.Errorf("got %v", err)
		}
	})
}

// A damaged object is noticed by its name.
func TestDamaged(t *testing.T) {
	g := realGit(t)
	repo := filepath.Join(g.home, "r")
	g.run(g.home, "init", "-q", "r")
	put(t, repo, "a", "one", 0o644)
	put(t, repo, "b", "two", 0o644)
	g.run(repo, "add", ".")
	g.run(repo, "commit", "-q", "-m", "x")
	a, b := g.run(repo, "rev-parse", "HEAD:a"), g.run(repo, "rev-parse", "HEAD:b")
	objects := filepath.Join(repo, ".git", "objects")
	text, err := os.ReadFile(filepath.Join(objects, a[:2], a[2:]))
	if err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(objects, b[:2], b[2:])
	os.Remove(other)
	if err := os.WriteFile(other, text, 0o444); err != nil {
		t.Fatal(err)
	}
	if _, err := get(t, Source{URL: repo, Rev: "HEAD"}); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("got %v", err)
	}
}

func TestSubmoduleURL(t *testing.T) {
	for _, tt := range []struct{ above, address, want string }{
		{"https://h/a/b.git", "../c.git", "https://h/a/c.git"},
		{"https://h/a/b.git", "../../c/d", "https://h/c/d"},
		{"https://h/a/b", "./c", "https://h/a/b/c"},
		{"https://h/a/b", "http://x/y", "http://x/y"},
		{"https://h/a", "../../../x", "error"},
		{"https://h/a", "file:///etc", "error"},
		{"https://h/a", "/etc", "error"},
		{"https://h/a", "git@h:x", "ssh://git@h/x"},
		{"git@h:a/b.git", "../c.git", "ssh://git@h/a/c.git"},
		{"git@h:b.git", "../../c.git", "error"},
		{"ssh://git@h/~me/b", "../c", "ssh://git@h/~me/c"},
		{"git@h:a", "file:///etc", "error"},
		{"git@h:a", "/etc", "error"},
		{"file:///a/b", "/c", "file:///c"},
		{"file:///a/b", "../c", "file:///a/c"},
	} {
		above, err := parseURL(tt.above)
		if err != nil {
			t.Fatal(err)
		}
		got := "error"
		if u, err := submoduleURL(above, tt.address); err == nil {
			got = u.String()
		}
		if got != tt.want {
			t.Errorf("%s + %s = %s, want %s", tt.above, tt.address, got, tt.want)
		}
	}
}

func FuzzPack(f *testing.F) {
	f.Add([]byte("PACK\x00\x00\x00\x02\x00\x00\x00\x01\x33abc"))
	f.Add([]byte("PACK\x00\x00\x00\x02\x00\x00\x00\x02\x33x\x9cKLJ\x06\x00\x02M\x01'\x64\x05x\x9ccb`f\x04\x00\x00\x0a\x00\x05"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := indexPack(bytes.NewReader(b), int64(len(b)), 20, 1<<20, nil)
		if err == nil {
			_, _, _ = p.object(id(strings.Repeat("x", 20)))
		}
	})
}

func FuzzDelta(f *testing.F) {
	f.Add([]byte("base"), []byte("\x04\x04\x90\x04"))
	f.Fuzz(func(t *testing.T, base, delta []byte) { _, _ = applyDelta(base, delta, 1<<20) })
}

func FuzzTexts(f *testing.F) {
	f.Add([]byte("*.bat eol=crlf\n[submodule \"a\"]\n path = a\n url = ../b\n"), []byte("$Id$ $Id: x $"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		parseModules(string(a))
		c := checkout{attributes: []attributeFile{parseAttributes("", a)}}
		_, _ = c.convert("x/y.bat", id(strings.Repeat("x", 20)), b)
		expandIdent(b, "x")
		toCRLF(b, true)
		_, _ = parseTree(a, 20)
	})
}
