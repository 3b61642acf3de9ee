package repl

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"fruix/interp/datum"
	"fruix/interp/module"
)

// command is a word behind a comma.
type command struct {
	name, short string
	more        []string // further names
	args, doc   string
	group       string
	// forms says that the arguments are data, so that input goes on until
	// they are complete.
	forms bool
	run   func(ctx context.Context, s *Session, args string) error
}

// The groups of ,help, in order; they have Guile's names.
const (
	groupHelp     = "Help"
	groupModule   = "Module"
	groupLanguage = "Language"
	groupCompile  = "Compile"
	groupProfile  = "Profile"
	groupDebug    = "Debug"
	groupInspect  = "Inspect"
	groupSystem   = "System"
	groupMore     = "Further"
)

// allCommands lists the commands, those of the configuration last.
func (s *Session) allCommands() []command {
	cs := slices.Concat(helpCommands(), moduleCommands(), languageCommands(), codeCommands(), traceCommands(), debugCommands(), trapCommands(), inspectCommands(), systemCommands())
	if s.cfg.Sandbox {
		cs = slices.DeleteFunc(cs, func(c command) bool {
			switch c.name {
			case "load", "reload", "cd", "pwd":
				return true
			}
			return false
		})
	}
	names := make([]string, 0, len(s.cfg.Commands))
	for name := range s.cfg.Commands {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		c := s.cfg.Commands[name]
		group := c.Group
		if group == "" {
			group = groupMore
		}
		cs = append(cs, command{
			name: name, short: c.Short, args: c.Args, doc: c.Doc, group: group, forms: true, run: c.Run,
		})
	}
	return cs
}

// find returns the command of a name, nil when there is none. What cmd
// registers comes before what the REPL has, and what programs define after it.
func (s *Session) find(name string) *command {
	for i := len(s.commands) - 1; i >= 0; i-- {
		c := &s.commands[i]
		if name != "" && (c.name == name || c.short == name || slices.Contains(c.more, name)) {
			return c
		}
	}
	if name == "" {
		return nil
	}
	return s.defined(name)
}

// command carries out a command's text.
func (s *Session) command(ctx context.Context, text string) error {
	name, args := text, ""
	if i := strings.IndexAny(text, " \t\n(\""); i >= 0 {
		name, args = text[:i], strings.TrimSpace(text[i:])
	}
	if name == "" {
		return usage("a comma starts a command; ,help lists them", "")
	}
	c := s.find(name)
	if c == nil {
		var names []string
		for _, c := range s.commands {
			names = append(names, c.name)
		}
		hint := "`,help' lists the commands"
		if near := module.Nearest(name, names); len(near) > 0 {
			hint = "did you mean ," + strings.Join(near, " or ,") + "?"
		}
		return usage("unknown command `,"+name+"'", hint)
	}
	return c.run(ctx, s, args)
}

// commandError is a command that was used wrongly.
type commandError struct{ message, hint string }

func (e *commandError) Error() string {
	if e.hint == "" {
		return e.message
	}
	return e.message + "; " + e.hint
}

func usage(message, hint string) error { return &commandError{message, hint} }

// single evaluates the one expression that a command takes.
func (s *Session) single(ctx context.Context, args string) (datum.Value, error) {
	form, err := s.singleForm(args)
	if err != nil {
		return datum.Unset, err
	}
	values, err := s.evalForm(ctx, form)
	if err != nil {
		return datum.Unset, err
	}
	if len(values) == 0 {
		return datum.Unspecified, nil
	}
	return values[0], nil
}

func (s *Session) singleForm(args string) (datum.Value, error) {
	forms, err := s.Forms(args, "<repl>")
	if err != nil {
		return datum.Unset, err
	}
	if len(forms) != 1 {
		return datum.Unset, usage("this command takes one expression", "")
	}
	return forms[0], nil
}

// moduleName reads the argument of a command as the name of a module.
func moduleName(args string) (datum.Value, error) {
	name, ok := module.ParseName(args)
	if !ok && args != "" && !strings.ContainsAny(args, "()\"'") {
		name, ok = module.ParseName("(" + args + ")")
	}
	if !ok {
		return datum.Unset, usage(fmt.Sprintf("not the name of a module: %s", args), "write it as (ice-9 match)")
	}
	return name, nil
}

func helpCommands() []command {
	return []command{
		{name: "help", short: "h", group: groupHelp, args: "[all | GROUP | COMMAND]", doc: "list the commands, those of a group, or tell about one", run: help},
		{name: "describe", short: "d", group: groupHelp, args: "NAME", doc: "tell what a name stands for", forms: true, run: describe},
		{name: "apropos", short: "a", group: groupHelp, args: "REGEXP", doc: "list names in loaded modules", run: apropos},
		{name: "quit", short: "q", more: []string{"continue", "cont"}, group: groupHelp, doc: "leave this level of errors, or the REPL", run: quit},
	}
}

func quit(_ context.Context, s *Session, _ string) error {
	if len(s.levels) > 0 {
		s.pop()
		return nil
	}
	return errLeave
}

func help(_ context.Context, s *Session, args string) error {
	args = strings.TrimPrefix(strings.TrimSpace(strings.TrimPrefix(args, "-c")), ",")
	groups := s.groups()
	if args != "" && args != "all" {
		c := s.find(args)
		if i := slices.IndexFunc(groups, func(g string) bool { return strings.EqualFold(g, args) }); i >= 0 && (c == nil || args != c.name) {
			return s.helpGroups(groups[i : i+1])
		}
		if c == nil {
			return usage("there is no command `,"+args+"'", "`,help' lists them")
		}
		_, err := fmt.Fprintf(s.cfg.Out, "%s\n    %s.\n", c.head(), c.doc)
		return err
	}
	return s.helpGroups(groups)
}

// groups lists the groups that have commands.
func (s *Session) groups() []string {
	var groups []string
	for _, c := range s.commands {
		if !slices.Contains(groups, c.group) {
			groups = append(groups, c.group)
		}
	}
	return groups
}

// helpGroups lists the commands of groups.
func (s *Session) helpGroups(groups []string) error {
	width := 0
	for _, c := range s.commands {
		if slices.Contains(groups, c.group) {
			width = max(width, len(c.head()))
		}
	}
	for i, g := range groups {
		if i > 0 {
			fmt.Fprintln(s.cfg.Out)
		}
		fmt.Fprintf(s.cfg.Out, "%s\n", g)
		for _, c := range s.commands {
			if c.group == g {
				if _, err := fmt.Fprintf(s.cfg.Out, "  %-*s  %s\n", width, c.head(), c.doc); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// head shows how a command is written.
func (c *command) head() string {
	h := "," + c.name
	if c.args != "" {
		h += " " + c.args
	}
	if c.short != "" {
		h += " (," + c.short + ")"
	}
	return h
}
