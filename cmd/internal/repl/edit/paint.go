package edit

import "strings"

// The styles of tokens, as SGR parameters (ECMA-48, section 8.3.117). They are
// colours that can be read on dark and on light terminals.
const (
	styleComment = "2"
	styleString  = "32"
	styleDatum   = "36" // numbers, characters, booleans
	styleKeyword = "35"
	styleSyntax  = "1;34"
	styleCommand = "1"
)

// paint gives the tokens of a text their styles. isSyntax tells the names of
// special forms and macros, which stand out at the head of a form; nil knows
// none.
func paint(text []rune, isSyntax func(name string) bool) marks {
	m := marks{}
	set := func(t token, style string) {
		for i := t.start; i < t.end; i++ {
			m[i] = style
		}
	}
	i := 0
	for i < len(text) && isSpace(text[i]) {
		i++
	}
	if i < len(text) && text[i] == ',' && i+1 < len(text) && text[i+1] != '@' {
		t := token{start: i, end: atomEnd(text, i+1)}
		set(t, styleCommand)
		i = t.end
	}
	head := false // the token before opened a form
	for i < len(text) {
		t := scan(text, i)
		i = t.end
		switch t.kind {
		case comment:
			set(t, styleComment)
		case str:
			set(t, styleString)
		case atom:
			name := string(text[t.start:t.end])
			if style := atomStyle(name); style != "" {
				set(t, style)
			} else if head && isSyntax != nil && isSyntax(name) {
				set(t, styleSyntax)
			}
		}
		if t.kind != blank && t.kind != comment {
			head = t.kind == opening
		}
	}
	return m
}

// atomStyle is the style of what is no symbol.
func atomStyle(name string) string {
	switch {
	case strings.HasPrefix(name, "#:"):
		return styleKeyword
	case strings.HasPrefix(name, "#{"), strings.HasPrefix(name, "#<"):
		return ""
	case strings.HasPrefix(name, "#"):
		return styleDatum
	}
	if rest, ok := strings.CutSuffix(name, "i"); ok && strings.ContainsAny(rest, "+-") { // +i, 1-2i
		if name = strings.TrimRight(rest, "+-"); name == "" && len(rest) == 1 {
			return styleDatum
		}
	}
	digits := strings.TrimLeft(name, "+-")
	if len(name)-len(digits) > 1 || digits == "" {
		return ""
	}
	if c := digits[0]; c >= '0' && c <= '9' || c == '.' && len(digits) > 1 && digits[1] >= '0' && digits[1] <= '9' {
		// 1+ and 1- are procedures.
		if strings.Trim(digits, "0123456789./eE+-") == "" && !strings.HasSuffix(digits, "+") && !strings.HasSuffix(digits, "-") {
			return styleDatum
		}
	}
	return ""
}

// Paint returns a text with colours: that of a printed value. It leaves
// objects in angle brackets, as #<procedure f>, alone.
func Paint(text string) string {
	runes := []rune(text)
	m := paint(runes, nil)
	var b strings.Builder
	depth, style := 0, ""
	for i, r := range runes {
		if r == '<' && i > 0 && runes[i-1] == '#' && m[i] != styleString {
			depth++
		}
		want := m[i]
		if depth > 0 {
			want = ""
		}
		if r == '>' && depth > 0 {
			depth--
		}
		if want != style {
			if style != "" {
				b.WriteString("\x1b[0m")
			}
			if want != "" {
				b.WriteString("\x1b[" + want + "m")
			}
			style = want
		}
		b.WriteRune(r)
	}
	if style != "" {
		b.WriteString("\x1b[0m")
	}
	return b.String()
}
