package builder_test

import (
	"errors"
	"testing"

	"fruix/builder"
	"fruix/builder/buildtest"
	"fruix/store"
)

// TestEnsure fetches objects whose derivation is not there.
func TestEnsure(t *testing.T) {
	there := buildtest.New(t)
	a := there.Drv("a", "write out one", nil)
	b := there.Drv("b", "write out @a", map[string]string{"a": a})
	if _, err := there.Builder(builder.Options{}).Build(there.Ctx, builder.Target{Drv: b}); err != nil {
		t.Fatal(err)
	}
	outA, outB := there.Out(a), there.Out(b)
	here := buildtest.New(t)
	var invalid *store.NotValidError
	if err := here.Builder(builder.Options{}).Ensure(here.Ctx, outB); !errors.As(err, &invalid) || invalid.Path != outB {
		t.Errorf("nobody is asked: %v", err)
	}
	bad := here.Builder(builder.Options{Substitutes: &other{w: there, wrong: "-a"}})
	if err := bad.Ensure(here.Ctx, outB); !errors.As(err, &invalid) {
		t.Errorf("what it needs comes wrong: %v", err)
	}
	good := here.Builder(builder.Options{Substitutes: &other{w: there}})
	offers, err := good.Offers(here.Ctx, []string{outB, here.Program})
	if err != nil || len(offers) != 2 || offers[outB].NarSize == 0 {
		t.Errorf("offers %v, %v", offers, err)
	}
	if err := good.Ensure(here.Ctx, outB, here.Program); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{outA, outB} {
		if valid, err := here.Store.IsValid(here.Ctx, p); err != nil || !valid {
			t.Errorf("%s is not valid: %v", p, err)
		}
	}
	if _, err := good.Offers(here.Ctx, []string{"/etc/passwd"}); err == nil {
		t.Error("/etc/passwd is asked for")
	}
}
