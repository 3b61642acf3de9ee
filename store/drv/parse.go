package drv

import (
	"fmt"
	"strings"
)

// SyntaxError says where a text stops being a derivation.
type SyntaxError struct {
	Offset int    // in bytes from the beginning
	Msg    string // what was expected or is wrong
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("not a derivation: at byte %d: %s", e.Offset, e.Msg)
}

// MaxStrings is how many strings a derivation may have: names, paths, arguments, variables
// and their values. Each takes many times the place of the three bytes that an empty one is
// written with.
const MaxStrings = 1 << 19

// Parse reads an ATerm derivation. Paths are not interpreted, so that
// derivations of any store directory can be read. Repeated outputs, inputs and
// variables, and more than MaxStrings, are errors.
func Parse(text []byte) (d *Derivation, err error) {
	p := &parser{text: string(text)}
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(*SyntaxError)
			if !ok {
				panic(r)
			}
			d, err = nil, e
		}
	}()
	d = p.derivation()
	return d, nil
}

// parser is a recursive-descent reader; it leaves by panicking with a
// *SyntaxError, which Parse catches.
type parser struct {
	text string
	at   int
	read int // strings
}

func (p *parser) fail(format string, args ...any) {
	panic(&SyntaxError{p.at, fmt.Sprintf(format, args...)})
}

func (p *parser) expect(s string) {
	if !strings.HasPrefix(p.text[p.at:], s) {
		p.fail("%q is expected", s)
	}
	p.at += len(s)
}

// items reads "[", any number of items parted by commas, and "]".
func (p *parser) items(item func()) {
	p.expect("[")
	if strings.HasPrefix(p.text[p.at:], "]") {
		p.at++
		return
	}
	for {
		item()
		if strings.HasPrefix(p.text[p.at:], "]") {
			p.at++
			return
		}
		p.expect(",")
	}
}

func (p *parser) str() string {
	if p.read++; p.read > MaxStrings {
		p.fail("there are more than %d strings", MaxStrings)
	}
	p.expect(`"`)
	rest := p.text[p.at:]
	end := strings.IndexAny(rest, `"\`)
	if end >= 0 && rest[end] == '"' {
		p.at += end + 1
		return rest[:end]
	}
	var b strings.Builder
	for i := 0; i < len(rest); i++ {
		switch c := rest[i]; c {
		case '"':
			p.at += i + 1
			return b.String()
		case '\\':
			i++
			if i == len(rest) {
				break
			}
			b.WriteByte(unescape(rest[i]))
		default:
			b.WriteByte(c)
		}
	}
	p.fail("the string that begins here does not end")
	return ""
}

func unescape(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}

func (p *parser) strings() []string {
	list := []string{}
	p.items(func() { list = append(list, p.str()) })
	return list
}

func (p *parser) derivation() *Derivation {
	d := &Derivation{Outputs: map[string]Output{}, InputDrvs: map[string][]string{}, Env: map[string]string{}}
	p.expect("Derive(")
	p.items(func() {
		p.expect("(")
		name := p.str()
		p.expect(",")
		var o Output
		o.Path = p.str()
		p.expect(",")
		o.HashAlgo = p.str()
		p.expect(",")
		o.Hash = p.str()
		p.expect(")")
		if _, dup := d.Outputs[name]; dup {
			p.fail("output %q is there twice", name)
		}
		d.Outputs[name] = o
	})
	p.expect(",")
	p.items(func() {
		p.expect("(")
		input := p.str()
		p.expect(",")
		outs := p.strings()
		p.expect(")")
		if _, dup := d.InputDrvs[input]; dup {
			p.fail("input derivation %q is there twice", input)
		}
		d.InputDrvs[input] = outs
	})
	p.expect(",")
	d.InputSrcs = p.strings()
	p.expect(",")
	d.Platform = p.str()
	p.expect(",")
	d.Builder = p.str()
	p.expect(",")
	d.Args = p.strings()
	p.expect(",")
	p.items(func() {
		p.expect("(")
		key := p.str()
		p.expect(",")
		value := p.str()
		p.expect(")")
		if _, dup := d.Env[key]; dup {
			p.fail("variable %q is there twice", key)
		}
		d.Env[key] = value
	})
	p.expect(")")
	if p.at != len(p.text) {
		p.fail("the derivation ends here, but %d bytes follow", len(p.text)-p.at)
	}
	return d
}
