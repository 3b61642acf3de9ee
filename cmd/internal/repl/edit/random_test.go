package edit

import (
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
)

// TestRandomKeys types at random and compares the screen after each key with
// what the editor believes it to be.
func TestRandomKeys(t *testing.T) {
	rounds := 300
	if n, err := strconv.Atoi(os.Getenv("EDIT_ROUNDS")); err == nil {
		rounds = n
	}
	keys := []string{
		"a", "b", " ", "(", ")", "[", "]", "\"", ";", "'", "日", "é", "\r", "\x1b\r", "\t", "\t\t", "\x7f", "\x7f", up, down, left, right,
		home, end, del, "\x0b", "\x15", "\x17", "\x19", "\x1by", "\x1f", "\x14", "\x0c", "\x12", "\x12a", "\x07", "\x1bf", "\x1bb", "\x1bd",
		"\x1b\x06", "\x1b\x02", "\x1b\x0b", "\x1bp", "\x1bn", "\x1b<", "\x1b>", "\x1bu", "\x1bc", "\x1b[200~(x\ny\tz)\n\x1b[201~", "\x1b[1;5D",
	}
	o := Options{
		Accept: func(string) bool { return false }, Indent: true, Color: true,
		History: &History{entries: []string{"(one)", "(two\nlines)", strings.Repeat("long ", 30)}},
		Complete: func(text []rune, cursor int) Completions {
			c := Completions{Start: Symbol(text[:cursor])}
			for i := range 30 {
				c.Items = append(c.Items, Item{Text: "alpha" + strconv.Itoa(i*i), After: " "})
			}
			return c
		},
	}
	for seed := range rounds {
		r := rand.New(rand.NewPCG(uint64(seed), 7))
		var chunks []string
		for range 60 {
			chunks = append(chunks, keys[r.IntN(len(keys))])
		}
		if run(t, o, 4+r.IntN(40), 2+r.IntN(12), chunks...); t.Failed() {
			t.Fatalf("seed %d: %q", seed, chunks)
		}
	}
}
