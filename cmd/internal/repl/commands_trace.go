package repl

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"fruix/interp"
	"fruix/interp/code"
	"fruix/interp/datum"
)

func traceCommands() []command {
	return []command{
		{name: "time", short: "t", group: groupProfile, args: "EXPR", doc: "evaluate, and tell how long it took", forms: true, run: timed},
		{name: "profile", short: "pr", group: groupProfile, args: "EXPR", doc: "evaluate, and tell in which procedures the time went", forms: true, run: profile},
		{name: "trace", short: "tr", group: groupProfile, args: "EXPR", doc: "evaluate, and print each call and what it returns", forms: true, run: trace},
	}
}

// thunk compiles the one expression of a command, so that its expansion is not
// measured, and returns a procedure that evaluates it.
func (s *Session) thunk(ctx context.Context, args string) (datum.Value, error) {
	form, err := s.singleForm(args)
	if err != nil {
		return datum.Unset, err
	}
	s.useHistory()
	return s.call(ctx, "%compile", form)
}

// watched calls a thunk under a probe.
func (s *Session) watched(ctx context.Context, thunk datum.Value, p *interp.Probe) ([]datum.Value, error) {
	saved := s.engine.SetProbe(p)
	v, err := s.engine.Apply(ctx, thunk)
	s.engine.SetProbe(saved)
	return interp.Values(v), err
}

// topLevel is the name of what the engine makes of a form outside of procedures,
// such as a definition of the library that is evaluated when it is needed.
const topLevel = "top level"

// trace is ",trace".
func trace(ctx context.Context, s *Session, args string) error {
	thunk, err := s.thunk(ctx, args)
	if err != nil {
		return err
	}
	values, err := s.watched(ctx, thunk, &interp.Probe{
		Call: func(c *interp.Call) (bool, error) {
			if c.Proc == thunk || code.ProcName(c.Proc) == topLevel {
				return false, nil
			}
			return true, s.traceCall(c)
		},
		Return: s.traceReturn,
	})
	if err != nil {
		return err
	}
	return s.Print(values...)
}

// maxIndent is how deep the lines of a trace are indented.
const maxIndent = 20

// traceLine prints a line of a trace, cut to the width of the screen.
func (s *Session) traceLine(depth int, text string) error {
	line := "trace: " + strings.Repeat("|  ", min(depth, maxIndent)+1)
	if depth > maxIndent {
		line += fmt.Sprintf("(%d) ", depth)
	}
	_, err := io.WriteString(s.cfg.Out, cut(line+text, max(s.columns()-1, 40))+"\n")
	return err
}

// cut shortens a text to a number of characters.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	if r := []rune(text); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return text
}

func (s *Session) traceCall(c *interp.Call) error {
	if err := s.flush(); err != nil {
		return err
	}
	name := code.ProcName(c.Proc)
	if name == "" {
		name = s.engine.Write(c.Proc)
	}
	words := []string{name}
	for _, a := range c.Args {
		words = append(words, s.engine.Write(a))
	}
	return s.traceLine(c.Depth, "("+strings.Join(words, " ")+")")
}

func (s *Session) traceReturn(depth int, values []datum.Value) {
	s.flush()
	var words []string
	for _, v := range values {
		words = append(words, s.engine.Write(v))
	}
	text := strings.Join(words, " ")
	switch len(values) {
	case 0:
		text = "no values"
	case 1:
	default:
		text = fmt.Sprintf("%d values: %s", len(values), text)
	}
	s.traceLine(depth, text)
}

// flush writes what programs have printed, so that it comes before what the
// dialogue prints.
func (s *Session) flush() error {
	_, err := s.call(context.Background(), "force-output")
	return err
}

// cost is the time spent in a procedure.
type cost struct {
	name             string
	self, cumulative time.Duration
}

// profile is ",profile".
func profile(ctx context.Context, s *Session, args string) error {
	thunk, err := s.thunk(ctx, args)
	if err != nil {
		return err
	}
	costs := map[*code.Proc]*cost{}
	natives := map[string]*cost{}
	samples := 0
	var total time.Duration
	find := func(v datum.Value) *cost {
		if v.Is(datum.KClosure) {
			p := code.ClosureOf(v).Code
			if costs[p] == nil {
				costs[p] = &cost{name: procLabel(v, v == thunk)}
			}
			return costs[p]
		}
		name := code.ProcName(v)
		if natives[name] == nil {
			natives[name] = &cost{name: name}
		}
		return natives[name]
	}
	start, pauses := time.Now(), gcPauses()
	values, err := s.watched(ctx, thunk, &interp.Probe{
		Interval: time.Millisecond,
		Sample: func(stack []datum.Value, since time.Duration) {
			samples++
			total += since
			seen := map[*cost]bool{}
			for i, v := range stack {
				c := find(v)
				if i == 0 {
					c.self += since
				}
				if !seen[c] {
					seen[c] = true
					c.cumulative += since
				}
			}
		},
	})
	if err != nil {
		return err
	}
	if err := s.Print(values...); err != nil {
		return err
	}
	real, pauses := time.Since(start), gcPauses()-pauses
	if samples == 0 {
		_, err := io.WriteString(s.cfg.Out, "No samples recorded.\n")
		return err
	}
	var list []*cost
	for _, c := range costs {
		list = append(list, c)
	}
	for _, c := range natives {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b *cost) int {
		if a.self != b.self {
			return int(b.self - a.self)
		}
		if a.cumulative != b.cumulative {
			return int(b.cumulative - a.cumulative)
		}
		return strings.Compare(a.name, b.name)
	})
	w := s.cfg.Out
	fmt.Fprintf(w, "%-6s %12s %10s\n%-6s %12s %10s  procedure\n", "%", "cumulative", "self", "time", "seconds", "seconds")
	for _, c := range list {
		fmt.Fprintf(w, "%6.2f %12.2f %10.2f  %s\n", 100*c.self.Seconds()/total.Seconds(), c.cumulative.Seconds(), c.self.Seconds(), c.name)
	}
	_, err = fmt.Fprintf(w, "---\nSample count: %d\nTotal time: %.6f seconds (%.6f seconds in GC)\n", samples, real.Seconds(), pauses.Seconds())
	return err
}

// procLabel names a procedure with its place.
func procLabel(v datum.Value, isTop bool) string {
	where := code.ClosureOf(v).Code.Full().Where.String()
	name := code.ProcName(v)
	switch {
	case isTop:
		return topLevel
	case name == "" && where == "":
		return "anonymous"
	case name == "":
		return where
	case where == "":
		return name
	}
	return where + ":" + name
}
