package tree

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"fruix/interp/module"
)

// maxDepth is how deep a plan may nest; what it can say needs four levels.
const maxDepth = 32

// object is a JSON object of which each member is taken once, so that what
// nobody asked for can be named. encoding/json alone passes over doubled
// members and takes names in any case.
type object struct {
	where   string // for messages, such as `partition "root"`
	members map[string]any
	known   []string
}

// parseObject reads a text that holds one object.
func parseObject(data []byte) (map[string]any, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("the plan is not UTF-8 text")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	v, err := value(d, 0)
	if err != nil {
		return nil, fmt.Errorf("the plan is not JSON: %w", locate(data, d, err))
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("the plan goes on behind its end, at byte %d", d.InputOffset())
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("the plan must be an object, not %s", describe(v))
	}
	return m, nil
}

// locate says where in the text an error was met.
func locate(data []byte, d *json.Decoder, err error) error {
	off := d.InputOffset()
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		off = syntax.Offset
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	line := bytes.Count(data[:min(off, int64(len(data)))], []byte("\n")) + 1
	return fmt.Errorf("line %d, byte %d: %w", line, off, err)
}

func value(d *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, errors.New("nested too deeply")
	}
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t {
	case json.Delim('{'):
		m := make(map[string]any)
		for d.More() {
			k, err := d.Token()
			if err != nil {
				return nil, err
			}
			name := k.(string)
			if _, twice := m[name]; twice {
				return nil, fmt.Errorf("an object has two members %q", name)
			}
			if m[name], err = value(d, depth+1); err != nil {
				return nil, err
			}
		}
		_, err := d.Token()
		return m, err
	case json.Delim('['):
		list := []any{}
		for d.More() {
			v, err := value(d, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := d.Token()
		return list, err
	}
	return t, nil
}

// describe names a JSON value in messages.
func describe(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(v)
	case json.Number:
		return "the number " + v.String()
	case string:
		return fmt.Sprintf("the text %q", shorten(v))
	case []any:
		return "an array"
	}
	return "an object"
}

func shorten(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

func newObject(where string, v any) (*object, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s: must be an object, not %s", where, describe(v))
	}
	return &object{where: where, members: m}, nil
}

// errorf makes an error about a member.
func (o *object) errorf(key, format string, args ...any) error {
	return fmt.Errorf("%s: %s: %s", o.where, key, fmt.Sprintf(format, args...))
}

func (o *object) take(key string) (any, bool) {
	o.known = append(o.known, key)
	v, ok := o.members[key]
	return v, ok
}

func (o *object) has(key string) bool {
	_, ok := o.members[key]
	return ok
}

// text takes a string; fallback stands for a missing one.
func (o *object) text(key, fallback string) (string, error) {
	v, ok := o.take(key)
	if !ok {
		return fallback, nil
	}
	s, ok := v.(string)
	if !ok {
		return "", o.errorf(key, "must be a text, not %s", describe(v))
	}
	return s, nil
}

// required takes a string that may be neither missing nor empty.
func (o *object) required(key string) (string, error) {
	s, err := o.text(key, "")
	switch {
	case err != nil:
		return "", err
	case !o.has(key):
		return "", o.errorf(key, "is missing")
	case s == "":
		return "", o.errorf(key, "must not be empty")
	}
	return s, nil
}

// number takes an integer from 0 to most.
func (o *object) number(key string, fallback, most int64) (int64, error) {
	v, ok := o.take(key)
	if !ok {
		return fallback, nil
	}
	n, ok := v.(json.Number)
	if !ok {
		return 0, o.errorf(key, "must be a number, not %s", describe(v))
	}
	i, err := strconv.ParseInt(n.String(), 10, 64)
	if err != nil || i < 0 || i > most {
		return 0, o.errorf(key, "must be an integer from 0 to %d, not %s", most, n)
	}
	return i, nil
}

func (o *object) boolean(key string) (bool, error) {
	v, ok := o.take(key)
	if !ok {
		return false, nil
	}
	b, ok := v.(bool)
	if !ok {
		return false, o.errorf(key, "must be true or false, not %s", describe(v))
	}
	return b, nil
}

func (o *object) array(key string) ([]any, error) {
	v, ok := o.take(key)
	if !ok {
		return nil, nil
	}
	list, ok := v.([]any)
	if !ok {
		return nil, o.errorf(key, "must be an array, not %s", describe(v))
	}
	return list, nil
}

func (o *object) texts(key string) ([]string, error) {
	list, err := o.array(key)
	if err != nil {
		return nil, err
	}
	out := make([]string, len(list))
	for i, v := range list {
		s, ok := v.(string)
		if !ok {
			return nil, o.errorf(key, "element %d must be a text, not %s", i+1, describe(v))
		}
		out[i] = s
	}
	return out, nil
}

// finish complains of members that nobody took.
func (o *object) finish() error {
	for _, key := range slices.Sorted(maps.Keys(o.members)) {
		if slices.Contains(o.known, key) {
			continue
		}
		slices.Sort(o.known)
		known := slices.Compact(o.known)
		if near := module.Nearest(key, known); len(near) > 0 {
			return fmt.Errorf("%s: unknown field %q; did you mean %q?", o.where, key, near[0])
		}
		return fmt.Errorf("%s: unknown field %q; known are %s", o.where, key, strings.Join(known, ", "))
	}
	return nil
}
