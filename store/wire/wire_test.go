package wire

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// written returns what f writes.
func written(t testing.TB, f func(*Writer)) []byte {
	t.Helper()
	var b bytes.Buffer
	w := NewWriter(&b)
	f(w)
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func reader(b []byte) *Reader { return NewReader(bytes.NewReader(b), DefaultLimits) }

func TestBytesAreGuixs(t *testing.T) {
	got := written(t, func(w *Writer) {
		w.Number(0x64617461)
		w.Text("")
		w.Text("12345678")
		w.Texts([]string{"a"})
	})
	want := "atad\x00\x00\x00\x00" +
		"\x00\x00\x00\x00\x00\x00\x00\x00" +
		"\x08\x00\x00\x00\x00\x00\x00\x0012345678" +
		"\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00a\x00\x00\x00\x00\x00\x00\x00"
	if string(got) != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestRoundTrip(t *testing.T) {
	long := strings.Repeat("x", 100_001)
	b := written(t, func(w *Writer) {
		w.Number(1<<64 - 1)
		w.Flag(true)
		w.Flag(false)
		for n := range 17 {
			w.Text(long[:n])
		}
		w.Bytes([]byte(long))
		w.Texts([]string{"a", "", "ccc"})
		w.Texts(nil)
		w.Pairs([][2]string{{"k", "v"}, {"", "w"}})
	})
	for _, r := range []*Reader{reader(b), NewReader(iotest.OneByteReader(bytes.NewReader(b)), DefaultLimits)} {
		if n := r.Number(); n != 1<<64-1 {
			t.Errorf("number %d", n)
		}
		if !r.Flag() || r.Flag() {
			t.Error("flags")
		}
		for n := range 17 {
			if s := r.Text(); s != long[:n] {
				t.Errorf("text %q", s)
			}
		}
		if s := r.Bytes(); string(s) != long {
			t.Errorf("%d bytes", len(s))
		}
		if l := r.Texts(); !reflect.DeepEqual(l, []string{"a", "", "ccc"}) {
			t.Errorf("texts %q", l)
		}
		if l := r.Texts(); l != nil {
			t.Errorf("texts %q", l)
		}
		if p := r.Pairs(); !reflect.DeepEqual(p, [][2]string{{"k", "v"}, {"", "w"}}) {
			t.Errorf("pairs %q", p)
		}
		if r.Err() != nil {
			t.Error(r.Err())
		}
		if _, err := r.Op(); err != io.EOF {
			t.Errorf("at the end: %v", err)
		}
	}
}

// TestMessages writes and reads each message.
func TestMessages(t *testing.T) {
	options := Options{
		KeepFailed: true, Verbosity: 3, UseHook: true, BuildVerbosity: 1, LogType: 2, PrintTrace: true, UseSubstitutes: true,
		Pairs: [][2]string{{OptionCores, "3"}, {"locale", "C"}},
	}
	info := PathInfo{Deriver: "d", Hash: "h", References: []string{"r", "s"}, Registered: 7, NarSize: 1 << 40}
	list := []Substitutable{{"p", "d", []string{"r"}, 5, 1 << 33}, {Path: "q"}}
	request := Collection{Action: DeleteSpecific, Paths: []string{"p"}, MaxFreed: NoLimit}
	answer := Collected{Paths: []string{"a", "b"}, Bytes: 1 << 35}
	b := written(t, func(w *Writer) {
		options.Write(w, Current)
		info.Write(w)
		WriteSubstitutables(w, list)
		request.Write(w)
		answer.Write(w)
	})
	r := reader(b)
	for _, x := range []struct{ got, want any }{
		{ReadOptions(r, Current), options}, {ReadPathInfo(r), info}, {ReadSubstitutables(r), list},
		{ReadCollection(r), request}, {ReadCollected(r), answer},
	} {
		if !reflect.DeepEqual(x.got, x.want) {
			t.Errorf("got  %+v\nwant %+v", x.got, x.want)
		}
	}
	if _, err := r.Op(); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
}

// TestOldOptions reads what clients from before Guix 0.11 write.
func TestOldOptions(t *testing.T) {
	b := written(t, func(w *Writer) {
		for _, n := range []uint64{0, 1, 0, 2, 4, 3600, 1, 0, 0, 1, 8, 1} {
			w.Number(n)
		}
		w.Pairs([][2]string{{OptionTimeout, "9"}})
	})
	r := reader(b)
	o := ReadOptions(r, 0x110)
	want := [][2]string{{OptionMaxJobs, "4"}, {OptionMaxSilent, "3600"}, {OptionCores, "8"}, {OptionTimeout, "9"}}
	if r.Err() != nil || !o.KeepGoing || !o.PrintTrace || !o.UseSubstitutes || !reflect.DeepEqual(o.Pairs, want) {
		t.Errorf("%+v, %v", o, r.Err())
	}
}

func TestGreeting(t *testing.T) {
	type end struct {
		io.Reader
		io.Writer
	}
	cr, sw := io.Pipe()
	sr, cw := io.Pipe()
	client, server := end{cr, cw}, end{sr, sw}
	done := make(chan error, 1)
	go func() {
		v, err := Greet(NewReader(client, DefaultLimits), NewWriter(client))
		if err == nil && v != Current {
			err = errors.New("version " + v.String())
		}
		done <- err
	}()
	w := NewWriter(server)
	g, err := Accept(NewReader(server, DefaultLimits), w)
	if err != nil || g.Check() != nil || !g.Reserve || g.Affinity != 0 {
		t.Fatalf("%+v, %v, %v", g, err, g.Check())
	}
	w.Log("welcome\n")
	w.Done()
	w.Flush()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestGreetingsThatFail(t *testing.T) {
	for name, numbers := range map[string][]uint64{"magic": {1}, "short": {ClientMagic}} {
		in := written(t, func(w *Writer) {
			for _, n := range numbers {
				w.Number(n)
			}
		})
		if _, err := Accept(reader(in), NewWriter(io.Discard)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for name, v := range map[string]Version{"other major": 0x264, "too old": 0x10a, "odd": 1<<40 | 0x164} {
		in := written(t, func(w *Writer) { w.Number(ClientMagic); w.Number(uint64(v)) })
		g, err := Accept(reader(in), NewWriter(io.Discard))
		if err != nil || g.Check() == nil {
			t.Errorf("%s: %v, %v", name, err, g.Check())
		}
		in = written(t, func(w *Writer) { w.Number(ServerMagic); w.Number(uint64(v)) })
		if _, err := Greet(reader(in), NewWriter(io.Discard)); err == nil {
			t.Errorf("%s: the client goes on", name)
		}
	}
}

func TestReplies(t *testing.T) {
	b := written(t, func(w *Writer) {
		w.Log("one\n")
		w.Want(5)
		w.Data([]byte("bytes"))
		w.Want(1 << 40)
		w.Want(5)
		w.Done()
		w.Text("result")
	})
	var log, sink, out bytes.Buffer
	in := reader(b)
	r := Replies{In: in, Out: NewWriter(&out), Log: func(b []byte) { log.Write(b) }, Source: strings.NewReader("some data"), Sink: &sink}
	if err := r.Wait(); err != nil {
		t.Fatal(err)
	}
	if got := in.Text(); got != "result" || log.String() != "one\n" || sink.String() != "bytes" {
		t.Errorf("result %q, log %q, data %q", got, log.String(), sink.String())
	}
	sent := reader(out.Bytes())
	if a, b, c := sent.Text(), sent.Text(), sent.Text(); a != "some " || b != "data" || c != "" || sent.Err() != nil {
		t.Errorf("sent %q %q %q, %v", a, b, c, sent.Err())
	}
}

func TestRepliesThatFail(t *testing.T) {
	var remote *RemoteError
	b := written(t, func(w *Writer) { w.Refuse("no such path", StatusBuild) })
	err := (&Replies{In: reader(b), Out: NewWriter(io.Discard)}).Wait()
	if !errors.As(err, &remote) || remote.Message != "no such path" || remote.Status != StatusBuild {
		t.Errorf("%v", err)
	}
	for name, f := range map[string]func(*Writer){
		"data that nobody asked for":  func(w *Writer) { w.Data([]byte("x")) },
		"a wish for data":             func(w *Writer) { w.Want(3) },
		"a frame that is not known":   func(w *Writer) { w.Number(7) },
		"an end":                      func(*Writer) {},
		"a piece without an end":      func(w *Writer) { w.Number(frameNext); w.Number(1 << 50) },
		"an error without an end":     func(w *Writer) { w.Number(frameError); w.Text("x") },
		"a length that is no length":  func(w *Writer) { w.Number(frameNext); w.Number(1<<64 - 3) },
		"a string that is not padded": func(w *Writer) { w.Number(frameNext); w.Number(1); w.Number(1<<63 | 'x') },
	} {
		err := (&Replies{In: reader(written(t, f)), Out: NewWriter(io.Discard)}).Wait()
		if err == nil || errors.As(err, &remote) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// allocated returns how many bytes f takes.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestPromisesCostNothing reads lengths behind which nothing comes.
func TestPromisesCostNothing(t *testing.T) {
	for _, n := range []uint64{64 << 20, 64<<20 + 1, 1 << 40, 1 << 63, 1<<64 - 1} {
		b := written(t, func(w *Writer) { w.Number(n); w.Number(n); w.Number(n) })
		for name, read := range map[string]func(*Reader){
			"bytes": func(r *Reader) { r.Bytes() }, "texts": func(r *Reader) { r.Texts() }, "pairs": func(r *Reader) { r.Pairs() },
			"infos": func(r *Reader) { ReadSubstitutables(r) },
		} {
			r := reader(b)
			if got := allocated(func() { read(r) }); got > 256<<10 {
				t.Errorf("%s of length %d: %d bytes were taken", name, n, got)
			}
			if r.Err() == nil {
				t.Errorf("%s of length %d: no error", name, n)
			}
		}
	}
}

func TestLimits(t *testing.T) {
	var limit *LimitError
	empty := written(t, func(w *Writer) { w.Texts(make([]string, 1000)) })
	r := NewReader(bytes.NewReader(empty), Limits{Text: 10, Message: 1000})
	if r.Texts(); !errors.As(r.Err(), &limit) {
		t.Errorf("many empty strings: %v", r.Err())
	}
	two := written(t, func(w *Writer) { w.Text("12345678"); w.Text("12345678") })
	r = NewReader(bytes.NewReader(two), Limits{Text: 10, Message: 50})
	if r.Text(); r.Err() != nil {
		t.Error(r.Err())
	}
	r.Begin()
	if s := r.Text(); s != "12345678" || r.Err() != nil {
		t.Errorf("%q, %v", s, r.Err())
	}
	refuse := errors.New("not now")
	charged := int64(0)
	r = NewReader(bytes.NewReader(two), Limits{Text: 10, Message: 1000, Charge: func(n int64) error {
		if charged += n; charged > 60 {
			return refuse
		}
		return nil
	}})
	if a, b := r.Text(), r.Text(); a != "12345678" || b != "" || r.Err() != refuse {
		t.Errorf("%q, %q, %v", a, b, r.Err())
	}
}

// FuzzReader reads arbitrary bytes as everything that can be read, and holds
// what it takes against what came.
func FuzzReader(f *testing.F) {
	f.Add([]byte{}, []byte{0})
	f.Add(written(f, func(w *Writer) { w.Texts([]string{"a", "bc"}) }), []byte{3})
	f.Add(written(f, func(w *Writer) { (&Options{Pairs: [][2]string{{"a", "b"}}}).Write(w, Current) }), []byte{5})
	f.Add(written(f, func(w *Writer) { w.Number(1 << 40) }), []byte{2})
	f.Fuzz(func(t *testing.T, data, script []byte) {
		r := NewReader(bytes.NewReader(data), Limits{Text: 1 << 20, Message: 1 << 22})
		var back bytes.Buffer
		w := NewWriter(&back)
		taken := allocated(func() {
			for _, what := range script {
				switch what % 9 {
				case 0:
					w.Number(r.Number())
				case 1:
					w.Text(r.Text())
				case 2:
					w.Bytes(r.Bytes())
				case 3:
					w.Texts(r.Texts())
				case 4:
					w.Pairs(r.Pairs())
				case 5:
					o := ReadOptions(r, Version(0x100|uint64(what)))
					o.Write(w, Current)
				case 6:
					c := ReadCollection(r)
					c.Write(w)
				case 7:
					WriteSubstitutables(w, ReadSubstitutables(r))
				case 8:
					i := ReadPathInfo(r)
					i.Write(w)
				}
				if r.Err() != nil {
					break
				}
			}
		})
		if bound := uint64(100*(len(data)+len(script)) + 1<<20); taken > bound {
			t.Errorf("%d bytes were taken for %d", taken, len(data))
		}
		// What has a single form, and was read to the end, is written as it was.
		exact := !slices.ContainsFunc(script, func(what byte) bool { return what%9 >= 5 })
		if w.Flush(); exact && r.Err() == nil && !bytes.HasPrefix(data, back.Bytes()) {
			t.Errorf("read %q, wrote %q", data, back.Bytes())
		}
	})
}

// FuzzReplies is a client that gets arbitrary answers.
func FuzzReplies(f *testing.F) {
	f.Add(written(f, func(w *Writer) { w.Log("x"); w.Want(3); w.Data([]byte("y")); w.Done() }))
	f.Add(written(f, func(w *Writer) { w.Refuse("no", 1) }))
	f.Add(written(f, func(w *Writer) { w.Number(ServerMagic); w.Number(uint64(Current)); w.Done() }))
	f.Fuzz(func(t *testing.T, data []byte) {
		taken := allocated(func() {
			r := Replies{In: reader(data), Out: NewWriter(io.Discard), Source: strings.NewReader("data"), Sink: io.Discard, Log: func([]byte) {}}
			for r.Wait() == nil {
				ReadPathInfo(r.In)
			}
			_, _ = Greet(reader(data), NewWriter(io.Discard))
		})
		// Each wish for data costs one piece.
		if bound := uint64((100+maxPiece/16)*len(data) + 1<<20); taken > bound {
			t.Errorf("%d bytes were taken for %d", taken, len(data))
		}
	})
}
