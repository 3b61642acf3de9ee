package log

import (
	"fmt"
	"io"
	"strings"
	"testing"
)

// hear writes text to a log in pieces of a size, and returns what was told on the
// way, and what the log holds.
func hear(t *testing.T, text string, size int) (told, steps []string, kept string) {
	t.Helper()
	dir := t.TempDir()
	w, err := Create(dir, drv, Options{
		Lines: func(l []byte) { told = append(told, "line "+string(l)) },
		Control: func(c Control) {
			if c.Step != nil {
				steps = append(steps, fmt.Sprint(*c.Step))
			} else {
				told = append(told, "phase "+c.Phase)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for text != "" {
		n := min(size, len(text))
		io.WriteString(w, text[:n])
		text = text[n:]
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return told, steps, read(t, dir)
}

func TestControl(t *testing.T) {
	step := Step{What: "writing\tdisk.img\nx", Done: 5, Total: 70}.Line()
	text := "first\n" + step + "@fru\n@fruix later version\nstarting phase `build'\nstarting phase 'check'\r\n" +
		"a " + step + "@nix {\"action\":\"setPhase\",\"phase\":\"installPhase\"}\n@nix {\"action\":\"start\"}\n" +
		"@fruix step 1 2 " + strings.Repeat("x", 2000) + "\n@fruix step -1 2 x\n@fruix step 3 2 x\n@\n\n@fruix step 70 70 end\nlast @fruix"
	wantTold := []string{
		"line first", "line @fru", "phase build", "line starting phase `build'",
		"phase check", "line starting phase 'check'", "line a " + strings.TrimSuffix(step, "\n"), "phase installPhase",
		"line @", "line ", "line last @fruix",
	}
	wantKept := "first\n@fru\nstarting phase `build'\nstarting phase 'check'\r\na " + step +
		"@nix {\"action\":\"setPhase\",\"phase\":\"installPhase\"}\n@nix {\"action\":\"start\"}\n@\n\nlast @fruix"
	for _, size := range []int{1, 2, 3, 7, 8, 64, 10000} {
		told, steps, kept := hear(t, text, size)
		if fmt.Sprint(steps) != "[{writing disk.img x 5 70} {end 70 70}]" {
			t.Errorf("in pieces of %d: steps %v", size, steps)
		}
		if fmt.Sprintf("%q", told) != fmt.Sprintf("%q", wantTold) {
			t.Errorf("in pieces of %d:\n%q\nwant\n%q", size, told, wantTold)
		}
		if kept != wantKept {
			t.Errorf("in pieces of %d the log holds\n%q\nwant\n%q", size, kept, wantKept)
		}
	}
	for text, want := range map[string]string{"x\n@fru": "x\n@fru", "@fruix step 1 2 y": "", "@": "@"} {
		if _, _, kept := hear(t, text, 3); kept != want {
			t.Errorf("%q leaves %q", text, kept)
		}
	}
}

// What is no marked line is kept byte by byte, however it comes.
func FuzzSieve(f *testing.F) {
	f.Add("a\n@fruix step 1 2 x\nb@fruix \n@fru", 3)
	f.Add("@@fruix x\n\r\n", 1)
	f.Fuzz(func(t *testing.T, text string, size int) {
		if size < 1 || len(text) > 10000 {
			return
		}
		var want strings.Builder
		for line := range strings.Lines(text) {
			if !strings.HasPrefix(line, mark) {
				want.WriteString(line)
			}
		}
		s := sieve{found: func(*Control) {}}
		var got strings.Builder
		for rest := text; rest != ""; {
			n := min(size, len(rest))
			got.Write(s.pass([]byte(rest[:n])))
			rest = rest[n:]
		}
		got.Write(s.rest())
		if got.String() != want.String() {
			t.Errorf("%q in pieces of %d: %q, want %q", text, size, got.String(), want.String())
		}
	})
}
