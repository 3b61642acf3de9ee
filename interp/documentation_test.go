package interp

import (
	"context"
	"os"
	"strings"
	"testing"

	"fruix/interp/datum"
)

// TestDocumentation holds the parameters in documentation.txt against the
// natives.
func TestDocumentation(t *testing.T) {
	e := newEngine(t, Options{})
	docs := documentation(documentationText)
	if len(docs) < 200 {
		t.Fatalf("only %d natives are documented", len(docs))
	}
	found := map[string]bool{}
	natives(e, func(_ string, p *datum.Primitive) {
		d := docs[p.Name]
		if d == nil {
			return
		}
		found[p.Name] = true
		most := len(d.Required) + len(d.Optional)
		if d.Rest != "" {
			most = -1
		}
		if len(d.Required) != p.Min || most != p.Max && !(most >= 0 && p.Max < 0) {
			t.Errorf("(%s) takes %d to %d arguments", d.Signature(p.Name), p.Min, p.Max)
		}
		if !strings.HasSuffix(d.Text, ".") || strings.ContainsAny(d.Text, "{}") {
			t.Errorf("%s: %q", p.Name, d.Text)
		}
	})
	for name := range docs {
		v, err := e.modules.Guile.Lookup(datum.Intern(name))
		if !found[name] && (err != nil || v == nil) {
			t.Errorf("%s is documented and does not exist", name)
		}
	}
}

// TestDocumentationOfNatives asks as programs do.
func TestDocumentationOfNatives(t *testing.T) {
	e := newEngine(t, Options{Stdlib: os.DirFS("../stdlib")})
	for _, c := range []struct{ text, want string }{
		{"(procedure-documentation car)", `"Return the first part of PAIR."`},
		{"(procedure-documentation hashq-ref)", `"Return the value of KEY in TABLE, or DEFAULT, #f; keys are compared by eq?."`},
		{"(use-modules (ice-9 session)) (assq-ref (procedure-arguments string-pad) 'optional)", "(char start end)"},
		{"(assq-ref (procedure-arguments vector) 'rest)", "item"},
		{"(use-modules (ice-9 documentation)) (object-documentation car)", `"- Scheme Procedure: car pair\n     Return the first part of PAIR.\n"`},
	} {
		v, err := e.Eval(context.Background(), c.text, "test")
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
		} else if got := e.Write(v); got != c.want {
			t.Errorf("%s yields %s, want %s", c.text, got, c.want)
		}
	}
}
