package substitute

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"fruix/store/hash"
	"fruix/store/narinfo"
)

// TestMadeUp: a server that tells of more than was asked for, and that nobody has signed,
// makes a client hold no more than was asked for.
func TestMadeUp(t *testing.T) {
	name := func(n int) string { return fmt.Sprintf("/frx/store/%032d-x", n) }
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/nix-cache-info" {
			fmt.Fprintln(w, "StoreDir: /frx/store\nFruixClosure: 1")
			return
		}
		sum := hash.Sum(hash.SHA256, []byte("x"))
		for n := range 1000 {
			i := &narinfo.Info{Path: name(n), URL: "x", Compression: "none", NarHash: sum, NarSize: 1}
			fmt.Fprintf(w, "\n%s\n", i)
		}
	}))
	defer server.Close()
	c, err := New(Options{StoreDir: "/frx/store", URLs: []string{server.URL}})
	if err != nil {
		t.Fatal(err)
	}
	for _, from := range c.caches {
		if !c.ready(t.Context(), from) {
			t.Fatal("the server is of no use")
		}
		got, err := c.askClosure(t.Context(), from, []string{name(7), name(900)})
		if err != nil {
			t.Fatal(err)
		}
		var paths []string
		for _, i := range got {
			paths = append(paths, i.Path)
		}
		if want := []string{name(0), name(7), name(900)}; fmt.Sprint(paths) != fmt.Sprint(want) {
			t.Errorf("kept %d: %.300q", len(paths), paths)
		}
	}
}
