package crashtest

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// storeDir is what the store is called.
const storeDir = "/frx/store"

// truth is what lies on the disk and what the database says, read by this
// package's own code. Nothing may be at work on the store meanwhile.
type truth struct {
	root     string
	valid    map[string]*object // by base name
	present  map[string]bool    // base names of what lies in the store directory
	problems []string
	// irregular says where mode or time are not the store's. The next command that
	// opens the store mends that.
	irregular []string
}

// object is what the database says of one.
type object struct {
	id       int64
	narHash  []byte
	narSize  int64
	refs     []string // in order
	deriver  string
	ca       string
	time     int64
	outputs  []string // of a derivation
	contains map[string]bool
}

func (x *truth) complain(format string, args ...any) {
	x.problems = append(x.problems, fmt.Sprintf(format, args...))
}

// look reads the store under root and complains of all that is wrong whatever
// has happened: an object that is valid and not whole, a reference that is not
// valid, a root that leads nowhere, a database that is damaged.
func look(root string) *truth {
	x := &truth{root: root, valid: map[string]*object{}, present: map[string]bool{}}
	if err := x.readDatabase(); err != nil {
		x.complain("database: %v", err)
		return x
	}
	if err := x.readDirectory(); err != nil {
		x.complain("store directory: %v", err)
	}
	said, err := x.readJournal()
	if err != nil {
		x.complain("journal: %v", err)
	}
	for base, o := range x.valid {
		x.checkObject(base, o)
		if !slices.ContainsFunc(said[base], o.is) {
			x.complain("%s is valid, and the journal says %v of it", base, said[base])
		}
	}
	for link, base := range x.roots() {
		if x.valid[base] == nil {
			x.complain("the root %s leads to %s, which is not valid", link, base)
		}
	}
	return x
}

// readDatabase opens a copy, so that the real one stays as the crash left it.
func (x *truth) readDatabase() error {
	dir := filepath.Join(x.root, "frx/var/fruix/db")
	copied, err := os.MkdirTemp("", "fruix-crash-db-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(copied)
	for _, name := range []string{"db.sqlite", "db.sqlite-wal"} { // the index of the log is made anew
		data, err := os.ReadFile(filepath.Join(dir, name))
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(copied, name), data, 0o600); err != nil {
			return err
		}
	}
	if st, err := os.Stat(filepath.Join(copied, "db.sqlite")); err != nil || st.Size() == 0 {
		return nil // killed before there was one
	}
	db, err := sql.Open("sqlite", "file:"+copied+"/db.sqlite")
	if err != nil {
		return err
	}
	defer db.Close()
	var version int
	if err := db.QueryRow("PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	if version == 0 {
		return nil
	}
	return x.readTables(db)
}

func (x *truth) readTables(db *sql.DB) error {
	byID := map[int64]string{}
	for _, q := range []struct {
		query string
		each  func(r *sql.Rows) error
	}{
		{"PRAGMA integrity_check", func(r *sql.Rows) error {
			var text string
			err := r.Scan(&text)
			if text != "ok" {
				x.complain("integrity of the database: %s", text)
			}
			return err
		}},
		{"PRAGMA foreign_key_check", func(*sql.Rows) error {
			x.complain("the database refers to rows that do not exist")
			return nil
		}},
		{"SELECT id, path, narHash, narSize, deriver, ca, registrationTime FROM ValidPaths", func(r *sql.Rows) error {
			o := &object{contains: map[string]bool{}}
			var base string
			err := r.Scan(&o.id, &base, &o.narHash, &o.narSize, &o.deriver, &o.ca, &o.time)
			x.valid[base], byID[o.id] = o, base
			return err
		}},
		{"SELECT referrer, reference FROM Refs JOIN ValidPaths t ON t.id = reference ORDER BY t.path", func(r *sql.Rows) error {
			var from, to int64
			err := r.Scan(&from, &to)
			if byID[from] == "" || byID[to] == "" {
				x.complain("a reference from %q to %q", byID[from], byID[to])
				return err
			}
			o := x.valid[byID[from]]
			o.refs = append(o.refs, byID[to])
			return err
		}},
		{"SELECT drv, path FROM DerivationOutputs", func(r *sql.Rows) error {
			var drv int64
			var path string
			err := r.Scan(&drv, &path)
			if byID[drv] == "" {
				x.complain("%s is an output of nothing", path)
				return err
			}
			o := x.valid[byID[drv]]
			o.outputs = append(o.outputs, path)
			return err
		}},
	} {
		rows, err := db.Query(q.query)
		if err != nil {
			return fmt.Errorf("%s: %w", q.query, err)
		}
		for rows.Next() {
			if err := q.each(rows); err != nil {
				rows.Close()
				return fmt.Errorf("%s: %w", q.query, err)
			}
		}
		if err := rows.Err(); err != nil {
			return fmt.Errorf("%s: %w", q.query, err)
		}
	}
	return nil
}

func (x *truth) readDirectory() error {
	entries, err := os.ReadDir(x.path())
	if os.IsNotExist(err) {
		return nil
	}
	for _, e := range entries {
		x.present[e.Name()] = true
	}
	for _, name := range []string{".tmp", ".links", ".fruix-id", ".fruix-journal"} {
		delete(x.present, name)
	}
	return err
}

func (x *truth) path(elem ...string) string {
	return filepath.Join(append([]string{x.root, storeDir}, elem...)...)
}

// checkObject compares what lies at the path of an object with what is
// registered.
func (x *truth) checkObject(base string, o *object) {
	a := &archive{h: sha256.New()}
	a.needles = x.hashParts()
	a.found = o.contains
	err := a.tree(x.path(base))
	switch {
	case err != nil:
		x.complain("%s is valid and cannot be read: %v", base, err)
	case !bytes.Equal(a.h.Sum(nil), o.narHash):
		x.complain("%s is valid and its content is not what was registered", base)
	case a.n != o.narSize:
		x.complain("%s has %d bytes, not %d", base, a.n, o.narSize)
	}
	x.irregular = append(x.irregular, a.irregular...)
	if o.deriver == "" {
		return // what is added refers to what it is said to refer to
	}
	for other := range o.contains {
		if !slices.Contains(o.refs, other) && x.valid[other] != nil && other != base {
			x.complain("%s contains the name of %s and does not refer to it", base, other)
		}
	}
}

// hashParts maps the hash parts of all valid objects to their base names.
func (x *truth) hashParts() map[string]string {
	out := make(map[string]string, len(x.valid))
	for base := range x.valid {
		out[base[:32]] = base
	}
	return out
}

// line is what a line of the journal says of an object.
type line struct {
	NarHash    string
	NarSize    int64
	Refs       []string
	Deriver    string
	Registered int64
	CA         string
}

// is says whether a line says what the database says.
func (o *object) is(l line) bool {
	return l.NarHash == fmt.Sprintf("%x", o.narHash) && l.NarSize == o.narSize && l.Deriver == o.deriver &&
		l.Registered == o.time && l.CA == o.ca && slices.Equal(slices.Compact(slices.Sorted(slices.Values(l.Refs))), o.refs)
}

// readJournal reads what the store says of its objects beside the database. Lines
// that a crash has cut are none.
func (x *truth) readJournal() (map[string][]line, error) {
	text, err := os.ReadFile(x.path(".fruix-journal"))
	if os.IsNotExist(err) {
		return nil, nil
	}
	said := map[string][]line{}
	for _, row := range bytes.Split(text, []byte("\n")) {
		sum, rest, _ := strings.Cut(string(row), " ")
		name, body, ok := strings.Cut(rest, " ")
		var l line
		if !ok || sum != fmt.Sprintf("%08x", crc32.Checksum([]byte(rest), crc32.MakeTable(crc32.Castagnoli))) || json.Unmarshal([]byte(body), &l) != nil {
			continue
		}
		said[name] = append(said[name], l)
	}
	return said, err
}

// roots maps links below gcroots to the base names that they lead to.
func (x *truth) roots() map[string]string {
	out := map[string]string{}
	_ = filepath.WalkDir(filepath.Join(x.root, "frx/var/fruix/gcroots"), func(link string, d fs.DirEntry, err error) error {
		if err != nil || d.Type()&fs.ModeSymlink == 0 {
			return nil
		}
		for at := link; ; {
			to, err := os.Readlink(at)
			if err != nil {
				return nil // an indirect root whose link is gone
			}
			for _, prefix := range []string{x.path() + "/", storeDir + "/"} {
				if rest, ok := strings.CutPrefix(to, prefix); ok {
					out[link], _, _ = strings.Cut(rest, "/")
					return nil
				}
			}
			at = to
		}
	})
	return out
}

// live is what the roots reach: references, and the derivations of outputs.
func (x *truth) live() map[string]bool {
	derivers := map[string][]string{}
	for base, o := range x.valid {
		for _, out := range o.outputs {
			derivers[out] = append(derivers[out], base)
		}
	}
	out := map[string]bool{}
	var reach func(base string)
	reach = func(base string) {
		if out[base] || x.valid[base] == nil {
			return
		}
		out[base] = true
		for _, r := range x.valid[base].refs {
			reach(r)
		}
		for _, d := range derivers[base] {
			reach(d)
		}
	}
	for _, base := range x.roots() {
		reach(base)
	}
	return out
}

// tidy complains of what must not be left once garbage has been collected.
func (x *truth) tidy() {
	live := x.live()
	for base := range x.valid {
		if !live[base] {
			x.complain("%s is dead and was not collected", base)
		}
	}
	for base := range x.present {
		if x.valid[base] == nil {
			x.complain("%s lies in the store directory and is not valid", base)
		}
	}
	for _, dir := range []string{filepath.Join(storeDir, ".tmp"), "frx/var/fruix/locks"} {
		entries, err := os.ReadDir(filepath.Join(x.root, dir))
		if err != nil {
			x.complain("%v", err)
		}
		for _, e := range entries {
			x.complain("%s is left in %s", e.Name(), dir)
		}
	}
	links, _ := os.ReadDir(x.path(".links"))
	for _, l := range links {
		x.checkShared(l.Name())
	}
}

// checkShared looks at the shared name of a file's content.
func (x *truth) checkShared(name string) {
	file := x.path(".links", name)
	var st unix.Stat_t
	if err := unix.Lstat(file, &st); err != nil {
		x.complain("%v", err)
		return
	}
	if st.Nlink == 1 {
		x.complain("the shared file %s is nobody's", name)
	}
	a := &archive{h: sha256.New()}
	if err := a.tree(file); err != nil {
		x.complain("the shared file %s: %v", name, err)
	}
	if got := base32(a.h.Sum(nil)); got != name {
		x.complain("the shared file %s has the hash %s", name, got)
	}
}

// archive writes a tree in Nix's format to a hash: E. Dolstra, "The Purely
// Functional Software Deployment Model", figure 5.2.
type archive struct {
	h         hash.Hash
	n         int64
	needles   map[string]string
	found     map[string]bool
	irregular []string
}

func (a *archive) text(s string) {
	var n [8]byte
	binary.LittleEndian.PutUint64(n[:], uint64(len(s)))
	a.bytes(n[:])
	a.bytes([]byte(s))
	a.bytes(make([]byte, -len(s)&7))
}

func (a *archive) bytes(b []byte) {
	a.h.Write(b)
	a.n += int64(len(b))
}

func (a *archive) texts(list ...string) {
	for _, s := range list {
		a.text(s)
	}
}

// scan notes which hash parts occur in s.
func (a *archive) scan(s []byte) {
	run := 0
	for i, c := range s {
		if c >= '0' && c <= '9' || c >= 'a' && c <= 'z' {
			run++
		} else {
			run = 0
		}
		if run >= 32 {
			if base := a.needles[string(s[i-31:i+1])]; base != "" {
				a.found[base] = true
			}
		}
	}
}

func (a *archive) tree(name string) error {
	a.text("nix-archive-1")
	return a.node(name)
}

func (a *archive) node(name string) error {
	var st unix.Stat_t
	if err := unix.Lstat(name, &st); err != nil {
		return &fs.PathError{Op: "lstat", Path: name, Err: err}
	}
	mode := uint32(st.Mode) & 0o7777
	irregular := st.Mtim.Sec != 1
	a.texts("(", "type")
	switch uint32(st.Mode) & unix.S_IFMT {
	case unix.S_IFREG:
		irregular = irregular || mode != 0o444 && mode != 0o555
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		a.text("regular")
		if mode&0o100 != 0 {
			a.texts("executable", "")
		}
		a.scan(data)
		a.texts("contents", string(data))
	case unix.S_IFLNK:
		to, err := os.Readlink(name)
		if err != nil {
			return err
		}
		a.scan([]byte(to))
		a.texts("symlink", "target", to)
	case unix.S_IFDIR:
		irregular = irregular || mode != 0o555
		a.text("directory")
		entries, err := os.ReadDir(name)
		if err != nil {
			return err
		}
		for _, e := range entries { // sorted
			a.texts("entry", "(", "name", e.Name(), "node")
			if err := a.node(filepath.Join(name, e.Name())); err != nil {
				return err
			}
			a.text(")")
		}
	default:
		return fmt.Errorf("%s is of the type %o", name, st.Mode&unix.S_IFMT)
	}
	a.text(")")
	if irregular {
		a.irregular = append(a.irregular, fmt.Sprintf("%s has mode %o and time %d", name, mode, st.Mtim.Sec))
	}
	return nil
}

// base32 is Nix's: digits from the last to the first, of five bits each.
func base32(b []byte) string {
	const digits = "0123456789abcdfghijklmnpqrsvwxyz"
	var out []byte
	for n := (len(b)*8 - 1) / 5; n >= 0; n-- {
		bit := n * 5
		v := int(b[bit/8]) >> (bit % 8)
		if bit/8+1 < len(b) {
			v |= int(b[bit/8+1]) << (8 - bit%8)
		}
		out = append(out, digits[v&31])
	}
	return string(out)
}
