package control

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fruix/osmodel/shepherd/manager"
)

func echo(_ context.Context, r Request, say func(string)) Reply {
	say("working on " + r.Service)
	return Reply{OK: true, Text: strings.Join(r.Args, ","), Services: []manager.Info{{Name: r.Service, State: "running"}}}
}

func TestProtocol(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "run/socket")
	if _, err := Do(socket, Request{}, nil); err == nil || !strings.Contains(err.Error(), "no shepherd listens on") {
		t.Errorf("got %v", err)
	}
	l, err := Listen(socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go Serve(context.Background(), l, echo)
	if st, err := os.Stat(socket); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", st.Mode(), err)
	}
	var said []string
	r, err := Do(socket, Request{Action: "start", Service: "x", Args: []string{"a", "ü\n"}}, func(m string) { said = append(said, m) })
	if err != nil || !r.OK || r.Text != "a,ü\n" || r.Services[0].Name != "x" || len(said) != 1 || said[0] != "working on x" {
		t.Errorf("%+v %v %v", r, said, err)
	}
	if _, err := Listen(socket); err == nil || !strings.Contains(err.Error(), "another shepherd") {
		t.Errorf("got %v", err)
	}
}

// TestStale replaces the socket of a Shepherd that is gone.
func TestStale(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "socket")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	again, err := Listen(socket)
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
}

// rw joins what a client sends with a buffer for the answer.
type rw struct {
	io.Reader
	bytes.Buffer
}

func (x *rw) Read(p []byte) (int, error) { return x.Reader.Read(p) }

func TestBadRequests(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"hello\n", "not a request"},
		{`{"version":7}` + "\n", "protocol version 7 is not known"},
		{strings.Repeat(`{"version":1,"service":"s"}`+"\n", 2), `"name":"s"`},
		{"", ""},
	} {
		x := &rw{Reader: strings.NewReader(c.in)}
		serve(context.Background(), x, echo)
		if !strings.Contains(x.String(), c.want) {
			t.Errorf("%q: answered %q", c.in, x.String())
		}
	}
}

func FuzzServe(f *testing.F) {
	f.Add([]byte(`{"version":1,"action":"status","service":"root","args":[]}` + "\n"))
	f.Add([]byte("{\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		x := &rw{Reader: bytes.NewReader(in)}
		done := make(chan struct{})
		go func() { serve(context.Background(), x, echo); close(done) }()
		select {
		case <-done:
		case <-time.After(5 * time.Second):
			t.Fatal("no end")
		}
	})
}

func FuzzReceive(f *testing.F) {
	f.Add([]byte(`{"message":"m"}` + "\n" + `{"done":true,"ok":true}` + "\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		r, err := Receive(bytes.NewReader(in), func(string) {})
		if err == nil && !r.Done {
			t.Error("an answer that is not the last one")
		}
	})
}
