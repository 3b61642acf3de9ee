package protocol

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Versions are those of the protocol that this program speaks.
func Versions() []int { return []int{1} }

// Hello is what a side says of itself when a connection begins. The line that
// carries it is a word and JSON; members that are not known are passed over.
type Hello struct {
	Versions []int  `json:"versions"`
	Program  string `json:"program"` // version of fruix, for people
	StoreDir string `json:"storeDir,omitempty"`

	// Of the side that connects.
	Parallel  int           `json:"parallel,omitempty"`  // builds that it wants to go on at a time
	Heartbeat time.Duration `json:"heartbeat,omitempty"` // silence after which the other is asked whether it lives

	// Of the side that serves.
	Refused  string   `json:"refused,omitempty"` // why it does not
	Host     string   `json:"host,omitempty"`    // what it calls itself
	Systems  []string `json:"systems,omitempty"` // platforms whose programs it runs
	Features []string `json:"features,omitempty"`
	Builders string   `json:"builders,omitempty"` // version of the language of its built-in builders
	Cores    int      `json:"cores,omitempty"`    // processors
	MaxJobs  int      `json:"maxJobs,omitempty"`  // builds that it carries out at a time; 0: as many as are wanted
	// Signed says that it takes objects only if they are signed by a key that
	// it trusts or prove themselves by their path, and keeps no outputs.
	Signed bool `json:"signed,omitempty"`
}

// greeting is the word before the JSON.
const greeting = "fruix-remote "

// maxHello bounds the line, in bytes.
const maxHello = 64 << 10

// Write sends the greeting in one piece.
func (h *Hello) Write(w io.Writer) error {
	b, err := json.Marshal(h)
	if err == nil {
		_, err = w.Write([]byte(greeting + string(b) + "\n"))
	}
	return err
}

// NoGreetingError says that the other side does not begin as a fruix does.
type NoGreetingError struct {
	Said string // the beginning of what it said; "" when it said nothing
	Err  error  // why no more could be read; nil when that was enough
}

func (e *NoGreetingError) Error() string {
	if e.Said == "" {
		return "the other side ended without a greeting"
	}
	return fmt.Sprintf("the other side does not greet as fruix does, but says %q", e.Said)
}

// Unwrap returns why reading ended.
func (e *NoGreetingError) Unwrap() error { return e.Err }

// RefusedError is the reason of a side that does not serve.
type RefusedError struct{ Reason string }

func (e *RefusedError) Error() string { return "it refuses: " + e.Reason }

// VersionError says that two sides have no version of the protocol in common.
type VersionError struct {
	Ours, Theirs []int
	Program      string // the other side's version of fruix
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("fruix %s over there speaks version %s of the protocol, this one %s: install the same version on both machines",
		e.Program, list(e.Theirs), list(e.Ours))
}

func list(versions []int) string {
	var words []string
	for _, v := range versions {
		words = append(words, fmt.Sprint(v))
	}
	return strings.Join(words, ", ")
}

// StoreDirError says that two sides call their stores differently, so that no
// object of one can be one of the other.
type StoreDirError struct{ Ours, Theirs string }

func (e *StoreDirError) Error() string {
	return fmt.Sprintf("its store is called %s, this one %s", e.Theirs, e.Ours)
}

// ReadHello reads a greeting.
func ReadHello(r *bufio.Reader) (*Hello, error) {
	line, err := readLine(r)
	text, ok := strings.CutPrefix(line, greeting)
	if !ok || err != nil {
		return nil, &NoGreetingError{Said: printable(line), Err: err}
	}
	h := new(Hello)
	if err := json.Unmarshal([]byte(text), h); err != nil {
		return nil, &NoGreetingError{Said: printable(line), Err: err}
	}
	return h, nil
}

// readLine reads up to the end of a line, and not beyond maxHello.
func readLine(r *bufio.Reader) (string, error) {
	var line strings.Builder
	for line.Len() < maxHello {
		b, err := r.ReadByte()
		if err != nil {
			return line.String(), err
		}
		if b == '\n' {
			return line.String(), nil
		}
		line.WriteByte(b)
	}
	return line.String(), errors.New("the line does not end")
}

// printable is the beginning of a text for people.
func printable(s string) string {
	const most = 120
	s = strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return '.'
		}
		return c
	}, s[:min(len(s), most)])
	return strings.TrimSpace(s)
}

// Agree says whether ours and theirs can go on, and with which version.
func Agree(ours, theirs *Hello) (version int, err error) {
	if theirs.Refused != "" {
		return 0, &RefusedError{printable(theirs.Refused)}
	}
	for _, v := range slices.Sorted(slices.Values(ours.Versions)) {
		if slices.Contains(theirs.Versions, v) {
			version = v
		}
	}
	switch {
	case version == 0:
		return 0, &VersionError{ours.Versions, theirs.Versions, printable(theirs.Program)}
	case ours.StoreDir != theirs.StoreDir:
		return 0, &StoreDirError{ours.StoreDir, printable(theirs.StoreDir)}
	}
	return version, nil
}
