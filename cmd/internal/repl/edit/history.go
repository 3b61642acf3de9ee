package edit

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// History is the list of texts that were entered, kept in a file.
//
// The file has a line for each, in which "\\" stands for a backslash and "\n"
// for a line end. Entries are appended by one write each, so that several
// sessions may share a file.
type History struct {
	file    string
	entries []string
}

// MaxHistory is how many entries are kept.
const MaxHistory = 5000

// OpenHistory reads a history file, which need not exist; "" keeps the history
// in memory. Beside an error that history is returned which could be had.
func OpenHistory(file string) (*History, error) {
	h := &History{file: file}
	if file == "" {
		return h, nil
	}
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return h, nil
	}
	if err != nil {
		h.file = ""
		return h, err
	}
	for line := range bytes.Lines(data) {
		if e := unescape(strings.TrimRight(string(line), "\r\n")); strings.TrimSpace(e) != "" {
			h.entries = append(h.entries, e)
		}
	}
	if len(h.entries) > 2*MaxHistory {
		h.entries = slices.Clone(h.entries[len(h.entries)-MaxHistory:])
		return h, h.rewrite()
	}
	return h, nil
}

// rewrite replaces the file by one that holds the entries.
func (h *History) rewrite() error {
	f, err := os.CreateTemp(filepath.Dir(h.file), ".history-*")
	if err != nil {
		return err
	}
	var b strings.Builder
	for _, e := range h.entries {
		b.WriteString(escape(e) + "\n")
	}
	_, err = f.WriteString(b.String())
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), h.file)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// Entries returns all entries, oldest first.
func (h *History) Entries() []string { return slices.Clone(h.entries) }

// Add appends an entry unless it is blank or the last one again.
func (h *History) Add(text string) error {
	text = strings.TrimRight(text, " \t\n")
	if strings.TrimSpace(text) == "" || len(h.entries) > 0 && h.entries[len(h.entries)-1] == text {
		return nil
	}
	h.entries = append(h.entries, text)
	if h.file == "" {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(h.file), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(h.file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(escape(text) + "\n")
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}

// search finds the newest entry before index that contains text, -1 for none.
func (h *History) search(text string, before int) int {
	for i := min(before, len(h.entries)) - 1; i >= 0; i-- {
		if strings.Contains(h.entries[i], text) {
			return i
		}
	}
	return -1
}

func escape(s string) string {
	return strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\n`).Replace(s)
}

func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
			if s[i] == 'n' {
				b.WriteByte('\n')
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
