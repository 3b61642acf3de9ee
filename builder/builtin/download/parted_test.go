package download

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fruix/builder/builtin"
	"fruix/builder/fetch"
	"fruix/builder/fetch/git"
	"fruix/builder/plan"
	"fruix/store/hash"
)

// TestParted looks at what is done with the rights of the calling process, and what
// apart.
func TestParted(t *testing.T) {
	dir := t.TempDir()
	near := filepath.Join(dir, "near")
	if err := os.WriteFile(near, []byte("words"), 0o644); err != nil {
		t.Fatal(err)
	}
	sum := hash.SHA256.New()
	sum.Write([]byte("words"))
	right := hash.Digest{Algo: hash.SHA256, Sum: sum.Sum(nil)}
	wrong := hash.Digest{Algo: hash.SHA256, Sum: bytes.Repeat([]byte{1}, 32)}
	const server = "http://127.0.0.1:1/far"
	for _, tt := range []struct {
		name      string
		own       bool
		locations string
		want      hash.Digest
		apart     string // as which builder
		tried     []string
	}{
		{"what is near", true, server + " file://" + near, right, "", nil},
		{"what is far", true, server, right, "download-far", []string{server}},
		{"what is wrong", true, server + " file://" + near, wrong, "download-far", []string{"file://" + near, server}},
		{"for a stranger", false, "file://" + near, right, "download", []string{"file://" + near}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out, asked := filepath.Join(t.TempDir(), "out"), ""
			fixed := plan.Fixed{Algo: "sha256", Hash: tt.want.Hex()}
			call := &builtin.Call{
				Request:  &plan.Request{Drv: "/frx/store/x.drv", Name: "x", Env: map[string]string{"urls": tt.locations}, Outputs: []plan.Output{{Name: "out", Fixed: &fixed}}},
				Output:   func(string) string { return out },
				BuildDir: t.TempDir(), Log: new(bytes.Buffer), Fetched: func(string, int64, int64) {},
			}
			client := &fetch.Client{Fetchers: map[string]fetch.Fetcher{"file": fetch.File{}, "http": refusing{t}}}
			call.Apart = func(_ context.Context, name string) error {
				asked = name
				e := &fetch.Error{Name: "x"}
				for _, place := range strings.Fields(tt.locations) {
					if !strings.HasSuffix(name, far) || fetch.Far.Has(place) {
						e.Attempts = append(e.Attempts, fetch.Attempt{Place: place, Err: errors.New("no")})
					}
				}
				return &builtin.PackedError{Packed: fetch.Pack(e)}
			}
			err := Builtin(client, tt.own).Run(t.Context(), call)
			if asked != tt.apart {
				t.Errorf("it runs %q apart, want %q", asked, tt.apart)
			}
			var e *fetch.Error
			if (err == nil) != (tt.tried == nil) || err != nil && !errors.As(err, &e) {
				t.Fatal(err)
			}
			var tried []string
			if e != nil {
				for _, a := range e.Attempts {
					tried = append(tried, a.Place)
				}
			}
			if fmt.Sprint(tried) != fmt.Sprint(tt.tried) {
				t.Errorf("tried %q, want %q", tried, tt.tried)
			}
			if _, serr := os.Lstat(out); (err == nil) == errors.Is(serr, fs.ErrNotExist) {
				t.Errorf("the output: %v, %v", serr, err)
			}
		})
	}
}

// TestPartedSubmodules looks at who fetches a repository whose submodules are elsewhere.
func TestPartedSubmodules(t *testing.T) {
	toServer := fmt.Errorf("submodule: %w", &git.SideError{URL: "https://example.org/sub"})
	no := errors.New("no")
	for _, tt := range []struct {
		name, place string
		near, apart error // why it fails
		asked       string
		tried       int
	}{
		{"in files", "file:///repo", toServer, nil, "x", 0},
		{"in files of root's own", "file:///repo", toServer, no, "x", 2},
		{"by ssh", "ssh://host/repo", toServer, nil, "x-far", 0},
		{"to root's own", "https://example.org/repo", nil, &git.SideError{URL: "ssh://host/sub", Own: true}, "x-far", 1},
		{"nowhere", "file:///repo", no, no, "x-far", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			failed := func(err error) error {
				e := &fetch.Error{Name: "x"}
				if err != nil {
					e.Attempts = []fetch.Attempt{{Place: tt.place, Err: err}}
				}
				return e
			}
			asked := ""
			call := &builtin.Call{Apart: func(_ context.Context, name string) error {
				asked = name
				if tt.apart == nil {
					return nil
				}
				return &builtin.PackedError{Packed: fetch.Pack(failed(tt.apart))}
			}}
			err := parted(t.Context(), call, "x", fetch.All, true, func(s fetch.Side) error {
				if s != fetch.Near {
					t.Errorf("side %d with all rights", s)
				}
				return failed(tt.near)
			})
			tried := 0
			if e := (*fetch.Error)(nil); errors.As(err, &e) {
				tried = len(e.Attempts)
			}
			if asked != tt.asked || tried != tt.tried || (err == nil) != (tt.tried == 0) {
				t.Errorf("asked %q, tried %d places: %v", asked, tried, err)
			}
		})
	}
}

// refusing is a server that must not be asked.
type refusing struct{ t *testing.T }

func (r refusing) Fetch(context.Context, *url.URL, *os.File, func(int64, int64)) error {
	r.t.Error("a server is asked with the rights of the calling process")
	return errors.New("no")
}
