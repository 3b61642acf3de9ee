package journal

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// TestFresh: the order of records and of their references has no say.
func TestFresh(t *testing.T) {
	sum := func(b byte) []byte { return bytes.Repeat([]byte{b}, 32) }
	records := []Record{
		{Path: "b", NarHash: sum(2), NarSize: 2, References: []string{"c", "a", "b"}, Registered: Time},
		{Path: "a", NarHash: sum(1), NarSize: 1, Registered: Time},
		{Path: "c", NarHash: sum(3), NarSize: 3, References: []string{"a", "a"}, Registered: Time},
	}
	text, err := Fresh(records)
	if err != nil {
		t.Fatal(err)
	}
	const lines = `a {"narHash":"0101010101010101010101010101010101010101010101010101010101010101","narSize":1,"registered":1}
b {"narHash":"0202020202020202020202020202020202020202020202020202020202020202","narSize":2,"refs":["a","b","c"],"registered":1}
c {"narHash":"0303030303030303030303030303030303030303030303030303030303030303","narSize":3,"refs":["a"],"registered":1}
`
	got := ""
	for line := range strings.Lines(string(text)) {
		if _, err := Parse([]byte(strings.TrimSuffix(line, "\n"))); err != nil {
			t.Errorf("%q: %v", line, err)
		}
		got += line[digits+1:]
	}
	if got != lines {
		t.Errorf("got\n%s", got)
	}
	slices.Reverse(records)
	slices.Reverse(records[0].References)
	if again, err := Fresh(records); err != nil || !bytes.Equal(again, text) {
		t.Errorf("in another order: %v\n%s", err, again)
	}
	if Mark(text) == Mark(text[1:]) || !strings.HasPrefix(Mark(text), "sha256:") {
		t.Errorf("the mark is %q", Mark(text))
	}
	for _, c := range []struct {
		records []Record
		want    string
	}{
		{append(records, records[0]), "there are two records of c"},
		{records[2:], "b refers to a, of which there is no record"},
		{[]Record{{Path: "a b"}}, `"a b" is no base name of an object`},
	} {
		if _, err := Fresh(c.records); err == nil || err.Error() != c.want {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}
