package repl

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"fruix/cmd/internal/repl/edit"
	"fruix/interp/datum"
)

// complete lists the ways to go on with what stands before the cursor: names
// of the current module, names of modules where those stand, commands behind
// the first comma, and files in strings.
func (s *Session) complete(text []rune, cursor int) edit.Completions {
	before := text[:cursor]
	line := strings.TrimLeft(string(before), " \t\n")
	if rest, ok := strings.CutPrefix(line, ","); ok {
		name, args, more := strings.Cut(rest, " ")
		if !more {
			return s.completeCommand(before, name)
		}
		switch c := s.find(name); {
		case c == nil:
		case c.name == "load" || c.name == "cd":
			path := strings.TrimLeft(args, " ")
			return s.completeFile(cursor-len([]rune(strings.TrimPrefix(path, `"`))), strings.TrimPrefix(path, `"`), "")
		case c.name == "help":
			return s.completeCommand(before, strings.TrimLeft(args, " "))
		case c.group == groupModule && c.name != "binding":
			if open := edit.OpenLists(before); len(open) == 1 {
				return s.completeModule(before, open[0])
			}
		}
	}
	if start, ok := edit.InString(before); ok {
		return s.completeFile(start, string(before[start:]), `"`)
	}
	if edit.InComment(before) {
		return edit.Completions{}
	}
	if open, ok := moduleList(before); ok {
		return s.completeModule(before, open)
	}
	return s.completeName(before)
}

func items(start int, names []string, after string) edit.Completions {
	slices.Sort(names)
	c := edit.Completions{Start: start}
	for _, n := range slices.Compact(names) {
		c.Items = append(c.Items, edit.Item{Text: n, After: after})
	}
	return c
}

func (s *Session) completeCommand(before []rune, typed string) edit.Completions {
	var names []string
	for _, c := range s.commands {
		if strings.HasPrefix(c.name, typed) {
			names = append(names, c.name)
		}
	}
	return items(len(before)-len([]rune(typed)), names, " ")
}

// completeName completes a name that the current module sees.
func (s *Session) completeName(before []rune) edit.Completions {
	start := edit.Symbol(before)
	typed := string(before[start:])
	if typed == "" {
		return edit.Completions{}
	}
	var names []string
	add := func(syms []*datum.Symbol) {
		for _, sym := range syms {
			if strings.HasPrefix(sym.Name, typed) && (typed[0] == '%' || sym.Name[0] != '%') {
				names = append(names, sym.Name)
			}
		}
	}
	add(s.current().Names())
	for _, u := range s.current().Uses() {
		add(u.Names())
	}
	add(s.history.Names())
	return items(start, names, "")
}

// moduleHeads are the forms whose arguments name modules; the value says how
// deep below the form the name's list is.
func isModuleHead(name string) bool {
	switch name {
	case "use-modules", "import", "resolve-module", "resolve-interface", "@", "@@", "define-module":
		return true
	}
	return false
}

// moduleList finds the list that is open at the end of text and should be the
// name of a module: (use-modules (NAME, (use-modules ((NAME, or in a
// define-module #:use-module (NAME.
func moduleList(text []rune) (int, bool) {
	open := edit.OpenLists(text)
	n := len(open)
	if n < 2 {
		return 0, false
	}
	list := open[n-1]
	words := strings.Fields(string(text[:list]))
	if len(words) > 0 {
		switch strings.TrimRight(words[len(words)-1], "(") {
		case "#:use-module", "#:autoload":
			return list, true
		}
	}
	for depth := 2; depth <= 3 && depth <= n; depth++ {
		from := open[n-depth] + 1
		head := string(text[from:])
		if i := strings.IndexAny(head, " \t\n()"); i >= 0 {
			head = head[:i]
		}
		if isModuleHead(head) && (depth == 2 || open[n-2]+1 == list || head == "import") {
			return list, true
		}
	}
	return 0, false
}

// completeModule completes a part of a module's name, whose list begins at
// open.
func (s *Session) completeModule(before []rune, open int) edit.Completions {
	typed := strings.TrimLeft(string(before[open+1:]), " \t\n")
	if strings.ContainsAny(typed, "()\"") {
		return edit.Completions{}
	}
	parts := strings.Split(strings.Join(strings.Fields(typed), " "), " ")
	if strings.HasSuffix(typed, " ") || strings.HasSuffix(typed, "\n") {
		parts = append(parts, "")
	}
	last := parts[len(parts)-1]
	above := parts[:len(parts)-1]
	found := map[string]bool{} // by name: whether it is a module itself
	s.modulesIn(above, found)
	var names []string
	for n := range found {
		if strings.HasPrefix(n, last) {
			names = append(names, n)
		}
	}
	c := items(len(before)-len([]rune(last)), names, "")
	for i := range c.Items {
		if c.Items[i].After = " "; found[c.Items[i].Text] {
			c.Items[i].After = ")"
		}
	}
	return c
}

// modulesIn finds the next parts of the names of modules that begin with the
// parts above: loaded ones, and files in the places where modules are looked
// for.
func (s *Session) modulesIn(above []string, found map[string]bool) {
	prefix := "(" + strings.Join(above, " ")
	if len(above) > 0 {
		prefix += " "
	}
	for _, m := range s.engine.Modules().Modules() {
		rest, ok := strings.CutPrefix(strings.TrimSuffix(m.Key, ")"), prefix)
		if !ok {
			continue
		}
		name, _, more := strings.Cut(rest, " ")
		found[name] = found[name] || !more
	}
	reg := s.engine.Modules()
	roots := make([]fs.FS, 0, len(reg.LoadPath)+1)
	for _, dir := range reg.LoadPath {
		roots = append(roots, os.DirFS(dir))
	}
	if reg.Stdlib != nil {
		roots = append(roots, reg.Stdlib)
	}
	dir := "."
	if len(above) > 0 {
		dir = strings.Join(above, "/")
	}
	if !fs.ValidPath(dir) {
		return
	}
	for _, root := range roots {
		entries, err := fs.ReadDir(root, dir)
		if err != nil {
			continue // not there: completion only gets poorer
		}
		for _, e := range entries {
			name := e.Name()
			if strings.HasPrefix(name, ".") {
				continue
			}
			if e.IsDir() {
				found[name] = found[name] || false
				continue
			}
			for _, ext := range []string{".scm", ".sls", ".sld"} {
				if n, ok := strings.CutSuffix(name, ext); ok && !(len(above) == 0 && n == "") {
					found[n] = true
				}
			}
		}
	}
}

// completeFile completes the name of a file; start is where it begins.
func (s *Session) completeFile(start int, typed, after string) edit.Completions {
	dir, last := filepath.Split(typed)
	look := dir
	if look == "" {
		look = "."
	}
	entries, err := os.ReadDir(look)
	if err != nil {
		return edit.Completions{}
	}
	c := edit.Completions{Start: start}
	for _, e := range entries {
		name := e.Name()
		if !strings.HasPrefix(name, last) || strings.HasPrefix(name, ".") && !strings.HasPrefix(last, ".") {
			continue
		}
		it := edit.Item{Text: dir + name, Show: name, After: after}
		if isDir(look, e) {
			it.Text, it.Show, it.After = it.Text+"/", name+"/", ""
		}
		c.Items = append(c.Items, it)
	}
	return c
}

// isDir follows symbolic links.
func isDir(dir string, e fs.DirEntry) bool {
	if e.Type()&fs.ModeSymlink == 0 {
		return e.IsDir()
	}
	info, err := os.Stat(filepath.Join(dir, e.Name()))
	return err == nil && info.IsDir()
}
