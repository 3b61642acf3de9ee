package expand

import (
	"reflect"
	"testing"
)

// TestPortableFields fails when templates, patterns or rules get fields that
// portable.go may not know of: what is kept in a cache would lack them. Who adds
// one extends portable.go, then the number here.
func TestPortableFields(t *testing.T) {
	for _, tc := range []struct {
		of     any
		fields int
	}{
		{template{}, 9}, {pattern{}, 7}, {rules{}, 5}, {rule{}, 3}, {compiledPattern{}, 2}, {stx{}, 4},
	} {
		if typ := reflect.TypeOf(tc.of); typ.NumField() != tc.fields {
			t.Errorf("%s has %d fields, portable.go knows %d", typ, typ.NumField(), tc.fields)
		}
	}
}
