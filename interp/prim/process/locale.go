package process

import (
	"strings"

	"golang.org/x/sys/unix"

	"fruix/interp/datum"
	"fruix/interp/prim/arg"
	"fruix/interp/prim/state"
)

// localeCategories are the categories of locales, numbered as in the GNU C
// library.
var localeCategories = []string{"LC_CTYPE", "LC_NUMERIC", "LC_TIME", "LC_COLLATE", "LC_MONETARY", "LC_MESSAGES", "LC_ALL",
	"LC_PAPER", "LC_NAME", "LC_ADDRESS", "LC_TELEPHONE", "LC_MEASUREMENT", "LC_IDENTIFICATION"}

const allCategories = 6

// locales makes setlocale. Any locale in UTF-8 can be set; what it changes is
// the order of texts and case, languages that (ice-9 i18n) has no words for
// speak English.
func locales() *datum.Primitive {
	const who = "setlocale"
	current := make([]string, len(localeCategories))
	for i := range current {
		current[i] = "C.UTF-8"
	}
	return arg.FN(who, 1, 2, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
		k, err := arg.Index(who, 1, args[0], len(localeCategories))
		if err != nil {
			return datum.Unset, err
		}
		v, ok := arg.Given(args, 1)
		if !ok || v == datum.False {
			return datum.NewString(localeName(current, k)), nil
		}
		name, err := arg.Text(who, 2, v)
		if err != nil {
			return datum.Unset, err
		}
		if name == "" {
			name = localeOf(c, localeCategories[k])
		}
		if !knownLocale(name) {
			return datum.Unset, fault(who, unix.EINVAL)
		}
		for i := range current {
			if i == k || k == allCategories {
				current[i] = name
			}
		}
		return datum.NewString(localeName(current, k)), nil
	})
}

// localeOf is the locale that the environment chooses for a category.
func localeOf(c datum.Caller, category string) string {
	for _, variable := range []string{"LC_ALL", category, "LC_CTYPE", "LANG"} {
		if x, ok := state.Of(c).Getenv(variable); ok && x != "" {
			return x
		}
	}
	return "C"
}

// knownLocale reports whether a locale can be set: those in UTF-8, and C.
func knownLocale(name string) bool {
	upper := strings.ToUpper(name)
	return upper == "C" || upper == "POSIX" || strings.HasSuffix(upper, ".UTF-8") || strings.HasSuffix(upper, ".UTF8")
}

// localeName is what setlocale returns for category k: one name, or the names
// of all categories when they differ.
func localeName(current []string, k int) string {
	if k != allCategories {
		return current[k]
	}
	var parts []string
	same := true
	for i, name := range current {
		if i != allCategories {
			parts = append(parts, localeCategories[i]+"="+name)
			same = same && name == current[0]
		}
	}
	if same {
		return current[0]
	}
	return strings.Join(parts, ";")
}
