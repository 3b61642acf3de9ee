// Package etc makes the files below /etc that are alike on all systems.
package etc

import (
	"errors"
	"fmt"
	"net/netip"
	"path"
	"strings"
)

// maxHostName is how long a name the kernel of Linux keeps (__NEW_UTS_LEN in
// include/uapi/linux/utsname.h); FreeBSD keeps more.
const maxHostName = 64

// CheckHostName tells whether a text is a host name, with or without its
// domain: RFC 1123, section 2.1, with the lengths of labels from RFC 1035,
// section 2.3.4.
func CheckHostName(s string) error {
	if s == "" {
		return errors.New("host name: must not be empty")
	}
	if len(s) > maxHostName {
		return fmt.Errorf("host name %q: is %d bytes long; the most is %d", s, len(s), maxHostName)
	}
	if _, err := netip.ParseAddr(s); err == nil {
		return fmt.Errorf("host name %q: is an address", s)
	}
	for label := range strings.SplitSeq(s, ".") {
		switch {
		case label == "":
			return fmt.Errorf("host name %q: has an empty part; dots stand between parts", s)
		case len(label) > 63:
			return fmt.Errorf("host name %q: the part %q is %d bytes long; the most is 63", s, label, len(label))
		case label[0] == '-' || label[len(label)-1] == '-':
			return fmt.Errorf("host name %q: the part %q begins or ends with a hyphen", s, label)
		}
		for _, r := range label {
			if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-') {
				return fmt.Errorf("host name %q: %q is no letter, digit or hyphen", s, r)
			}
		}
	}
	return nil
}

// Hosts makes hosts(5): the machine itself under its own name, then further
// lines, each an address and names, or a comment.
func Hosts(name string, extra []string) (string, error) {
	if err := CheckHostName(name); err != nil {
		return "", err
	}
	names := name
	if short, _, ok := strings.Cut(name, "."); ok {
		names += " " + short
	}
	var b strings.Builder
	fmt.Fprintf(&b, "127.0.0.1 localhost %s\n::1 localhost %s\n", names, names)
	for _, line := range extra {
		if err := checkHostsLine(line); err != nil {
			return "", fmt.Errorf("hosts: %w", err)
		}
		b.WriteString(line + "\n")
	}
	return b.String(), nil
}

func checkHostsLine(line string) error {
	if strings.ContainsAny(line, "\n\r\x00") {
		return fmt.Errorf("%q is more than one line", line)
	}
	text, _, _ := strings.Cut(line, "#")
	words := strings.Fields(text)
	if len(words) == 0 {
		return nil
	}
	if _, err := netip.ParseAddr(words[0]); err != nil {
		return fmt.Errorf("%q: %q is no address", line, words[0])
	}
	if len(words) == 1 {
		return fmt.Errorf("%q: the address has no name", line)
	}
	for _, w := range words[1:] {
		// Names here may have underscores and any length that DNS takes.
		if strings.ContainsFunc(w, func(r rune) bool { return r <= ' ' || r > '~' }) || len(w) > 253 {
			return fmt.Errorf("%q: %q is no name of a host", line, w)
		}
	}
	return nil
}

// Shells makes shells(5): the programs that may be somebody's login shell.
func Shells(list []string) (string, error) {
	var b strings.Builder
	seen := make(map[string]bool)
	for _, s := range list {
		if !path.IsAbs(s) || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == '#' || r == 0x7f }) {
			return "", fmt.Errorf("shells: %q is not an absolute file name without blanks", s)
		}
		if !seen[s] {
			seen[s] = true
			b.WriteString(s + "\n")
		}
	}
	return b.String(), nil
}

// Motd makes motd(5): whole lines.
func Motd(text string) (string, error) {
	if strings.ContainsRune(text, 0) {
		return "", errors.New("motd: the text contains a NUL character")
	}
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return text, nil
}
