package builder_test

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strings"
	"testing"

	"fruix/builder"
	"fruix/builder/buildtest"
)

// other is a world that offers what it has; paths with a word of wrong in their
// name come with other bytes, those with a word of absent not at all.
type other struct {
	w             *buildtest.World
	wrong, absent string
}

func (o *other) Find(ctx context.Context, paths []string, valid func([]string) (map[string]bool, error)) (map[string]builder.Offer, error) {
	found := map[string]builder.Offer{}
	for len(paths) > 0 {
		p := paths[0]
		paths = paths[1:]
		if there, err := valid([]string{p}); err != nil || there[p] {
			continue
		}
		info, err := o.w.Store.Info(ctx, p)
		if _, asked := found[p]; asked || err != nil || o.absent != "" && strings.HasSuffix(p, o.absent) {
			continue
		}
		found[p] = builder.Offer{Info: *info, From: "there", Open: func(ctx context.Context, _ func(int64, int64)) (io.ReadCloser, error) {
			var b bytes.Buffer
			if err := o.w.Store.DumpNAR(ctx, p, &b); err != nil {
				return nil, err
			}
			if o.wrong != "" && strings.HasSuffix(p, o.wrong) {
				b.Bytes()[b.Len()/2] ^= 1
			}
			return io.NopCloser(&b), nil
		}}
		paths = append(paths, info.References...)
	}
	return found, nil
}

// TestSubstitutes: c needs b when it is built, and refers to a. What is offered
// is fetched; what is not, or comes wrong, is built, from inputs that are fetched.
func TestSubstitutes(t *testing.T) {
	w := buildtest.New(t)
	declare := func(w *buildtest.World) (a, b, c string) {
		a = w.Drv("a", "write out one", nil)
		b = w.Drv("b", "write out two", map[string]string{"a": a})
		c = w.Drv("c", "write out @a-@b", map[string]string{"a": a, "b": b})
		return a, b, c
	}
	_, _, c := declare(w)
	if _, err := w.Builder(builder.Options{}).Build(w.Ctx, builder.Target{Drv: c}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name          string
		wrong, absent string
		built         []string
	}{
		{"all", "", "", nil},
		{"c is absent", "", "-c", []string{"c"}},
		{"c is wrong", "-c", "", []string{"c"}},
		{"b is wrong", "-b", "", []string{"b", "c"}},
		{"what c refers to is wrong", "-a", "", []string{"a", "c"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			here := buildtest.New(t)
			_, _, c := declare(here)
			o := &other{w: w, wrong: tt.wrong, absent: tt.absent}
			r, err := here.Builder(builder.Options{Substitutes: o}).Build(here.Ctx, builder.Target{Drv: c})
			if err != nil {
				t.Fatal(err)
			}
			var built []string
			for _, d := range r.Built {
				built = append(built, strings.TrimSuffix(d[strings.LastIndexByte(d, '-')+1:], ".drv"))
			}
			slices.Sort(built)
			if !slices.Equal(built, tt.built) {
				t.Errorf("built %v, want %v", built, tt.built)
			}
			if got, want := here.Read(here.Out(c)), w.Read(w.Out(c)); got != want {
				t.Errorf("%q, want %q", got, want)
			}
			if l := here.Litter(); len(l) > 0 {
				t.Errorf("left: %v", l)
			}
		})
	}
}

// What says of itself that it shall not be fetched is built, of what is fetched.
func TestNotSubstitutable(t *testing.T) {
	declare := func(w *buildtest.World) (a, b string) {
		a = w.Drv("a", "write out one", nil)
		return a, w.Drv("b", "cat @a out", map[string]string{"a": a}, setenv("allowSubstitutes", "0"))
	}
	w, here := buildtest.New(t), buildtest.New(t)
	_, b := declare(w)
	build(w, builder.Options{}, b)
	declare(here)
	if r := build(here, builder.Options{Substitutes: &other{w: w}}, b); !slices.Equal(r.Built, []string{b}) {
		t.Errorf("built %v", r.Built)
	}
}
