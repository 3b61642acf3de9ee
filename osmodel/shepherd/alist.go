package shepherd

import (
	"time"

	"fruix/interp/datum"
	"fruix/interp/prim/arg"
	"fruix/osmodel/shepherd/target"
)

// alist reads the options of a native; err is the first thing wrong.
type alist struct {
	who  string
	pos  int
	list datum.Value
	err  error
}

// get gives the value of a key, #f without one.
func (a *alist) get(key string) datum.Value {
	for l := a.list; l.IsPair(); l = l.Pair().Cdr {
		if p := l.Pair().Car; p.IsPair() && p.Pair().Car == datum.Sym(key) {
			return p.Pair().Cdr
		}
	}
	return datum.False
}

func (a *alist) note(key string, err error) {
	if err != nil && a.err == nil {
		a.err = datum.Misc(a.who, "option "+key+": ~a", datum.NewString(err.Error()), a.get(key))
		if e, ok := err.(*datum.Error); ok {
			a.err = e
		}
	}
}

func (a *alist) flag(key string) bool { return a.get(key).Truthy() }

// text gives a string, "" for #f.
func (a *alist) text(key string) string {
	v := a.get(key)
	if v == datum.False {
		return ""
	}
	s, err := target.Name("#:"+key, 1, v)
	a.note(key, err)
	return s
}

// names gives a list of strings or symbols, none for #f.
func (a *alist) names(key string) []string {
	v := a.get(key)
	if v == datum.False {
		return nil
	}
	s, err := target.Texts("#:"+key, 1, v)
	a.note(key, err)
	return s
}

// count gives a number, 0 for #f.
func (a *alist) count(key string) int {
	v := a.get(key)
	if v == datum.False {
		return 0
	}
	n, err := arg.Count("#:"+key, 1, v)
	a.note(key, err)
	return n
}

// seconds gives a time, 0 for #f.
func (a *alist) seconds(key string) time.Duration {
	v := a.get(key)
	if v == datum.False {
		return 0
	}
	d, err := target.Seconds("#:"+key, 1, v)
	a.note(key, err)
	return d
}
