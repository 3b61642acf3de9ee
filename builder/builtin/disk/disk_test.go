package disk

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"fruix/builder/builtin/tree"
	imagetree "fruix/image/tree"
	"fruix/image/ufs/ufscheck"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// world is a folder with a store of a few items, a graph of them and a plan.
type world struct {
	t    *testing.T
	dir  string
	env  map[string]string
	item func(name string) string
}

func newWorld(t *testing.T, plan string) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir()}
	store := filepath.Join(w.dir, "store")
	w.item = func(name string) string { return filepath.Join(store, strings.Repeat("0", 32)+"-"+name) }
	write := func(file, text string, mode os.FileMode) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	write(w.item("hello")+"/bin/hello", "#!/bin/sh\necho hello\n", 0o555)
	write(w.item("hello")+"/share/doc", strings.Repeat("documentation\n", 1000), 0o444)
	write(w.item("kernel"), strings.Repeat("kernel ", 100_000), 0o444)
	if err := os.Symlink("../share/doc", w.item("hello")+"/bin/doc"); err != nil {
		t.Fatal(err)
	}
	write(filepath.Join(w.dir, "system"), fmt.Sprintf("%s\n\n1\n%[2]s\n%[2]s\n\n0\n", w.item("hello"), w.item("kernel")), 0o644)
	r := strings.NewReplacer("@STORE@", store, "@HELLO@", w.item("hello"), "@KERNEL@", w.item("kernel"))
	write(filepath.Join(w.dir, "plan.json"), r.Replace(plan), 0o644)
	w.env = map[string]string{"plan": filepath.Join(w.dir, "plan.json"), "out": filepath.Join(w.dir, "out")}
	return w
}

func (w *world) run() (log string, err error) {
	var b bytes.Buffer
	err = Main(w.t.Context(), func(name string) string { return w.env[name] }, w.dir, &b, nil)
	return b.String(), err
}

func (w *world) build() (image string, info Info) {
	w.t.Helper()
	if _, err := w.run(); err != nil {
		w.t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(w.env["out"], InfoName))
	if err != nil {
		w.t.Fatal(err)
	}
	if err := json.Unmarshal(data, &info); err != nil {
		w.t.Fatal(err)
	}
	return filepath.Join(w.env["out"], ImageName), info
}

const linuxPlan = `{"version":1,"label":"test","seed":"a seed","partitions":[
 {"name":"ESP","type":"esp","file-system":{"type":"fat","label":"efi","free":1048576,"tree":[
   {"path":"/EFI/BOOT/BOOTX64.EFI","kind":"file","source":"@KERNEL@"},
   {"path":"/loader/loader.conf","kind":"file","text":"timeout 0\n"}]}},
 {"name":"root","type":"linux-root-x86-64","file-system":{"type":"ext4","label":"fruix-root","free":16777216,"tree":[
   {"path":"@STORE@","kind":"closure","graph":"system"},
   {"path":"/etc/fstab","kind":"file","text":"# nothing\n"},
   {"path":"/home/alice","kind":"directory","mode":"0700","uid":1000,"gid":1000},
   {"path":"/tmp","kind":"directory","mode":"1777"},
   {"path":"/boot","kind":"copy","source":"@HELLO@"},
   {"path":"/bin/sh","kind":"symlink","target":"@HELLO@/bin/hello"},
   {"path":"/dev/null","kind":"char-device","mode":"0666","major":1,"minor":3}]}},
 {"name":"swap","type":"linux-swap","size":4194304,"file-system":{"type":"swap","label":"swap"}}]}`

const freebsdPlan = `{"version":1,"label":"test","seed":"another seed","partitions":[
 {"name":"efi","type":"esp","file-system":{"type":"fat","label":"EFI","tree":[
   {"path":"/EFI/BOOT/BOOTX64.EFI","kind":"file","source":"@KERNEL@"}]}},
 {"name":"root","type":"freebsd-ufs","file-system":{"type":"ufs2","label":"fruix-root","uuid":"0123456789abcdef","free":8388608,"tree":[
   {"path":"@STORE@","kind":"closure","graph":"system"},
   {"path":"/boot","kind":"copy","source":"@HELLO@"},
   {"path":"/rescue/sh","kind":"hardlink","target":"/boot/bin/hello"}]}},
 {"name":"swap","type":"freebsd-swap","size":2097152}]}`

func TestInfo(t *testing.T) {
	for name, plan := range map[string]string{"linux": linuxPlan, "freebsd": freebsdPlan} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, plan)
			image, info := w.build()
			st, err := os.Stat(image)
			if err != nil {
				t.Fatal(err)
			}
			if st.Size() != info.Size {
				t.Errorf("the image has %d bytes, image.json says %d", st.Size(), info.Size)
			}
			sum := output(t, "sha256sum", image)
			if got, _, _ := strings.Cut(sum, " "); got != info.SHA256 {
				t.Errorf("sha256sum says %s, image.json %s", got, info.SHA256)
			}
			info.SHA256 = "" // the store's path is in the image
			got, err := json.MarshalIndent(info, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name+".json", append(got, '\n'))
		})
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s: got\n%swant\n%s", file, got, want)
	}
}

// need skips a test where a program is missing.
func need(t *testing.T, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("needs %s", p)
		}
	}
}

func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	need(t, name)
	var stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "MTOOLS_SKIP_CHECK=1", "TZ=UTC")
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, out, stderr.Bytes())
	}
	return string(out)
}

// part copies a partition into a file of its own.
func part(t *testing.T, image string, p Partition) string {
	t.Helper()
	data, err := os.ReadFile(image)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), p.Name)
	if err := os.WriteFile(file, data[p.Start:p.Start+p.Size], 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

func verifyTable(t *testing.T, image string) {
	t.Helper()
	if out := output(t, "sgdisk", "--verify", image); !strings.Contains(out, "No problems found") {
		t.Errorf("sgdisk: %s", out)
	}
}

func verifyESP(t *testing.T, image string, p Partition) {
	t.Helper()
	esp := part(t, image, p)
	if got := output(t, "mtype", "-i", esp, "::/EFI/BOOT/BOOTX64.EFI"); got != strings.Repeat("kernel ", 100_000) {
		t.Errorf("the boot program has other bytes (%d)", len(got))
	}
	need(t, "fsck.fat")
	output(t, "fsck.fat", "-n", esp)
}

func TestLinuxPeers(t *testing.T) {
	need(t, "sgdisk", "mtype", "e2fsck", "debugfs", "grub-fstest", "file")
	w := newWorld(t, linuxPlan)
	image, info := w.build()
	verifyTable(t, image)
	verifyESP(t, image, info.Partitions[0])
	root := part(t, image, info.Partitions[1])
	output(t, "e2fsck", "-fn", root)
	if got := output(t, "debugfs", "-R", "cat /boot/bin/hello", root); got != "#!/bin/sh\necho hello\n" {
		t.Errorf("/boot/bin/hello holds %q", got)
	}
	for path, want := range map[string]string{
		filepath.Dir(w.item("hello")):  "Mode:  01775 User: 0 Group: 35000",
		w.item("kernel"):               "Mode:  0444 User: 0 Group: 0",
		w.item("hello") + "/bin/hello": "Mode:  0555 User: 0 Group: 0",
		"/boot/bin/hello":              "Mode:  0755 User: 0 Group: 0",
		"/home/alice":                  "Mode:  0700 User: 1000 Group: 1000",
		"/tmp":                         "Mode:  01777 User: 0 Group: 0",
	} {
		got := strings.Join(strings.Fields(output(t, "debugfs", "-R", "stat "+path, root)), " ")
		f := strings.Fields(want)
		if !strings.Contains(got, "Mode: "+f[1]) || !strings.Contains(got, "User: "+f[3]+" Group: "+f[5]+" ") {
			t.Errorf("%s: want %s, got %s", path, want, got)
		}
	}
	if got := output(t, "grub-fstest", image, "cat", "(loop0,gpt2)"+w.item("kernel")); got != strings.Repeat("kernel ", 100_000) {
		t.Errorf("GRUB reads other bytes of the kernel (%d)", len(got))
	}
	swap := part(t, image, info.Partitions[2])
	want := "Linux swap file, 4k page size, little endian, version 1, size 1023 pages, 0 bad pages, LABEL=swap, UUID=" + info.Partitions[2].FSUUID
	if got := output(t, "file", "-b", swap); strings.TrimSpace(got) != want {
		t.Errorf("file(1) says %q, want %q", got, want)
	}
}

func TestFreeBSDPeers(t *testing.T) {
	need(t, "sgdisk", "mtype", "grub-fstest")
	w := newWorld(t, freebsdPlan)
	image, info := w.build()
	verifyTable(t, image)
	verifyESP(t, image, info.Partitions[0])
	for _, file := range []string{w.item("hello") + "/bin/hello", "/boot/bin/hello", "/rescue/sh"} {
		if got := output(t, "grub-fstest", image, "cat", "(loop0,gpt2)"+file); got != "#!/bin/sh\necho hello\n" {
			t.Errorf("GRUB reads %q from %s", got, file)
		}
	}
}

func TestUFSIsSound(t *testing.T) {
	w := newWorld(t, freebsdPlan)
	image, info := w.build()
	f, err := os.Open(part(t, image, info.Partitions[1]))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	problems, err := ufscheck.Check(f, info.Partitions[1].Size)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%v", p)
	}
}

// The same plan and the same items make the same bytes, whatever the host did
// to the items' owners, times, modes and links, in whatever folder, and under
// any umask.
func TestDeterministic(t *testing.T) {
	for _, plan := range []string{linuxPlan, freebsdPlan} {
		var first []byte
		for _, disturbed := range []bool{false, true} {
			w := newWorld(t, plan)
			hello := w.item("hello")
			if disturbed {
				old := syscall.Umask(0o077)
				defer syscall.Umask(old)
				yesterday := time.Now().Add(-24 * time.Hour)
				for _, err := range []error{
					os.Chmod(hello+"/bin/hello", 0o700),
					os.Chmod(hello+"/share/doc", 0o600),
					os.Chtimes(hello+"/share/doc", yesterday, yesterday),
					os.Chmod(hello, 0o700),
					os.Link(hello+"/share/doc", filepath.Join(w.dir, "another-name")),
				} {
					if err != nil {
						t.Fatal(err)
					}
				}
				if os.Getuid() == 0 {
					if err := os.Chown(hello+"/bin/hello", 1234, 5678); err != nil {
						t.Fatal(err)
					}
				}
			}
			got := w.logical(plan)
			if first == nil {
				first = got
			} else if !bytes.Equal(first, got) {
				t.Errorf("two images of the same plan differ")
			}
		}
	}
}

// logical makes the image of a plan for the store /frx/store, whose items lie
// in the world's.
func (w *world) logical(plan string) []byte {
	w.t.Helper()
	here := filepath.Dir(w.item("x"))
	name := func(item string) string { return "/frx/store/" + filepath.Base(w.item(item)) }
	plan = strings.NewReplacer("@STORE@", "/frx/store", "@HELLO@", name("hello"), "@KERNEL@", name("kernel")).Replace(plan)
	p, err := tree.Parse([]byte(plan))
	if err != nil {
		w.t.Fatal(err)
	}
	resolve := func(logical string) string { return strings.Replace(logical, "/frx/store", here, 1) }
	roots := make([]*imagetree.Node, len(p.Partitions))
	for i, part := range p.Partitions {
		if !part.HasFiles() {
			continue
		}
		roots[i], err = p.Root(part.Name, tree.Sources{Resolve: resolve, Graphs: map[string][]string{"system": {name("kernel"), name("hello")}}})
		if err != nil {
			w.t.Fatal(err)
		}
	}
	l, err := New(p, roots)
	if err != nil {
		w.t.Fatal(err)
	}
	file := filepath.Join(w.dir, "image")
	f, err := os.Create(file)
	if err != nil {
		w.t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(l.Size()); err != nil {
		w.t.Fatal(err)
	}
	if err := l.WriteTo(f); err != nil {
		w.t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		w.t.Fatal(err)
	}
	return data
}

func TestErrors(t *testing.T) {
	for _, c := range []struct{ name, plan, want string }{
		{"too small", `{"version":1,"seed":"s","partitions":[{"name":"root","type":"linux","size":1048576,"file-system":{"type":"ext4","size":2097152}}]}`,
			`partition "root": the file system is to have 2097152 bytes, the partition only 1048576`},
		{"no graph", `{"version":1,"seed":"s","partitions":[{"name":"root","type":"linux","file-system":{"type":"ext4","tree":[{"path":"/s","kind":"closure","graph":"absent"}]}}]}`,
			`the reference graph "absent": open @DIR@/absent: no such file or directory`},
		{"no registrations", `{"version":1,"seed":"s","partitions":[{"name":"root","type":"linux","file-system":{"type":"ext4","tree":[{"path":"/s","kind":"closure","graph":"system","registrations":"absent"}]}}]}`,
			`the registrations "absent": open @DIR@/absent: no such file or directory`},
		{"damaged registrations", `{"version":1,"seed":"s","partitions":[{"name":"root","type":"linux","file-system":{"type":"ext4","tree":[{"path":"/s","kind":"closure","graph":"system","registrations":"plan.json"}]}}]}`,
			`the registrations "plan.json": the line is damaged`},
		{"swap", `{"version":1,"seed":"s","partitions":[{"name":"swap","type":"linux-swap","size":1048576,"file-system":{"type":"swap","label":"a label of seventeen"}}]}`,
			`partition "swap": the label "a label of seventeen" of swap space is 20 bytes long; the most is 16`},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, c.plan)
			_, err := w.run()
			if want := strings.ReplaceAll(c.want, "@DIR@", w.dir); err == nil || err.Error() != want {
				t.Errorf("got %v\nwant %s", err, want)
			}
			if _, err := os.Stat(filepath.Join(w.env["out"], ImageName)); err == nil {
				t.Error("an image was left behind")
			}
		})
	}
	w := newWorld(t, linuxPlan)
	w.env["plan"] = ""
	if _, err := w.run(); err == nil || err.Error() != "the variable plan is not set: it names the file that says what to make" {
		t.Error(err)
	}
}

func TestSwapSize(t *testing.T) {
	if _, err := newSwap(9*swapPage, "", new(tree.Plan).DiskUUID()); err == nil {
		t.Error("nine pages of swap space were taken")
	}
}
