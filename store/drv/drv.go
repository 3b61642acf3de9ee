// Package drv reads and writes derivations in the ATerm form of Nix and Guix
// and computes the paths of their outputs.
//
// The form and the hashing ("hash modulo") are specified in Nix's manual under
// "Store derivation and deriving path" and "Derivation outputs and types of
// derivations", and in E. Dolstra's thesis, sections 5.4 and 5.5. Nothing here
// touches a file: other derivations come through a function.
package drv

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Output is one output of a derivation.
type Output struct {
	Path     string // full logical path; empty until [Derivation.FillOutputs]
	HashAlgo string // "" or, for a fixed output, "sha256", "r:sha256", …
	Hash     string // "" or the fixed output's hash in base 16
}

// Derivation is one build step.
type Derivation struct {
	Outputs   map[string]Output   // by name
	InputDrvs map[string][]string // path of a derivation -> names of the outputs that are used
	InputSrcs []string            // paths of other store objects that are used
	Platform  string              // such as "x86_64-linux"
	Builder   string              // what runs
	Args      []string            // in order
	Env       map[string]string   // the environment
}

// FixedOutput returns the output of a fixed-output derivation: one that has
// the single output "out" with a known hash.
func (d *Derivation) FixedOutput() (Output, bool) {
	o, ok := d.Outputs["out"]
	return o, ok && len(d.Outputs) == 1 && o.HashAlgo != "" && o.Hash != ""
}

// OutputNames returns the names of the outputs in order.
func (d *Derivation) OutputNames() []string { return sortedKeys(d.Outputs) }

// Inputs returns every store object that the derivation itself refers to, the
// references of its .drv file: input derivations and sources, sorted, each once.
func (d *Derivation) Inputs() []string {
	all := append(sortedKeys(d.InputDrvs), d.InputSrcs...)
	slices.Sort(all)
	return slices.Compact(all)
}

// Clone returns a deep copy.
func (d *Derivation) Clone() *Derivation {
	c := *d
	c.Outputs = maps.Clone(d.Outputs)
	c.InputDrvs = maps.Clone(d.InputDrvs)
	for k, v := range c.InputDrvs {
		c.InputDrvs[k] = slices.Clone(v)
	}
	c.InputSrcs = slices.Clone(d.InputSrcs)
	c.Args = slices.Clone(d.Args)
	c.Env = maps.Clone(d.Env)
	return &c
}

// Marshal returns the derivation as an ATerm, byte for byte as Nix writes it:
// everything but the arguments is sorted and without repetition.
func (d *Derivation) Marshal() []byte { return d.marshal(false, d.InputDrvs) }

// marshal writes the derivation with the given input derivations in place of
// its own; mask leaves the paths of outputs empty, in the environment too.
func (d *Derivation) marshal(mask bool, inputDrvs map[string][]string) []byte {
	var b bytes.Buffer
	b.WriteString("Derive([")
	for i, name := range sortedKeys(d.Outputs) {
		o := d.Outputs[name]
		if mask {
			o.Path = ""
		}
		comma(&b, i)
		tuple(&b, name, o.Path, o.HashAlgo, o.Hash)
	}
	b.WriteString("],[")
	for i, p := range sortedKeys(inputDrvs) {
		comma(&b, i)
		b.WriteByte('(')
		quote(&b, p)
		b.WriteByte(',')
		list(&b, sortedSet(inputDrvs[p]))
		b.WriteByte(')')
	}
	b.WriteString("],")
	list(&b, sortedSet(d.InputSrcs))
	b.WriteByte(',')
	quote(&b, d.Platform)
	b.WriteByte(',')
	quote(&b, d.Builder)
	b.WriteByte(',')
	list(&b, d.Args)
	b.WriteString(",[")
	for i, k := range sortedKeys(d.Env) {
		v := d.Env[k]
		if _, isOutput := d.Outputs[k]; isOutput && mask {
			v = ""
		}
		comma(&b, i)
		tuple(&b, k, v)
	}
	b.WriteString("])")
	return b.Bytes()
}

func comma(b *bytes.Buffer, i int) {
	if i > 0 {
		b.WriteByte(',')
	}
}

func tuple(b *bytes.Buffer, parts ...string) {
	b.WriteByte('(')
	for i, p := range parts {
		comma(b, i)
		quote(b, p)
	}
	b.WriteByte(')')
}

func list(b *bytes.Buffer, items []string) {
	b.WriteByte('[')
	for i, s := range items {
		comma(b, i)
		quote(b, s)
	}
	b.WriteByte(']')
}

// quote writes s as an ATerm string. Only five bytes are escaped; every other
// one, control characters and non-UTF-8 included, stands for itself.
func quote(b *bytes.Buffer, s string) {
	b.WriteByte('"')
	for s != "" {
		at := strings.IndexAny(s, "\"\\\n\r\t")
		if at < 0 {
			b.WriteString(s)
			break
		}
		b.WriteString(s[:at])
		b.WriteByte('\\')
		switch s[at] {
		case '\n':
			b.WriteByte('n')
		case '\r':
			b.WriteByte('r')
		case '\t':
			b.WriteByte('t')
		default:
			b.WriteByte(s[at])
		}
		s = s[at+1:]
	}
	b.WriteByte('"')
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

func sortedSet(s []string) []string {
	s = slices.Sorted(slices.Values(s))
	return slices.Compact(s)
}
