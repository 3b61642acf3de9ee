package interp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime/debug"
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
}

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
		for j < len(stack) && stack[j] == stack[i] {
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
	return out
}

// setStack gives o its backtrace and, when it has none, its place: the
// innermost frame that does not belong to the library, if there is one.
func (e *Engine) setStack(o *Error, frames []vm.Frame) {
	place := o.Pos
	for _, f := range frames {
		o.Stack = append(o.Stack, Frame(f))
		if !f.Pos.Known() {
			continue
		}
		if !o.Pos.Known() {
			o.Pos = f.Pos
		}
		if !place.Known() && !e.inLibrary(f.Pos.File) {
			place = f.Pos
		}
	}
	if place.Known() {
		o.Pos = place
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
	if native == nil {
		return out
	}
	if native.Cause != nil {
		out.Cause = native.Cause
		if inner := textError(native.Cause); inner != nil {
			inner.Object, inner.Cause = obj, native.Cause
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
	return out
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
