package freebsd

import (
	"fmt"
	"slices"
	"strings"
)

// A Capability is a property of a login class. Kind tells how it is written.
type Capability struct {
	Name  string
	Kind  CapabilityKind
	Value string // of a text or a number
}

// A CapabilityKind is one of the kinds of cgetent(3).
type CapabilityKind uint8

// The kinds of capabilities.
const (
	TextCapability   CapabilityKind = iota // :name=value:
	NumberCapability                       // :name#value:
	TrueCapability                         // :name:
	FalseCapability                        // :name@:
)

// A Class is a login class.
type Class struct {
	Name         string
	Capabilities []Capability
}

// standardClasses are the classes that every system has: what the programs of
// the base system ask for (login.conf(5)).
func standardClasses() []Class {
	text := func(name, value string) Capability { return Capability{Name: name, Value: value} }
	yes := func(name string) Capability { return Capability{Name: name, Kind: TrueCapability} }
	return []Class{
		{"default", []Capability{
			text("passwd_format", "sha512"), text("welcome", "/var/run/motd"), text("setenv", "BLOCKSIZE=K"),
			text("path", "/run/current-system/profile/bin /run/current-system/profile/sbin /sbin /bin /usr/sbin /usr/bin /usr/local/sbin /usr/local/bin ~/bin"),
			text("nologin", "/var/run/nologin"), text("cputime", "unlimited"), text("datasize", "unlimited"),
			text("stacksize", "unlimited"), text("memorylocked", "64K"), text("memoryuse", "unlimited"),
			text("filesize", "unlimited"), text("coredumpsize", "unlimited"), text("openfiles", "unlimited"),
			text("maxproc", "unlimited"), text("sbsize", "unlimited"), text("vmemoryuse", "unlimited"),
			text("swapuse", "unlimited"), text("pseudoterminals", "unlimited"), text("kqueues", "unlimited"),
			text("umtxp", "unlimited"), text("priority", "0"), {Name: "ignoretime", Kind: FalseCapability}, text("umask", "022"),
			text("charset", "UTF-8"), text("lang", "C.UTF-8"),
		}},
		{"daemon", []Capability{text("memorylocked", "128M"), text("tc", "default")}},
		{"root", []Capability{yes("ignorenologin"), text("memorylocked", "unlimited"), text("tc", "default")}},
	}
}

// LoginConf makes login.conf(5): the standard classes with the given changes,
// and further classes. A capability that a class has already is replaced; of a
// class that has none of the name tc it is added, and what a further class
// does not say comes from the class default.
func LoginConf(changes []Class) (string, error) {
	classes := standardClasses()
	for _, c := range changes {
		if err := c.check(); err != nil {
			return "", fmt.Errorf("login.conf: class %q: %w", c.Name, err)
		}
		i := slices.IndexFunc(classes, func(other Class) bool { return other.Name == c.Name })
		if i < 0 {
			i = len(classes)
			classes = append(classes, Class{c.Name, []Capability{{Name: "tc", Value: "default"}}})
		}
		classes[i].change(c.Capabilities)
	}
	var b strings.Builder
	for _, c := range classes {
		b.WriteString(c.Name)
		b.WriteString(":")
		for _, p := range c.Capabilities {
			b.WriteString("\\\n\t:" + p.text() + ":")
		}
		b.WriteString("\n\n")
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}

// change sets capabilities. tc stays last: what follows it is not read.
func (c *Class) change(list []Capability) {
	for _, p := range list {
		if i := slices.IndexFunc(c.Capabilities, func(old Capability) bool { return old.Name == p.Name }); i >= 0 {
			c.Capabilities[i] = p
			continue
		}
		at := len(c.Capabilities)
		if at > 0 && c.Capabilities[at-1].Name == "tc" {
			at--
		}
		c.Capabilities = slices.Insert(c.Capabilities, at, p)
	}
}

func (c *Class) check() error {
	if c.Name == "" || strings.ContainsFunc(c.Name, func(r rune) bool { return !isLetter(r) && !isDigit(r) && r != '-' }) {
		return fmt.Errorf("the name must be letters, digits, \"-\" and \"_\"")
	}
	for _, p := range c.Capabilities {
		if p.Name == "" || strings.ContainsFunc(p.Name, func(r rune) bool { return !isLetter(r) && !isDigit(r) && r != '-' }) {
			return fmt.Errorf("%q cannot be the name of a capability", p.Name)
		}
		if strings.ContainsFunc(p.Value, isControl) {
			return fmt.Errorf("%s: %q contains a newline or another control character", p.Name, p.Value)
		}
	}
	return nil
}

// text writes a capability; in values the characters that end or escape
// something are escaped as cgetstr(3) reads them.
func (p *Capability) text() string {
	switch p.Kind {
	case NumberCapability:
		return p.Name + "#" + p.Value
	case TrueCapability:
		return p.Name
	case FalseCapability:
		return p.Name + "@"
	}
	return p.Name + "=" + strings.NewReplacer(`\`, `\\`, `^`, `\^`, `:`, `\c`).Replace(p.Value)
}
