package edit

import "strings"

// Indent is the column, from 0, where a line should begin that is started at
// the end of text, by the habits of Lisp: below the first argument, or two
// columns in for the bodies of definitions and binding forms. It is -1 where
// blanks would be part of a string.
func Indent(text []rune) int {
	n := scanNesting(text)
	if (n.last.kind == str || n.last.kind == atom) && n.last.open {
		return -1
	}
	if len(n.lists) == 0 {
		return 0
	}
	open := n.lists[len(n.lists)-1]
	column := columnOf(text, open)
	i := open + 1
	for i < len(text) && (text[i] == ' ' || text[i] == '\t') {
		i++
	}
	if i >= len(text) {
		return column + 1
	}
	head := scan(text, i)
	if head.kind != atom {
		return columnOf(text, i)
	}
	if isBody(string(text[head.start:head.end])) {
		return column + 2
	}
	// Below the first argument, if one stands on the head's line.
	for i = head.end; i < len(text); {
		t := scan(text, i)
		if t.kind == blank {
			if strings.ContainsRune(string(text[t.start:t.end]), '\n') {
				break
			}
		} else if t.kind != comment {
			return columnOf(text, i)
		}
		i = t.end
	}
	return column + 1
}

// columnOf is how far i is from the start of its line.
func columnOf(text []rune, i int) int { return i - lineStart(text, i) }

func lineStart(text []rune, i int) int {
	for i > 0 && text[i-1] != '\n' {
		i--
	}
	return i
}

func lineEnd(text []rune, i int) int {
	for i < len(text) && text[i] != '\n' {
		i++
	}
	return i
}

// isBody reports whether the arguments of a form are a body.
func isBody(name string) bool {
	switch name {
	case "lambda", "lambda*", "let", "let*", "letrec", "letrec*", "let-values", "let*-values", "when", "unless",
		"case", "do", "begin", "parameterize", "dynamic-wind", "guard", "receive", "match", "match-lambda",
		"syntax-rules", "syntax-case", "package", "origin", "operating-system", "service", "modify-services",
		"module", "library", "call-with-prompt", "catch", "fluid-let", "eval-when", "inherit":
		return true
	}
	return strings.HasPrefix(name, "def") || strings.HasPrefix(name, "with-") || strings.HasPrefix(name, "let-syntax") ||
		strings.HasPrefix(name, "call-with-")
}
