package text

import (
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/runenames"

	"fruix/interp/datum"
	"fruix/interp/prim/arg"
)

// localized lists what (ice-9 i18n) and (ice-9 unicode) build on.
func localized() []*datum.Primitive {
	return []*datum.Primitive{
		arg.F3("%locale-compare", compareInLocale),
		arg.F3("%locale-case", caseInLocale),
		arg.F1("char->formal-name", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			c, err := arg.Char("char->formal-name", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			if name := formalName(c); name != "" {
				return datum.NewString(name), nil
			}
			return datum.False, nil
		}),
		arg.F1("formal-name->char", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			name, err := arg.Text("formal-name->char", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			if c, ok := charNamed(name); ok {
				return datum.Char(c), nil
			}
			return datum.False, nil
		}),
	}
}

// formalName is Unicode's name of a character, "" for those that have a label
// like <control> only.
func formalName(c rune) string {
	name := runenames.Name(c)
	if strings.HasPrefix(name, "<") {
		return ""
	}
	return name
}

func charNamed(name string) (rune, bool) {
	if name == "" {
		return 0, false
	}
	name = strings.ToUpper(name)
	for c := rune(0); c <= 0x10FFFF; c++ {
		if runenames.Name(c) == name {
			return c, name[0] != '<'
		}
	}
	return 0, false
}

// tag is the language of a locale's name; ok is false for those whose rules
// are those of no language.
func tag(locale string) (t language.Tag, ok bool) {
	name, _, _ := strings.Cut(locale, ".")
	name, _, _ = strings.Cut(name, "@")
	switch name {
	case "", "C", "POSIX":
		return language.Und, false
	}
	t, err := language.Parse(strings.ReplaceAll(name, "_", "-"))
	return t, err == nil
}

// compareInLocale is (%locale-compare locale a b): negative, zero or positive
// as a stands before, with or after b in the order of the locale. That of no
// language is the order of code points.
func compareInLocale(_ datum.Caller, locale, x, y datum.Value) (datum.Value, error) {
	const who = "string-locale<?"
	name, err := arg.Text(who, 3, locale)
	if err != nil {
		return datum.Unset, err
	}
	a, err := arg.Text(who, 1, x)
	if err != nil {
		return datum.Unset, err
	}
	b, err := arg.Text(who, 2, y)
	if err != nil {
		return datum.Unset, err
	}
	if t, ok := tag(name); ok {
		if n := collate.New(t).CompareString(a, b); n != 0 {
			return datum.Fix(int64(n)), nil
		}
	}
	return datum.Fix(int64(strings.Compare(a, b))), nil
}

// caseInLocale is (%locale-case locale kind string), kind being up, down,
// title or fold, with Unicode's special casing and that of the language.
func caseInLocale(_ datum.Caller, locale, kind, x datum.Value) (datum.Value, error) {
	const who = "string-locale-upcase"
	name, err := arg.Text(who, 2, locale)
	if err != nil {
		return datum.Unset, err
	}
	s, err := arg.Text(who, 1, x)
	if err != nil {
		return datum.Unset, err
	}
	t, _ := tag(name)
	var c cases.Caser
	switch kind {
	case datum.Sym("up"):
		c = cases.Upper(t)
	case datum.Sym("down"):
		c = cases.Lower(t)
	case datum.Sym("title"):
		c = cases.Title(t)
	default:
		c = cases.Fold()
	}
	return datum.NewString(c.String(s)), nil
}
