package ext4

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"fruix/image/tree"
)

var testUUID = [16]byte{0xf2, 0x01, 0x5e, 0x77, 15: 1}

// peer finds a program of e2fsprogs or GRUB, which lie where an ordinary
// user's PATH does not lead, or skips the test.
func peer(t testing.TB, name string) string {
	t.Helper()
	for _, p := range []string{name, "/usr/sbin/" + name, "/sbin/" + name, "/usr/local/sbin/" + name} {
		if path, err := exec.LookPath(p); err == nil {
			return path
		}
	}
	t.Skipf("%s is not installed", name)
	return ""
}

// strictTarget refuses writes that are not ascending or not within the size.
type strictTarget struct {
	f    *os.File
	size int64
	next int64
}

func (s *strictTarget) WriteAt(p []byte, off int64) (int, error) {
	if off < s.next {
		return 0, fmt.Errorf("write at %d after one that ended at %d", off, s.next)
	}
	s.next = off + int64(len(p))
	if s.next > s.size {
		return 0, fmt.Errorf("write of %d bytes at %d leaves the %d bytes of the file system", len(p), off, s.size)
	}
	return s.f.WriteAt(p, off)
}

// build writes a file system to a fresh file.
func build(t testing.TB, root *tree.Node, o Options) (*Layout, string) {
	t.Helper()
	if o.UUID == [16]byte{} {
		o.UUID = testUUID
	}
	l, err := New(root, o)
	if err != nil {
		t.Fatal(err)
	}
	return l, writeImage(t, l)
}

func writeImage(t testing.TB, l *Layout) string {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "image"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(l.Size()); err != nil {
		t.Fatal(err)
	}
	if err := l.WriteTo(&strictTarget{f: f, size: l.Size()}); err != nil {
		t.Fatal(err)
	}
	return f.Name()
}

var fsckSilence = regexp.MustCompile(`^(e2fsck \d.*|Pass [1-5]: .*|.*: \d+/\d+ files \(.*\), \d+/\d+ blocks|\s*)$`)

// fsck lets e2fsck look at everything. It must have nothing to say.
func fsck(t testing.TB, image string) {
	t.Helper()
	cmd := exec.Command(peer(t, "e2fsck"), "-fn", image)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "E2FSCK_TIME=8000000000") // file systems may be from the future
	out, err := cmd.CombinedOutput()
	for line := range strings.Lines(string(out)) {
		if !fsckSilence.MatchString(strings.TrimRight(line, "\n")) {
			t.Errorf("e2fsck: %s", line)
		}
	}
	if err != nil {
		t.Errorf("e2fsck: %v", err)
	}
	if t.Failed() {
		t.FailNow()
	}
}

// debugfs runs commands and gives the output of each.
func debugfs(t testing.TB, image string, commands []string) []string {
	t.Helper()
	if len(commands) == 0 {
		return nil
	}
	script := filepath.Join(t.TempDir(), "commands")
	if err := os.WriteFile(script, []byte(strings.Join(commands, "\n")+"\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(peer(t, "debugfs"), "-f", script, image)
	cmd.Env = append(os.Environ(), "TZ=UTC", "LC_ALL=C")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("debugfs: %v\n%s", err, &stderr)
	}
	if messages := strings.Join(strings.Split(stderr.String(), "\n")[1:], ""); messages != "" {
		t.Fatalf("debugfs: %s", messages)
	}
	// Each command is echoed behind a prompt before its output.
	text := string(out)
	results := make([]string, len(commands))
	for i, c := range commands {
		echo := "debugfs: " + c + "\n"
		if !strings.HasPrefix(text, echo) {
			t.Fatalf("debugfs answered %.200q, not %q", text, echo)
		}
		text = text[len(echo):]
		end := len(text)
		if i+1 < len(commands) {
			end = strings.Index(text, "debugfs: "+commands[i+1]+"\n")
			if end < 0 {
				t.Fatalf("debugfs did not get to %q", commands[i+1])
			}
		}
		results[i], text = text[:end], text[end:]
	}
	return results
}

// found is what was read back about one file.
type found struct {
	kind         tree.Kind
	mode         uint32
	uid, gid     uint32
	size         int64
	links        int
	times        [4]int64 // c, a, m, cr
	target       string
	major, minor uint32
	inode        string
	listedOnly   bool // the fields below and links, times, target and device are not known
	indexed      bool
	extents      [][3]int64 // logical, physical, length
}

// maxStats limits how many inodes are looked at in depth: debugfs takes a
// millisecond for each.
const maxStats = 1500

// listed reads a line of ls -p.
func listed(fields []string) *found {
	f := &found{inode: fields[1], listedOnly: true}
	var mode uint32
	fmt.Sscanf(fields[2], "%o", &mode)
	fmt.Sscan(fields[3], &f.uid)
	fmt.Sscan(fields[4], &f.gid)
	fmt.Sscan(fields[6], &f.size)
	f.mode = mode & 0o7777
	for k := tree.Dir; k <= tree.Socket; k++ {
		if mode&0o170000 == modeBits(k) {
			f.kind = k
		}
	}
	return f
}

// readBack reads all names and inodes with debugfs.
func readBack(t testing.TB, image string) map[string]*found {
	t.Helper()
	files := map[string]*found{}
	byInode := map[string]*found{}
	level := map[string]string{".": "2"} // directories that are not read yet
	byInode["2"] = &found{inode: "2"}
	files["."] = byInode["2"]
	for len(level) > 0 {
		var paths, commands []string
		for p, inode := range level {
			paths, commands = append(paths, p), append(commands, "ls -p <"+inode+">")
		}
		next := map[string]string{}
		for i, out := range debugfs(t, image, commands) {
			for line := range strings.Lines(out) {
				// /inode/mode/uid/gid/name/size/
				f := strings.Split(strings.TrimRight(line, "\n"), "/")
				if len(f) != 8 {
					continue
				}
				inode, mode, name := f[1], f[2], f[5]
				if name == "." || name == ".." || inode == "0" {
					continue
				}
				p := join(paths[i], name)
				if files[p] != nil {
					t.Fatalf("%q is listed twice", p)
				}
				if byInode[inode] == nil {
					byInode[inode] = listed(f)
				}
				files[p] = byInode[inode]
				if strings.HasPrefix(mode, "04") {
					next[p] = inode
				}
			}
		}
		level = next
	}
	inodes, commands := []string{"2"}, []string{"stat <2>"} // what ls does not list
	for inode := range byInode {
		if len(commands) == maxStats {
			break // enough; the map's order makes it another sample each time
		}
		inodes, commands = append(inodes, inode), append(commands, "stat <"+inode+">")
	}
	for i, out := range debugfs(t, image, commands) {
		parseStat(t, out, byInode[inodes[i]])
	}
	for _, f := range byInode {
		if f.kind == tree.Symlink && f.target == "" && !f.listedOnly {
			f.target = debugfs(t, image, []string{"cat <" + f.inode + ">"})[0]
		}
	}
	return files
}

var (
	statHead   = regexp.MustCompile(`Type: (.*?)\s+Mode:\s+(\d+)\s+Flags: 0x([0-9a-f]+)`)
	statOwner  = regexp.MustCompile(`User:\s*(-?\d+)\s+Group:\s*(-?\d+)\s+Project:\s*\d+\s+Size: (\d+)`)
	statLinks  = regexp.MustCompile(`Links: (\d+)`)
	statTime   = regexp.MustCompile(`(?m)^ ?(c|a|m|cr)time: 0x([0-9a-f]{8}):([0-9a-f]{8})`)
	statTarget = regexp.MustCompile(`(?s)Fast link dest: "(.*)"\n`)
	statDevice = regexp.MustCompile(`Device major/minor number: \d+:\d+ \(hex ([0-9a-f]+):([0-9a-f]+)\)`)
	statExtent = regexp.MustCompile(`\((\d+)(?:-(\d+))?\):(\d+)`)
)

func parseStat(t testing.TB, out string, f *found) {
	t.Helper()
	scan := func(re *regexp.Regexp, format string, into ...any) bool {
		m := re.FindStringSubmatch(out)
		if m == nil {
			return false
		}
		n, err := fmt.Sscanf(strings.Join(m[1:], " "), format, into...)
		if err != nil || n != len(into) {
			t.Fatalf("cannot read %q: %v", m[0], err)
		}
		return true
	}
	head := statHead.FindStringSubmatch(out)
	if head == nil {
		t.Fatalf("unexpected output of stat:\n%s", out)
	}
	kinds := map[string]tree.Kind{
		"regular": tree.File, "directory": tree.Dir, "symlink": tree.Symlink, "FIFO": tree.Fifo,
		"socket": tree.Socket, "block special": tree.BlockDevice, "character special": tree.CharDevice,
	}
	var ok bool
	if f.kind, ok = kinds[head[1]]; !ok {
		t.Fatalf("unknown type %q", head[1])
	}
	var flags uint32
	fmt.Sscanf(head[2]+" "+head[3], "%o %x", &f.mode, &flags)
	f.indexed = flags&inodeFlagIndex != 0
	var uid, gid int32 // debugfs takes them for signed
	if !scan(statOwner, "%d %d %d", &uid, &gid, &f.size) || !scan(statLinks, "%d", &f.links) {
		t.Fatalf("unexpected output of stat:\n%s", out)
	}
	f.listedOnly = false
	f.uid, f.gid = uint32(uid), uint32(gid)
	times := statTime.FindAllStringSubmatch(out, -1)
	if len(times) != 4 {
		t.Fatalf("%d times in:\n%s", len(times), out)
	}
	for i, m := range times {
		var sec, extra uint32
		fmt.Sscanf(m[2]+" "+m[3], "%x %x", &sec, &extra)
		f.times[i] = int64(int32(sec)) + int64(extra&3)<<32
		if extra>>2 != 0 {
			t.Errorf("time with nanoseconds: %s", m[0])
		}
	}
	if m := statTarget.FindStringSubmatch(out); m != nil {
		f.target = m[1]
	}
	scan(statDevice, "%x %x", &f.major, &f.minor)
	if _, list, ok := strings.Cut(out, "EXTENTS:\n"); ok {
		for _, m := range statExtent.FindAllStringSubmatch(list, -1) {
			var from, to, physical int64
			fmt.Sscan(m[1], &from)
			to = from
			if m[2] != "" {
				fmt.Sscan(m[2], &to)
			}
			fmt.Sscan(m[3], &physical)
			f.extents = append(f.extents, [3]int64{from, physical, to - from + 1})
		}
	}
}

// verify reads an image back and compares it with its tree: every name, every
// field, every byte.
func verify(t testing.TB, image string, root *tree.Node) map[string]*found {
	t.Helper()
	fsck(t, image)
	files := readBack(t, image)
	f, err := os.Open(image)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	links := tree.Links(root)
	names := map[*tree.Node]string{}
	seen := 0
	err = tree.Walk(root, func(path string, n *tree.Node, link bool) error {
		got := files[path]
		if got == nil {
			return fmt.Errorf("%q is missing", path)
		}
		seen++
		if link {
			if files[names[n]] != got {
				return fmt.Errorf("%q and %q are different files", path, names[n])
			}
			return nil
		}
		names[n] = path
		if err := compare(got, n, links[n]); err != nil {
			return fmt.Errorf("%q: %w", path, err)
		}
		if n.Kind == tree.File && !got.listedOnly {
			if err := compareContent(f, got, n.Content); err != nil {
				return fmt.Errorf("%q: %w", path, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := files["lost+found"]; ok && !hasEntry(root, "lost+found") {
		seen++
	}
	if seen != len(files) {
		t.Errorf("%d names were read back, %d expected", len(files), seen)
	}
	return files
}

func hasEntry(n *tree.Node, name string) bool {
	for _, e := range n.Entries {
		if e.Name == name {
			return true
		}
	}
	return false
}

func compare(got *found, n *tree.Node, links int) error {
	if n.Kind == tree.Dir {
		links = got.links // checked by e2fsck
	}
	want := found{
		kind: n.Kind, mode: n.Mode, uid: n.UID, gid: n.GID, size: n.Size(), links: links,
		times: [4]int64{n.MTime, n.MTime, n.MTime, n.MTime}, target: n.Target, major: n.Major, minor: n.Minor,
		inode: got.inode, indexed: got.indexed, extents: got.extents,
	}
	if n.Kind == tree.Dir || got.listedOnly && n.Kind != tree.File {
		want.size = got.size // ls gives sizes of files only
	}
	if got.listedOnly {
		want.listedOnly = true
		want.links, want.times, want.target, want.major, want.minor = 0, got.times, "", 0, 0
	}
	if a, b := fmt.Sprintf("%+v", *got), fmt.Sprintf("%+v", want); a != b {
		return fmt.Errorf("is\n%s, declared\n%s", a, b)
	}
	return nil
}

// compareContent reads a file through the extents that debugfs reported.
// Content outside of them must be zero, which the content's own extents (if it
// is sparse) are trusted to tell.
func compareContent(image io.ReaderAt, got *found, c tree.Content) error {
	if c == nil {
		return nil
	}
	r, err := c.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	pos := int64(0)
	skip := func(to int64) error { // what is skipped is a hole
		if _, ok := c.(tree.Zeros); ok {
			pos = to
			return nil
		}
		if h, ok := r.(*os.File); ok { // a hole of the host's too
			if data, err := h.Seek(pos, unix.SEEK_DATA); err == nil && data < to {
				return fmt.Errorf("there is a hole from %d to %d where the content has data", pos, to)
			}
			pos = to
			_, err := h.Seek(pos, io.SeekStart)
			return err
		}
		n, err := io.CopyN(zeroChecker{}, r, to-pos)
		pos += n
		return err
	}
	buf, want := make([]byte, 1<<20), make([]byte, 1<<20)
	for _, e := range got.extents {
		if err := skip(e[0] * blockSize); err != nil {
			return err
		}
		at := e[1] * blockSize
		for left := min(e[2]*blockSize, got.size-pos); left > 0; {
			n := min(left, int64(len(buf)))
			if _, err := image.ReadAt(buf[:n], at); err != nil {
				return err
			}
			if _, err := io.ReadFull(r, want[:n]); err != nil {
				return err
			}
			if !bytes.Equal(buf[:n], want[:n]) {
				return fmt.Errorf("content differs between bytes %d and %d", pos, pos+n)
			}
			pos, at, left = pos+n, at+n, left-n
		}
	}
	return skip(got.size)
}

type zeroChecker struct{}

func (zeroChecker) Write(p []byte) (int, error) {
	if bytes.Count(p, []byte{0}) != len(p) { // fast, unlike a loop
		return 0, errors.New("the content has data where the file has a hole")
	}
	return len(p), nil
}
