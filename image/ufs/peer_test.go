package ufs_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"fruix/image/tree"
	"fruix/image/ufs"
)

// TestGrub reads images back with GRUB's own UFS2 code.
func TestGrub(t *testing.T) {
	grub, err := exec.LookPath("grub-fstest")
	if err != nil {
		t.Skip("needs grub-fstest (Debian package grub-common)")
	}
	deep := dir(file("f", noise(8, 3<<20)))
	for i := range 20 {
		deep = dir(named(fmt.Sprint("level", i), deep))
	}
	holes := sparse{size: 2 << 20, pieces: []piece{{70000, noise(5, 50000)}, {1 << 20, noise(6, 5)}}}
	flat := dir()
	for i := range 2000 {
		flat.Entries = append(flat.Entries, file(fmt.Sprintf("%s-%d", strings.Repeat("n", 100), i), noise(uint64(i), i)))
	}
	root := dir(
		file("tail", noise(1, 45000)), file("one", noise(2, 1)), file("single", noise(3, 1<<20)), file("double", noise(4, 13<<20)),
		named("deep", deep), named("flat", flat), named("holes", &tree.Node{Kind: tree.File, Content: holes}),
		named("long", &tree.Node{Kind: tree.Symlink, Mode: 0o777, Target: strings.Repeat("./", 200) + "tail"}),
	)
	host := t.TempDir()
	for _, block := range []int{8192, 32768, 65536} {
		img := inFile(t, root, ufs.Options{BlockSize: block, SnapDir: true})
		same := func(path string, body []byte) {
			t.Helper()
			want := filepath.Join(host, "want")
			if err := os.WriteFile(want, body, 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := exec.Command(grub, img.Name(), "cmp", "(loop0)"+path, want).CombinedOutput()
			if err != nil || len(bytes.TrimSpace(out)) > 0 {
				t.Errorf("block size %d, %s: %v %s", block, path, err, out)
			}
		}
		same("/tail", noise(1, 45000))
		same("/one", noise(2, 1))
		same("/single", noise(3, 1<<20))
		same("/double", noise(4, 13<<20))
		same("/holes", read(t, holes))
		// GRUB 2.06 as Debian 12 has it loses the last byte of the targets of
		// short links, in the images of makefs(8) as well; long ones it follows.
		same("/long", noise(1, 45000))
		path := "/deep"
		for i := 19; i >= 0; i-- {
			path += fmt.Sprint("/level", i)
		}
		same(path+"/f", noise(8, 3<<20))
		same("/flat/"+flat.Entries[1999].Name, noise(1999, 1999))
		out, err := exec.Command(grub, img.Name(), "ls", "(loop0)/flat/").CombinedOutput()
		if names := strings.Fields(string(out)); err != nil || len(names) != 2000 {
			t.Errorf("block size %d: GRUB lists %d names, %v", block, len(names), err)
		}
	}
}

// TestFsckFFS runs FreeBSD's own checker where there is one: the environment
// variable FRUIX_FSCK_FFS names a program that runs fsck_ffs -n on the image
// file that it is given, and exits with 0 if that finds nothing.
func TestFsckFFS(t *testing.T) {
	fsck := os.Getenv("FRUIX_FSCK_FFS")
	if fsck == "" {
		t.Skip("needs FRUIX_FSCK_FFS, a program that runs FreeBSD's fsck_ffs -n on an image")
	}
	check := func(root *tree.Node, o ufs.Options) {
		t.Helper()
		img := inFile(t, root, o)
		out, err := exec.Command(fsck, img.Name()).CombinedOutput()
		img.Close()
		os.Remove(img.Name())
		if err != nil || bytes.Contains(out, []byte("? no")) {
			t.Errorf("%+v: %v\n%s", o, err, out)
		}
	}
	check(everyKind(), ufs.Options{SnapDir: true, SoftUpdates: true, Label: "x", Slack: 1 << 20})
	check(dir(), ufs.Options{})
	check(dir(), ufs.Options{Size: 50 << 30})
	for _, size := range []int64{3<<20 + 4096*3, 9<<20 + 512, 700 << 20} {
		check(everyKind(), ufs.Options{Size: size})
	}
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 11))
		o := ufs.Options{BlockSize: 4096 << r.IntN(5), Slack: r.Int64N(9 << 20)}
		o.FragmentSize = o.BlockSize >> r.IntN(4)
		check(randomTree(r, 2), o)
	}
	const block = 8192
	triple := int64(12+1024+1024*1024) * block
	check(dir(
		file("huge", noise(2, 30<<20)),
		named("triple", &tree.Node{Kind: tree.File, Content: sparse{size: triple + 1<<30, pieces: []piece{{0, noise(1, 9)}, {triple + 12345, noise(1, 99999)}}}}),
	), ufs.Options{BlockSize: block})
	many := dir()
	for i := range 30000 {
		many.Entries = append(many.Entries, file(fmt.Sprint(i), noise(uint64(i), i%9000)))
	}
	check(many, ufs.Options{})
}
