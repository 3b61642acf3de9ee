package fetch

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A source is an archive of Debian that a host's apt uses.
type source struct {
	uri      string
	suites   []string
	signedBy string // a key file; "" means apt's own
}

// readSources reads apt's lists in both of their forms; see sources.list(5).
// Only archives that look like Debian's own are returned: those with a suite
// and components, whose URI ends in "/debian" or "/debian-security".
func readSources(etc string) ([]source, error) {
	files, err := filepath.Glob(filepath.Join(etc, "sources.list.d", "*"))
	if err != nil {
		return nil, err
	}
	slices.Sort(files)
	var list []source
	for _, f := range append([]string{filepath.Join(etc, "sources.list")}, files...) {
		data, err := os.ReadFile(f)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		switch filepath.Ext(f) {
		case ".list":
			list = append(list, parseOneLine(string(data))...)
		case ".sources":
			list = append(list, parseDeb822(string(data))...)
		}
	}
	return slices.DeleteFunc(list, func(s source) bool {
		u := strings.TrimSuffix(s.uri, "/")
		return !strings.HasSuffix(u, "/debian") && !strings.HasSuffix(u, "/debian-security")
	}), nil
}

// parseOneLine reads lines such as "deb [signed-by=FILE] URI SUITE COMPONENT…".
func parseOneLine(text string) []source {
	var list []source
	for _, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		kind, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if kind != "deb" && kind != "deb-src" {
			continue
		}
		var s source
		rest = strings.TrimSpace(rest)
		if strings.HasPrefix(rest, "[") {
			options, after, ok := strings.Cut(rest[1:], "]")
			if !ok {
				continue
			}
			for _, o := range strings.Fields(options) {
				if k, v, _ := strings.Cut(o, "="); k == "signed-by" {
					s.signedBy = v
				}
			}
			rest = after
		}
		f := strings.Fields(rest)
		if len(f) < 3 {
			continue
		}
		s.uri, s.suites = f[0], f[1:2]
		list = append(list, s)
	}
	return list
}

// parseDeb822 reads stanzas of "Field: value" lines.
func parseDeb822(text string) []source {
	var list []source
	for _, stanza := range strings.Split(text, "\n\n") {
		fields := map[string]string{}
		last := ""
		for _, line := range strings.Split(stanza, "\n") {
			switch {
			case strings.HasPrefix(line, "#") || strings.TrimSpace(line) == "":
			case line[0] == ' ' || line[0] == '\t':
				fields[last] += " " + strings.TrimSpace(line)
			default:
				k, v, _ := strings.Cut(line, ":")
				last = strings.ToLower(strings.TrimSpace(k))
				fields[last] = strings.TrimSpace(v)
			}
		}
		if strings.EqualFold(fields["enabled"], "no") {
			continue
		}
		signed := fields["signed-by"]
		if !strings.HasPrefix(signed, "/") {
			signed = "" // a key in the text itself
		}
		for _, uri := range strings.Fields(fields["uris"]) {
			list = append(list, source{uri: uri, suites: strings.Fields(fields["suites"]), signedBy: signed})
		}
	}
	return list
}

// sourceList writes a list in the one-line form that holds, for each mirror,
// the suite that is asked for, or else the host's own. Security archives only
// have suites of their own.
func sourceList(sources []source, suite, component, kind string) string {
	var b strings.Builder
	seen := map[string]bool{}
	add := func(s source, suite string) {
		line := kind + " "
		if s.signedBy != "" {
			line += "[signed-by=" + s.signedBy + "] "
		}
		line += s.uri + " " + suite + " " + component + "\n"
		if !seen[line] {
			seen[line] = true
			b.WriteString(line)
		}
	}
	for _, s := range sources {
		security := strings.HasSuffix(strings.TrimSuffix(s.uri, "/"), "-security")
		for _, own := range s.suites {
			if suite == "" || own == suite || strings.HasPrefix(own, suite+"-") {
				add(s, own)
			}
		}
		if suite != "" && !security {
			add(s, suite)
		}
	}
	return b.String()
}
