package edit

import (
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// key is one press of a key, or a paste. Exactly one of name and char is set.
type key struct {
	// name is "C-a", "M-f", "C-M-f", "Up", "C-Left", "Enter", "Paste", …; ""
	// for a character that inserts itself.
	name string
	char rune
	text string // of a paste
}

// decoder makes keys of the bytes that a terminal sends: UTF-8, the control
// characters, and the sequences of xterm and the Linux and FreeBSD consoles.
type decoder struct {
	read func([]byte) (int, error)
	buf  []byte
	pos  int
}

// pending reports whether more bytes are at hand.
func (d *decoder) pending() bool { return d.pos < len(d.buf) }

// next returns the next byte.
func (d *decoder) next() (byte, error) {
	if d.pos == len(d.buf) {
		if d.buf == nil {
			d.buf = make([]byte, 0, 4096)
		}
		n, err := d.read(d.buf[:cap(d.buf)])
		if n <= 0 {
			d.buf, d.pos = d.buf[:0], 0
			if err == nil {
				err = io.EOF
			}
			return 0, err
		}
		d.buf, d.pos = d.buf[:n], 0
	}
	c := d.buf[d.pos]
	d.pos++
	return c, nil
}

// key returns the next key. Sequences that mean nothing are skipped.
func (d *decoder) key() (key, error) {
	for {
		c, err := d.next()
		if err != nil {
			return key{}, err
		}
		k, err := d.from(c)
		if err != nil || k != (key{}) {
			return k, err
		}
	}
}

func (d *decoder) from(c byte) (key, error) {
	switch {
	case c == 0x1b:
		return d.escape()
	case c < 0x20 || c == 0x7f:
		return key{name: controlName(c)}, nil
	case c < utf8.RuneSelf:
		return key{char: rune(c)}, nil
	}
	r, err := d.char(c)
	return key{char: r}, err
}

// char completes a character whose first byte is c.
func (d *decoder) char(c byte) (rune, error) {
	b := []byte{c}
	for !utf8.FullRune(b) && len(b) < utf8.UTFMax {
		c, err := d.next()
		if err != nil {
			return 0, err
		}
		if utf8.RuneStart(c) { // not a continuation: the sequence is broken
			d.pos--
			break
		}
		b = append(b, c)
	}
	r, _ := utf8.DecodeRune(b)
	return r, nil
}

func controlName(c byte) string {
	switch c {
	case '\r', '\n':
		return "Enter"
	case '\t':
		return "Tab"
	case 0x7f, 0x08:
		return "Backspace"
	case 0x00:
		return "C-@"
	case 0x1f:
		return "C-_"
	case 0x1c, 0x1d, 0x1e:
		return "C-" + string(rune(c+0x40))
	}
	return "C-" + string(rune(c+0x60))
}

// escape decodes what follows ESC.
func (d *decoder) escape() (key, error) {
	c, err := d.next()
	if err != nil {
		return key{}, err
	}
	switch c {
	case '[':
		return d.csi("")
	case 'O': // SS3: cursor and function keys in application mode
		c, err := d.next()
		if err != nil {
			return key{}, err
		}
		return key{name: finalName(c, "")}, nil
	case 0x1b: // Alt with a key that sends a sequence itself
		c, err := d.next()
		if err != nil {
			return key{}, err
		}
		if c == '[' {
			return d.csi("M-")
		}
		return key{}, nil
	}
	k, err := d.from(c)
	if err != nil {
		return key{}, err
	}
	switch {
	case k.name == "":
		return key{name: "M-" + string(k.char)}, nil
	case strings.HasPrefix(k.name, "C-"):
		return key{name: "C-M-" + k.name[2:]}, nil
	}
	return key{name: "M-" + k.name}, nil
}

// csi decodes a control sequence (ECMA-48, 5.4) behind its introducer.
func (d *decoder) csi(modifier string) (key, error) {
	var params []byte
	for {
		c, err := d.next()
		if err != nil {
			return key{}, err
		}
		if c == '[' && len(params) == 0 { // the Linux console's F1 to F5
			_, err := d.next()
			return key{}, err
		}
		if c >= 0x40 && c <= 0x7e {
			return d.sequence(string(params), c, modifier)
		}
		if c < 0x20 || c > 0x7e || len(params) > 32 {
			return key{}, nil // broken
		}
		params = append(params, c)
	}
}

func (d *decoder) sequence(params string, final byte, modifier string) (key, error) {
	first, second, _ := strings.Cut(params, ";")
	if m, err := strconv.Atoi(second); err == nil {
		modifier += modifiers(m - 1)
	}
	if final != '~' {
		return key{name: finalName(final, modifier)}, nil
	}
	switch first {
	case "200":
		text, err := d.paste()
		return key{name: "Paste", text: text}, err
	case "1", "7":
		return key{name: modifier + "Home"}, nil
	case "4", "8":
		return key{name: modifier + "End"}, nil
	case "3":
		return key{name: modifier + "Delete"}, nil
	case "5":
		return key{name: modifier + "PageUp"}, nil
	case "6":
		return key{name: modifier + "PageDown"}, nil
	}
	return key{}, nil
}

// modifiers decodes xterm's bits: 1 shift, 2 alt, 4 control.
func modifiers(bits int) string {
	s := ""
	if bits&4 != 0 {
		s += "C-"
	}
	if bits&2 != 0 {
		s += "M-"
	}
	if bits&1 != 0 {
		s += "S-"
	}
	return s
}

func finalName(final byte, modifier string) string {
	name := ""
	switch final {
	case 'A':
		name = "Up"
	case 'B':
		name = "Down"
	case 'C':
		name = "Right"
	case 'D':
		name = "Left"
	case 'H':
		name = "Home"
	case 'F':
		name = "End"
	case 'Z':
		return "S-Tab"
	case 'M':
		return "Enter"
	default:
		return ""
	}
	return modifier + name
}

// maxPaste bounds a paste; what is beyond is dropped.
const maxPaste = 16 << 20

// paste takes everything up to the end mark.
func (d *decoder) paste() (string, error) {
	const end = "\x1b[201~"
	var b []byte
	for {
		c, err := d.next()
		if err != nil {
			return string(b), err
		}
		if len(b) < maxPaste || c == '~' || c == '\x1b' {
			b = append(b, c)
		}
		if c == '~' && strings.HasSuffix(string(b[max(0, len(b)-len(end)):]), end) {
			return cleanPaste(string(b[:len(b)-len(end)])), nil
		}
	}
}

// cleanPaste makes a paste harmless: line ends become \n, control characters
// vanish.
func cleanPaste(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\r':
			return '\n'
		case r == '\n' || r == '\t':
			return r
		case r < 0x20 || r >= 0x7f && r < 0xa0:
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}
