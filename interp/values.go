package interp

import (
	"fmt"
	"math"
	"math/big"
	"reflect"
	"slices"
	"strings"

	"fruix/interp/datum"
	"fruix/interp/print"
)

// ToScheme converts a Go value to one of the language:
//
//	bool                    a boolean
//	integers, *big.Int      an exact integer
//	*big.Rat                an exact rational
//	float32, float64        a real
//	string                  a string
//	[]byte                  a bytevector
//	slices                  a list
//	arrays                  a vector
//	maps                    an association list, sorted by the text of its keys
//	structs                 an association list by symbols: the names of exported
//	                        fields, or those in tags such as scheme:"file-name"
//	pointers, interfaces    what they point to; #f when that is nothing
//	datum.Value             itself
//
// Others, such as functions, are errors; procedures are made by Register.
func ToScheme(x any) (datum.Value, error) { return toScheme(reflect.ValueOf(x), 0) }

// maxNesting bounds conversions, since Go's data may go round.
const maxNesting = 1000

func toScheme(v reflect.Value, depth int) (datum.Value, error) {
	if !v.IsValid() {
		return datum.False, nil
	}
	if depth > maxNesting {
		return datum.Unset, fmt.Errorf("the value nests too deeply")
	}
	switch x := v.Interface().(type) {
	case datum.Value:
		return x, nil
	case *big.Int:
		if x != nil {
			return datum.Big(new(big.Int).Set(x)), nil
		}
	case *big.Rat:
		if x != nil {
			return datum.Rat(new(big.Rat).Set(x)), nil
		}
	case []byte:
		return datum.NewBytevector(slices.Clone(x)), nil
	}
	switch v.Kind() {
	case reflect.Bool:
		return datum.Bool(v.Bool()), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return datum.Big(big.NewInt(v.Int())), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return datum.Big(new(big.Int).SetUint64(v.Uint())), nil
	case reflect.Float32, reflect.Float64:
		return datum.Flo(v.Float()), nil
	case reflect.String:
		return datum.NewString(v.String()), nil
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return datum.False, nil
		}
		return toScheme(v.Elem(), depth+1)
	case reflect.Slice, reflect.Array:
		items := make([]datum.Value, v.Len())
		for i := range items {
			var err error
			if items[i], err = toScheme(v.Index(i), depth+1); err != nil {
				return datum.Unset, err
			}
		}
		if v.Kind() == reflect.Array {
			return datum.NewVector(items), nil
		}
		return datum.List(items...), nil
	case reflect.Map:
		return mapToScheme(v, depth)
	case reflect.Struct:
		var entries []datum.Value
		for _, f := range fieldsOf(v.Type()) {
			x, err := toScheme(v.FieldByIndex(f.index), depth+1)
			if err != nil {
				return datum.Unset, fmt.Errorf("%s: %w", f.name, err)
			}
			entries = append(entries, datum.Cons(datum.Sym(f.name), x))
		}
		return datum.List(entries...), nil
	}
	return datum.Unset, fmt.Errorf("a Go value of type %s has no counterpart in Scheme", v.Type())
}

func mapToScheme(v reflect.Value, depth int) (datum.Value, error) {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	entries := make([]datum.Value, len(keys))
	for i, k := range keys {
		key, err := toScheme(k, depth+1)
		if err != nil {
			return datum.Unset, err
		}
		x, err := toScheme(v.MapIndex(k), depth+1)
		if err != nil {
			return datum.Unset, err
		}
		entries[i] = datum.Cons(key, x)
	}
	return datum.List(entries...), nil
}

// structField is a field of a struct under its name in Scheme.
type structField struct {
	name  string
	index []int
}

func fieldsOf(t reflect.Type) []structField {
	var out []structField
	for _, f := range reflect.VisibleFields(t) {
		if !f.IsExported() || f.Anonymous || len(f.Index) > 1 {
			continue
		}
		name := f.Tag.Get("scheme")
		if name == "-" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		out = append(out, structField{name, f.Index})
	}
	return out
}

// FromScheme stores a value of the language in what target points to, the
// reverse of ToScheme. Strings take symbols and keywords, too; slices and arrays
// take lists and vectors; maps and structs take association lists and hash
// tables; pointers are made. A target of type any gets a bool, int64, *big.Int,
// *big.Rat, float64, rune, string (of strings and symbols), []byte, []any (of
// lists and vectors), or the datum.Value itself where there is no better one.
func FromScheme(v datum.Value, target any) error {
	p := reflect.ValueOf(target)
	if p.Kind() != reflect.Pointer || p.IsNil() {
		return fmt.Errorf("FromScheme needs a pointer to store the value in, not %T", target)
	}
	return fromScheme(v, p.Elem(), 0)
}

func fromScheme(v datum.Value, to reflect.Value, depth int) error {
	if depth > maxNesting {
		return fmt.Errorf("the value nests too deeply")
	}
	wrong := func() error {
		return fmt.Errorf("%s does not fit a Go value of type %s", shortText(v), to.Type())
	}
	switch to.Type() {
	case reflect.TypeFor[datum.Value]():
		to.Set(reflect.ValueOf(v))
		return nil
	case reflect.TypeFor[big.Int]():
		n, ok := integer(v)
		if !ok {
			return wrong()
		}
		to.Set(reflect.ValueOf(*n))
		return nil
	case reflect.TypeFor[big.Rat]():
		if v.Is(datum.KRatnum) {
			to.Set(reflect.ValueOf(*new(big.Rat).Set(v.Ratnum().Rat)))
			return nil
		}
		n, ok := integer(v)
		if !ok {
			return wrong()
		}
		to.Set(reflect.ValueOf(*new(big.Rat).SetInt(n)))
		return nil
	}
	switch to.Kind() {
	case reflect.Bool:
		if v != datum.True && v != datum.False {
			return wrong()
		}
		to.SetBool(v == datum.True)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, ok := integer(v)
		if v.IsChar() {
			n, ok = big.NewInt(int64(v.Char())), true
		}
		if !ok || !n.IsInt64() || to.OverflowInt(n.Int64()) {
			return wrong()
		}
		to.SetInt(n.Int64())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		n, ok := integer(v)
		if !ok || !n.IsUint64() || to.OverflowUint(n.Uint64()) {
			return wrong()
		}
		to.SetUint(n.Uint64())
	case reflect.Float32, reflect.Float64:
		f, ok := real64(v)
		if !ok {
			return wrong()
		}
		to.SetFloat(f)
	case reflect.String:
		s, ok := text(v)
		if !ok {
			return wrong()
		}
		to.SetString(s)
	case reflect.Pointer:
		if v == datum.False && to.Type().Elem().Kind() != reflect.Bool {
			to.SetZero()
			return nil
		}
		p := reflect.New(to.Type().Elem())
		if err := fromScheme(v, p.Elem(), depth+1); err != nil {
			return err
		}
		to.Set(p)
	case reflect.Interface:
		if to.NumMethod() > 0 {
			return wrong()
		}
		x, err := natural(v, depth)
		if err != nil {
			return err
		}
		if x == nil {
			to.SetZero()
		} else {
			to.Set(reflect.ValueOf(x))
		}
	case reflect.Slice, reflect.Array:
		return sequenceFromScheme(v, to, depth, wrong)
	case reflect.Map:
		return mapFromScheme(v, to, depth, wrong)
	case reflect.Struct:
		return structFromScheme(v, to, depth, wrong)
	default:
		return wrong()
	}
	return nil
}

func sequenceFromScheme(v datum.Value, to reflect.Value, depth int, wrong func() error) error {
	if to.Type().Elem().Kind() == reflect.Uint8 && v.Is(datum.KBytevector) && to.Kind() == reflect.Slice {
		to.SetBytes(slices.Clone(v.Bytevector().B))
		return nil
	}
	items, ok := elementsOf(v)
	if !ok || to.Kind() == reflect.Array && len(items) != to.Len() {
		return wrong()
	}
	if to.Kind() == reflect.Slice {
		to.Set(reflect.MakeSlice(to.Type(), len(items), len(items)))
	}
	for i, x := range items {
		if err := fromScheme(x, to.Index(i), depth+1); err != nil {
			return fmt.Errorf("element %d: %w", i, err)
		}
	}
	return nil
}

func mapFromScheme(v datum.Value, to reflect.Value, depth int, wrong func() error) error {
	entries, ok := entriesOf(v)
	if !ok {
		return wrong()
	}
	m := reflect.MakeMap(to.Type())
	// Of several entries with one key the first counts, as for assoc.
	for _, e := range slices.Backward(entries) {
		key, x := reflect.New(to.Type().Key()).Elem(), reflect.New(to.Type().Elem()).Elem()
		if err := fromScheme(e.Car, key, depth+1); err != nil {
			return err
		}
		if err := fromScheme(e.Cdr, x, depth+1); err != nil {
			return fmt.Errorf("%v: %w", key, err)
		}
		if !key.Comparable() {
			return fmt.Errorf("%s cannot be the key of a Go map", shortText(e.Car))
		}
		m.SetMapIndex(key, x)
	}
	to.Set(m)
	return nil
}

func structFromScheme(v datum.Value, to reflect.Value, depth int, wrong func() error) error {
	entries, ok := entriesOf(v)
	if !ok {
		return wrong()
	}
	for _, f := range fieldsOf(to.Type()) {
		for _, e := range entries {
			name, ok := text(e.Car)
			if !ok || name != f.name {
				continue
			}
			if err := fromScheme(e.Cdr, to.FieldByIndex(f.index), depth+1); err != nil {
				return fmt.Errorf("%s: %w", f.name, err)
			}
			break
		}
	}
	return nil
}

// natural is the Go value for one of the language when no type is asked for.
func natural(v datum.Value, depth int) (any, error) {
	if n, ok := integer(v); ok {
		if n.IsInt64() {
			return n.Int64(), nil
		}
		return n, nil
	}
	if s, ok := text(v); ok {
		return s, nil
	}
	switch {
	case v == datum.True || v == datum.False:
		return v == datum.True, nil
	case v.IsFlo():
		return v.Flo(), nil
	case v.Is(datum.KRatnum):
		return new(big.Rat).Set(v.Ratnum().Rat), nil
	case v.IsChar():
		return v.Char(), nil
	case v.Is(datum.KBytevector):
		return slices.Clone(v.Bytevector().B), nil
	}
	items, ok := elementsOf(v)
	if !ok {
		return v, nil
	}
	out := make([]any, len(items))
	for i, x := range items {
		if err := fromScheme(x, reflect.ValueOf(&out[i]).Elem(), depth+1); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// integer is the value of an exact integer.
func integer(v datum.Value) (*big.Int, bool) {
	switch {
	case v.IsFix():
		return big.NewInt(v.Fix()), true
	case v.Is(datum.KBignum):
		return new(big.Int).Set(v.Bignum().Int), true
	}
	return nil, false
}

func real64(v datum.Value) (float64, bool) {
	if v.IsFlo() {
		return v.Flo(), true
	}
	if v.Is(datum.KRatnum) {
		f, _ := v.Ratnum().Rat.Float64()
		return f, true
	}
	n, ok := integer(v)
	if !ok {
		return math.NaN(), false
	}
	f, _ := new(big.Float).SetInt(n).Float64()
	return f, true
}

// text is that of a string, a symbol or a keyword.
func text(v datum.Value) (string, bool) {
	switch {
	case v.IsString():
		return v.Str().Go(), true
	case v.IsSymbol():
		return v.Symbol().Name, true
	case v.Is(datum.KKeyword):
		return v.Keyword().Name.Name, true
	}
	return "", false
}

// elementsOf spreads a list that ends, or a vector.
func elementsOf(v datum.Value) ([]datum.Value, bool) {
	if v.Is(datum.KVector) {
		return v.Vector().Items, true
	}
	var out []datum.Value
	slow := v
	for n := 0; v.IsPair(); n++ {
		out = append(out, v.Pair().Car)
		v = v.Pair().Cdr
		if n%2 == 1 {
			if slow = slow.Pair().Cdr; slow == v {
				return nil, false
			}
		}
	}
	return out, v.IsNull()
}

// entriesOf lists the entries of an association list or a hash table.
func entriesOf(v datum.Value) ([]*datum.Pair, bool) {
	if v.Is(datum.KHashTable) {
		return v.HashTable().Cells(), true
	}
	items, ok := elementsOf(v)
	if !ok || v.Is(datum.KVector) {
		return nil, false
	}
	out := make([]*datum.Pair, len(items))
	for i, x := range items {
		if !x.IsPair() {
			return nil, false
		}
		out[i] = x.Pair()
	}
	return out, true
}

// shortText is the beginning of a value's text, for messages.
func shortText(v datum.Value) string {
	const most = 60
	text := []rune(printed(v))
	if len(text) > most {
		return string(text[:most-1]) + "…"
	}
	return string(text)
}

func printed(v datum.Value) string {
	return (&print.Config{Describe: describe}).String(v, print.Write)
}
