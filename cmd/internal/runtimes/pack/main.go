// Command pack prepares the programs that fruix carries for target systems: it
// compresses the files named SYSTEM=FILE on the command line into the folder
// given first, and writes the list of them. make calls it.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"fruix/cmd/internal/runtimes"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "pack:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("usage: pack DIR SYSTEM=FILE [SYSTEM=FILE]")
	}
	dir, m := args[0], runtimes.Manifest{}
	for _, a := range args[1:] {
		system, file, ok := strings.Cut(a, "=")
		if !ok {
			return fmt.Errorf("%q is not SYSTEM=FILE", a)
		}
		program, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		packed, e, err := runtimes.Pack(system+".zst", program)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, e.File), packed, 0o644); err != nil {
			return err
		}
		m[system] = e
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, runtimes.ManifestFile), append(text, '\n'), 0o644)
}
