package process

import (
	"os"
	"path/filepath"
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

// locale is what setlocale and the procedures for messages share.
type locale struct {
	current  []string // names by category
	domain   string
	folders  map[string]string   // of catalogues by domain
	catalogs map[string]*catalog // by file name, nil where there is none
}

const (
	messagesCategory = 5
	// localeFolder is where catalogues are unless bindtextdomain says otherwise.
	localeFolder = "/usr/share/locale"
)

// locales lists setlocale and the procedures for translated messages. Any
// locale in UTF-8 can be set; what it changes is the order of texts, case, and
// the language of messages. Languages that (ice-9 i18n) has no words for speak
// English.
func locales() []*datum.Primitive {
	l := &locale{domain: "messages", folders: map[string]string{}, catalogs: map[string]*catalog{}}
	for range localeCategories {
		l.current = append(l.current, "C.UTF-8")
	}
	return []*datum.Primitive{
		arg.FN("setlocale", 1, 2, l.set),
		arg.FN("gettext", 1, 3, l.gettext), arg.FN("ngettext", 3, 5, l.ngettext),
		arg.FN("textdomain", 0, 1, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			if v, ok := arg.Given(args, 0); ok {
				name, err := arg.Text("textdomain", 1, v)
				if err != nil {
					return datum.Unset, err
				}
				l.domain = name
			}
			return datum.NewString(l.domain), nil
		}),
		arg.FN("bindtextdomain", 1, 2, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			domain, err := arg.Text("bindtextdomain", 1, args[0])
			if err != nil {
				return datum.Unset, err
			}
			if v, ok := arg.Given(args, 1); ok {
				if l.folders[domain], err = arg.Text("bindtextdomain", 2, v); err != nil {
					return datum.Unset, err
				}
			}
			return datum.NewString(l.folder(domain)), nil
		}),
		arg.FN("bind-textdomain-codeset", 1, 2, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			// Texts have no encoding in the language.
			if _, err := arg.Text("bind-textdomain-codeset", 1, args[0]); err != nil {
				return datum.Unset, err
			}
			return datum.NewString("UTF-8"), nil
		}),
	}
}

// set is setlocale.
func (l *locale) set(c datum.Caller, args []datum.Value) (datum.Value, error) {
	const who = "setlocale"
	k, err := arg.Index(who, 1, args[0], len(localeCategories))
	if err != nil {
		return datum.Unset, err
	}
	v, ok := arg.Given(args, 1)
	if !ok || v == datum.False {
		return datum.NewString(localeName(l.current, k)), nil
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
	for i := range l.current {
		if i == k || k == allCategories {
			l.current[i] = name
		}
	}
	return datum.NewString(localeName(l.current, k)), nil
}

func (l *locale) folder(domain string) string {
	if dir, ok := l.folders[domain]; ok {
		return dir
	}
	return localeFolder
}

// gettext is (gettext message [domain [category]]).
func (l *locale) gettext(c datum.Caller, args []datum.Value) (datum.Value, error) {
	id, err := arg.Text("gettext", 1, args[0])
	if err != nil {
		return datum.Unset, err
	}
	text, ok, err := l.translate(c, "gettext", args, 1, func(cat *catalog) (string, bool) { return cat.lookup(id) })
	if err != nil || !ok {
		return args[0], err
	}
	return datum.NewString(text), nil
}

// ngettext is (ngettext message plural n [domain [category]]).
func (l *locale) ngettext(c datum.Caller, args []datum.Value) (datum.Value, error) {
	const who = "ngettext"
	id, err := arg.Text(who, 1, args[0])
	if err != nil {
		return datum.Unset, err
	}
	if _, err := arg.Text(who, 2, args[1]); err != nil {
		return datum.Unset, err
	}
	n, err := arg.Count(who, 3, args[2])
	if err != nil {
		return datum.Unset, err
	}
	text, ok, err := l.translate(c, who, args, 3, func(cat *catalog) (string, bool) { return cat.lookupPlural(id, uint64(n)) })
	switch {
	case err != nil:
		return datum.Unset, err
	case ok:
		return datum.NewString(text), nil
	case n == 1:
		return args[0], nil
	}
	return args[1], nil
}

// translate asks the catalogues of the domain and category at args[i] and
// after it, the best language first.
func (l *locale) translate(c datum.Caller, who string, args []datum.Value, i int, ask func(*catalog) (string, bool)) (string, bool, error) {
	domain, k := l.domain, messagesCategory
	var err error
	if v, ok := arg.Given(args, i); ok && v != datum.False {
		if domain, err = arg.Text(who, i+1, v); err != nil {
			return "", false, err
		}
	}
	if v, ok := arg.Given(args, i+1); ok {
		if k, err = arg.Index(who, i+2, v, len(localeCategories)); err != nil {
			return "", false, err
		}
	}
	for _, language := range l.languages(c, k) {
		if cat := l.open(c, filepath.Join(l.folder(domain), language, localeCategories[k], domain+".mo")); cat != nil {
			if text, ok := ask(cat); ok {
				return text, true, nil
			}
		}
	}
	return "", false, nil
}

// languages are the names of folders to look for a catalogue in: those of the
// variable LANGUAGE, then the locale. C has none.
func (l *locale) languages(c datum.Caller, k int) []string {
	name := l.current[k]
	if plain, _, _ := strings.Cut(name, "."); plain == "C" || plain == "POSIX" {
		return nil
	}
	wanted := []string{name}
	if list, ok := state.Of(c).Getenv("LANGUAGE"); ok && list != "" {
		wanted = append(strings.Split(list, ":"), name)
	}
	var out []string
	for _, name := range wanted {
		plain, _, _ := strings.Cut(name, ".")
		language, _, _ := strings.Cut(plain, "_")
		out = append(out, name, plain, language)
	}
	return out
}

// open reads a catalogue once; it gives nil where there is none to be read.
func (l *locale) open(c datum.Caller, name string) *catalog {
	if cat, ok := l.catalogs[name]; ok {
		return cat
	}
	l.catalogs[name] = nil
	if !state.Of(c).NoFiles {
		if b, err := os.ReadFile(name); err == nil {
			if cat, err := parseCatalog(b); err == nil {
				l.catalogs[name] = cat
			}
		}
	}
	return l.catalogs[name]
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
