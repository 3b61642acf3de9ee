package herd

import (
	"bytes"
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fruix/osmodel/shepherd/control"
	"fruix/osmodel/shepherd/manager"
)

var noon = time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)

// server answers every request with what it was asked.
func server(t *testing.T) string {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "s")
	l, err := control.Listen(socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go control.Serve(context.Background(), l, func(_ context.Context, r control.Request, say func(string)) control.Reply {
		switch r.Action {
		case "fail":
			return control.Reply{Error: "it failed"}
		case "wrong":
			return control.Reply{Usage: true, Error: "no such action"}
		case "status":
			return control.Reply{OK: true, Services: []manager.Info{
				{Name: "b", State: "running", Enabled: true, PID: 7, Since: noon.Add(-90 * time.Second), Provides: []string{"b", "bb"}, Requires: []string{"a"}, Respawn: true},
				{Name: "a", State: "done", Enabled: true, OneShot: true},
				{Name: "c", State: "stopped", Enabled: false, Failure: "ended too often"},
			}}
		}
		say("working")
		return control.Reply{OK: true, Text: r.Action + " " + r.Service + " " + strings.Join(r.Args, ",")}
	})
	return socket
}

func TestMainProgram(t *testing.T) {
	socket := server(t)
	for _, c := range []struct {
		args   string
		status int
		out    string
	}{
		{"start x", 0, "working\nstart x \n"},
		{"load root -f --json-like", 0, "working\nload root -f,--json-like\n"},
		{"power-off", 0, "working\npower-off root \n"},
		{"fail x", 1, "herd: it failed\n"},
		{"wrong x", 2, "herd: no such action\n"},
		{"status", 0, "Started:\n + b\nOne-shot, done:\n * a\nFailed:\n ! c\n"},
		{"start", 2, "herd: start what? usage: herd start SERVICE\n"},
		{"--frob", 2, "herd: unknown option --frob\n" + Usage},
		{"", 2, Usage},
	} {
		var out bytes.Buffer
		args := append([]string{"-s", socket}, strings.Fields(c.args)...)
		if got := Main(args, Environment{&out, &out, func() time.Time { return noon }}); got != c.status || out.String() != c.out {
			t.Errorf("herd %s: status %d, want %d:\n%s", c.args, got, c.status, out.String())
		}
	}
}

func TestJSON(t *testing.T) {
	var out bytes.Buffer
	if got := Main([]string{"--socket=" + server(t), "--json", "status"}, Environment{&out, &out, time.Now}); got != 0 {
		t.Fatal(out.String())
	}
	var r control.Reply
	if err := json.Unmarshal(out.Bytes(), &r); err != nil || len(r.Services) != 3 || r.Services[0].PID != 7 {
		t.Errorf("%+v %v", r, err)
	}
}

func TestDetail(t *testing.T) {
	var out bytes.Buffer
	if got := Main([]string{"-s", server(t), "status", "b"}, Environment{&out, &out, func() time.Time { return noon }}); got != 0 {
		t.Fatal(out.String())
	}
	const want = `Status of b:
  It is running since 2024-05-01 11:58:30 (1 minute ago).
  Its process is 7.
  It is enabled.
  Provides: b bb
  Requires: a
  Will be respawned; has been, 0 times.
`
	if !strings.HasPrefix(out.String(), want) {
		t.Errorf("got\n%s", out.String())
	}
}

func TestAgo(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0 seconds", time.Second: "1 second", 59 * time.Minute: "59 minutes", 47 * time.Hour: "47 hours", 50 * time.Hour: "2 days",
	} {
		if got := ago(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}
