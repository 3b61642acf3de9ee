package report

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"fruix/interp"
	"fruix/interp/source"
)

// style is an ANSI "select graphic rendition" parameter (ECMA-48, 8.3.117).
type style string

const (
	bold   style = "1"
	danger style = "1;31"
	good   style = "1;32"
	advice style = "1;36"
	dim    style = "2"
)

// writer builds the text of a problem.
type writer struct {
	strings.Builder
	color bool
}

func (w *writer) paint(s style, text string) string {
	if !w.color || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

// text renders p, with a line end behind each line.
func (p *Problem) text(color bool) string {
	w := &writer{color: color}
	w.problem(p, 0)
	return w.String()
}

// indented is a text, which may quote what servers and builders said, with all its
// lines but the first indented, so that none of them can pass for one of ours.
func indented(text string) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = Printable(l)
	}
	return strings.Join(lines, "\n  ")
}

// maxDepth bounds the nesting of causes.
const maxDepth = 8

func (w *writer) problem(p *Problem, depth int) {
	prefix := p.Prefix
	if p.Place != nil {
		prefix = Printable(p.Place.pos.String())
	}
	label := w.paint(danger, "error:")
	if p.Kind == "interrupted" {
		label = ""
	}
	if depth > 0 && p.Place == nil {
		prefix, label = "", w.paint(danger, "because:")
	}
	if prefix != "" {
		fmt.Fprintf(w, "%s ", w.paint(bold, prefix+":"))
	}
	if label != "" {
		w.WriteString(label + " ")
	}
	w.WriteString(indented(p.Message) + "\n")
	if p.Place != nil {
		w.excerpt(p.Place.pos)
	}
	for _, d := range p.Details {
		w.WriteString("  " + indented(strings.TrimPrefix(d, "  ")) + "\n")
	}
	w.log(p.Log)
	for _, n := range p.Notes {
		if n.Place != nil {
			fmt.Fprintf(w, "%s ", w.paint(bold, Printable(n.Place.pos.String())+":"))
		}
		fmt.Fprintf(w, "%s %s\n", w.paint(advice, "note:"), indented(n.Text))
		if n.Place != nil {
			w.excerpt(n.Place.pos)
		}
	}
	if depth < maxDepth {
		logs := 0
		for _, c := range p.Causes {
			if len(c.Log) > 0 {
				if logs++; logs > maxLogs {
					c = c.withoutLog()
				}
			}
			w.problem(c, depth+1)
		}
	}
	for _, h := range p.Hints {
		fmt.Fprintf(w, "%s %s\n", w.paint(good, "hint:"), indented(h))
	}
	if len(p.Backtrace) > 0 {
		w.WriteString("backtrace (innermost first):\n")
		w.backtrace(p.Backtrace)
	}
}

// maxLogs is of how many builds that failed together the log is shown: with -k there may
// be hundreds. Of the others one line says how to see it.
const maxLogs = 3

// withoutLog is p without its log, with the command that shows it behind the message.
func (p *Problem) withoutLog() *Problem {
	brief := *p
	brief.Log = nil
	brief.Hints = slices.DeleteFunc(slices.Clone(p.Hints), func(h string) bool {
		command, ok := strings.CutPrefix(h, wholeLog)
		if ok {
			brief.Message += " (" + command + ")"
		}
		return ok
	})
	return &brief
}

// log shows the end of a build's output.
func (w *writer) log(lines []string) {
	if len(lines) == 0 {
		return
	}
	if len(lines) == 1 {
		w.WriteString("last line of its log:\n")
	} else {
		fmt.Fprintf(w, "last %d lines of its log:\n", len(lines))
	}
	for _, l := range lines {
		fmt.Fprintf(w, "  %s %s\n", w.paint(dim, "|"), Printable(l))
	}
}

func (w *writer) excerpt(p source.Pos) {
	text := p.Excerpt()
	if text == "" {
		return
	}
	line, caret, _ := strings.Cut(text, "\n")
	w.WriteString(Printable(line) + "\n")
	if i := strings.LastIndexByte(caret, '^'); i >= 0 {
		caret = caret[:i] + w.paint(good, "^")
	}
	w.WriteString(caret + "\n")
}

// maxFrames is how many lines of a backtrace are shown: the first ones and a
// few of the last.
const maxFrames, lastFrames = 30, 5

func (w *writer) backtrace(fs []Frame) {
	for i, f := range fs {
		if len(fs) > maxFrames && i >= maxFrames-lastFrames && i < len(fs)-lastFrames {
			if i == maxFrames-lastFrames {
				fmt.Fprintf(w, "  … %d more\n", len(fs)-maxFrames)
			}
			continue
		}
		name := f.Name
		if name == "" {
			name = "anonymous procedure"
		}
		w.WriteString("  " + Printable(name))
		if f.Place != nil {
			w.WriteString(" at " + w.paint(dim, Printable(f.Place.pos.String())))
		}
		if f.Count > 1 {
			fmt.Fprintf(w, " (%d times)", f.Count)
		}
		w.WriteByte('\n')
	}
}

// sequences are control sequences and strings (ECMA-48, 5.4 and 5.6), such as
// programs write to colour their output.
var sequences = regexp.MustCompile("\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(?:\x07|\x1b\\\\))")

// Printable takes out of a line what could change a terminal's state: control
// sequences vanish, other control characters but the tab become their names in
// caret notation.
func Printable(s string) string {
	if strings.IndexByte(s, 0x1b) >= 0 {
		s = sequences.ReplaceAllString(s, "")
	}
	clean := true
	for _, r := range s {
		if control(r) {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case !control(r):
			b.WriteRune(r)
		case r < 0x20:
			b.WriteByte('^')
			b.WriteRune(r + '@')
		case r == 0x7f:
			b.WriteString("^?")
		default:
			fmt.Fprintf(&b, "\\x%02x", r)
		}
	}
	return b.String()
}

func control(r rune) bool { return r < 0x20 && r != '\t' || r >= 0x7f && r < 0xa0 }

// Excerpt renders the line of a position with a caret below, "" when it is not
// known.
func Excerpt(p source.Pos, color bool) string {
	w := &writer{color: color}
	w.excerpt(p)
	return w.String()
}

// Backtrace renders a stack alone, as the REPL's command shows it.
func Backtrace(stack []interp.Frame, color bool) string {
	w := &writer{color: color}
	w.backtrace(frames(stack))
	return w.String()
}
