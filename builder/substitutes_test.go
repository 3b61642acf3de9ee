package builder_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fruix/builder"
	"fruix/builder/buildtest"
	"fruix/store"
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

// Builds go on while other things are fetched, and what could not be fetched is built
// after all, with nothing announced or built twice.
func TestFetchAndBuildTogether(t *testing.T) {
	declare := func(w *buildtest.World) (a, b, c, d string) {
		a = w.Drv("a", "write out one", nil)
		b = w.Drv("b", "cat @a out", map[string]string{"a": a})
		c = w.Drv("c", "write out here", nil, setenv("allowSubstitutes", "0"))
		return a, b, c, w.Drv("d", "cat @b out ; exists @c", map[string]string{"b": b, "c": c}, setenv("allowSubstitutes", "0"))
	}
	w := buildtest.New(t)
	_, _, c, d := declare(w)
	build(w, builder.Options{}, d)
	for _, wrong := range []string{"", "-b"} {
		t.Run("wrong"+wrong, func(t *testing.T) {
			here := buildtest.New(t)
			_, b, _, _ := declare(here)
			began := make(chan struct{}) // c is being built
			o := &held{other: other{w: w, wrong: wrong}, until: began}
			var mu sync.Mutex
			var planned []string
			offered := 0
			watch := progressFunc(func(ev builder.Event) {
				mu.Lock()
				defer mu.Unlock()
				switch ev := ev.(type) {
				case builder.Started:
					if ev.Drv == c {
						close(began)
					}
				case builder.Planned:
					planned = append(planned, ev.Drvs...)
				case builder.Offered:
					offered += ev.Objects
				}
			})
			bl := here.Builder(builder.Options{Substitutes: o, Progress: watch, MaxJobs: 2})
			f, err := bl.Foresee(here.Ctx, builder.Target{Drv: d})
			must(t, err)
			if !slices.Equal(f.Build, []string{c, d}) || len(f.Fetch) != 1 || f.Fetch[0].Path != here.Out(b) {
				t.Errorf("foreseen: %v, %v", f.Build, f.Fetch)
			}
			r, err := bl.Build(here.Ctx, builder.Target{Drv: d})
			must(t, err)
			want := map[string][]string{"": {c, d}, "-b": {b, c, d}}[wrong]
			slices.Sort(want)
			slices.Sort(r.Built)
			slices.Sort(planned)
			if !slices.Equal(r.Built, want) || !slices.Equal(planned, want) {
				t.Errorf("built %v, announced %v, want %v", r.Built, planned, want)
			}
			if wantOffered := map[string]int{"": 1, "-b": 2}[wrong]; offered != wantOffered { // then a is fetched for b
				t.Errorf("%d objects were announced", offered)
			}
		})
	}
}

// held is a world that lets an archive be opened only after something has happened.
type held struct {
	other
	until chan struct{}
}

func (h *held) Find(ctx context.Context, paths []string, valid func([]string) (map[string]bool, error)) (map[string]builder.Offer, error) {
	found, err := h.other.Find(ctx, paths, valid)
	for p, o := range found {
		open := o.Open
		o.Open = func(ctx context.Context, progress func(int64, int64)) (io.ReadCloser, error) {
			select {
			case <-h.until:
			case <-time.After(10 * time.Second):
				return nil, errors.New("nothing was built meanwhile")
			}
			return open(ctx, progress)
		}
		found[p] = o
	}
	return found, err
}

// Objects that are said to need each other in a circle are not fetched.
func TestOffersInACircle(t *testing.T) {
	w := buildtest.New(t)
	a := w.Drv("a", "write out one", nil)
	b := w.Drv("b", "write out two", nil)
	o := circle{w.Out(a): w.Out(b), w.Out(b): w.Out(a)}
	if r := build(w, builder.Options{Substitutes: o}, a, b); len(r.Built) != 2 {
		t.Errorf("built %v", r.Built)
	}
}

type circle map[string]string

func (c circle) Find(_ context.Context, _ []string, _ func([]string) (map[string]bool, error)) (map[string]builder.Offer, error) {
	found := map[string]builder.Offer{}
	for p, ref := range c {
		found[p] = builder.Offer{Info: store.Info{Path: p, References: []string{ref}}, Open: func(context.Context, func(int64, int64)) (io.ReadCloser, error) {
			return nil, errors.New("it was opened")
		}}
	}
	return found, nil
}

// What comes wrong from one is fetched from the next; what comes wrong from all is
// built.
func TestNextServer(t *testing.T) {
	w := buildtest.New(t)
	a := w.Drv("a", "write out one", nil)
	build(w, builder.Options{}, a)
	for _, servers := range []int{1, 2, 3} {
		for _, right := range []bool{true, false} {
			here := buildtest.New(t)
			a := here.Drv("a", "write out one", nil)
			o := &several{other: other{w: w, wrong: "-a"}, servers: servers, right: right}
			r := build(here, builder.Options{Substitutes: o}, a)
			if (len(r.Built) == 0) != right || o.asked != servers {
				t.Errorf("%d servers, the last one right: %v: built %v, %d offers were taken", servers, right, r.Built, o.asked)
			}
			if got := here.Read(here.Out(a)); got != "one" {
				t.Errorf("%q", got)
			}
		}
	}
}

// several are servers, of which the last one has it right, or none.
type several struct {
	other
	servers, asked int
	right          bool
}

func (s *several) Find(ctx context.Context, paths []string, valid func([]string) (map[string]bool, error)) (map[string]builder.Offer, error) {
	if s.asked == s.servers {
		return nil, nil
	}
	s.asked++
	o := s.other
	if s.right && s.asked == s.servers {
		o.wrong = ""
	}
	found, err := o.Find(ctx, paths, valid)
	for p, f := range found {
		f.Reject = func() bool { return s.asked < s.servers }
		found[p] = f
	}
	return found, err
}
