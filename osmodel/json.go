package osmodel

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"fruix/interp/datum"
	"fruix/interp/prim/arg"
)

// maxNesting bounds how deep lists may lie in each other; deeper ones are
// most likely circular through their elements.
const maxNesting = 512

var errTooDeep = fmt.Errorf("nested deeper than %d levels", maxNesting)

// within adds the place to an error.
func within(err error, format string, place any) error {
	if err == errTooDeep {
		return err // a path of so many steps helps nobody
	}
	return fmt.Errorf(format+": %w", place, err)
}

// JSON writes a value as JSON text (RFC 8259) in one canonical form: no blanks,
// the members of objects sorted by the bytes of their names.
//
//	alist with symbols or strings as keys   object
//	hash table                              object
//	vector, other list, empty list          array
//	string, symbol                          string
//	exact integer, flonum                   number
//	#t, #f                                  true, false
//	the symbol null, unspecified            null
//
// A list of lists that each begin with a symbol or a string is an alist; use a
// vector to be understood. What is none of these is an error that says where
// in the value it is.
func JSON(v datum.Value) (string, error) {
	var b strings.Builder
	if err := writeJSON(&b, v, 0); err != nil {
		return "", fmt.Errorf("json: %w", err)
	}
	return b.String(), nil
}

func writeJSON(b *strings.Builder, v datum.Value, depth int) error {
	if depth > maxNesting {
		return errTooDeep
	}
	switch {
	case v == datum.True:
		b.WriteString("true")
	case v == datum.False:
		b.WriteString("false")
	case v == datum.Null:
		b.WriteString("[]")
	case v == datum.Unspecified:
		b.WriteString("null")
	case v.IsString():
		return writeText(b, v.Str().Go())
	case v.IsSymbol():
		if v.Symbol().Name == "null" {
			b.WriteString("null")
			return nil
		}
		return writeText(b, v.Symbol().Name)
	case v.IsFix():
		fmt.Fprint(b, v.Fix())
	case v.IsFlo():
		return writeFloat(b, v.Flo())
	case v.Is(datum.KBignum):
		b.WriteString(v.Bignum().Int.String())
	case v.Is(datum.KVector):
		return writeArray(b, v.Vector().Items, depth)
	case v.Is(datum.KHashTable):
		return writeTable(b, v.HashTable(), depth)
	case v.IsPair():
		return writeList(b, v, depth)
	default:
		return errors.New("there is a value that JSON has no word for")
	}
	return nil
}

func writeText(b *strings.Builder, s string) error {
	var w strings.Builder
	e := json.NewEncoder(&w)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		return err
	}
	b.WriteString(strings.TrimSuffix(w.String(), "\n"))
	return nil
}

func writeFloat(b *strings.Builder, f float64) error {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return errors.New("there is a number that is infinite or none")
	}
	text, err := json.Marshal(f)
	b.Write(text)
	return err
}

func writeArray(b *strings.Builder, items []datum.Value, depth int) error {
	b.WriteByte('[')
	for i, item := range items {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := writeJSON(b, item, depth+1); err != nil {
			return within(err, "element %d", i)
		}
	}
	b.WriteByte(']')
	return nil
}

// writeList writes a list as an object if all its elements are pairs that
// begin with a name, else as an array.
func writeList(b *strings.Builder, v datum.Value, depth int) error {
	if arg.Length(v) < 0 {
		return errors.New("there is a list that does not end in ()")
	}
	var items []datum.Value
	object := true
	for ; v.IsPair(); v = v.Pair().Cdr {
		item := v.Pair().Car
		items = append(items, item)
		if object = object && item.IsPair(); object {
			_, object = nameOf(item.Pair().Car)
		}
	}
	if !object {
		return writeArray(b, items, depth)
	}
	members := make([]pair, len(items))
	for i, item := range items {
		key, _ := nameOf(item.Pair().Car)
		members[i] = pair{key, item.Pair().Cdr}
	}
	return writeObject(b, members, depth)
}

func writeTable(b *strings.Builder, t *datum.HashTable, depth int) error {
	var members []pair
	for _, cell := range t.Cells() {
		key, ok := nameOf(cell.Car)
		if !ok {
			return fmt.Errorf("a hash table has a key that is %s", kind(cell.Car))
		}
		members = append(members, pair{key, cell.Cdr})
	}
	return writeObject(b, members, depth)
}

func writeObject(b *strings.Builder, members []pair, depth int) error {
	slices.SortStableFunc(members, func(a, b pair) int { return strings.Compare(a.key, b.key) })
	b.WriteByte('{')
	for i, m := range members {
		if i > 0 {
			if members[i-1].key == m.key {
				return fmt.Errorf("two members are named %q", m.key)
			}
			b.WriteByte(',')
		}
		if err := writeText(b, m.key); err != nil {
			return err
		}
		b.WriteByte(':')
		if err := writeJSON(b, m.value, depth+1); err != nil {
			return within(err, "%s", m.key)
		}
	}
	b.WriteByte('}')
	return nil
}
