package repl

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"fruix/interp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// pipe runs a dialogue whose input is a text in a file or, with piped, behind a
// pipe.
func pipe(t *testing.T, text string, piped bool) (out, errOut string, err error) {
	t.Helper()
	var in *os.File
	if piped {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		go func() { w.WriteString(text); w.Close() }()
		in = r
	} else {
		name := filepath.Join(t.TempDir(), "in.scm")
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		in = f
	}
	defer in.Close()
	var o, e bytes.Buffer
	engine, err := interp.New(interp.Options{Stdlib: os.DirFS("../../../stdlib"), Stdin: in, Stdout: &o, Stderr: &e})
	if err != nil {
		t.Fatal(err)
	}
	err = Run(context.Background(), Config{
		Engine: engine, In: in, Out: &o, Err: &e, Banner: "not shown\n",
		Commands: map[string]Command{"twice": {Doc: "evaluate twice", Args: "EXPR", Run: func(ctx context.Context, s *Session, args string) error {
			for range 2 {
				v, err := s.Eval(ctx, args, "<twice>")
				if err != nil {
					return err
				}
				if err := s.Print(v...); err != nil {
					return err
				}
			}
			return nil
		}}},
	})
	return o.String(), e.String(), err
}

// TestPipe runs the dialogues of testdata/pipe.txtar: for each NAME.scm what
// must come out, and which words must be among the errors.
func TestPipe(t *testing.T) {
	a, err := txtar.ParseFile("testdata/pipe.txtar")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range a.Files {
		files[f.Name] = string(f.Data)
	}
	for i, f := range a.Files {
		name, ok := strings.CutSuffix(f.Name, ".scm")
		if !ok {
			continue
		}
		for _, piped := range []bool{false, true} {
			out, errOut, err := pipe(t, string(f.Data), piped)
			if *update && i+1 < len(a.Files) && a.Files[i+1].Name == name+".out" {
				a.Files[i+1].Data = []byte(out)
			} else if want := files[name+".out"]; strings.TrimRight(out, "\n") != strings.TrimRight(want, "\n") {
				t.Errorf("%s (pipe: %v): got\n%swant\n%s", name, piped, out, want)
			}
			words := strings.Split(strings.TrimSpace(files[name+".err"]), "\n")
			rest := errOut
			for _, w := range words {
				i := strings.Index(rest, w)
				if i < 0 {
					t.Errorf("%s: %q is not among the errors:\n%s", name, w, errOut)
					break
				}
				rest = rest[i+len(w):]
			}
			if failed := (err != nil); failed != (errOut != "") {
				t.Errorf("%s: Run returns %v, errors are %q", name, err, errOut)
			}
		}
	}
	if *update {
		if err := os.WriteFile("testdata/pipe.txtar", txtar.Format(a), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPipeExit(t *testing.T) {
	_, errOut, err := pipe(t, "(exit 7)\n(display 1)", true)
	var e *interp.Error
	if !errors.As(err, &e) || e.Status != 7 || errOut != "" {
		t.Errorf("%v %q", err, errOut)
	}
	if _, _, err = pipe(t, "(exit)", true); err != nil {
		t.Errorf("(exit): %v", err)
	}
	var f *FailedError
	if _, _, err = pipe(t, "(car 1)(car 2)", true); !errors.As(err, &f) || f.Count != 2 || !f.Reported() {
		t.Errorf("%v", err)
	}
}

func TestCancelWhileWaiting(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	engine, err := interp.New(interp.Options{Stdin: r})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- Run(ctx, Config{Engine: engine, In: r, Out: os.Stderr, Err: os.Stderr}) }()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestComplete(t *testing.T) {
	dir := t.TempDir()
	for _, f := range []string{"a b.scm", "abc/x", ".hidden"} {
		p := filepath.Join(dir, f)
		os.MkdirAll(filepath.Dir(p), 0o755)
		os.WriteFile(p, nil, 0o644)
	}
	engine, err := interp.New(interp.Options{Stdlib: os.DirFS("../../../stdlib")})
	if err != nil {
		t.Fatal(err)
	}
	s := newSession(Config{Engine: engine})
	for text, want := range map[string]string{
		"(call-with-val":           "call-with-values",
		"(lambd":                   "lambda lambda*",
		"zzz":                      "",
		"":                         "",
		"(use-modules (ice-9 mat":  "match",
		"(use-modules ((ice-9 mat": "match",
		"(use-modules (ice-9 match) (ice-9 pretty-":      "pretty-print",
		"(define-module (foo) #:use-module (ice-9 matc":  "match",
		"(define-module (foo) #:use-module ((ice-9 matc": "match",
		"(import (only (ice-9 matc":                      "match",
		",use (ice-9 matc":                               "match",
		",back":                                          "backtrace",
		",help back":                                     "backtrace",
		"(load \"" + dir + "/a":                          dir + "/a b.scm " + dir + "/abc/",
		",load " + dir + "/ab":                           dir + "/abc/",
		"; call-with-val":                                "",
		"(@ (ice-9 matc":                                 "match",
	} {
		var got []string
		for _, it := range s.complete([]rune(text), len([]rune(text))).Items {
			got = append(got, it.Text)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// FuzzPipe types anything at the dialogue.
func FuzzPipe(f *testing.F) {
	f.Add("(+ 1 2)\n,help\n)(")
	f.Add(",m (a\n,d #\\x\n\"")
	f.Add(", \n,,\n#|")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "load") || strings.Contains(text, "cd") || len(text) > 200 {
			return
		}
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		w.WriteString(text)
		w.Close()
		engine, err := interp.New(interp.Options{Stdin: r, NoFiles: true, NoProcesses: true, MaxSteps: 100000, MaxDepthBytes: 1 << 24})
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		Run(context.Background(), Config{Engine: engine, In: r, Out: &out, Err: &out})
		if strings.Contains(out.String(), "goroutine") {
			t.Error(out.String())
		}
	})
}

// Programs define commands with define-meta-command.
func TestDefinedCommand(t *testing.T) {
	out, errOut, err := pipe(t, `(use-modules (system repl command))
(define-meta-command ((greet example) repl (form) . rest) "greet EXPR: say hello" (write (list (syntax->datum form) rest)) 7)
,greet (a b) c
,help greet
,in (ice-9 match) (module-name (current-module))
(module-name (current-module))
,width 20
,pp (map (lambda (n) (* n 1000)) (iota 6))
,greet
`, true)
	var failed *FailedError
	if !errors.As(err, &failed) || failed.Count != 1 {
		t.Errorf("error %v, want one failure\n%s", err, errOut)
	}
	for _, want := range []string{"((a b) (c))$1 = 7\n", "    greet EXPR: say hello.\n", "$2 = (ice-9 match)\n$3 = (guile-user)\n", "20\n(0\n 1000\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("output lacks %q:\n%s", want, out)
		}
	}
	if !strings.Contains(errOut, "`,greet' takes more arguments") {
		t.Errorf("errors: %s", errOut)
	}
}
