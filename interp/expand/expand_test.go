package expand_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"fruix/interp/core"
	"fruix/interp/datum"
	"fruix/interp/expand"
	"fruix/interp/module"
	"fruix/interp/print"
	"fruix/interp/read"
	"fruix/interp/source"
	"fruix/interp/syntax"
)

// newExpander makes an expander without a machine: only syntax-rules macros
// can be defined.
func newExpander(t testing.TB) *expand.Expander {
	t.Helper()
	r := module.NewRegistry()
	return expand.New(r, noMachine{})
}

// noMachine refuses to run anything.
type noMachine struct{}

var errNoMachine = errors.New("there is no machine in this test")

func (noMachine) Eval(core.Node) (datum.Value, error) { return datum.Unset, errNoMachine }
func (noMachine) Apply(datum.Value, ...datum.Value) (datum.Value, error) {
	return datum.Unset, errNoMachine
}
func (noMachine) Context() context.Context                 { return context.Background() }
func (noMachine) Read(*source.File) ([]datum.Value, error) { return nil, errNoMachine }
func (noMachine) ReadFile(string) ([]byte, error)          { return nil, errNoMachine }

// expandText expands all forms of a text and shows them, one per line.
func expandText(x *expand.Expander, text string) (string, error) {
	forms, err := read.All(&source.File{Name: "t.scm", Text: []byte(text)}, read.Options{Wrap: syntax.Wrap})
	if err != nil {
		return "", err
	}
	var out []string
	for _, f := range forms {
		err := x.Top(f, func(n core.Node) error {
			out = append(out, show(expand.Unexpand(n)))
			return nil
		})
		if err != nil {
			return strings.Join(out, "\n"), err
		}
	}
	return strings.Join(out, "\n"), nil
}

func show(v datum.Value) string { return print.ToWrite(v) }

func TestQuick(t *testing.T) {
	for _, text := range []string{
		`(lambda (x) x)`,
		`(let ((x 1) (y 2)) (define z 3) (+ x y z))`,
		`(define-syntax swap! (syntax-rules () ((_ a b) (let ((tmp a)) (set! a b) (set! b tmp)))))
(lambda (tmp other) (swap! tmp other) tmp)`,
		"(define-syntax my-or (syntax-rules () ((_) #f) ((_ e) e) ((_ e r ...) (let ((t e)) (if t t (my-or r ...))))))\n(lambda (t) (my-or 1 t if))",
		"`(1 ,(f 2) ,@(g) 3)",
		"(define-syntax-rule (def n v) (begin (define tmp v) (define n (+ tmp tmp))))\n(def a 5)\n(def b 6)",
		"(cond ((f) => g) ((h)) (else 3))",
		"(do ((i 0 (+ i 1))) ((= i 10) 'x) (display i))",
		"(define-record-type <p> (make-p x) p? (x p-x set-p-x!))",
		"(lambda* (a #:optional (b a) #:key (c b) #:rest r) (list a b c r))",
		"(let () (define-values (a . b) (f)) (a b))",
		"(case x ((1 2) 'a) ((b) => f) (else 3))",
		"(guard (e ((symbol? e) 1)) (raise 'x))",
		"(define-syntax m (syntax-rules () ((_ (a b ...) ...) '((b ... a) ...))))\n(m (1 2 3) (4 5))",
		"(let loop ((i 0)) (if (< i 10) (loop (+ i 1))))",
		"(let ((x 5) (y)) x)",
		"(lambda (x x) x)",
		"(m 1 . 2)", "(if)", "else", "(let ((a 1)))", "(define-syntax-rule (foo a b) a) (foo 1)",
	} {
		out, err := expandText(newExpander(t), text)
		t.Logf("%s\n=> %s\n   %v", text, out, err)
	}
}
