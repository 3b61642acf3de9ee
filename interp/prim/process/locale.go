package process

import (
	"strings"

	"golang.org/x/sys/unix"

	"fruix/interp/datum"
	"fruix/interp/prim/arg"
	"fruix/interp/prim/state"
)

// localeCategories are the categories of locales. Their numbers are the
// engine's own.
var localeCategories = []string{"LC_CTYPE", "LC_NUMERIC", "LC_TIME", "LC_COLLATE", "LC_MONETARY", "LC_MESSAGES", "LC_ALL"}

// locales makes setlocale. The engine has one locale, C with UTF-8, which goes
// by the names of all locales in UTF-8: text, numbers and dates are the same in
// all of them.
func locales() *datum.Primitive {
	const who = "setlocale"
	current := "C.UTF-8"
	return arg.FN(who, 1, 2, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
		if _, err := arg.Index(who, 1, args[0], len(localeCategories)); err != nil {
			return datum.Unset, err
		}
		v, ok := arg.Given(args, 1)
		if !ok || v == datum.False {
			return datum.NewString(current), nil
		}
		name, err := arg.Text(who, 2, v)
		if err != nil {
			return datum.Unset, err
		}
		if name == "" {
			for _, variable := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
				if x, ok := state.Of(c).Getenv(variable); ok && x != "" {
					name = x
					break
				}
			}
		}
		upper := strings.ToUpper(name)
		switch {
		case name == "", upper == "C", upper == "POSIX":
			current = "C"
		case strings.HasSuffix(upper, ".UTF-8"), strings.HasSuffix(upper, ".UTF8"):
			current = name
		default:
			return datum.Unset, fault(who, unix.EINVAL)
		}
		return datum.NewString(current), nil
	})
}
