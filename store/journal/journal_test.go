package journal

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func record(i int) Record {
	return Record{
		Path: fmt.Sprintf("%032d-x", i), NarHash: bytes.Repeat([]byte{byte(i)}, 32), NarSize: int64(i),
		References: []string{fmt.Sprintf("%032d-x", i), "a-é"}, Deriver: "d.drv", Registered: 5, CA: "text:sha256:x",
	}
}

func TestRoundTrip(t *testing.T) {
	var text []byte
	want := []Record{record(1), {Path: "bare", NarHash: make([]byte, 32)}, record(300)}
	want[2].References = strings.Split(strings.Repeat("a-very-long-name ", 30000), " ") // longer than any buffer
	for _, r := range want {
		var err error
		if text, err = Append(append(text, '\n'), r); err != nil {
			t.Fatal(err)
		}
	}
	var got []Record
	read := func(line []byte) error {
		r, err := Parse(line)
		got = append(got, r)
		if p, perr := PathOf(line); p != r.Path || perr != nil {
			t.Errorf("path %q, %v, want %q", p, perr, r.Path)
		}
		return err
	}
	if err := Lines(bytes.NewReader(text), read); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
	if _, err := Append(nil, Record{Path: "a b"}); err == nil {
		t.Error("a name with a space was taken")
	}
}

// TestGolden pins the format: it must be readable for as long as stores live.
func TestGolden(t *testing.T) {
	text, err := Append(nil, Record{
		Path: "00000000000000000000000000000001-x", NarHash: bytes.Repeat([]byte{0xab}, 32), NarSize: 7,
		References: []string{"r"}, Deriver: "d.drv", Registered: 5, CA: "c",
	})
	const want = `2ed8aa99 00000000000000000000000000000001-x {"narHash":"abababababababababababababababababababababababababababababababab","narSize":7,"refs":["r"],"deriver":"d.drv","registered":5,"ca":"c"}` + "\n"
	if err != nil || string(text) != want {
		t.Errorf("%s%v", text, err)
	}
}

// TestDamage flips each bit and cuts at each byte: no line that is not as it was
// written may be taken, and none of the others lost.
func TestDamage(t *testing.T) {
	var text []byte
	for i := range 3 {
		text, _ = Append(append(text, '\n'), record(i))
	}
	count := func(b []byte) (good int) {
		err := Lines(bytes.NewReader(b), func(line []byte) error {
			r, err := Parse(line)
			if err != nil {
				return nil
			}
			if !reflect.DeepEqual(r, record(int(r.NarSize))) {
				t.Fatalf("taken: %v", r)
			}
			good++
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return good
	}
	if n := count(text); n != 3 {
		t.Fatalf("%d lines are good", n)
	}
	for i := range text {
		for bit := range 8 {
			b := bytes.Clone(text)
			b[i] ^= 1 << bit
			if n := count(b); n < 1 {
				t.Errorf("with bit %d of byte %d flipped %d lines are good", bit, i, n)
			}
		}
		again, _ := Append(append(bytes.Clone(text[:i]), '\n'), record(4))
		before := count(text[:i])
		if n := count(again); n != before+1 && n != before+2 { // a line that lacks only its end is good
			t.Errorf("cut at %d, %d lines are good, then %d", i, before, n)
		}
	}
}

func FuzzParse(f *testing.F) {
	line, _ := Append(nil, record(1))
	f.Add(bytes.TrimSpace(line))
	f.Add([]byte("00000000 a {}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		_ = Lines(bytes.NewReader(b), func(line []byte) error {
			r, err := Parse(line)
			if err != nil {
				return nil
			}
			again, err := Append(nil, r)
			if err != nil {
				t.Fatal(err)
			}
			if s, err := Parse(bytes.TrimSuffix(again, []byte("\n"))); err != nil || !reflect.DeepEqual(s, r) {
				t.Errorf("%v became %v, %v", r, s, err)
			}
			return nil
		})
	})
}
