package trace

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"fruix/builder"
	"fruix/builder/fetch"
	"fruix/builder/plan"
	"fruix/jail"
	"fruix/store"
	"fruix/store/hash"
	"fruix/store/tree"
)

const (
	drvA = "/frx/store/00000000000000000000000000000000-a-1.0.drv"
	drvB = "/frx/store/11111111111111111111111111111111-b.drv"
	outC = "/frx/store/22222222222222222222222222222222-c"
)

// text is what a Writer makes of events.
func text(o Options, events ...builder.Event) string {
	var b strings.Builder
	o.Now = func() time.Time { return time.Unix(1e9, 0) }
	w := NewWriter(o, func(s string, _ bool) { b.WriteString(s) })
	for _, e := range events {
		w.Event(e)
	}
	return b.String()
}

func mismatch() error {
	return &store.HashMismatchError{Path: outC, Want: hash.Sum(hash.SHA256, []byte("a")), Got: hash.Sum(hash.SHA256, []byte("b"))}
}

// TestLines holds lines against what Guix's daemon writes.
func TestLines(t *testing.T) {
	all := []builder.Event{
		builder.Planned{Drvs: []string{drvA, drvB}},
		builder.Started{Drv: drvA, Name: "a-1.0", LogPath: "/frx/var/fruix/log/a", Platform: "x86_64-linux"},
		builder.Started{Drv: drvB, Name: "b"},
		builder.Line{Drv: drvA, Name: "a-1.0", Text: "hello"},
		builder.Finished{Drv: drvA, Name: "a-1.0"},
		builder.Finished{Drv: drvB, Name: "b", Err: errors.New("exit\ncode 1")},
	}
	for name, c := range map[string]struct {
		o      Options
		events []builder.Event
		want   string
	}{
		"trace": {Options{Trace: true}, all, "@ build-started " + drvA + " - x86_64-linux /frx/var/fruix/log/a 1\n" +
			"@ build-started " + drvB + " -   2\n" + "hello\n" + "@ build-succeeded " + drvA + " -\n" + "@ build-failed " + drvB + " - 1 exit code 1\n"},
		"multiplexed": {Options{Trace: true, Multiplexed: true}, all[1:4], "@ build-started " + drvA + " - x86_64-linux /frx/var/fruix/log/a 1\n" +
			"@ build-started " + drvB + " -   2\n" + "@ build-log 1 6\nhello\n"},
		"people": {Options{Multiplexed: true}, all, "building " + drvA + "...\n" + "building " + drvB + "...\n" + "hello\n" + "build of " + drvB + " failed\n"},
		"quiet":  {Options{Quiet: true}, all[3:5], ""},
		"hash": {Options{Trace: true}, []builder.Event{builder.Finished{Drv: drvA, Err: fmt.Errorf("x: %w", mismatch())}},
			"@ hash-mismatch " + outC + " sha256 1p0kas1mm8vvk5dxaa1wdnmcxkh0p7khgr8v5bvpp53x87f01mb6 1zazrsqx63qkqp9x3mv2vxdmlqv5dcwn4pqlaqmqxwlgzcgxzc5j @ build-failed x\n"},
		"time":    {Options{Trace: true}, []builder.Event{builder.Finished{Drv: drvA, Err: &plan.FailedError{Err: plan.ErrTimeout}}}, "@ build-failed " + drvA + " - timeout\n"},
		"fetched": {Options{Trace: true}, []builder.Event{builder.Fetched{Path: outC, From: "x"}}, "@ substituter-started " + outC + " substitute\n@ substituter-succeeded " + outC + "\n"},
		"download": {Options{Trace: true, Extended: true}, []builder.Event{
			builder.Fetching{Drv: drvA, Location: "http://a b", Done: 0, Total: 9}, builder.Fetching{Drv: drvA, Location: "http://a b", Done: 3, Total: 9},
			builder.Fetching{Drv: drvA, Location: "http://a b", Done: 9, Total: 9}, builder.Fetching{Drv: drvB, Location: "x", Done: 9, Total: -1}, builder.Finished{Drv: drvB},
		}, "@ download-started " + drvA + " http://a_b 9\n@ download-progress " + drvA + " http://a_b 9 0\n@ download-progress " + drvA + " http://a_b 9 9\n@ download-succeeded " + drvA + " http://a_b 9\n" +
			"@ download-started " + drvB + " x -\n@ download-progress " + drvB + " x - 9\n@ download-succeeded " + drvB + " x -\n@ build-succeeded " + drvB + " -\n"},
	} {
		got := text(c.o, c.events...)
		if name == "hash" {
			if !strings.HasPrefix(got, "@ hash-mismatch "+outC+" sha256 ") || strings.Count(got, "\n") != 2 {
				t.Errorf("%s: %q", name, got)
			}
			continue
		}
		if got != c.want {
			t.Errorf("%s:\ngot  %q\nwant %q", name, got, c.want)
		}
	}
}

// events keeps events.
type events struct{ list []builder.Event }

func (e *events) Event(x builder.Event) { e.list = append(e.list, x) }

// TestRoundTrip reads what was written, in pieces of one byte and at once.
func TestRoundTrip(t *testing.T) {
	in := []builder.Event{
		builder.Offered{Objects: 2, Bytes: 99},
		builder.Planned{Drvs: []string{drvA, drvB}},
		builder.Waiting{Drv: drvA, Path: outC, Holder: "process 1"},
		builder.Queued{Drv: drvA, Name: "a-1.0", Running: 3},
		builder.Started{Drv: drvA, Name: "a-1.0", LogPath: "/log", Platform: "x86_64-linux"},
		builder.Started{Drv: drvB, Name: "b", Platform: "x", Machine: "far"},
		builder.Phase{Drv: drvA, Name: "a-1.0", Phase: "install"},
		builder.Step{Drv: drvA, Name: "a-1.0", What: "writing disk.img", Done: 1, Total: 2},
		builder.Moved{Drv: drvB, Name: "b", Machine: "far", Err: errors.New("lost")},
		builder.Line{Drv: drvA, Name: "a-1.0", Text: "@ build-failed " + drvB + " - 1 forged"},
		builder.Line{Drv: drvB, Name: "b", Text: ""},
		builder.Line{Drv: drvB, Name: "b", Text: "\xff\x00é"},
		builder.Fetching{Drv: drvB, Name: "b", Location: "http://x", Done: 3, Total: -1},
		builder.Finished{Drv: drvA, Name: "a-1.0"},
		builder.Finished{Drv: drvB, Name: "b", Elsewhere: true},
		builder.Fetched{Path: outC, From: "http://cache", Duration: time.Second},
	}
	written := text(Options{Trace: true, Multiplexed: true, Extended: true, Own: true}, in...)
	for name, reader := range map[string]io.Reader{"at once": strings.NewReader(written), "bytes": iotest.OneByteReader(strings.NewReader(written))} {
		var got events
		var plain []string
		r := NewReader(&got, func(line string) { plain = append(plain, line) })
		io.Copy(struct{ io.Writer }{r}, struct{ io.Reader }{reader})
		r.Write([]byte("warning: x\n@ unheard-of\nhalf"))
		r.Close()
		if !reflect.DeepEqual(got.list, in) {
			for i := range max(len(in), len(got.list)) {
				if i >= len(in) || i >= len(got.list) || !reflect.DeepEqual(in[i], got.list[i]) {
					t.Errorf("%s: event %d of %d and %d differs", name, i, len(got.list), len(in))
					break
				}
			}
		}
		if want := []string{"warning: x", "@ unheard-of", "half"}; !reflect.DeepEqual(plain, want) {
			t.Errorf("%s: other lines are %q, want %q", name, plain, want)
		}
	}
}

func TestFailure(t *testing.T) {
	f := &builder.Failure{
		Failed: []*builder.BuildError{
			{Drv: drvA, Name: "a", Status: "hash mismatch", Err: mismatch(), LogTail: []string{"x", "y\n"}, LogPath: "/log"},
			{Drv: drvB, Machine: "far", Name: "b", Status: "exit code 1", Err: errors.New("builder failed with exit code 1"), KeptDir: "/tmp/x"},
		},
		Blocked: map[string]string{outC: drvA}, Left: []string{"l"},
	}
	var b strings.Builder
	NewWriter(Options{Trace: true, Own: true}, func(s string, _ bool) { b.WriteString(s) }).Failure(f)
	r := NewReader(nil, nil)
	r.Write([]byte(b.String()))
	got := r.Failure()
	if got == nil || got.Error() != f.Error() {
		t.Fatalf("got %v\nwant %v", got, f)
	}
	var m *store.HashMismatchError
	if !errors.As(got.Failed[0], &m) || !m.Want.Equal(hash.Sum(hash.SHA256, []byte("a"))) {
		t.Errorf("the mismatch is lost: %#v", got.Failed[0].Err)
	}
	got.Failed[0].Err, got.Failed[1].Err = f.Failed[0].Err, f.Failed[1].Err
	if !reflect.DeepEqual(got, f) {
		t.Errorf("got  %+v\nwant %+v", got, f)
	}
}

// TestCauses holds that who hears of a failure from elsewhere is told of it as who had
// it here: the types, on which places and advice hang, and what they hold.
func TestCauses(t *testing.T) {
	sum := func(s string) hash.Digest { return hash.Sum(hash.SHA256, []byte(s)) }
	for _, want := range []error{
		mismatch(),
		&fetch.Error{Name: "a.txt", Attempts: []fetch.Attempt{
			{Place: "http://one", Err: errors.New("no")},
			{Place: "http://two", Err: &fetch.MismatchError{Want: sum("a"), Got: sum("b")}, Archive: true},
		}},
		&builder.DifferError{Path: outC, Differences: []tree.Difference{{Path: "x", What: "contents differ", First: "1", Second: "2"}}, More: true, Kept: "/k"},
		&builder.ReferenceError{Path: outC, Rule: "allowedReferences", Bad: []builder.BadReference{{Path: drvA, Chain: []string{outC, drvA}, Where: "bin/x"}}},
		&store.NoSpaceError{Op: "build", Root: "/", Err: errors.New("disk full")},
		&builder.PlatformError{Platform: "x", Known: []string{"y"}},
		&builder.FeatureError{Missing: []string{"kvm"}, Known: []string{"y"}},
		&jail.SetupError{Step: "mount", Path: "/dev", Err: errors.New("no"), Hint: "do this"},
	} {
		outer := &plan.FailedError{Status: "failed", Err: fmt.Errorf("around: %w", want)}
		f := overWire(t, outer)
		if f.Err.Error() != outer.Error() {
			t.Errorf("%T: the text is %q, want %q", want, f.Err, outer)
		}
		if got := errors.Unwrap(f.Err); !reflect.DeepEqual(got, want) {
			t.Errorf("got  %#v\nwant %#v", got, want)
		}
	}
	if f := overWire(t, fmt.Errorf("x: %w", builder.ErrNotHere)); !errors.Is(f.Err, builder.ErrNotHere) {
		t.Errorf("%v has lost why", f.Err)
	}
	r := NewReader(nil, nil)
	fmt.Fprintf(r, "@ fruix-failure {\"failed\":[{\"message\":\"m\",\"reference\":{\"Bad\":[{\"Chain\":[\"x\"]}]}},{\"message\":\"m\",\"fetch\":7}]}\n")
	if text := r.Failure().Error(); !strings.Contains(text, "m") {
		t.Errorf("junk gives %q", text)
	}
}

// overWire is what a Reader makes of a build that failed with err.
func overWire(t *testing.T, err error) *builder.BuildError {
	t.Helper()
	r := NewReader(nil, nil)
	NewWriter(Options{Own: true}, func(s string, _ bool) { r.Write([]byte(s)) }).Failure(&builder.Failure{Failed: []*builder.BuildError{{Drv: drvA, Err: err}}})
	if r.Failure() == nil || len(r.Failure().Failed) != 1 {
		t.Fatalf("%v is not told of", err)
	}
	return r.Failure().Failed[0]
}

func FuzzReader(f *testing.F) {
	f.Add(text(Options{Trace: true, Multiplexed: true, Own: true}, builder.Started{Drv: drvA}, builder.Line{Drv: drvA, Text: "x"}, builder.Finished{Drv: drvA}), 3)
	f.Add("@ build-log 99 99999999999999\nxxx", 1)
	f.Add("@ fruix-failure {\"failed\":[{\"mismatch\":{\"Want\":\"sha256:zz\"}}]}\n@ build-failed\n@ build-started\n@ \n@ fruix-", 100)
	f.Fuzz(func(t *testing.T, s string, piece int) {
		var e events
		r := NewReader(&e, func(string) {})
		for b := []byte(s); len(b) > 0; {
			n := min(max(piece, 1), len(b))
			if m, err := r.Write(b[:n]); m != n || err != nil {
				t.Fatalf("%d of %d bytes, %v", m, n, err)
			}
			b = b[n:]
		}
		r.Close()
		if f := r.Failure(); f != nil {
			_ = f.Error()
		}
	})
}
