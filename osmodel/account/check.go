package account

import (
	"errors"
	"fmt"
	"path"
	"strings"
)

// maxName is the length of the longest name that both systems take: 32 on
// Linux (useradd(8)), MAXLOGNAME-1 = 32 on FreeBSD (sys/param.h).
const maxName = 32

// checkName tells whether a text can be the name of an account or a group, by
// what useradd(8) and pw(8) have in common.
func checkName(s string) error {
	if s == "" {
		return errors.New("must not be empty")
	}
	if len(s) > maxName {
		return fmt.Errorf("is %d bytes long; the most is %d", len(s), maxName)
	}
	for i, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_'
		other := r >= '0' && r <= '9' || r == '-' || r == '.'
		if !letter && (i == 0 || !other) {
			return fmt.Errorf("must be letters, digits, \"-\", \"_\" and \".\", a letter or \"_\" first; %q cannot stand at place %d", r, i+1)
		}
	}
	return nil
}

// checkField tells whether a text can stand between two colons of passwd(5).
func checkField(s string) error {
	for _, r := range s {
		switch {
		case r == ':':
			return fmt.Errorf("%q contains a colon, which separates fields", s)
		case r == '\n':
			return fmt.Errorf("%q contains a newline", s)
		case r < ' ' || r == 0x7f:
			return fmt.Errorf("%q contains a control character", s)
		}
	}
	return nil
}

func checkFileName(s string) error {
	if !path.IsAbs(s) {
		return fmt.Errorf("%q is not an absolute file name", s)
	}
	return checkField(s)
}

// howToHash ends the messages about passwords.
const howToHash = "make one with \"openssl passwd -6\" or \"mkpasswd\""

// methods are the hashes that crypt(3) knows: libxcrypt's crypt(5) for Linux,
// FreeBSD's crypt(3).
func methods(t Target) map[string]string {
	list := map[string]string{"1": "MD5", "2a": "bcrypt", "2b": "bcrypt", "2y": "bcrypt", "5": "SHA-256", "6": "SHA-512"}
	if t == Linux {
		list["y"], list["gy"], list["7"] = "yescrypt", "gost-yescrypt", "scrypt"
	}
	return list
}

// checkHash tells whether a text is a hash that the target's crypt(3) knows.
// The old DES hashes are refused: they are unsafe, and cannot be told from a
// plain word of 13 letters. The text itself is not in the message: it may be
// somebody's password.
func checkHash(t Target, s string) error {
	if s == "*" || strings.Trim(s, "!*") == "" {
		return nil // locked
	}
	s = strings.TrimPrefix(s, "!") // locked for now
	parts := strings.Split(s, "$")
	if len(parts) < 3 || parts[0] != "" {
		return fmt.Errorf("is not a hash of crypt(3); %s", howToHash)
	}
	for _, r := range s {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("./$=,-_+", r)) {
			return fmt.Errorf("is not a hash of crypt(3), which has no %q; %s", r, howToHash)
		}
	}
	method := methods(t)[parts[1]]
	if method == "" {
		if name := methods(Linux)[parts[1]]; name != "" {
			return fmt.Errorf("is a hash of %s, which FreeBSD's crypt(3) does not know; make one with \"openssl passwd -6\"", name)
		}
		return fmt.Errorf("begins with $%s$, a method that crypt(3) does not know; %s", parts[1], howToHash)
	}
	if want := hashLength(parts[1]); want > 0 && len(parts[len(parts)-1]) != want {
		return fmt.Errorf("is a hash of %s whose last part has %d characters instead of %d; was it cut off?", method, len(parts[len(parts)-1]), want)
	}
	return nil
}

// hashLength returns the length of the last part of a hash, 0 if not fixed.
func hashLength(method string) int {
	switch method {
	case "1":
		return 22
	case "2a", "2b", "2y":
		return 53
	case "5":
		return 43
	case "6":
		return 86
	case "y", "gy":
		return 43
	}
	return 0
}
