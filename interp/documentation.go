package interp

import (
	_ "embed"
	"strings"

	"fruix/interp/datum"
)

// documentationText tells what natives do.
//
//go:embed documentation.txt
var documentationText string

// Documentation is what is known about a native.
type Documentation struct {
	// Required, Optional and Rest name the parameters; Rest is "" for none.
	Required, Optional []string
	Rest               string
	Text               string
}

// Signature shows the parameters behind a name: "string-ref string k",
// "vector-fill! vector fill [start] [end]".
func (d *Documentation) Signature(name string) string {
	words := append([]string{name}, d.Required...)
	for _, o := range d.Optional {
		words = append(words, "["+o+"]")
	}
	if d.Rest != "" {
		words = append(words, d.Rest+" ...")
	}
	return strings.Join(words, " ")
}

// Documented tells what is known about a native, nil when nothing is: what its
// table says, or else the engine's own texts.
func (e *Engine) Documented(p *datum.Primitive) *Documentation {
	if e.docs == nil {
		e.docs = documentation(documentationText)
	}
	d := e.docs[p.Name]
	if p.Doc != "" {
		own := &Documentation{Text: p.Doc}
		if d != nil {
			own.Required, own.Optional, own.Rest = d.Required, d.Optional, d.Rest
		}
		return own
	}
	return d
}

// documentation reads the format that documentation.txt explains.
func documentation(text string) map[string]*Documentation {
	out := map[string]*Documentation{}
	for _, entry := range strings.Split(text, "\n(")[1:] {
		head, body, ok := strings.Cut(entry, ")\n")
		if !ok {
			continue
		}
		for i := range alternatives(head) {
			d := &Documentation{Text: strings.Join(strings.Fields(choose(body, i)), " ")}
			words := strings.Fields(choose(head, i))
			for _, w := range words[1:] {
				switch {
				case w == "...":
					last := len(d.Required) - 1
					d.Rest, d.Required = d.Required[last], d.Required[:last]
				case strings.HasPrefix(w, "["):
					d.Optional = append(d.Optional, strings.Trim(w, "[]"))
				default:
					d.Required = append(d.Required, w)
				}
			}
			out[words[0]] = d
		}
	}
	return out
}

// alternatives is how many entries a head stands for.
func alternatives(head string) int {
	_, rest, ok := strings.Cut(head, "{")
	if !ok {
		return 1
	}
	inside, _, _ := strings.Cut(rest, "}")
	return strings.Count(inside, ",") + 1
}

// choose takes alternative i of each part in braces.
func choose(text string, i int) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(text, "{")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		inside, after, _ := strings.Cut(rest, "}")
		if parts := strings.Split(inside, ","); i < len(parts) {
			b.WriteString(parts[i])
		}
		text = after
	}
}
