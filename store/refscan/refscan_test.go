package refscan

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"fruix/store/nixbase32"
)

// part makes a hash part.
func part(r *rand.Rand) string {
	b := make([]byte, 20)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return nixbase32.EncodeToString(b)
}

// naive finds what the scanner must find.
func naive(parts []string, text []byte) (out []string) {
	for _, p := range parts {
		if bytes.Contains(text, []byte(p)) {
			out = append(out, p)
		}
	}
	return out
}

// scan writes text in pieces of the given lengths, over and over.
func scan(parts []string, text []byte, pieces []int) (out []string) {
	s := New(parts)
	for i := 0; len(text) > 0; i++ {
		n := len(text)
		if len(pieces) > 0 {
			n = min(n, max(pieces[i%len(pieces)], 0))
		}
		s.Write(text[:n])
		text = text[n:]
		if n == 0 && i > len(pieces) && !slices.ContainsFunc(pieces, func(p int) bool { return p > 0 }) {
			pieces = nil
		}
	}
	for _, p := range parts {
		if s.Found(p) {
			out = append(out, p)
		}
	}
	return out
}

func TestAgainstNaive(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for round := range 3000 {
		parts := make([]string, 1+r.IntN(5))
		for i := range parts {
			parts[i] = part(r)
		}
		var text []byte
		for range r.IntN(12) {
			switch r.IntN(5) {
			case 0:
				text = append(text, parts[r.IntN(len(parts))]...)
			case 1: // nearly
				p := []byte(parts[r.IntN(len(parts))])
				p[r.IntN(len(p))] = "0e\x00z"[r.IntN(4)]
				text = append(text, p...)
			case 2: // a beginning
				text = append(text, parts[r.IntN(len(parts))][:r.IntN(33)]...)
			case 3:
				text = append(text, part(r)[:r.IntN(33)]...)
			case 4:
				text = append(text, bytes.Repeat([]byte{"e/\n"[r.IntN(3)]}, r.IntN(40))...)
			}
		}
		var pieces []int
		for range r.IntN(4) {
			pieces = append(pieces, 1+r.IntN(70))
		}
		if got, want := scan(parts, text, pieces), naive(parts, text); !slices.Equal(got, want) {
			t.Fatalf("round %d: %q in pieces of %v: found %v, want %v", round, text, pieces, got, want)
		}
	}
}

func TestOddCandidates(t *testing.T) {
	s := New([]string{"", "short", "0123456789abcdfghijklmnpqrsvwxyz-too-long"})
	s.Write([]byte("short 0123456789abcdfghijklmnpqrsvwxyz-too-long"))
	if s.Found("") || s.Found("short") {
		t.Error("something that is no hash part was found")
	}
}

func FuzzScan(f *testing.F) {
	p := "0123456789abcdfghijklmnpqrsvwxyz"
	f.Add([]byte("x"+p+"y"), uint8(7))
	f.Add([]byte(p[1:]+p+p[:31]), uint8(1))
	f.Fuzz(func(t *testing.T, text []byte, n uint8) {
		parts := []string{p, "z" + p[:31]}
		if len(text) >= 40 && nixbase32.IsDigit(text[5]) {
			parts = append(parts, string(text[5:37]))
		}
		parts = slices.DeleteFunc(parts, func(p string) bool {
			_, err := nixbase32.DecodeString(p)
			return err != nil
		})
		if got, want := scan(parts, text, []int{int(n)}), naive(parts, text); !slices.Equal(got, want) {
			t.Errorf("found %v, want %v", got, want)
		}
	})
}

func benchmark(b *testing.B, text []byte) {
	r := rand.New(rand.NewPCG(7, 8))
	parts := make([]string, 500)
	for i := range parts {
		parts[i] = part(r)
	}
	s := New(parts)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		s.Write(text)
	}
}

func BenchmarkBinary(b *testing.B) {
	r := rand.New(rand.NewPCG(9, 10))
	text := make([]byte, 1<<20)
	for i := range text {
		text[i] = byte(r.Uint32())
	}
	benchmark(b, text)
}

func BenchmarkText(b *testing.B) {
	benchmark(b, bytes.Repeat([]byte("The quick brown fox jumps over the lazy dog.\n"), 20000))
}

func BenchmarkDigitsOnly(b *testing.B) {
	r := rand.New(rand.NewPCG(11, 12))
	var text []byte
	for len(text) < 1<<20 {
		text = append(text, part(r)...)
	}
	benchmark(b, text)
}
