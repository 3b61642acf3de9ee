package tree

import (
	"io/fs"
	"reflect"
	"strings"
	"testing"
)

func dir(entries ...Entry) *Node { return &Node{Kind: Dir, Mode: 0o755, Entries: entries} }
func file(text string) *Node     { return &Node{Kind: File, Mode: 0o644, Content: Text(text)} }

func TestValidate(t *testing.T) {
	if err := Validate(dir(Entry{"a", dir(Entry{"b", file("x")})}, Entry{strings.Repeat("n", 255), file("")}, Entry{"\xff \n", file("")})); err != nil {
		t.Error(err)
	}
	shared := dir()
	loop := dir()
	loop.Entries = []Entry{{"again", loop}}
	cases := []struct {
		root *Node
		want string
	}{
		{nil, "no root"},
		{file("x"), "root of the tree is a file"},
		{dir(Entry{"a", dir(Entry{"", file("")})}), `in directory "a": an entry has an empty name`},
		{dir(Entry{".", file("")}), `may not be named "."`},
		{dir(Entry{"..", file("")}), `may not be named ".."`},
		{dir(Entry{"a/b", file("")}), "contains a slash"},
		{dir(Entry{"a\x00", file("")}), "NUL"},
		{dir(Entry{strings.Repeat("n", 256), file("")}), "256 bytes long"},
		{dir(Entry{"x", file("")}, Entry{"x", file("")}), `two entries are named "x"`},
		{dir(Entry{"x", nil}), `"x": entry has no node`},
		{dir(Entry{"x", shared}, Entry{"y", shared}), `"y": the same directory is already at "x"`},
		{loop, `"again": the same directory is already at "."`},
		{dir(Entry{"x", &Node{Kind: 99}}), "unknown kind 99"},
		{dir(Entry{"x", &Node{Kind: File, Mode: 0o100644}}), "bits outside 07777"},
		{dir(Entry{"x", &Node{Kind: File, Entries: []Entry{{"y", file("")}}}}), "a file cannot have entries"},
		{dir(Entry{"x", &Node{Kind: Fifo, Content: Text("x")}}), "a fifo cannot have content"},
		{dir(Entry{"x", &Node{Kind: File, Content: Zeros(-1)}}), "negative size"},
		{dir(Entry{"x", &Node{Kind: Symlink}}), "empty target"},
		{dir(Entry{"x", &Node{Kind: Symlink, Target: "a\x00b"}}), "NUL"},
		{dir(Entry{"x", &Node{Kind: File, Target: "a"}}), "a file cannot have a link target"},
		{dir(Entry{"x", &Node{Kind: File, Minor: 1}}), "a file cannot have device numbers"},
	}
	for _, c := range cases {
		if c.root != nil {
			Sort(c.root) // must end, whatever the tree
		}
		if err := Validate(c.root); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got error %v, want one with %q", err, c.want)
		}
	}
}

func TestSortAndWalk(t *testing.T) {
	f := file("x")
	root := dir(Entry{"b", f}, Entry{"a", dir(Entry{"z", f}, Entry{"Y", file("")})}, Entry{"a.", dir(Entry{"q", f})})
	Sort(root)
	walk := func(at string, stop error) (got []string) {
		err := Walk(root, func(path string, n *Node, link bool) error {
			if link {
				path += " link"
			}
			got = append(got, path)
			if strings.TrimSuffix(path, " link") == at {
				return stop
			}
			return nil
		})
		if err != nil && err != stop {
			t.Error(err)
		}
		return got
	}
	cases := []struct {
		at   string
		stop error
		want string
	}{
		{"", nil, ". a a/Y a/z a. a./q link b link"},
		{"a", fs.SkipDir, ". a a. a./q b link"},
		{"a/Y", fs.SkipDir, ". a a/Y a. a./q b link"},
		{"a.", fs.SkipAll, ". a a/Y a/z a."},
		{".", fs.SkipDir, "."},
		{"a", fs.ErrInvalid, ". a"},
	}
	for _, c := range cases {
		if got := strings.Join(walk(c.at, c.stop), " "); got != c.want {
			t.Errorf("%q, %v: %s; want %s", c.at, c.stop, got, c.want)
		}
	}
	if got := Links(root); !reflect.DeepEqual(got, map[*Node]int{f: 3, root.Entries[0].Node.Entries[0].Node: 1}) {
		t.Errorf("links %v", got)
	}
}
