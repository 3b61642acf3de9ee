package datum

// Detour is the error of a native that cannot go on before a procedure has
// been called: a port whose bytes come from a procedure of the program, a
// socket that is not ready. The machine calls Proc with Args as if the native
// had called it, but with no native in the continuation, so that it may
// suspend, escape and be entered again. What comes then is one of two things:
// with Again the native is called anew with the arguments it had, so it must
// not have changed anything yet; otherwise the native's value is Result.
type Detour struct {
	Proc   Value
	Args   []Value
	Again  bool
	Result Value
}

// Error says what a caller sees that does not know detours.
func (d *Detour) Error() string { return "a native waits for a procedure" }
