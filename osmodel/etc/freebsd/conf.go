package freebsd

import (
	"fmt"
	"strings"
)

// A Setting is a variable with its value.
type Setting struct{ Name, Value string }

// RCConf makes rc.conf(5), which is a program of sh(1): values come between
// double quotes, in which four characters need an escape. A variable that is
// set twice to one value is written once; to two values is an error.
func RCConf(settings []Setting) (string, error) {
	quote := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "`", "\\`", "$", `\$`)
	return assignments("rc.conf", settings, isShellName, func(value string) (string, error) {
		if i := strings.IndexFunc(value, isControl); i >= 0 {
			return "", fmt.Errorf("%q contains a newline or another control character", value)
		}
		return quote.Replace(value), nil
	})
}

// LoaderConf makes loader.conf(5). The loader knows no escapes between its
// quotes, so what would need them is an error.
func LoaderConf(settings []Setting) (string, error) {
	return assignments("loader.conf", settings, isLoaderName, func(value string) (string, error) {
		for _, r := range value {
			if r == '"' || r == '\\' || r < ' ' || r > '~' {
				return "", fmt.Errorf("%q contains %q, which the loader cannot read", value, r)
			}
		}
		return value, nil
	})
}

func assignments(file string, settings []Setting, isName func(string) bool, value func(string) (string, error)) (string, error) {
	var b strings.Builder
	seen := make(map[string]string)
	for _, s := range settings {
		if !isName(s.Name) {
			return "", fmt.Errorf("%s: %q cannot be the name of a variable", file, s.Name)
		}
		if old, twice := seen[s.Name]; twice {
			if old != s.Value {
				return "", fmt.Errorf("%s: %s is set to %q and to %q", file, s.Name, old, s.Value)
			}
			continue
		}
		seen[s.Name] = s.Value
		v, err := value(s.Value)
		if err != nil {
			return "", fmt.Errorf("%s: %s: %w", file, s.Name, err)
		}
		fmt.Fprintf(&b, "%s=\"%s\"\n", s.Name, v)
	}
	return b.String(), nil
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

func isLetter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_' }

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

func isShellName(s string) bool {
	for i, r := range s {
		if !isLetter(r) && (i == 0 || !isDigit(r)) {
			return false
		}
	}
	return s != ""
}

// isLoaderName also takes dots and hyphens: kernel variables, and modules such
// as if_re-kmod_load.
func isLoaderName(s string) bool {
	for i, r := range s {
		if !isLetter(r) && (i == 0 || !isDigit(r) && r != '.' && r != '-') {
			return false
		}
	}
	return s != ""
}

// A TTY is a line of ttys(5).
type TTY struct {
	Name    string // of the device, without /dev/
	Command string // what runs there, often getty(8) with its class
	Type    string // of the terminal
	Status  string // words such as "onifconsole secure"
}

// TTYs makes ttys(5), which init(8) reads.
func TTYs(list []TTY) (string, error) {
	var b strings.Builder
	seen := make(map[string]bool)
	for _, t := range list {
		if err := t.check(); err != nil {
			return "", fmt.Errorf("ttys: %q: %w", t.Name, err)
		}
		if seen[t.Name] {
			return "", fmt.Errorf("ttys: %q: is there twice", t.Name)
		}
		seen[t.Name] = true
		command := t.Command
		if strings.ContainsAny(command, " \t") || command == "" {
			command = `"` + command + `"`
		}
		fmt.Fprintf(&b, "%s\t%s\t%s\t%s\n", t.Name, command, t.Type, t.Status)
	}
	return b.String(), nil
}

func (t *TTY) check() error {
	for _, f := range []struct{ name, value string }{{"name", t.Name}, {"type", t.Type}} {
		if f.value == "" || strings.ContainsFunc(f.value, func(r rune) bool { return r <= ' ' || r == '#' || r == '"' || r == 0x7f }) {
			return fmt.Errorf("%s: %q is not one word", f.name, f.value)
		}
	}
	if strings.ContainsFunc(t.Command, isControl) || strings.ContainsAny(t.Command, `"#`) {
		return fmt.Errorf("command: %q contains a quote, \"#\" or a control character", t.Command)
	}
	for word := range strings.FieldsSeq(t.Status) {
		switch word {
		case "on", "off", "onifconsole", "onifexists", "secure", "insecure", "network", "dialup":
			continue
		}
		if !strings.HasPrefix(word, "window=") && !strings.HasPrefix(word, "group=") {
			return fmt.Errorf("status: %q is unknown; known are on, off, onifconsole, onifexists, secure, insecure, network, dialup, window= and group=", word)
		}
	}
	if strings.ContainsFunc(t.Status, isControl) {
		return fmt.Errorf("status: %q contains a control character", t.Status)
	}
	return nil
}
