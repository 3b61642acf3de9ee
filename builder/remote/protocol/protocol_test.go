package protocol

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

func packer(t testing.TB) *Packer {
	t.Helper()
	p, err := NewPacker()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// contents are bodies of all kinds: empty, small, of several pieces, some that
// shrink and some that do not.
func contents() map[string][]byte {
	noise := make([]byte, 3*pieceSize+77)
	r := rand.NewChaCha8([32]byte{1})
	r.Read(noise)
	text := bytes.Repeat([]byte("all work and no play\n"), 60000)
	return map[string][]byte{
		"empty": {}, "small": []byte("x"), "text": text, "noise": noise, "one piece": text[:pieceSize],
		"mixed": append(append(bytes.Clone(text), noise...), text...),
	}
}

func TestText(t *testing.T) {
	p := packer(t)
	for name, content := range contents() {
		var b bytes.Buffer
		if err := p.WriteText(&b, content); err != nil {
			t.Fatal(err)
		}
		size := b.Len()
		got, err := p.ReadText(iotest.OneByteReader(bytes.NewReader(b.Bytes())), int64(len(content)))
		if err != nil || !bytes.Equal(got, content) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
		switch name {
		case "text":
			if size > len(content)/20 {
				t.Errorf("%s: %d bytes became %d", name, len(content), size)
			}
		default:
			if size > len(content)+len(content)/1000+10 {
				t.Errorf("%s: %d bytes became %d", name, len(content), size)
			}
		}
		if len(content) > 0 {
			if _, err := p.ReadText(bytes.NewReader(b.Bytes()), int64(len(content))-1); err == nil {
				t.Errorf("%s: more than the limit was read", name)
			}
		}
		for _, cut := range []int{0, size / 2, size - 1} {
			if _, err := p.ReadText(bytes.NewReader(b.Bytes()[:cut]), 1<<30); !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%s: cut at %d: %v", name, cut, err)
			}
		}
		var format *FormatError
		if _, err := p.ReadText(io.MultiReader(&b, strings.NewReader("x")), 1<<30); !errors.As(err, &format) {
			t.Errorf("%s: something behind it: %v", name, err)
		}
	}
}

func TestMessages(t *testing.T) {
	p := packer(t)
	var b bytes.Buffer
	w := p.NewWriter(&b, nil)
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(w.Send(Started, nil))
	check(w.Send(Log, "line\n"))
	for _, name := range slices.Sorted(maps.Keys(contents())) {
		content := contents()[name]
		check(w.SendObject(&Info{Name: name, NarSize: int64(len(content))}, func(to io.Writer) error {
			_, err := to.Write(content)
			return err
		}))
	}
	check(w.Send(Done, Summary{Took: time.Second}))
	check(w.Flush())
	text := b.Bytes()

	for _, whole := range []bool{true, false} {
		r := p.NewReader(bytes.NewReader(text))
		var got []string
		for {
			k, content, err := r.Next()
			if err == io.EOF {
				break
			}
			check(err)
			got = append(got, string(k))
			if k == Object {
				i, err := Decode[Info](content)
				check(err)
				// Whether an archive is read, or only its beginning, the next
				// message is found.
				from := r.Body()
				if !whole {
					from = io.LimitReader(from, 10)
				}
				body, err := io.ReadAll(from)
				check(err)
				if whole && !bytes.Equal(body, contents()[i.Name]) {
					t.Errorf("%s: other %d bytes", i.Name, len(body))
				}
			}
		}
		if fmt.Sprint(got) != "[s l o o o o o o d]" {
			t.Errorf("messages %v", got)
		}
	}
	// Wherever the stream is cut, a message is missing or torn.
	for cut := range 200 {
		r := p.NewReader(bytes.NewReader(text[:cut]))
		for {
			k, _, err := r.Next()
			if err == nil && k != Done {
				continue
			}
			if !errors.Is(err, io.ErrUnexpectedEOF) && err != io.EOF {
				t.Errorf("cut at %d: %c, %v", cut, k, err)
			}
			break
		}
	}
}

// An archive that could not be written to its end ends the stream: nothing may be
// taken for its rest.
func TestBrokenObject(t *testing.T) {
	p := packer(t)
	var b bytes.Buffer
	w := p.NewWriter(&b, nil)
	broken := errors.New("broken")
	if err := w.SendObject(&Info{Name: "x"}, func(to io.Writer) error { io.WriteString(to, "half"); return broken }); err != broken {
		t.Errorf("%v", err)
	}
	if err := w.Send(Done, nil); err != broken {
		t.Errorf("%v", err)
	}
}

func TestHello(t *testing.T) {
	ours := &Hello{Versions: Versions(), Program: "1", StoreDir: "/frx/store"}
	for name, c := range map[string]struct {
		theirs Hello
		want   string
	}{
		"the same":      {*ours, ""},
		"newer":         {Hello{Versions: []int{1, 2, 3}, StoreDir: "/frx/store"}, ""},
		"too new":       {Hello{Versions: []int{7, 8}, Program: "9.1", StoreDir: "/frx/store"}, "fruix 9.1 over there speaks version 7, 8 of the protocol, this one 1: install the same version on both machines"},
		"other store":   {Hello{Versions: []int{1}, StoreDir: "/gnu/store"}, "its store is called /gnu/store, this one /frx/store"},
		"none that is":  {Hello{Refused: "no\nstore\x1b[31m"}, "it refuses: no.store.[31m"},
		"says too much": {Hello{Versions: []int{1}, StoreDir: "/frx/store", Program: strings.Repeat("x", 1000)}, ""},
	} {
		var b bytes.Buffer
		if err := c.theirs.Write(&b); err != nil {
			t.Fatal(err)
		}
		b.WriteString("next")
		in := bufio.NewReader(&b)
		h, err := ReadHello(in)
		if err == nil {
			_, err = Agree(ours, h)
		}
		if got := fmt.Sprint(err); c.want == "" && err != nil || c.want != "" && got != c.want {
			t.Errorf("%s: %v", name, err)
		}
		if rest, _ := io.ReadAll(in); string(rest) != "next" {
			t.Errorf("%s: behind it %q", name, rest)
		}
	}
	for text, want := range map[string]string{
		"": "the other side ended without a greeting",
		"Last login: today\n\x1b[32mfruix-remote {}\n": `the other side does not greet as fruix does, but says "Last login: today"`,
		"\x00\x01\xff":   "the other side does not greet as fruix does, but says \"..\ufffd\"",
		greeting + "{\n": `the other side does not greet as fruix does, but says "fruix-remote {"`,
		greeting + strings.Repeat("x", 2*maxHello): `the other side does not greet as fruix does, but says "` + greeting + strings.Repeat("x", 120-len(greeting)) + `"`,
	} {
		_, err := ReadHello(bufio.NewReader(strings.NewReader(text)))
		if fmt.Sprint(err) != want {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}

// FuzzMessages reads anything as messages: no panic, no more memory than a piece,
// and what can be read can be written again.
func FuzzMessages(f *testing.F) {
	p := packer(f)
	var b bytes.Buffer
	w := p.NewWriter(&b, nil)
	w.Send(Log, "x")
	w.SendObject(&Info{Name: "n"}, func(to io.Writer) error { _, err := to.Write(bytes.Repeat([]byte("ab"), 400)); return err })
	w.Send(Done, nil)
	w.Flush()
	f.Add(b.Bytes())
	f.Add([]byte("l\xff\xff\xff\xff\xff\xff\xff\xff\x01"))
	f.Add([]byte("o\x02{}\x85\x02\x05\x28\xb5\x2f\xfd\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := p.NewReader(bytes.NewReader(data))
		for {
			k, content, err := r.Next()
			if err != nil {
				break
			}
			if len(content) > maxLength || cap(r.buf) > maxLength {
				t.Fatalf("a message of %d bytes", len(content))
			}
			if k != Object {
				continue
			}
			body, err := io.ReadAll(io.LimitReader(r.Body(), 4<<20))
			if err != nil {
				continue
			}
			var again bytes.Buffer
			w := p.newBodyWriter(&again)
			w.Write(body)
			w.Close()
			back, err := io.ReadAll(p.newBodyReader(bufio.NewReader(&again)))
			if err != nil || !bytes.Equal(back, body) {
				t.Fatalf("%d bytes come back as %d, %v", len(body), len(back), err)
			}
		}
		p.ReadText(bytes.NewReader(data), 1<<20)
	})
}

// FuzzHello reads anything as a greeting.
func FuzzHello(f *testing.F) {
	f.Add([]byte(greeting + `{"versions":[1],"storeDir":"/frx/store"}` + "\n"))
	f.Add([]byte("Welcome!\n"))
	ours := &Hello{Versions: Versions(), StoreDir: "/frx/store"}
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := ReadHello(bufio.NewReader(bytes.NewReader(data)))
		if err != nil {
			_ = err.Error()
			return
		}
		if v, err := Agree(ours, h); err == nil && v != 1 {
			t.Fatalf("version %d", v)
		}
	})
}
