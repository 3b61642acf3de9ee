// Package boot makes the files that boot managers read.
package boot

import (
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
)

// An Entry is a system that a boot manager can start.
type Entry struct {
	Title   string
	Linux   string   // the kernel, a path on the EFI system partition
	Initrds []string // likewise
	Options []string // arguments of the kernel
}

// Text makes a type #1 entry of the Boot Loader Specification.
func (e *Entry) Text() (string, error) {
	var b strings.Builder
	if err := checkLine(e.Title); err != nil || e.Title == "" {
		return "", fmt.Errorf("boot entry: title: %w", orEmpty(err))
	}
	fmt.Fprintf(&b, "title %s\n", e.Title)
	if err := checkPath(e.Linux); err != nil {
		return "", fmt.Errorf("boot entry %q: linux: %w", e.Title, err)
	}
	fmt.Fprintf(&b, "linux %s\n", e.Linux)
	for _, i := range e.Initrds {
		if err := checkPath(i); err != nil {
			return "", fmt.Errorf("boot entry %q: initrd: %w", e.Title, err)
		}
		fmt.Fprintf(&b, "initrd %s\n", i)
	}
	for _, o := range e.Options {
		if err := checkOption(o); err != nil {
			return "", fmt.Errorf("boot entry %q: options: %w", e.Title, err)
		}
	}
	if len(e.Options) > 0 {
		fmt.Fprintf(&b, "options %s\n", strings.Join(e.Options, " "))
	}
	return b.String(), nil
}

func orEmpty(err error) error {
	if err == nil {
		return errors.New("must not be empty")
	}
	return err
}

func checkLine(s string) error {
	if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return fmt.Errorf("%q contains a newline or another control character", s)
	}
	return nil
}

func checkPath(s string) error {
	if !path.IsAbs(s) {
		return fmt.Errorf("%q does not begin with a slash, at the top of the EFI system partition", s)
	}
	if strings.Contains(s, " ") {
		return fmt.Errorf("%q contains a blank", s)
	}
	return checkLine(s)
}

// checkOption tells whether a text is one argument of a kernel: blanks must
// stand between double quotes (Linux, Documentation/admin-guide/
// kernel-parameters.rst).
func checkOption(s string) error {
	if s == "" {
		return errors.New("an argument is empty")
	}
	if err := checkLine(s); err != nil {
		return err
	}
	quoted := false
	for _, r := range s {
		switch {
		case r == '"':
			quoted = !quoted
		case r == ' ' && !quoted:
			return fmt.Errorf("the argument %q contains a blank outside of double quotes", s)
		}
	}
	if quoted {
		return fmt.Errorf("the argument %q has a double quote without its other one", s)
	}
	return nil
}

// A Setting is a name with a value.
type Setting struct{ Name, Value string }

// LoaderConf makes systemd-boot's loader.conf(5). A timeout below 0 shows the
// menu until a key is pressed; an empty def leaves the choice to the boot
// manager. More settings follow in their order.
func LoaderConf(timeout int64, def string, more []Setting) (string, error) {
	settings := []Setting{{"timeout", strconv.FormatInt(timeout, 10)}}
	if timeout < 0 {
		settings[0].Value = "menu-force"
	}
	if def != "" {
		settings = append(settings, Setting{"default", def})
	}
	var b strings.Builder
	seen := make(map[string]bool)
	for _, s := range append(settings, more...) {
		if s.Name == "" || strings.ContainsFunc(s.Name, func(r rune) bool { return r != '-' && (r < 'a' || r > 'z') && (r < '0' || r > '9') }) {
			return "", fmt.Errorf("loader.conf: %q is no name of a setting", s.Name)
		}
		if seen[s.Name] {
			return "", fmt.Errorf("loader.conf: %s is set twice", s.Name)
		}
		seen[s.Name] = true
		if err := checkLine(s.Value); err != nil || s.Value == "" {
			return "", fmt.Errorf("loader.conf: %s: %w", s.Name, orEmpty(err))
		}
		fmt.Fprintf(&b, "%s %s\n", s.Name, s.Value)
	}
	return b.String(), nil
}
