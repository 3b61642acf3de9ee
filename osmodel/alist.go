package osmodel

import (
	"fmt"

	"fruix/interp/datum"
	"fruix/interp/prim/arg"
)

// fields is an alist whose keys are symbols, such as user-account->alist and
// its like make.
type fields struct {
	values map[string]datum.Value
	err    error // the first complaint
}

func newFields(v datum.Value) (*fields, error) {
	pairs, err := alist(v)
	if err != nil {
		return nil, err
	}
	f := &fields{values: make(map[string]datum.Value, len(pairs))}
	for _, p := range pairs {
		if _, twice := f.values[p.key]; !twice { // as assq-ref has it
			f.values[p.key] = p.value
		}
	}
	return f, nil
}

type pair struct {
	key   string
	value datum.Value
}

// alist reads a list of pairs whose keys are symbols or strings.
func alist(v datum.Value) ([]pair, error) {
	if arg.Length(v) < 0 {
		return nil, fmt.Errorf("must be an alist, not %s", kind(v))
	}
	var out []pair
	for ; v.IsPair(); v = v.Pair().Cdr {
		p := v.Pair().Car
		if !p.IsPair() {
			return nil, fmt.Errorf("must be an alist, but has an element that is %s", kind(p))
		}
		key, ok := nameOf(p.Pair().Car)
		if !ok {
			return nil, fmt.Errorf("must be an alist with symbols or strings as keys, not %s", kind(p.Pair().Car))
		}
		out = append(out, pair{key, p.Pair().Cdr})
	}
	return out, nil
}

// nameOf reads a symbol or a string.
func nameOf(v datum.Value) (string, bool) {
	switch {
	case v.IsSymbol():
		return v.Symbol().Name, true
	case v.IsString():
		return v.Str().Go(), true
	}
	return "", false
}

// kind says in messages what a value is.
func kind(v datum.Value) string {
	switch {
	case v == datum.False:
		return "#f"
	case v == datum.True:
		return "#t"
	case v == datum.Null:
		return "()"
	case v.IsString():
		return fmt.Sprintf("the string %q", v.Str().Go())
	case v.IsSymbol():
		return fmt.Sprintf("the symbol %s", v.Symbol().Name)
	case v.IsFix():
		return fmt.Sprintf("the number %d", v.Fix())
	case v.IsPair():
		return "a list"
	}
	return "something else"
}

func (f *fields) fail(key, format string, args ...any) {
	if f.err == nil {
		f.err = fmt.Errorf("%s: %s", key, fmt.Sprintf(format, args...))
	}
}

// text reads a string; a missing one, or #f, is fallback.
func (f *fields) text(key, fallback string) string {
	v, ok := f.values[key]
	if !ok || v == datum.False {
		return fallback
	}
	s, ok := nameOf(v)
	if !ok {
		f.fail(key, "must be a string, not %s", kind(v))
	}
	return s
}

func (f *fields) boolean(key string, fallback bool) bool {
	v, ok := f.values[key]
	if !ok {
		return fallback
	}
	return v.Truthy()
}

// number reads an integer that is not negative; a missing one, or #f, is -1.
func (f *fields) number(key string) int64 {
	v, ok := f.values[key]
	if !ok || v == datum.False {
		return -1
	}
	if !v.IsFix() || v.Fix() < 0 || v.Fix() > 1<<32-2 {
		f.fail(key, "must be a number from 0 to 4294967294, not %s", kind(v))
		return -1
	}
	return v.Fix()
}

func (f *fields) texts(key string) []string {
	v, ok := f.values[key]
	if !ok || v == datum.False {
		return nil
	}
	list, err := texts(v)
	if err != nil {
		f.fail(key, "%v", err)
	}
	return list
}

// texts reads a list of strings or symbols.
func texts(v datum.Value) ([]string, error) {
	if arg.Length(v) < 0 {
		return nil, fmt.Errorf("must be a list of strings, not %s", kind(v))
	}
	var out []string
	for ; v.IsPair(); v = v.Pair().Cdr {
		s, ok := nameOf(v.Pair().Car)
		if !ok {
			return nil, fmt.Errorf("must be a list of strings, but has %s", kind(v.Pair().Car))
		}
		out = append(out, s)
	}
	return out, nil
}

// each calls a function for the fields of each alist in a list. what says in
// messages what the alists are, key which field names one.
func each(v datum.Value, what, key string, fn func(*fields) error) error {
	if arg.Length(v) < 0 {
		return fmt.Errorf("%s: must be a list of alists, not %s", what, kind(v))
	}
	for i := 1; v.IsPair(); v, i = v.Pair().Cdr, i+1 {
		f, err := newFields(v.Pair().Car)
		if err != nil {
			return fmt.Errorf("%s %d: %w", what, i, err)
		}
		if err = fn(f); err == nil {
			err = f.err
		}
		if err != nil {
			return fmt.Errorf("%s %q: %w", what, f.text(key, ""), err)
		}
	}
	return nil
}

// setting reads the value of a variable: a string or symbol, a number, or a
// truth value, for which yes and no stand.
func setting(v datum.Value, yes, no string) (string, error) {
	switch {
	case v == datum.True:
		return yes, nil
	case v == datum.False:
		return no, nil
	case v.IsFix():
		return fmt.Sprint(v.Fix()), nil
	}
	if s, ok := nameOf(v); ok {
		return s, nil
	}
	return "", fmt.Errorf("must be a string, a number, #t or #f, not %s", kind(v))
}

// Lists and strings of the language.

func str(s string) datum.Value { return datum.NewString(s) }

func cons(a, b datum.Value) datum.Value { return (&datum.Pair{Car: a, Cdr: b}).PairValue() }

func list(items ...datum.Value) datum.Value {
	out := datum.Null
	for i := len(items) - 1; i >= 0; i-- {
		out = cons(items[i], out)
	}
	return out
}
