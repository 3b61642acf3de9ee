package repl

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/term"

	"fruix/interp/datum"
)

func languageCommands() []command {
	return []command{
		{name: "language", short: "L", group: groupLanguage, args: "[LANGUAGE]", doc: "tell the language; there is one, scheme", run: language},
	}
}

func systemCommands() []command {
	return []command{
		{name: "gc", group: groupSystem, doc: "collect garbage, and tell what is in use", run: collect},
		{name: "statistics", short: "stat", group: groupSystem, doc: "tell how much memory and time was used", run: statistics},
		{name: "width", short: "w", group: groupSystem, args: "[COLUMNS]", doc: "tell or set how wide values are printed by ,pretty-print", run: width},
		{name: "option", short: "o", group: groupSystem, args: "[NAME] [EXPR]", doc: "list the options, tell one, or set it", forms: true, run: option},
		{name: "cd", group: groupSystem, args: "[DIR]", doc: "change the working directory", run: changeDir},
		{name: "pwd", group: groupSystem, doc: "show the working directory", run: printDir},
	}
}

func changeDir(ctx context.Context, s *Session, args string) error {
	dir := datum.NewString(strings.Trim(args, `"`))
	if args == "" {
		home, err := s.call(ctx, "getenv", datum.NewString("HOME"))
		if err != nil {
			return err
		}
		if !home.IsString() {
			return usage("where to?", "HOME is not set")
		}
		dir = home
	}
	_, err := s.call(ctx, "chdir", dir)
	return err
}

func printDir(ctx context.Context, s *Session, _ string) error {
	dir, err := s.call(ctx, "getcwd")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(s.cfg.Out, s.engine.Display(dir))
	return err
}

// collect is ",gc".
func collect(_ context.Context, s *Session, _ string) error {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	_, err := fmt.Fprintf(s.cfg.Out, "%s in use\n", mebibytes(m.HeapAlloc))
	return err
}

// statistics is ",statistics".
func statistics(_ context.Context, s *Session, _ string) error {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	run := processTime()
	now := time.Now()
	fmt.Fprintf(s.cfg.Out, "heap:         %12s in use, %s from the system\n", mebibytes(m.HeapAlloc), mebibytes(m.HeapSys))
	fmt.Fprintf(s.cfg.Out, "allocated:    %12s in total, %s since the last time\n",
		mebibytes(m.TotalAlloc), mebibytes(m.TotalAlloc-s.stats.allocated))
	fmt.Fprintf(s.cfg.Out, "collections:  %12d, which paused for %v\n", m.NumGC, time.Duration(m.PauseTotalNs).Round(time.Microsecond))
	_, err := fmt.Fprintf(s.cfg.Out, "processor:    %12v, %v since the last time (%v ago)\n",
		run.Round(time.Millisecond), (run - s.stats.run).Round(time.Millisecond), now.Sub(s.stats.at).Round(time.Millisecond))
	s.stats.allocated, s.stats.run, s.stats.at = m.TotalAlloc, run, now
	return err
}

func mebibytes(n uint64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }

// width is ",width".
func width(_ context.Context, s *Session, args string) error {
	if args != "" {
		n, err := strconv.Atoi(args)
		if err != nil || n < 10 || n > 10000 {
			return usage("not a number of columns: "+args, "give one from 10 to 10000")
		}
		s.width = n
	}
	_, err := fmt.Fprintln(s.cfg.Out, s.columns())
	return err
}

// columns is how wide values are printed: what ,width said, else the
// terminal's width, else 79.
func (s *Session) columns() int {
	if s.width > 0 {
		return s.width
	}
	if f, ok := s.cfg.Out.(*os.File); ok {
		if n, _, err := term.GetSize(int(f.Fd())); err == nil && n > 0 {
			return n
		}
	}
	return 79
}

func language(_ context.Context, s *Session, args string) error {
	if args != "" && args != "scheme" {
		return usage("there is no language `"+args+"'", "there is one: scheme")
	}
	_, err := io.WriteString(s.cfg.Out, "the language is scheme\n")
	return err
}
