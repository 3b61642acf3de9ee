package interp_test

import (
	"context"
	"errors"
	"fmt"
	"os"

	"fruix/interp"
	"fruix/interp/datum"
	"fruix/stdlib"
)

// An engine evaluates texts. It keeps what they define.
func ExampleEngine_Eval() {
	e, err := interp.New(interp.Options{Stdlib: stdlib.FS})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	if _, err := e.Eval(ctx, "(define (square x) (* x x))", "squares.scm"); err != nil {
		panic(err)
	}
	v, err := e.Eval(ctx, "(use-modules (srfi srfi-1)) (map square (iota 5 1))", "squares.scm")
	fmt.Println(e.Write(v), err)
	// Output: (1 4 9 16 25) <nil>
}

// Natives are procedures written in Go. They live in modules that programs
// import.
func ExampleEngine_Register() {
	e, err := interp.New(interp.Options{Stdlib: stdlib.FS})
	if err != nil {
		panic(err)
	}
	e.Register("(my greetings)", &datum.Primitive{
		Name: "greet", Min: 1, Max: 1, Doc: "Return a greeting for NAME, a string.",
		F1: func(_ datum.Caller, name datum.Value) (datum.Value, error) {
			if !name.IsString() {
				return datum.Unset, datum.WrongTypeExpecting("greet", 1, name, "string")
			}
			return datum.NewString("Hello, " + name.Str().Go() + "!"), nil
		},
	})
	ctx := context.Background()
	v, err := e.Eval(ctx, `(use-modules (my greetings)) (greet "world")`, "greet.scm")
	fmt.Println(e.Display(v), err)
	_, err = e.Eval(ctx, `(greet 5)`, "greet.scm")
	fmt.Println(err)
	// Output:
	// Hello, world! <nil>
	// greet.scm:1:1: In procedure greet: Wrong type argument in position 1 (expecting string): 5
}

// Procedures of programs are called from Go.
func ExampleEngine_Apply() {
	e, err := interp.New(interp.Options{Stdlib: stdlib.FS})
	if err != nil {
		panic(err)
	}
	sort, err := e.Lookup("(guile)", "sort")
	if err != nil {
		panic(err)
	}
	less, err := e.Lookup("(guile)", "<")
	if err != nil {
		panic(err)
	}
	list, err := interp.ToScheme([]int{3, 1, 2})
	if err != nil {
		panic(err)
	}
	v, err := e.Apply(context.Background(), sort, list, less)
	fmt.Println(e.Write(v), err)
	// Output: (1 2 3) <nil>
}

// Contexts end evaluations, as do the limits of the options.
func ExampleOptions() {
	e, err := interp.New(interp.Options{Stdlib: stdlib.FS, Sandbox: true, MaxSteps: 1_000_000})
	if err != nil {
		panic(err)
	}
	key := func(err error) string {
		var failed *interp.Error
		errors.As(err, &failed)
		return failed.Key
	}
	_, err = e.Eval(context.Background(), "(let loop () (loop))", "loop.scm")
	fmt.Println(key(err))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = e.Eval(ctx, "(let loop ((i 0)) (loop (+ i 1)))", "loop.scm")
	fmt.Println(key(err), errors.Is(err, context.Canceled))
	_, err = e.Eval(context.Background(), `(delete-file "/etc/passwd")`, "bad.scm")
	fmt.Println(err)
	// Output:
	// step-limit
	// interrupted true
	// bad.scm:1:1: In procedure delete-file: not allowed in a sandbox (files)
}

// Values go both ways between Go and Scheme.
func ExampleToScheme() {
	type person struct {
		Name  string   `scheme:"name"`
		Age   int      `scheme:"age"`
		Tools []string `scheme:"tools"`
	}
	e, err := interp.New(interp.Options{Stdlib: stdlib.FS})
	if err != nil {
		panic(err)
	}
	v, err := interp.ToScheme(person{"Ada", 36, []string{"pen", "engine"}})
	if err != nil {
		panic(err)
	}
	fmt.Println(e.Write(v))
	older, err := e.Eval(context.Background(), `(lambda (p) (assq-set! p 'age (+ 1 (assq-ref p 'age))))`, "older.scm")
	if err != nil {
		panic(err)
	}
	if v, err = e.Apply(context.Background(), older, v); err != nil {
		panic(err)
	}
	var p person
	fmt.Println(interp.FromScheme(v, &p), p)
	// Output:
	// ((name . "Ada") (age . 36) (tools "pen" "engine"))
	// <nil> {Ada 37 [pen engine]}
}

// Errors know where they happened, in what, and what to do.
func ExampleError() {
	e, err := interp.New(interp.Options{Stdlib: stdlib.FS})
	if err != nil {
		panic(err)
	}
	_, err = e.Eval(context.Background(), "(define (area r)\n  (* 3.14 (squre r)))\n(list (area 2))", "area.scm")
	var failed *interp.Error
	if errors.As(err, &failed) {
		fmt.Println(failed.Key, failed.Pos.Line, failed.Pos.Col)
		for _, v := range failed.Stack[0].Locals() {
			fmt.Println(v.Name, "is", e.Write(v.Value))
		}
		failed.Report(os.Stdout)
	}
	// Output:
	// unbound-variable 2 11
	// r is 2
	// area.scm:2:11: error: Unbound variable: squre
	//    2 |   (* 3.14 (squre r)))
	//      |           ^
	// hint: did you mean square?
	// backtrace (innermost first):
	//   area at area.scm:2:11
	//   top level at area.scm:3:7
}
