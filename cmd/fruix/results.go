package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"fruix/cmd/internal/report"
	"fruix/store"
)

// results writes what a command finds out to standard output: lines as they come or,
// with --json, one value when all is known.
type results struct {
	s   *session
	err error // the first of writing
}

// line writes one line; nothing with --json.
func (r *results) line(x any) {
	if r.s.flags.json || r.err != nil {
		return
	}
	text := shown(fmt.Sprint(x), isTerminal(r.s.env.stdout))
	r.s.progress().Aside(func() { _, r.err = fmt.Fprintln(r.s.env.stdout, text) })
}

// shown is what is printed of lines that may hold names which others have made up, of
// files in objects and of roots: for a person's terminal without what could change its
// state, for programs as it is.
func shown(text string, terminal bool) string {
	if !terminal {
		return text
	}
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = report.Printable(l)
	}
	return strings.Join(lines, "\n")
}

// end writes value with --json, and says whether all could be written.
func (r *results) end(value any) error {
	if r.s.flags.json && r.err == nil {
		r.err = json.NewEncoder(r.s.env.stdout).Encode(value)
	}
	return r.err
}

// problemJSON is what is printed as JSON of something that is wrong with an object.
type problemJSON struct {
	Path    string `json:"path"`
	Kind    string `json:"kind"`
	Message string `json:"message"`
}

func problemsJSON(problems []store.Problem) []problemJSON {
	kinds := map[store.ProblemKind]string{
		store.Disappeared: "disappeared", store.Modified: "modified", store.Unreadable: "unreadable",
		store.Misregistered: "misregistered", store.Irregular: "irregular",
	}
	out := make([]problemJSON, len(problems))
	for i, p := range problems {
		out[i] = problemJSON{p.Path, kinds[p.Kind], p.String()}
	}
	return out
}

// verified is what is printed as JSON of a check of the store.
type verified struct {
	Problems []problemJSON `json:"problems"`
	Repaired []string      `json:"repaired"`
}
