package lzip

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

const maxDict = 64 << 20

// member is a member with some words in it, and a dictionary by its code.
func member(t *testing.T, text string, dict byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := NewWriter(&b)
	if err == nil {
		_, err = io.WriteString(w, text)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	b.Bytes()[5] = dict
	return b.Bytes()
}

func read(r io.Reader) (string, error) {
	b, err := io.ReadAll(NewReader(bufio.NewReader(r), maxDict))
	return string(b), err
}

// TestTrailing reads what follows a member as lzip does.
func TestTrailing(t *testing.T) {
	one := member(t, "one", dictionaryBits)
	for rest, want := range map[string]error{
		"": nil, "more": nil, "Lines of words": nil, "LxxP": nil, "LZIX": nil,
		"L": io.ErrUnexpectedEOF, "LZ": io.ErrUnexpectedEOF, "LZI": io.ErrUnexpectedEOF, "LZIP": io.ErrUnexpectedEOF, "LZIP\x01": io.ErrUnexpectedEOF,
		"LZIXxxxxxx": errDamaged, "LxxPxxxxxx": errDamaged, "LZIP\x02xxxxx": errDamaged,
	} {
		if got, err := read(strings.NewReader(string(one) + rest)); got != "one" || !errors.Is(err, want) {
			t.Errorf("with %q behind it: %q, %v, want %v", rest, got, err, want)
		}
	}
	if got, err := read(strings.NewReader(string(one) + string(member(t, "two", 12)))); got != "onetwo" || err != nil {
		t.Errorf("two members: %q, %v", got, err)
	}
}

// TestInputFails: a file that cannot be read on is neither whole nor damaged.
func TestInputFails(t *testing.T) {
	fails := errors.New("it fails")
	one := member(t, "one", dictionaryBits)
	for _, n := range []int{0, 3, len(one) - 3, len(one)} {
		if _, err := read(io.MultiReader(bytes.NewReader(one[:n]), iotest.ErrReader(fails))); !errors.Is(err, fails) {
			t.Errorf("after %d bytes: %v", n, err)
		}
	}
}

// TestDictionaries: members with next to nothing in them do not get dictionaries without
// end.
func TestDictionaries(t *testing.T) {
	large := bytes.Repeat(member(t, "", 26), 200)
	if _, err := read(bytes.NewReader(large)); err == nil || !strings.Contains(err.Error(), "the lzip file wants dictionaries of") {
		t.Errorf("large ones: %v", err)
	}
	small := bytes.Repeat(member(t, "", 16), 200)
	if _, err := read(bytes.NewReader(small)); err != nil {
		t.Errorf("small ones: %v", err)
	}
}
