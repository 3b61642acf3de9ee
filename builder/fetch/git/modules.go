package git

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// module is what .gitmodules says of a submodule.
type module struct{ path, url, update string }

// parseModules reads .gitmodules, a file in the form of git-config(1), and
// returns the modules by path.
func parseModules(text string) map[string]module {
	list := map[string]module{}
	byName := map[string]*module{}
	var m *module
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		if line[0] == '[' {
			m = nil
			if name, ok := section(line); ok {
				if byName[name] == nil {
					byName[name] = &module{}
				}
				m = byName[name]
			}
			continue
		}
		key, value, _ := strings.Cut(line, "=")
		if m == nil {
			continue
		}
		value = configValue(strings.TrimSpace(value))
		switch strings.ToLower(strings.TrimSpace(key)) {
		case "path":
			m.path = strings.Trim(value, "/")
		case "url":
			m.url = value
		case "update":
			m.update = value
		}
	}
	for _, m := range byName {
		list[m.path] = *m
	}
	return list
}

// section returns NAME of [submodule "NAME"].
func section(line string) (string, bool) {
	inner, _, ok := strings.Cut(line[1:], "]")
	if !ok {
		return "", false
	}
	kind, name, _ := strings.Cut(inner, " ")
	return configValue(strings.TrimSpace(name)), strings.EqualFold(kind, "submodule")
}

// configValue takes quotes, escapes and comments out of a value.
func configValue(s string) string {
	var b strings.Builder
	quoted := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			quoted = !quoted
		case c == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case !quoted && (c == '#' || c == ';'):
			return strings.TrimSpace(b.String())
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// submoduleURL returns where a submodule's repository is: relative to above,
// the address of the repository that names it, when it begins with "./" or
// "../". What is on this machine only a repository on this machine may name.
func submoduleURL(above *url.URL, address string) (*url.URL, error) {
	if strings.HasPrefix(address, "./") || strings.HasPrefix(address, "../") {
		u := *above
		parts := strings.Split(strings.TrimSuffix(u.Path, "/"), "/")
		for {
			if rest, ok := strings.CutPrefix(address, "./"); ok {
				address = rest
				continue
			}
			rest, ok := strings.CutPrefix(address, "../")
			if !ok {
				break
			}
			if address = rest; len(parts) < 2 {
				return nil, errors.New("its address leads above the top")
			}
			parts = parts[:len(parts)-1]
		}
		u.Path, u.RawPath, u.RawQuery = strings.Join(parts, "/")+"/"+address, "", ""
		return &u, nil
	}
	u, err := parseURL(address)
	if err != nil {
		return nil, err
	}
	if u.Scheme == "file" && above.Scheme != "file" {
		return nil, errors.New("a repository from elsewhere may not name one on this machine")
	}
	return u, nil
}

// parseURL reads an address, which may be a file name.
func parseURL(s string) (*url.URL, error) {
	if strings.HasPrefix(s, "/") {
		return &url.URL{Scheme: "file", Path: s}, nil
	}
	if !strings.Contains(s, "://") {
		// As scp(1) has it: without a "/" in front the path begins at home.
		if host, file, ok := strings.Cut(s, ":"); ok && host != "" && file != "" && !strings.Contains(host, "/") {
			u := &url.URL{Scheme: "ssh", Host: host, Path: file}
			if user, host, ok := strings.Cut(host, "@"); ok {
				u.User, u.Host = url.User(user), host
			}
			return u, nil
		}
		return nil, fmt.Errorf("%q is no address that can be fetched from; https://, http://, git://, ssh://, file:// and HOST:PATH can", s)
	}
	return url.Parse(s)
}
