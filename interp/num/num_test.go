package num_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"strconv"
	"testing"

	"fruix/interp/datum"
	"fruix/interp/num"
)

func parse(t *testing.T, s string) datum.Value {
	t.Helper()
	v, ok := num.Parse(s, 10)
	if !ok {
		t.Fatalf("%s is not a number", s)
	}
	return v
}

func TestParseFormat(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"0", "0"}, {"-0", "0"}, {"+5", "5"}, {"1/2", "1/2"}, {"-4/2", "-2"}, {"1.", "1.0"}, {".5", "0.5"}, {"-.5e1", "-5.0"},
		{"1e3", "1000.0"}, {"#e1.5", "3/2"}, {"#i1/2", "0.5"}, {"#xFF", "255"}, {"#b-101", "-5"}, {"#e#x10", "16"}, {"#x#e10", "16"},
		{"+inf.0", "+inf.0"}, {"-nan.0", "+nan.0"}, {"1e400", "+inf.0"}, {"1@0", "1"}, {"1e2+1e1i", "100.0+10.0i"},
		{"+i", "+i"}, {"-I", "-i"}, {"0+i", "+i"}, {"0-1i", "-i"}, {"2-3i", "2-3i"}, {"1/2-3/4i", "1/2-3/4i"}, {"2/4+0i", "1/2"}, {"1+1i", "1+i"}, {"+0i", "0"},
		{"#e1.5+2i", "3/2+2i"}, {"#e1.5-0.0i", "3/2"}, {"#i1+2i", "1.0+2.0i"}, {"#i+i", "0.0+1.0i"}, {"#i1+0i", "1.0+0.0i"}, {"#x1F-ai", "31-10i"}, {"#b101-i", "5-i"}, {"#e1@0", "1"},
		{"1.0+0i", "1.0"}, {"1.0+2i", "1.0+2.0i"}, {"1+2.0i", "1.0+2.0i"}, {"0.5+3/4i", "0.5+0.75i"}, {"+1.0i", "0.0+1.0i"}, {"1-inf.0i", "1.0-inf.0i"}, {"1+nan.0i", "1.0+nan.0i"}, {"1e-5-1e-5i", "1.0e-5-1.0e-5i"}, {"1-1e-5i", "1.0-1.0e-5i"},
		{"2305843009213693951", "2305843009213693951"}, {"2305843009213693952", "2305843009213693952"}, {"4.9406564584124654e-324", "5.0e-324"},
	} {
		if got := num.Format(parse(t, tt.in), 10); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.in, got, tt.want)
		}
	}
	for _, s := range []string{"", "+", "-", ".", "...", "1/0", "1/", "/2", "1e", "1e+", "a", "#x", "#xg", "1i", "1+2", "--1", "1.2.3", "#e+inf.0", "1_000", "0x10", "#b2", "1e1.5", "+-i", "1+2", "1+2j", "1++2i", "1+2i3", "i", "2i", "1+2i+3i", "1e-5i", "#e1+inf.0i", "1+2/0i", "+-+-+-i"} {
		if v, ok := num.Parse(s, 10); ok {
			t.Errorf("%q reads as %s", s, num.Format(v, 10))
		}
	}
}

// TestIntegerLaws checks arithmetic against math/big around the border
// between fixnums and bignums.
func TestIntegerLaws(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	value := func() *big.Int {
		x := big.NewInt(r.Int64() >> r.IntN(63))
		if r.IntN(3) == 0 {
			x.Mul(x, big.NewInt(r.Int64()))
		}
		if r.IntN(2) == 0 {
			x.Neg(x)
		}
		return x
	}
	for range 20000 {
		a, b := value(), value()
		va, vb := datum.Big(new(big.Int).Set(a)), datum.Big(new(big.Int).Set(b))
		check := func(op string, got datum.Value, err error, want *big.Int) {
			if err != nil || num.Format(got, 10) != want.String() {
				t.Fatalf("%v %s %v: got %s, %v; want %v", a, op, b, num.Format(got, 10), err, want)
			}
		}
		v, err := num.Add(va, vb)
		check("+", v, err, new(big.Int).Add(a, b))
		v, err = num.Sub(va, vb)
		check("-", v, err, new(big.Int).Sub(a, b))
		v, err = num.Mul(va, vb)
		check("*", v, err, new(big.Int).Mul(a, b))
		if c, ok, err := num.Compare("<", va, vb); !ok || err != nil || c != a.Cmp(b) {
			t.Fatalf("compare %v %v: %d", a, b, c)
		}
		if b.Sign() == 0 {
			continue
		}
		v, err = num.Quotient(va, vb)
		check("quotient", v, err, new(big.Int).Quo(a, b))
		v, err = num.Remainder(va, vb)
		check("remainder", v, err, new(big.Int).Rem(a, b))
		for name, div := range map[string]num.Division{"floor": num.Flooring, "ceiling": num.Ceiling, "euclidean": num.Euclidean, "round": num.Rounding, "centered": num.Centered} {
			q, m, err := div(name, va, vb)
			if err != nil {
				t.Fatal(err)
			}
			p, _ := num.Mul(q, vb)
			p, _ = num.Add(p, m)
			if !datum.Eqv(p, va) {
				t.Fatalf("%s/ of %v and %v: %s, %s", name, a, b, num.Format(q, 10), num.Format(m, 10))
			}
		}
	}
}

func TestErrors(t *testing.T) {
	one, zero := datum.Fix(1), datum.Fix(0)
	for name, err := range map[string]error{
		"wrong-type-arg: +: Wrong type argument in position ~A: ~S": second(num.Add(one, datum.True)),
		"numerical-overflow: /: Numerical overflow":                 second(num.Div(one, zero)),
		"numerical-overflow: modulo: Numerical overflow":            second(num.Modulo(one, zero)),
		"numerical-overflow: ash: Numerical overflow":               second(num.Ash("ash", one, parse(t, "99999999999999"), false)),
		"numerical-overflow: expt: Numerical overflow":              second(num.Expt(datum.Fix(3), parse(t, "99999999999999"))),
	} {
		if err == nil || err.Error() != name {
			t.Errorf("got %v, want %s", err, name)
		}
	}
}

func second(_ datum.Value, err error) error { return err }

func FuzzParse(f *testing.F) {
	for _, s := range []string{"1", "-1/2", "1e10", "#e1.5e-3", "+inf.0", "1+2i", "1@2", "#x-ff/2", "+i", "-1/2-i", "#e1.5-2e3i", "#i1/2+i", "1.0+2i", "-inf.0-nan.0i", "#e1@2", "#x-fe+1/ai", "1e-5-1e-5i", "+1e400i"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, ok := num.Parse(s, 10)
		if !ok {
			return
		}
		if x, err := strconv.ParseFloat(s, 64); err == nil && v.IsFlo() && !math.IsNaN(x) && x != v.Flo() && s[0] != '#' {
			t.Fatalf("%q: got %v, want %v", s, v.Flo(), x)
		}
		text := num.Format(v, 10)
		if w, ok := num.Parse(text, 10); !ok || !datum.Eqv(v, w) {
			t.Fatalf("%q is %s, which does not read back", s, text)
		}
		if exact, _ := num.IsExact(v); !exact || num.Bits(v) > 1<<14 {
			return
		}
		for _, radix := range []int{2, 16, 20, 36} {
			text := num.Format(v, radix)
			if w, ok := num.Parse(text, radix); !ok || !datum.Eqv(v, w) {
				t.Fatalf("%q is %s in radix %d, which does not read back", s, text, radix)
			}
		}
	})
}
