package plan

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"fruix/store/drv"
)

var update = flag.Bool("update", false, "rewrite golden files")

const (
	storeDir = "/frx/store"
	drvPath  = "/frx/store/0zr8f59vlgj5zb1ybxnyrjh49mjpb9ng-hello-1.0.drv"
)

func derivation() *drv.Derivation {
	return &drv.Derivation{
		Outputs:  map[string]drv.Output{"out": {Path: "/frx/store/1zr8f59vlgj5zb1ybxnyrjh49mjpb9ng-hello-1.0"}, "doc": {Path: "/frx/store/2zr8f59vlgj5zb1ybxnyrjh49mjpb9ng-hello-1.0-doc"}},
		Platform: "x86_64-linux", Builder: "builtin:scheme", Args: []string{"-L", "/frx/store/3zr8f59vlgj5zb1ybxnyrjh49mjpb9ng-modules", "/frx/store/4zr8f59vlgj5zb1ybxnyrjh49mjpb9ng-builder"},
		Env: map[string]string{"name": "hello", "HOME": "/mine", "TMPDIR": "/not/mine"},
	}
}

func TestGolden(t *testing.T) {
	r, err := New(storeDir, drvPath, derivation(), []string{"/frx/store/b", "/frx/store/a"}, Constraints{Cores: 4, Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	r.Files = []File{{Name: "graph", Content: []byte("text")}}
	got, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	const golden = "testdata/request.json"
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("got\n%s", got)
	}
	var back Request
	if err := json.Unmarshal(got, &back); err != nil || !reflect.DeepEqual(&back, r) {
		t.Errorf("%v\n%+v\n%+v", err, back, r)
	}
}

// What a derivation says about where it wants to be built is in the request.
func TestWhere(t *testing.T) {
	for _, tt := range []struct {
		local, features string
		want            Request
	}{
		{"", "", Request{}},
		{"0", " ", Request{}},
		{"1", "kvm big-parallel\n kvm", Request{PreferLocal: true, Features: []string{"big-parallel", "kvm"}}},
	} {
		d := derivation()
		d.Env["preferLocalBuild"], d.Env["requiredSystemFeatures"] = tt.local, tt.features
		r, err := New(storeDir, drvPath, d, nil, Constraints{})
		if err != nil {
			t.Fatal(err)
		}
		if r.PreferLocal != tt.want.PreferLocal || !slices.Equal(r.Features, tt.want.Features) {
			t.Errorf("%q, %q: %v, %v", tt.local, tt.features, r.PreferLocal, r.Features)
		}
	}
	r := Request{Features: []string{"big-parallel", "kvm"}}
	if lack := r.Missing([]string{"big-parallel"}); !slices.Equal(lack, []string{"kvm"}) {
		t.Errorf("missing %v", lack)
	}
}

// TestPassAsFile gives the builder variables as files.
func TestPassAsFile(t *testing.T) {
	d := derivation()
	d.Env["passAsFile"], d.Env["text"], d.Env["empty"] = "text absent empty", strings.Repeat("x", 1<<20), ""
	r, err := New(storeDir, drvPath, d, nil, Constraints{})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"text", "empty"} {
		i := slices.IndexFunc(r.Files, func(f File) bool { return r.BuildDir+"/"+f.Name == r.Env[name+"Path"] })
		if i < 0 || string(r.Files[i].Content) != d.Env[name] {
			t.Errorf("%s: %q", name, r.Env[name+"Path"])
		}
		if _, ok := r.Env[name]; ok {
			t.Errorf("%s is a variable, too", name)
		}
	}
	if _, ok := r.Env["absentPath"]; ok || len(r.Files) != 2 {
		t.Errorf("%d files", len(r.Files))
	}
}

func TestErrors(t *testing.T) {
	for _, tt := range []struct {
		path   string
		change func(*drv.Derivation)
		want   string
	}{
		{strings.TrimSuffix(drvPath, ".drv"), func(*drv.Derivation) {}, "is not a derivation"},
		{"/elsewhere/x.drv", func(*drv.Derivation) {}, "is not in the store"},
		{drvPath, func(d *drv.Derivation) {
			d.Outputs = map[string]drv.Output{"out": {HashAlgo: "sha999", Hash: "00"}}
		}, `unknown hash algorithm "sha999"`},
		{drvPath, func(d *drv.Derivation) {
			d.Outputs["doc"] = drv.Output{HashAlgo: "r:sha256", Hash: strings.Repeat("0", 64)}
		}, "a fixed output must be the only one"},
	} {
		d := derivation()
		tt.change(d)
		_, err := New(storeDir, tt.path, d, nil, Constraints{})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.want, err)
		}
	}
}

func TestLimit(t *testing.T) {
	// What happens for two minutes, one time in each second, until it is over.
	for name, tt := range map[string]struct {
		c      Constraints
		happen func(IO, int)
		want   error // the cause; nil when the limits are kept
	}{
		"prints": {Constraints{MaxSilent: time.Minute}, func(to IO, _ int) { io.WriteString(to.Log, ".") }, nil},
		"prints now and then": {Constraints{MaxSilent: time.Minute}, func(to IO, i int) {
			if i%40 == 0 {
				io.WriteString(to.Log, ".")
			}
		}, nil},
		"is silent":              {Constraints{MaxSilent: time.Minute}, func(IO, int) {}, ErrSilent},
		"fetches":                {Constraints{MaxSilent: time.Minute}, func(to IO, i int) { to.Fetched("x", int64(1+i), -1) }, nil},
		"fetches again and anew": {Constraints{MaxSilent: time.Minute}, func(to IO, i int) { to.Fetched("x", int64(1+i%30), 99) }, nil},
		"tries to fetch":         {Constraints{MaxSilent: time.Minute}, func(to IO, i int) { to.Fetched([]string{"x", "y"}[i%2], 0, 99) }, ErrSilent},
		"stalls":                 {Constraints{MaxSilent: time.Minute}, func(to IO, i int) { to.Fetched("x", 7, 99) }, ErrSilent},
		"takes long":             {Constraints{Timeout: time.Minute}, func(to IO, _ int) { io.WriteString(to.Log, ".") }, ErrTimeout},
		"is quick":               {Constraints{Timeout: 3 * time.Minute}, func(IO, int) {}, nil},
		"floods":                 {Constraints{MaxLog: 50}, func(to IO, _ int) { io.WriteString(to.Log, ".") }, ErrLog},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, to, limits := tt.c.Limit(t.Context(), IO{Log: io.Discard})
				defer limits.Stop()
				for i := 0; i < 120 && ctx.Err() == nil; i++ {
					tt.happen(to, i)
					time.Sleep(time.Second)
				}
				if cause := context.Cause(ctx); tt.want == nil && cause != nil || !errors.Is(cause, tt.want) {
					t.Errorf("%v, want %v", cause, tt.want)
				}
			})
		})
	}
}

// TestPause lets time pass that does not count.
func TestPause(t *testing.T) {
	for name, c := range map[string]Constraints{"time": {Timeout: time.Minute}, "silence": {MaxSilent: time.Minute}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, _, limits := c.Limit(t.Context(), IO{Log: io.Discard})
				defer limits.Stop()
				time.Sleep(30 * time.Second)
				for range 2 {
					resume := limits.Pause()
					time.Sleep(time.Hour)
					resume()
					time.Sleep(10 * time.Second)
				}
				if ctx.Err() != nil {
					t.Error(context.Cause(ctx))
				}
				time.Sleep(2 * time.Minute)
				if ctx.Err() == nil {
					t.Error("no limit holds after a pause")
				}
			})
		})
	}
}

func TestFailed(t *testing.T) {
	for status, want := range map[string]string{"exit code 3": "builder failed with exit code 3", "killed by signal 9": "the builder was killed by signal 9"} {
		if got := (&FailedError{Status: status}).Error(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
