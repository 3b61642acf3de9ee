package log

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Control is what a line of a builder's output says about the build itself. One of
// the two is set.
type Control struct {
	// Phase is the name of a phase that has begun.
	Phase string
	// Step tells how far something is.
	Step *Step
}

// Step is how far a step of a build is.
type Step struct {
	What        string // such as "writing disk.img"
	Done, Total int64  // bytes
}

// mark begins the lines by which Fruix's own builders tell of steps from inside
// their jail: "@fruix step DONE TOTAL WHAT". They are no part of the log.
const mark = "@fruix "

// maxControl bounds such a line.
const maxControl = 1000

// Line is the line, with its end, that tells of the step.
func (s Step) Line() string {
	return fmt.Sprintf("%sstep %d %d %s\n", mark, s.Done, s.Total, strings.Map(printable, s.What))
}

func printable(r rune) rune {
	if r < ' ' || r == 0x7f {
		return ' '
	}
	return r
}

// parseMarked reads a line that begins with mark. What it does not know is nil: it
// may come from a later version.
func parseMarked(line string) *Control {
	words := strings.SplitN(strings.TrimPrefix(line, mark), " ", 4)
	if len(words) != 4 || words[0] != "step" {
		return nil
	}
	done, err1 := strconv.ParseInt(words[1], 10, 64)
	total, err2 := strconv.ParseInt(words[2], 10, 64)
	if err1 != nil || err2 != nil || done < 0 || done > total {
		return nil
	}
	return &Control{Step: &Step{What: words[3], Done: done, Total: total}}
}

// phase matches how Guix's build systems announce phases.
var phase = regexp.MustCompile("^starting phase [`']([^`']+)'")

// nixMark begins the lines by which builders made for Nix tell of phases: JSON, in
// Nix's internal-json form (NIX_LOG_FD).
const nixMark = "@nix {"

// parseLine finds out whether a line announces a phase. shown is false when people
// have no use for the line itself.
func parseLine(line []byte) (c *Control, shown bool) {
	switch {
	case bytes.HasPrefix(line, []byte(nixMark)):
		var m struct{ Action, Phase string }
		if json.Unmarshal(line[len(nixMark)-1:], &m) == nil && m.Action == "setPhase" && m.Phase != "" {
			return &Control{Phase: m.Phase}, false
		}
		return nil, false
	case bytes.HasPrefix(line, []byte("starting phase ")):
		if m := phase.FindSubmatch(line); m != nil {
			return &Control{Phase: string(m[1])}, true
		}
	}
	return nil, true
}

// sieve takes marked lines out of what a builder writes.
type sieve struct {
	middle bool   // of a line that is none
	held   []byte // the begin of a line that may be one
	cut    bool   // held is full
	found  func(*Control)
}

// pass returns b, together with what was held before, without marked lines. What
// may yet become one is held.
func (s *sieve) pass(b []byte) []byte {
	if len(s.held) == 0 && bytes.IndexByte(b, mark[0]) < 0 {
		if len(b) > 0 {
			s.middle = b[len(b)-1] != '\n'
		}
		return b // as nearly always
	}
	var out []byte
	for len(b) > 0 {
		end := bytes.IndexByte(b, '\n') + 1
		whole := end > 0
		if !whole {
			end = len(b)
		}
		part := b[:end]
		b = b[end:]
		if s.middle {
			out = append(out, part...)
			s.middle = !whole
			continue
		}
		s.hold(part)
		if n := min(len(s.held), len(mark)); string(s.held[:n]) != mark[:n] {
			out = append(out, s.held...)
			s.held, s.middle = s.held[:0], !whole
			continue
		}
		if whole {
			if c := parseMarked(strings.TrimRight(string(s.held), "\r\n")); c != nil && !s.cut {
				s.found(c)
			}
			s.held, s.cut = s.held[:0], false
		}
	}
	return out
}

// hold adds to what is held, up to a bound once it is known for what it is.
func (s *sieve) hold(part []byte) {
	if len(s.held) < len(mark) {
		n := min(len(part), len(mark)-len(s.held))
		s.held = append(s.held, part[:n]...)
		part = part[n:]
		if n = len(s.held); string(s.held) != mark[:n] {
			s.held = append(s.held, part...)
			return
		}
	}
	room := maxControl - len(s.held)
	if len(part) > room {
		part, s.cut = part[:max(room, 0)], true
	}
	s.held = append(s.held, part...)
}

// rest is what was held when the output ends: text, unless it is a marked line
// without its end.
func (s *sieve) rest() []byte {
	held := s.held
	s.held = nil
	if bytes.HasPrefix(held, []byte(mark)) {
		return nil
	}
	return held
}
