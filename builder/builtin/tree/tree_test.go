package tree

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	imagetree "fruix/image/tree"
	"fruix/store/journal"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// onePartition makes a plan with one partition that has the given entries.
func onePartition(entries string) string {
	return `{"version":1,"seed":"s","partitions":[{"name":"root","type":"linux","file-system":{"type":"ext4","tree":[` + entries + `]}}]}`
}

func TestParseErrors(t *testing.T) {
	for _, c := range []struct{ plan, want string }{
		{``, `the plan is not JSON: line 1, byte 0: unexpected EOF`},
		{`{"version":1,`, `the plan is not JSON: line 1, byte 13: unexpected EOF`},
		{"{\n\"version\" 1}", `the plan is not JSON: line 2, byte 12: invalid character '1' after object key`},
		{`[]`, `the plan must be an object, not an array`},
		{`{} {}`, `the plan goes on behind its end, at byte 4`},
		{"{\"a\":\"\xff\"}", `the plan is not UTF-8 text`},
		{`{"version":1,"version":1}`, `the plan is not JSON: line 1, byte 22: an object has two members "version"`},
		{`{}`, `plan: version: is missing; this program reads version 1`},
		{`{"version":2}`, `plan: version: 2 is unknown; this program reads version 1`},
		{`{"version":"1"}`, `plan: version: must be a number, not the text "1"`},
		{`{"version":1,"seed":"s"}`, `plan: partitions: there must be at least one`},
		{`{"version":1,"sead":"s","partitions":[]}`, `plan: unknown field "sead"; did you mean "seed"?`},
		{`{"version":1,"zzzzz":1}`, `plan: unknown field "zzzzz"; known are label, partitions, seed, version`},
		{`{"version":1,"partitions":[1]}`, `partition 1: must be an object, not the number 1`},
		{`{"version":1,"partitions":[{"type":"esp"}]}`, `partition 1: name: is missing`},
		{`{"version":1,"partitions":[{"name":"a"}]}`, `partition "a": type: is missing`},
		{`{"version":1,"partitions":[{"name":"a","type":"linux-rot-x86-64"}]}`, `partition "a": type: "linux-rot-x86-64" is unknown; did you mean "linux-root-x86-64"?`},
		{`{"version":1,"partitions":[{"name":"a","type":"esp"}]}`, `partition "a": size: must be given where there is no file system`},
		{`{"version":1,"partitions":[{"name":"a","type":"esp","size":-1}]}`, `partition "a": size: must be an integer from 0 to 2305843009213693951, not -1`},
		{`{"version":1,"partitions":[{"name":"a","type":"esp","size":1.5}]}`, `partition "a": size: must be an integer from 0 to 2305843009213693951, not 1.5`},
		{`{"version":1,"partitions":[{"name":"a","type":"esp","size":1,"uuid":"x"}]}`, `partition "a": uuid: `},
		{`{"version":1,"partitions":[{"name":"a","type":"esp","size":1},{"name":"a","type":"esp","size":1}]}`, `plan: partitions: two are named "a"`},
		{`{"version":1,"partitions":[{"name":"a","type":"esp","size":1}]}`, `plan: seed: is missing, and there are identifiers to derive from it`},
		{`{"version":1,"partitions":[{"name":"a","type":"esp","file-system":{}}]}`, `partition "a": file-system: type: is missing`},
		{`{"version":1,"partitions":[{"name":"a","type":"esp","file-system":{"type":"ext3"}}]}`, `partition "a": file-system: type: "ext3" is unknown; did you mean "ext4"?`},
		{`{"version":1,"partitions":[{"name":"a","type":"esp","file-system":{"type":"fat","uuid":"12345678"}}]}`, `partition "a": file-system: uuid: "12345678" is not the serial number of a FAT file system, such as 12AB-34CD`},
		{`{"version":1,"partitions":[{"name":"a","type":"esp","file-system":{"type":"swap","tree":[1]}}]}`, `partition "a": file-system: tree: swap space holds no files`},
		{onePartition(`{}`), `partition "root": entry 1: kind: is missing`},
		{onePartition(`{"kind":"file"}`), `partition "root": entry 1: path: is missing`},
		{onePartition(`{"kind":"fil","path":"/x"}`), `partition "root": entry 1: kind: "fil" is unknown; did you mean "file"?`},
		{onePartition(`{"kind":"kernel-modules","path":"/x"}`), `partition "root": entry 1: kind: "kernel-modules" is unknown; known are directory, file, symlink, hardlink, copy, links, closure, char-device, block-device, fifo, attributes`},
		{onePartition(`{"kind":"file","path":"x"}`), `partition "root": entry 1: path: "x" is not absolute`},
		{onePartition(`{"kind":"file","path":"/a/../x"}`), `partition "root": entry 1: path: "/a/../x" must be written "/x"`},
		{onePartition(`{"kind":"file","path":"/x/"}`), `partition "root": entry 1: path: "/x/" must be written "/x"`},
		{onePartition(`{"kind":"file","path":"/"}`), `partition "root": entry 1: path: "/" cannot be a file`},
		{onePartition(`{"kind":"file","path":"/a\u0000b"}`), `partition "root": entry 1: path: name "a\x00b" contains a slash or a NUL byte`},
		{onePartition(`{"kind":"file","path":"/x"}`), `partition "root": "/x": a file needs either text or source`},
		{onePartition(`{"kind":"file","path":"/x","text":"","source":"/y"}`), `partition "root": "/x": a file needs either text or source`},
		{onePartition(`{"kind":"file","path":"/x","text":7}`), `partition "root": "/x": text: must be a text, not the number 7`},
		{onePartition(`{"kind":"file","path":"/x","source":"y"}`), `partition "root": "/x": source: "y" is not absolute`},
		{onePartition(`{"kind":"file","path":"/x","text":"","mode":"0888"}`), `partition "root": "/x": mode: "0888" is not a mode in octal digits, such as "0755"`},
		{onePartition(`{"kind":"file","path":"/x","text":"","mode":"17777"}`), `partition "root": "/x": mode: "17777" is not a mode in octal digits, such as "0755"`},
		{onePartition(`{"kind":"file","path":"/x","text":"","mode":420}`), `partition "root": "/x": mode: must be a text, not the number 420`},
		{onePartition(`{"kind":"file","path":"/x","text":"","uid":4294967295}`), `partition "root": "/x": uid: must be an integer from 0 to 4294967294, not 4294967295`},
		{onePartition(`{"kind":"file","path":"/x","text":"","target":"/y"}`), `partition "root": "/x": unknown field "target"; known are gid, kind, mode, path, replace, source, text, time, uid`},
		{onePartition(`{"kind":"symlink","path":"/x","target":"/y","mode":"0777"}`), `partition "root": "/x": unknown field "mode"; `},
		{onePartition(`{"kind":"symlink","path":"/x","target":""}`), `partition "root": "/x": target: must not be empty`},
		{onePartition(`{"kind":"char-device","path":"/x","major":1}`), `partition "root": "/x": minor: is missing`},
		{onePartition(`{"kind":"closure","path":"/x"}`), `partition "root": "/x": graph: is missing`},
		{onePartition(`{"kind":"closure","path":"/x","graph":"../g"}`), `partition "root": "/x": graph: name "../g" contains a slash or a NUL byte`},
		{onePartition(`{"kind":"closure","path":"/x","graph":"g","registrations":"r/"}`), `partition "root": "/x": registrations: name "r/" contains a slash or a NUL byte`},
		{onePartition(`{"kind":"attributes","path":"/x"}`), `partition "root": "/x": attributes need a mode, a uid or a gid`},
		{onePartition(`{"kind":"directory","path":"/x","replace":"yes"}`), `partition "root": "/x": replace: must be true or false, not the text "yes"`},
	} {
		_, err := Parse([]byte(c.plan))
		if err == nil {
			t.Errorf("%s: is taken", c.plan)
			continue
		}
		if got := err.Error(); got != c.want && !(strings.HasSuffix(c.want, " ") && strings.HasPrefix(got, c.want)) {
			t.Errorf("%s:\ngot  %s\nwant %s", c.plan, got, c.want)
		}
	}
}

// store makes a folder of store items and the function that finds them.
func store(t *testing.T) (resolve func(string) string, items []string) {
	t.Helper()
	dir := t.TempDir()
	put := func(name, text string, mode os.FileMode) {
		t.Helper()
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	link := func(target, name string) {
		t.Helper()
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	put("a-tool/bin/tool", "tool\n", 0o555)
	put("a-tool/share/text", "text\n", 0o444)
	put("a-tool/empty", "", 0o400)
	link("bin/tool", "a-tool/tool")
	if err := os.Link(filepath.Join(dir, "a-tool/share/text"), filepath.Join(dir, "a-tool/share/twin")); err != nil {
		t.Fatal(err)
	}
	put("b-file", "a file\n", 0o444)
	link("/frx/store/a-tool", "c-link")
	put("d-system/x", "x\n", 0o444)
	link("/frx/store/c-link/share", "d-system/share")
	link("e-loop", "e-loop")
	resolve = func(logical string) string {
		if rest, ok := strings.CutPrefix(logical, "/frx/store"); ok {
			return dir + rest
		}
		return filepath.Join(dir, "nothing", logical)
	}
	for _, n := range []string{"a-tool", "b-file", "c-link", "d-system"} {
		items = append(items, "/frx/store/"+n)
	}
	return resolve, items
}

// registrations are records of items of which each refers to the one before.
func registrations(items ...string) (all []journal.Record) {
	for i, item := range items {
		r := journal.Record{Path: filepath.Base(item), NarHash: bytes.Repeat([]byte{byte(i)}, 32), NarSize: int64(i), Registered: journal.Time}
		if i > 0 {
			r.References = []string{filepath.Base(items[i-1])}
		}
		all = append(all, r)
	}
	return all
}

func evaluate(t *testing.T, entries string) (string, error) {
	t.Helper()
	p, err := Parse([]byte(onePartition(entries)))
	if err != nil {
		t.Fatal(err)
	}
	resolve, items := store(t)
	root, err := p.Root("root", Sources{
		Resolve: resolve, Graphs: map[string][]string{"system": items}, Registrations: map[string][]journal.Record{
			"all": registrations(items...), "few": registrations(items[0]), "more": registrations(append(items, "/frx/store/z-none")...),
			"dangling": append(registrations(items[1:]...), journal.Record{Path: "a-tool", References: []string{"none"}}),
		},
	})
	if err != nil {
		return "", err
	}
	m, err := imagetree.Manifest(root)
	if err != nil {
		t.Fatal(err)
	}
	return string(m), nil
}

func TestRootGolden(t *testing.T) {
	for name, entries := range map[string]string{
		"closure":    `{"path":"/frx/store","kind":"closure","graph":"system"}`,
		"registered": `{"path":"/frx/store","kind":"closure","graph":"system","registrations":"all"}`,
		"entries": `{"path":"/","kind":"directory","mode":"0711","gid":5},
			{"path":"/etc/deep/file","kind":"file","text":"hello\n","mode":"0600","uid":7,"gid":8,"time":86400},
			{"path":"/etc","kind":"directory","mode":"0750"},
			{"path":"/bin/tool","kind":"file","source":"/frx/store/d-system/share/text","mode":"0555"},
			{"path":"/bin/also","kind":"hardlink","target":"/bin/tool"},
			{"path":"/bin/sh","kind":"symlink","target":"tool"},
			{"path":"/dev/null","kind":"char-device","mode":"0666","major":1,"minor":3},
			{"path":"/dev/sda","kind":"block-device","major":8,"minor":0},
			{"path":"/run/pipe","kind":"fifo"}`,
		"copies": `{"path":"/","kind":"copy","source":"/frx/store/a-tool"},
			{"path":"/","kind":"copy","source":"/frx/store/d-system/share","uid":3,"replace":true},
			{"path":"/share","kind":"directory","mode":"0700","uid":9},
			{"path":"/opt/one","kind":"copy","source":"/frx/store/b-file"},
			{"path":"/opt/two","kind":"copy","source":"/frx/store/c-link"},
			{"path":"/bin/tool","kind":"attributes","mode":"4555","gid":6},
			{"path":"/tool","kind":"file","text":"instead\n","replace":true}`,
	} {
		t.Run(name, func(t *testing.T) {
			got, err := evaluate(t, entries)
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", name+".mtree")
			if *update {
				if err := os.MkdirAll("testdata", 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestRootErrors(t *testing.T) {
	for _, c := range []struct{ entries, want string }{
		{`{"path":"/x","kind":"file","text":""},{"path":"/x","kind":"symlink","target":"y"}`,
			`"/x": is there already, as a file; say "replace": true to put another in its place`},
		{`{"path":"/x","kind":"directory"},{"path":"/x","kind":"directory"}`,
			`"/x": is there already, as a directory; say "replace": true to put another in its place`},
		{`{"path":"/x","kind":"file","text":""},{"path":"/x/y/z","kind":"file","text":""}`,
			`"/x/y/z": cannot be made, because "/x" is a file`},
		{`{"path":"/x","kind":"symlink","target":"/y"},{"path":"/x/z","kind":"file","text":""}`,
			`"/x/z": cannot be made, because "/x" is a symbolic link`},
		{`{"path":"/x/y","kind":"directory"},{"path":"/x","kind":"file","text":"","replace":true}`,
			`"/x": is a directory that is not empty and cannot be replaced`},
		{`{"path":"/x","kind":"hardlink","target":"/y"}`, `"/x": cannot be a link to "/y", which is not there`},
		{`{"path":"/y","kind":"directory"},{"path":"/x","kind":"hardlink","target":"/y"}`, `"/x": cannot be a hard link to the directory "/y"`},
		{`{"path":"/x","kind":"attributes","uid":1}`, `"/x": is not there, so its attributes cannot be changed`},
		{`{"path":"/x","kind":"file","source":"/frx/store/absent"}`, `"/x": the source "/frx/store/absent" does not exist`},
		{`{"path":"/x","kind":"file","source":"/frx/store/c-link/absent"}`, `"/x": the source "/frx/store/c-link/absent" leads to "/frx/store/a-tool/absent", which does not exist`},
		{`{"path":"/x","kind":"file","source":"/frx/store/e-loop"}`, `"/x": the source "/frx/store/e-loop" leads through more than 40 symbolic links`},
		{`{"path":"/x","kind":"closure","graph":"systen"}`, `"/x": there is no reference graph "systen"`},
		{`{"path":"/x","kind":"closure","graph":"system"}`, `"/x": the reference graph "system" holds "/frx/store/a-tool", which does not lie in this directory`},
		{`{"path":"/frx/store","kind":"closure","graph":"system","registrations":"al"}`, `"/frx/store": there are no registrations "al"`},
		{`{"path":"/frx/store","kind":"closure","graph":"system","registrations":"few"}`, `"/frx/store": the registrations "few" say nothing of "b-file"`},
		{`{"path":"/frx/store","kind":"closure","graph":"system","registrations":"more"}`, `"/frx/store": the registrations "more" speak of "z-none", which is not in the reference graph "system"`},
		{`{"path":"/frx/store","kind":"closure","graph":"system","registrations":"dangling"}`, `"/frx/store": the registrations "dangling": a-tool refers to none, of which there is no record`},
		{`{"path":"/","kind":"copy","source":"/frx/store/a-tool"},{"path":"/","kind":"copy","source":"/frx/store/a-tool"}`,
			`"/": "/bin/tool" is there already, as a file; say "replace": true to put another in its place`},
		{`{"path":"/","kind":"copy","source":"/frx/store/b-file"}`, `"/": the root cannot be a file`},
	} {
		_, err := evaluate(t, c.entries)
		if want := `partition "root": ` + c.want; err == nil || err.Error() != want {
			t.Errorf("%s\ngot  %v\nwant %s", c.entries, err, want)
		}
	}
	p, err := Parse([]byte(onePartition("")))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Root("rot", Sources{}); err == nil || err.Error() != `the plan has no partition "rot"; there are: root` {
		t.Error(err)
	}
}

func TestParseGraph(t *testing.T) {
	for _, c := range []struct{ text, want, err string }{
		{"", "", ""},
		{"/s/a\n\n2\n/s/a\n/s/b\n/s/b\n/s/b.drv\n0\n", "/s/a /s/b", ""},
		{"/s/a\n\n2\n/s/a\n", "", "the reference graph ends in line 5, where a reference should be"},
		{"/s/a\n\n", "", "the reference graph ends in line 3, where a number of references should be"},
		{"/s/a\n\nx\n", "", `the reference graph has "x" in line 3, where a number of references should be`},
		{"\n\n0\n", "", "the reference graph has an empty path in line 1"},
	} {
		items, err := ParseGraph(strings.NewReader(c.text))
		message := ""
		if err != nil {
			message = err.Error()
		}
		if strings.Join(items, " ") != c.want || message != c.err {
			t.Errorf("%q: got %q, error %q", c.text, items, message)
		}
	}
}

// TestStoreFiles: what a store with registrations has beside its items is what the
// store reads, whichever order they came in and however many graphs they are of.
func TestStoreFiles(t *testing.T) {
	resolve, items := store(t)
	all := registrations(items...)
	made := func(plan string, graphs map[string][]string, of map[string][]journal.Record) (text, mark string) {
		t.Helper()
		p, err := Parse([]byte(onePartition(plan)))
		if err != nil {
			t.Fatal(err)
		}
		root, err := p.Root("root", Sources{Resolve: resolve, Graphs: graphs, Registrations: of})
		if err != nil {
			t.Fatal(err)
		}
		dir := filepath.Join(t.TempDir(), "tree")
		if _, err := imagetree.Extract(root, dir, imagetree.ExtractOptions{}); err != nil {
			t.Fatal(err)
		}
		read := func(name string) string {
			data, err := os.ReadFile(filepath.Join(dir, "frx/store", name))
			if err != nil {
				t.Fatal(err)
			}
			return string(data)
		}
		return read(journal.File), read(journal.MarkFile)
	}
	const one = `{"path":"/frx/store","kind":"closure","graph":"g","registrations":"r"}`
	text, mark := made(one, map[string][]string{"g": items}, map[string][]journal.Record{"r": all})
	got, err := ParseRegistrations([]byte(text))
	if err != nil || !reflect.DeepEqual(got, all) || mark != journal.Mark([]byte(text)) {
		t.Errorf("mark %q, registrations %v, %v", mark, got, err)
	}
	backwards := slices.Clone(all)
	slices.Reverse(backwards)
	const two = `{"path":"/frx/store","kind":"closure","graph":"few","registrations":"few"},
		{"path":"/frx/store","kind":"closure","graph":"g","registrations":"r","replace":true}`
	again, _ := made(two, map[string][]string{"g": items, "few": items[:2]}, map[string][]journal.Record{"r": backwards, "few": all[:2]})
	if again != text {
		t.Errorf("got\n%s\nwant\n%s", again, text)
	}
}

// What is taken can be evaluated, or is refused, without a panic; and paths
// that lead out of the store find nothing.
func FuzzParse(f *testing.F) {
	f.Add([]byte(onePartition(`{"path":"/x/y","kind":"file","text":"a"},{"path":"/x","kind":"directory"}`)))
	f.Add([]byte(onePartition(`{"path":"/x","kind":"copy","source":"/frx/store/a"},{"path":"/z","kind":"hardlink","target":"/x"}`)))
	f.Add([]byte(onePartition(`{"path":"/frx/store","kind":"closure","graph":"g"},{"path":"/d","kind":"char-device","major":1,"minor":2,"replace":true}`)))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Parse(data)
		if err != nil {
			return
		}
		for _, part := range p.Partitions {
			root, err := p.Root(part.Name, Sources{Resolve: func(s string) string { return filepath.Join(dir, s) }, Graphs: map[string][]string{"g": nil}})
			if err != nil {
				continue
			}
			if err := imagetree.Validate(root); err != nil {
				t.Error(err)
			}
		}
	})
}

func FuzzParseGraph(f *testing.F) {
	f.Add("/s/a\n\n1\n/s/a\n")
	f.Fuzz(func(t *testing.T, text string) {
		items, err := ParseGraph(strings.NewReader(text))
		if err == nil && strings.Count(text, "\n") < 2*len(items) {
			t.Errorf("%d items in %q", len(items), text)
		}
	})
}
