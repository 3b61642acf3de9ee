package interp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"fruix/interp/compile"
	"fruix/interp/condition"
	"fruix/interp/datum"
	"fruix/interp/module"
	"fruix/interp/read"
	"fruix/interp/source"
	"fruix/interp/syntax"
	"fruix/interp/vm"
)

// Error is the failure of an evaluation. All errors that an Engine returns are
// of this type.
type Error struct {
	// Key is Guile's: "wrong-type-arg", "unbound-variable", "syntax-error",
	// "read-error", "misc-error", "quit", …; "%exception" for an object that
	// was raised by itself, "interrupted", "step-limit", "memory-limit" when
	// the evaluation was stopped, "internal-error" for a defect of the engine.
	Key     string
	Message string
	Pos     source.Pos
	Related []Note
	Hint    string
	// Stack lists the procedures that were waiting, innermost first.
	Stack []Frame
	// Object is what was raised; Unset when the program raised nothing.
	Object datum.Value
	// Status is the exit status when Key is "quit".
	Status int
	// Incomplete says that the text ended inside of a datum.
	Incomplete bool
	Cause      error
}

// Note is a remark on another place.
type Note struct {
	Pos  source.Pos
	Text string
}

// Frame is a line of a backtrace. Name is "" for a procedure without a name.
type Frame struct {
	Name string
	Pos  source.Pos

	activation *vm.Activation
}

// Variable is a local variable with its value.
type Variable struct {
	Name  string
	Value datum.Value
}

// Locals lists the variables that f's procedure saw when the error happened,
// those of the procedures around it last. Variables that the compiler has done
// away with are not among them.
func (f Frame) Locals() []Variable {
	if f.activation == nil {
		return nil
	}
	var out []Variable
	for _, b := range f.activation.Bindings() {
		out = append(out, Variable(b))
	}
	return out
}

// Procedure is the procedure that ran, Unset where f is none's.
func (f Frame) Procedure() datum.Value {
	if f.activation == nil {
		return datum.Unset
	}
	return f.activation.Closure.Value()
}

// Instruction shows where f's procedure was: its name, the instruction and the
// variables with the registers they lie in. It is false where f is no
// procedure's.
func (f Frame) Instruction(e *Engine) (string, bool) {
	if f.activation == nil {
		return "", false
	}
	return f.activation.Describe(e.Write), true
}

// Same reports whether two frames are alike in a backtrace: of one procedure,
// at one place.
func (f Frame) Same(g Frame) bool { return f.Name == g.Name && f.Pos == g.Pos }

// Error is one line, "file:line:column: message".
func (e *Error) Error() string {
	msg, _, _ := strings.Cut(e.Message, "\n")
	if p := e.Pos.String(); p != "" {
		return p + ": " + msg
	}
	return msg
}

// Unwrap returns the Go error behind e, if any.
func (e *Error) Unwrap() error { return e.Cause }

// Report writes the error for a person: message, the line with a caret,
// related places, hint and backtrace.
func (e *Error) Report(w io.Writer) error {
	var b strings.Builder
	if p := e.Pos.String(); p != "" {
		fmt.Fprintf(&b, "%s: ", p)
	}
	fmt.Fprintf(&b, "error: %s\n", e.Message)
	if x := e.Pos.Excerpt(); x != "" {
		b.WriteString(x + "\n")
	}
	for _, n := range e.Related {
		fmt.Fprintf(&b, "%s: note: %s\n", n.Pos, n.Text)
		if x := n.Pos.Excerpt(); x != "" {
			b.WriteString(x + "\n")
		}
	}
	if e.Hint != "" {
		fmt.Fprintf(&b, "hint: %s\n", e.Hint)
	}
	if len(e.Stack) > 1 {
		b.WriteString("backtrace (innermost first):\n")
		writeStack(&b, e.Stack)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// writeStack lists frames, a run of the same one as a single line.
func writeStack(b *strings.Builder, stack []Frame) {
	const most = 30
	for i, n := 0, 0; i < len(stack); n++ {
		j := i + 1
		for j < len(stack) && stack[j].Same(stack[i]) {
			j++
		}
		if n == most {
			fmt.Fprintf(b, "  … %d more\n", len(stack)-i)
			return
		}
		name := stack[i].Name
		if name == "" {
			name = "anonymous procedure"
		}
		fmt.Fprintf(b, "  %s", name)
		if p := stack[i].Pos.String(); p != "" {
			fmt.Fprintf(b, " at %s", p)
		}
		if j-i > 1 {
			fmt.Fprintf(b, " (%d times)", j-i)
		}
		b.WriteByte('\n')
		i = j
	}
}

func (e *Engine) internalError(r any) *Error {
	return &Error{
		Key: "internal-error", Message: fmt.Sprintf("internal error: %v", r), Object: datum.Unset,
		Hint:  "this is a defect of the engine; please report it with the program",
		Cause: fmt.Errorf("panic: %v\n%s", r, debug.Stack()),
	}
}

// report makes an *Error of whatever went wrong.
func (e *Engine) report(err error) *Error {
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	var stopped *vm.Stopped
	if errors.As(err, &stopped) {
		return e.reportStopped(stopped)
	}
	var uncaught *vm.Uncaught
	if errors.As(err, &uncaught) {
		return e.reportUncaught(uncaught)
	}
	if out := textError(err); out != nil {
		e.dropLibraryNotes(out)
		out.Pos = e.withText(out.Pos)
		return out
	}
	var native *datum.Error
	if errors.As(err, &native) {
		obj := e.types.FromError(native)
		return e.describe(obj, native)
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return &Error{Key: "interrupted", Message: "interrupted", Object: datum.Unset, Cause: err}
	}
	return &Error{Key: "misc-error", Message: err.Error(), Object: datum.Unset, Cause: err}
}

// textError makes an *Error of a fault found in a program's text, nil when err
// is none.
func textError(err error) *Error {
	var s *syntax.Error
	if errors.As(err, &s) {
		out := &Error{Key: "syntax-error", Message: s.Message, Pos: s.Pos, Hint: s.Hint, Object: datum.Unset, Cause: err}
		if s.Who != "" {
			out.Message = s.Who + ": " + s.Message
		}
		out.Message += s.Detail
		for _, n := range s.Related {
			out.Related = append(out.Related, Note(n))
		}
		return out
	}
	var r *read.Error
	if errors.As(err, &r) {
		out := &Error{Key: "read-error", Message: r.Msg, Pos: r.Pos, Hint: r.Hint, Incomplete: r.Incomplete, Object: datum.Unset, Cause: err}
		for _, n := range r.Related {
			out.Related = append(out.Related, Note(n))
		}
		return out
	}
	var c *compile.Error
	if errors.As(err, &c) {
		return &Error{Key: "syntax-error", Message: c.Message, Pos: c.Pos, Object: datum.Unset, Cause: err}
	}
	var m *module.Error
	if errors.As(err, &m) {
		return &Error{Key: "misc-error", Message: m.Message, Hint: m.Hint, Object: datum.Unset, Cause: err}
	}
	return nil
}

func (e *Engine) reportStopped(s *vm.Stopped) *Error {
	out := &Error{Key: "interrupted", Message: "interrupted", Object: datum.Unset, Cause: s}
	switch {
	case errors.Is(s, vm.ErrSteps):
		out.Key, out.Message = "step-limit", s.Cause.Error()
	case errors.Is(s, vm.ErrMemory):
		out.Key, out.Message = "memory-limit", s.Cause.Error()
	case errors.Is(s, vm.ErrStack):
		out.Key, out.Message = "stack-overflow", s.Cause.Error()
	case errors.Is(s, context.DeadlineExceeded):
		out.Message = "interrupted: the time is up"
	}
	e.setStack(out, s.Stack)
	return out
}

func (e *Engine) reportUncaught(u *vm.Uncaught) *Error {
	out := e.describe(u.Object, u.Native)
	e.setStack(out, u.Stack)
	var unbound *vm.Unbound
	if u.Native != nil && errors.As(u.Native.Cause, &unbound) {
		if hint := e.macroHint(out.Pos, unbound.Var); hint != "" {
			out.Hint = hint
		}
	}
	return out
}

// macroHint helps when v, found unbound at p, stands in the use of a macro
// whose module was not imported: its operands were taken for expressions.
func (e *Engine) macroHint(p source.Pos, v *datum.Variable) string {
	m := e.modules.FindKey(v.Home)
	if m == nil || p.File == nil || e.inLibrary(p.File) {
		return ""
	}
	forms, err := read.All(p.File, read.Options{Wrap: syntax.Wrap})
	if err != nil {
		return ""
	}
	for _, form := range forms {
		heads, _ := headsAround(form, p)
		for _, head := range heads {
			if bound, err := m.Lookup(head); err != nil || bound != nil {
				continue
			}
			if mods := e.modules.Exporters(head); len(mods) > 0 {
				return "`" + head.Name + "' is not known here; did you forget (use-modules " + mods[0] + ")?" + others(mods[1:min(3, len(mods))])
			}
		}
	}
	return ""
}

// headsAround lists the first symbols of the lists around what stands at p, a
// symbol or a call, the outermost first, and tells whether form holds it.
func headsAround(form datum.Value, p source.Pos) ([]*datum.Symbol, bool) {
	if syntax.Is(form) {
		s := syntax.Of(form)
		if s.Pos.Line == p.Line && s.Pos.Col == p.Col {
			return nil, true
		}
		form = s.Datum
	}
	if !form.IsPair() {
		return nil, false
	}
	for l := form; l.IsPair(); l = l.Pair().Cdr {
		heads, found := headsAround(l.Pair().Car, p)
		if !found {
			continue
		}
		if first := form.Pair().Car; l != form && syntax.IsIdentifier(first) {
			heads = append([]*datum.Symbol{syntax.Of(first).Datum.Symbol()}, heads...)
		}
		return heads, true
	}
	return nil, false
}

// setStack gives o its backtrace and, when it has none, its place: the
// innermost frame that does not belong to the library, if there is one.
func (e *Engine) setStack(o *Error, frames []vm.Frame) {
	place := o.Pos
	var library source.Pos
	user := false // whether a frame is of the user's text
	for _, f := range frames {
		o.Stack = append(o.Stack, Frame{Name: f.Name, Pos: f.Pos, activation: f.Activation})
		if !f.Pos.Known() {
			continue
		}
		if !library.Known() {
			library = f.Pos
		}
		if user && place.Known() || e.inLibrary(f.Pos.File) {
			continue
		}
		user = true
		if !place.Known() {
			place = f.Pos
		}
	}
	switch {
	case place.Known():
		o.Pos = e.withText(place)
	case o.Key != "misc-error" && o.Key != "%exception":
		o.Pos = library
	}
	if !user && (o.Key == "misc-error" || o.Key == "%exception") {
		// A message that the library words itself stands alone: the lines of
		// the library that lead to it tell a reader nothing.
		o.Stack = nil
	}
}

// inLibrary reports whether f is a file of Stdlib or the built-in boot file.
func (e *Engine) inLibrary(f *source.File) bool {
	if f == nil || f.Name == controlName {
		return true
	}
	if e.opts.Stdlib == nil || !fs.ValidPath(f.Name) {
		return false
	}
	_, err := fs.Stat(e.opts.Stdlib, f.Name)
	return err == nil
}

func (e *Engine) show() condition.Show {
	return condition.Show{Write: e.Write, Display: e.Display}
}

// describe renders a raised object; native is the failure behind it, if any.
func (e *Engine) describe(obj datum.Value, native *datum.Error) *Error {
	key, _ := e.types.KeyArgs(obj)
	out := &Error{Key: e.Display(key), Message: e.types.Describe(obj, e.show()), Object: obj}
	if status, ok := e.types.ExitStatus(obj); ok {
		out.Key, out.Status = "quit", status
	}
	if file, line, col, ok := e.types.Place(obj); ok {
		out.Pos = e.place(file, line, col)
	}
	e.setAdvice(out)
	if native == nil {
		return out
	}
	if native.Cause != nil {
		out.Cause = native.Cause
		if inner := textError(native.Cause); inner != nil {
			inner.Object, inner.Cause = obj, native.Cause
			e.dropLibraryNotes(inner)
			inner.Pos = e.withText(inner.Pos)
			return inner
		}
		var u *vm.Unbound
		if errors.As(native.Cause, &u) {
			out.Hint = e.unboundHint(u.Var)
		}
	}
	if native.Key == "wrong-number-of-args" && len(native.Irritants) > 0 {
		out.Hint = signatureHint(native.Irritants[0])
	}
	if native.Key == "keyword-argument-error" && native.Rest.IsPair() {
		out.Message += ": " + e.Write(native.Rest.Pair().Car)
	}
	return out
}

// dropLibraryNotes takes out of the fault of a user's text the remarks on the
// library's macros that the text went through.
func (e *Engine) dropLibraryNotes(o *Error) {
	if !o.Pos.Known() || e.inLibrary(o.Pos.File) {
		return
	}
	o.Related = slices.DeleteFunc(o.Related, func(n Note) bool { return e.inLibrary(n.Pos.File) })
}

// setAdvice takes place and hint from the conditions &error-location and
// &fix-hint of (guix diagnostics), by which library code speaks of a form of
// the user's.
func (e *Engine) setAdvice(o *Error) {
	if !e.types.Is(o.Object) {
		return
	}
	for _, c := range e.types.Components(o.Object) {
		switch r := c.Record(); r.Type.Name {
		case "&error-location":
			if v, ok := field(c, "location"); ok {
				// A place inside the library is none that a reader could mend.
				if p := e.position(v); !e.inLibrary(p.File) {
					o.Pos = p
				}
			}
		case "&fix-hint":
			if v, ok := field(c, "hint"); ok && v.IsString() {
				o.Hint = v.Str().Go()
			}
		}
	}
}

// position converts a <location> of (guix utils): a file name, a line from 1
// and a column from 0. The text is read for the excerpt if it is at hand.
func (e *Engine) position(location datum.Value) source.Pos {
	file, ok1 := field(location, "file")
	line, ok2 := field(location, "line")
	column, ok3 := field(location, "column")
	if !ok1 || !ok2 || !ok3 || !file.IsString() || !line.IsFix() || !column.IsFix() {
		return source.Pos{}
	}
	return e.place(file.Str().Go(), line.Fix(), column.Fix())
}

// place is a position of a file; columns count from 0.
func (e *Engine) place(file string, line, column int64) source.Pos {
	if line < 1 || line > math.MaxInt32 || column < 0 || column > math.MaxInt32 {
		return source.Pos{}
	}
	return e.withText(source.Pos{File: &source.File{Name: file}, Line: uint32(line), Col: uint32(column) + 1})
}

// withText gives a place in a file whose text is not at hand one in the same
// file with its text, if it can be read. So it is with what a program has read
// itself before it was evaluated.
func (e *Engine) withText(p source.Pos) source.Pos {
	if f := p.File; f != nil && f.Text == nil && f != source.Unnamed && !e.inLibrary(f) && !e.opts.NoFiles {
		text, _ := os.ReadFile(f.Name)
		p.File = &source.File{Name: f.Name, Text: text}
	}
	return p
}

// field reads a field of a record by its name.
func field(v datum.Value, name string) (datum.Value, bool) {
	if !v.Is(datum.KRecord) {
		return datum.Unset, false
	}
	r := v.Record()
	for i, f := range r.Type.Fields {
		if f.Name == name && i < len(r.Fields) {
			return r.Fields[i], true
		}
	}
	return datum.Unset, false
}

// unboundHint names what the program may have meant.
func (e *Engine) unboundHint(v *datum.Variable) string {
	if v.Name == nil {
		return ""
	}
	if mods := e.modules.Exporters(v.Name); len(mods) > 0 {
		if len(mods) > 3 {
			mods = mods[:3]
		}
		return "did you forget (use-modules " + mods[0] + ")?" + others(mods[1:])
	}
	m := e.modules.FindKey(v.Home)
	if m == nil {
		return ""
	}
	var names []string
	for _, s := range m.Names() {
		names = append(names, s.Name)
	}
	for _, u := range m.Uses() {
		for _, s := range u.Names() {
			names = append(names, s.Name)
		}
	}
	near := module.Nearest(v.Name.Name, names)
	if len(near) == 0 {
		return ""
	}
	return "did you mean " + strings.Join(near, " or ") + "?"
}

func others(mods []string) string {
	if len(mods) == 0 {
		return ""
	}
	return " It is also in " + strings.Join(mods, " and ") + "."
}
