package buildtest

import (
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"fruix/store"
	"fruix/store/drv"
)

// ShellTree makes a folder that holds bin/sh, a shell that needs no other file, and
// returns it. Benchmarks build with it what costs next to nothing to build; the helper
// is a Go program, which takes longer to start than its jail. The benchmark is skipped
// where Debian's package busybox-static is not installed.
func (w *World) ShellTree() string {
	w.Helper()
	dir := w.TempDir()
	program, err := exec.LookPath("busybox")
	if err != nil {
		w.Skip("busybox is not installed (package busybox-static)")
	}
	f, err := elf.Open(program)
	if err != nil {
		w.Fatal(err)
	}
	defer f.Close()
	if slices.ContainsFunc(f.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }) {
		w.Skip(program, " needs libraries (package busybox-static has one that does not)")
	}
	data, err := os.ReadFile(program)
	if err == nil {
		err = os.Mkdir(filepath.Join(dir, "bin"), 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "bin/sh"), data, 0o755)
	}
	if err != nil {
		w.Fatal(err)
	}
	return dir
}

// Shell adds the shell of ShellTree to the store, and returns what makes a derivation
// one that it builds, by a line of the shell's language.
func (w *World) Shell() func(line string) func(*drv.Derivation) {
	w.Helper()
	shell, err := w.Store.AddPath(w.Ctx, "shell", w.ShellTree(), store.AddOptions{Recursive: true})
	if err != nil {
		w.Fatal(err)
	}
	return func(line string) func(*drv.Derivation) {
		return func(d *drv.Derivation) {
			d.Builder, d.Args, d.InputSrcs = shell+"/bin/sh", []string{"-c", line}, []string{shell}
		}
	}
}
