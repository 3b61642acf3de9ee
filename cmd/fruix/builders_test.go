package main

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
)

// describeMachine writes what was understood of a machine.
func describeMachine(m *machine) string {
	return fmt.Sprintf("%s user=%s systems=%v key=%s parallel=%d speed=%v features=%v mandatory=%v host-key=%s command=%q",
		m.name(), m.ssh.User, m.systems, m.ssh.PrivateKey, m.parallel, m.speed, m.features, m.mandatory, m.ssh.HostKey, m.ssh.Command)
}

// files are what "@FILE" can name in tests.
func files(name string) ([]byte, error) {
	text, ok := map[string]string{"list": "# those of the office\na; b - - 2 # slow\n", "nested": "@list", "bad": "a - - x"}[name]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return []byte(text), nil
}

func TestParseBuilders(t *testing.T) {
	usual := func(name, user string) string {
		return name + " user=" + user + ` systems=[] key= parallel=1 speed=1 features=[] mandatory=[] host-key= command=["fruix" "serve"]`
	}
	tests := []struct{ text, want, err string }{
		{"", "", ""},
		{" ; \n;", "", ""},
		{"far", usual("far", ""), ""},
		{"ssh://me@far:2222/", usual("far:2222", "me"), ""},
		{"me@[::1]:22", usual("::1:22", "me"), ""},
		{"ssh://a?program=/opt/fruix&root=/srv/x%20y", `a user= systems=[] key= parallel=1 speed=1 features=[] mandatory=[] host-key= command=["/opt/fruix" "serve" "--root=/srv/x y"]`, ""},
		{"a x86_64-linux,i686-linux /key 4 2.5 kvm,big must c3NoLWVkMjU1MTkgQUFBQQo=",
			`a user= systems=[x86_64-linux i686-linux] key=/key parallel=4 speed=2.5 features=[kvm big] mandatory=[must] host-key=ssh-ed25519 AAAA command=["fruix" "serve"]`, ""},
		{"@list;c", usual("a", "") + "\n" + strings.Replace(usual("b", ""), "parallel=1", "parallel=2", 1) + "\n" + usual("c", ""), ""},
		{"@nested", "", "nested: @list: only the option itself can name a file"},
		{"@none", "", "file does not exist"},
		{"@bad", "", `bad: a: "x" is no number of builds`},
		{"a - - 0", "", `a: "0" is no number of builds`},
		{"a - - - NaN", "", `a: "NaN" is no speed: it must be a positive number`},
		{"a - - - -1", "", `a: "-1" is no speed: it must be a positive number`},
		{"a - - - Inf", "", `a: "Inf" is no speed: it must be a positive number`},
		{"a - - - - - - ???", "", "a: the host key is not in base 64"},
		{"a 1 2 3 4 5 6 7 8", "", `"8" is more than a machine has: URL SYSTEMS KEY JOBS SPEED FEATURES MANDATORY-FEATURES HOST-KEY`},
		{"http://a", "", `"http://a": machines are reached by ssh:// alone`},
		{"ssh://", "", `"ssh://" does not name a machine: the form is ssh://USER@HOST:PORT`},
		{"a/b", "", `"a/b" does not name a machine: the form is ssh://USER@HOST:PORT`},
		{"a:99999", "", `"a:99999": "99999" is no port`},
		{"a?remote=x", "", `"a?remote=x": unknown parameter "remote"; there are program and root`},
	}
	for _, c := range tests {
		machines, err := parseBuilderList(c.text, files)
		var got []string
		for _, m := range machines {
			got = append(got, describeMachine(m))
		}
		text := ""
		if err != nil {
			text = err.Error()
		}
		if text != c.err || strings.Join(got, "\n") != c.want {
			t.Errorf("%q:\n%s\n%s\nwant\n%s\n%s", c.text, strings.Join(got, "\n"), text, c.want, c.err)
		}
	}
}

func FuzzParseBuilders(f *testing.F) {
	for _, s := range []string{"far", "ssh://me@far:2222?program=x&root=y a,b /key 2 1.5 c d e", "@list;@nested", "[::1]:22", "%zz", "a b;# c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		machines, err := parseBuilderList(text, files)
		if err != nil && len(machines) > 0 {
			t.Fatal("machines beside an error")
		}
		for _, m := range machines {
			if m.ssh.Host == "" || m.parallel < 1 || !(m.speed > 0) || m.ssh.Port < 0 || m.ssh.Port > 65535 || len(m.ssh.Command) < 2 {
				t.Errorf("%q gives %s", text, describeMachine(m))
			}
		}
	})
}
