package repl

import (
	"context"
	"fmt"
	"io"
	"strings"

	"fruix/interp/datum"
)

// options are what ,option sets; they have Guile's names.
type options struct {
	history bool
	// prompt is a string, a procedure that takes no argument, or #f for the
	// usual prompt.
	prompt datum.Value
	// onError says what an error leads to: "debug", a level of its own;
	// "backtrace" or "report", a text alone.
	onError string
}

func defaultOptions() options {
	return options{history: true, prompt: datum.False, onError: "debug"}
}

// setting is an option by name.
type setting struct {
	name string
	get  func(o *options) datum.Value
	// set reports whether the value is one that the option takes.
	set  func(o *options, v datum.Value) bool
	want string
}

func settings() []setting {
	return []setting{
		{"value-history", func(o *options) datum.Value { return datum.Bool(o.history) },
			func(o *options, v datum.Value) bool { o.history = v.Truthy(); return true }, ""},
		{"prompt", func(o *options) datum.Value { return o.prompt },
			func(o *options, v datum.Value) bool {
				o.prompt = v
				return v.IsString() || v.IsProcedure() || v == datum.False
			}, "a string, a procedure without arguments, or #f"},
		{"on-error", func(o *options) datum.Value { return datum.Sym(o.onError) },
			func(o *options, v datum.Value) bool {
				if !v.IsSymbol() {
					return false
				}
				o.onError = v.Symbol().Name
				return o.onError == "debug" || o.onError == "backtrace" || o.onError == "report"
			}, "debug, backtrace or report"},
	}
}

// option is ",option".
func option(ctx context.Context, s *Session, args string) error {
	if args == "" {
		for _, o := range settings() {
			if _, err := fmt.Fprintf(s.cfg.Out, "  %-20s  %s\n", o.name, s.engine.Write(o.get(&s.options))); err != nil {
				return err
			}
		}
		return nil
	}
	name, rest, _ := strings.Cut(args, " ")
	for _, o := range settings() {
		if o.name != name {
			continue
		}
		if rest = strings.TrimSpace(rest); rest == "" {
			_, err := io.WriteString(s.cfg.Out, s.engine.Write(o.get(&s.options))+"\n")
			return err
		}
		var v datum.Value
		if word := datum.Sym(rest); o.name == "on-error" && !strings.ContainsAny(rest, "'( ") {
			v = word
		} else {
			var err error
			if v, err = s.single(ctx, rest); err != nil {
				return err
			}
		}
		changed := s.options
		if !o.set(&changed, v) {
			return usage(name+" cannot be "+s.engine.Write(v), "it is "+o.want)
		}
		s.options = changed
		return nil
	}
	return usage("there is no option "+name, "`,option' lists them")
}
