package ports

import (
	"fruix/interp/datum"
	"fruix/interp/prim/arg"
	"fruix/interp/prim/state"
	"fruix/interp/read"
)

// options lists what the options of reading and printing in stdlib/guile set:
// (%reading! name value) and (%printing! name value).
func options() []*datum.Primitive {
	return []*datum.Primitive{
		arg.F2("%reading!", func(c datum.Caller, name, v datum.Value) (datum.Value, error) {
			s := &state.Of(c).Reading
			switch optionName(name) {
			case "positions":
				state.Of(c).NoPositions = !v.Truthy()
			case "case-insensitive":
				s.FoldCase = v.Truthy()
			case "keywords":
				s.Keywords = keywordStyle(v)
			case "r6rs-hex-escapes":
				s.HexEscapes = v.Truthy()
				state.Of(c).Print.HexEscapes = v.Truthy()
			case "square-brackets":
				s.NoBrackets = !v.Truthy()
			case "hungry-eol-escapes":
				s.HungryEOL = v.Truthy()
			case "curly-infix":
				s.CurlyInfix = v.Truthy()
			case "bytestrings":
				s.Bytestrings = v.Truthy()
			}
			return datum.Unspecified, nil
		}),
		arg.F2("%printing!", func(c datum.Caller, name, v datum.Value) (datum.Value, error) {
			s := state.Of(c).Print
			switch optionName(name) {
			case "escape-newlines":
				s.RawNewlines = !v.Truthy()
			case "r7rs-symbols":
				s.Bars = v.Truthy()
			case "bytestrings":
				s.Bytestrings = v.Truthy()
			case "quote-keywordish-symbols":
				s.QuoteColons = v != datum.False && (v != datum.Sym("reader") || state.Of(c).Reading.Keywords != read.KeywordHash)
			}
			return datum.Unspecified, nil
		}),
	}
}

func keywordStyle(v datum.Value) read.KeywordStyle {
	switch v {
	case datum.Sym("prefix"), datum.InternKeyword("prefix").Value():
		return read.KeywordPrefix
	case datum.Sym("postfix"), datum.InternKeyword("postfix").Value():
		return read.KeywordPostfix
	}
	return read.KeywordHash
}

func optionName(v datum.Value) string {
	if v.IsSymbol() {
		return v.Symbol().Name
	}
	return ""
}
