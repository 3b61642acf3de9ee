package main

import (
	"encoding/base64"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
)

// parseBuilders reads machines as Nix's option "builders" names them: separated by
// semicolons or line ends, each with up to eight fields, of which "-" stands for the
// usual: URL, systems, private key, builds at a time, speed, features, mandatory
// features, host key in base 64 (Nix manual, "Remote builds"). A part "@FILE" stands
// for what the file holds, which names no further file.
func parseBuilders(text string) ([]*machine, error) { return parseBuilderList(text, os.ReadFile) }

// parseBuilderList is parseBuilders; read, nil where no file may be named, reads one.
func parseBuilderList(text string, read func(string) ([]byte, error)) ([]*machine, error) {
	var out []*machine
	for part := range strings.FieldsFuncSeq(text, func(c rune) bool { return c == ';' || c == '\n' }) {
		part, _, _ = strings.Cut(part, "#")
		fields := strings.Fields(part)
		if len(fields) == 0 {
			continue
		}
		if file, ok := strings.CutPrefix(fields[0], "@"); ok {
			if read == nil {
				return nil, fmt.Errorf("@%s: only the option itself can name a file", file)
			}
			b, err := read(file)
			if err != nil {
				return nil, err
			}
			more, err := parseBuilderList(string(b), nil)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			out = append(out, more...)
			continue
		}
		m, err := parseBuilder(fields)
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}

func parseBuilder(fields []string) (*machine, error) {
	if len(fields) > 8 {
		return nil, fmt.Errorf("%q is more than a machine has: %s", fields[8], "URL SYSTEMS KEY JOBS SPEED FEATURES MANDATORY-FEATURES HOST-KEY")
	}
	for len(fields) < 8 {
		fields = append(fields, "-")
	}
	m, err := parseHost(fields[0])
	if err != nil {
		return nil, err
	}
	list := func(s string) []string {
		if s == "-" {
			return nil
		}
		return strings.Split(s, ",")
	}
	m.systems, m.features, m.mandatory = list(fields[1]), list(fields[5]), list(fields[6])
	if fields[2] != "-" {
		m.ssh.PrivateKey = fields[2]
	}
	if fields[3] != "-" {
		if m.parallel, err = strconv.Atoi(fields[3]); err != nil || m.parallel < 1 {
			return nil, fmt.Errorf("%s: %q is no number of builds", fields[0], fields[3])
		}
	}
	if fields[4] != "-" {
		if m.speed, err = strconv.ParseFloat(fields[4], 64); err != nil || !(m.speed > 0) || math.IsInf(m.speed, 1) {
			return nil, fmt.Errorf("%s: %q is no speed: it must be a positive number", fields[0], fields[4])
		}
	}
	if fields[7] != "-" {
		key, err := base64.StdEncoding.DecodeString(fields[7])
		if err != nil {
			return nil, fmt.Errorf("%s: the host key is not in base 64", fields[0])
		}
		m.ssh.HostKey = strings.TrimSpace(string(key))
	}
	return m, nil
}
