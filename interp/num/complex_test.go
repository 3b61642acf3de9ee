package num_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"fruix/interp/datum"
	"fruix/interp/num"
)

// gauss is what exact complex numbers are checked against: parts in math/big.
type gauss struct{ re, im *big.Rat }

func rat(f func(z *big.Rat) *big.Rat) *big.Rat { return f(new(big.Rat)) }

func (a gauss) add(b gauss) gauss {
	return gauss{rat(func(z *big.Rat) *big.Rat { return z.Add(a.re, b.re) }), rat(func(z *big.Rat) *big.Rat { return z.Add(a.im, b.im) })}
}

func (a gauss) sub(b gauss) gauss {
	return gauss{rat(func(z *big.Rat) *big.Rat { return z.Sub(a.re, b.re) }), rat(func(z *big.Rat) *big.Rat { return z.Sub(a.im, b.im) })}
}

func (a gauss) mul(b gauss) gauss {
	product := func(x, y *big.Rat) *big.Rat { return new(big.Rat).Mul(x, y) }
	return gauss{
		rat(func(z *big.Rat) *big.Rat { return z.Sub(product(a.re, b.re), product(a.im, b.im)) }),
		rat(func(z *big.Rat) *big.Rat { return z.Add(product(a.re, b.im), product(a.im, b.re)) }),
	}
}

func (a gauss) isZero() bool { return a.re.Sign() == 0 && a.im.Sign() == 0 }

// value makes the number with the procedures of the language.
func (a gauss) value(t *testing.T) datum.Value {
	v, err := num.MakeRectangular(datum.Rat(new(big.Rat).Set(a.re)), datum.Rat(new(big.Rat).Set(a.im)))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// randomGauss is small or large, whole or a fraction, and real now and then.
func randomGauss(r *rand.Rand) gauss {
	part := func() *big.Rat {
		switch r.IntN(8) {
		case 0:
			return new(big.Rat)
		case 1:
			return big.NewRat(int64(r.IntN(3)-1), 1)
		}
		n := big.NewInt(r.Int64() >> r.IntN(63))
		if r.IntN(4) == 0 {
			n.Mul(n, big.NewInt(r.Int64()))
		}
		d := big.NewInt(1)
		if r.IntN(2) == 0 {
			d.SetInt64(r.Int64()>>r.IntN(63) + 1)
		}
		if r.IntN(2) == 0 {
			n.Neg(n)
		}
		return new(big.Rat).SetFrac(n, d)
	}
	return gauss{part(), part()}
}

// checked fails when an operation did, or when its result is not exact or not
// in normal form.
func checked(t *testing.T) func(v datum.Value, err error) datum.Value {
	return func(v datum.Value, err error) datum.Value {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if exact, ok := num.IsExact(v); !exact || !ok {
			t.Fatalf("%s is not exact", num.Format(v, 10))
		}
		if v.Is(datum.KCompnum) && v.Compnum().Im == datum.Fix(0) {
			t.Fatalf("%s has a zero imaginary part", num.Format(v, 10))
		}
		return v
	}
}

// TestExactComplexAgainstBig checks the arithmetic of exact complex numbers.
func TestExactComplexAgainstBig(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	ok := checked(t)
	for range 5000 {
		a, b := randomGauss(r), randomGauss(r)
		va, vb := a.value(t), b.value(t)
		check := func(op string, got datum.Value, want gauss) {
			t.Helper()
			if w := want.value(t); !datum.Eqv(got, w) {
				t.Fatalf("%s %s %s: got %s, want %s", num.Format(va, 10), op, num.Format(vb, 10), num.Format(got, 10), num.Format(w, 10))
			}
		}
		check("+", ok(num.Add(va, vb)), a.add(b))
		check("-", ok(num.Sub(va, vb)), a.sub(b))
		check("*", ok(num.Mul(va, vb)), a.mul(b))
		check("negate", ok(num.Negate(va)), gauss{new(big.Rat), new(big.Rat)}.sub(a))
		if !b.isZero() {
			q := ok(num.Div(va, vb))
			check("/ and back", ok(num.Mul(q, vb)), a)
		}
		n := int64(r.IntN(12))
		power := gauss{big.NewRat(1, 1), new(big.Rat)}
		for range n {
			power = power.mul(a)
		}
		check("expt", ok(num.Expt(va, datum.Fix(n))), power)
		if !a.isZero() {
			inverse := ok(num.Expt(va, datum.Fix(-n)))
			if p := ok(num.Mul(inverse, ok(num.Expt(va, datum.Fix(n))))); p != datum.Fix(1) {
				t.Fatalf("%s to the powers %d and -%d: product %s", num.Format(va, 10), n, n, num.Format(p, 10))
			}
		}
		equal, err := num.NumEq(va, vb)
		if same := a.sub(b).isZero(); err != nil || equal != same || datum.Eqv(va, vb) != same || datum.Equal(va, vb) != same {
			t.Fatalf("%s = %s: %v, %v", num.Format(va, 10), num.Format(vb, 10), equal, err)
		}
		if zero, _ := num.IsZero(va); zero != a.isZero() {
			t.Fatalf("zero? %s: %v", num.Format(va, 10), zero)
		}
	}
}

// TestExactComplexLaws checks the laws of a field, and what roots and
// magnitudes have to do with products.
func TestExactComplexLaws(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	ok := checked(t)
	add := func(a, b datum.Value) datum.Value { return ok(num.Add(a, b)) }
	mul := func(a, b datum.Value) datum.Value { return ok(num.Mul(a, b)) }
	for range 3000 {
		a, b, c := randomGauss(r).value(t), randomGauss(r).value(t), randomGauss(r).value(t)
		same := func(law string, x, y datum.Value) {
			t.Helper()
			if !datum.Eqv(x, y) || datum.ByEqv.Hash(x) != datum.ByEqv.Hash(y) {
				t.Fatalf("%s fails for %s, %s, %s: %s, %s", law, num.Format(a, 10), num.Format(b, 10), num.Format(c, 10), num.Format(x, 10), num.Format(y, 10))
			}
		}
		same("a+b = b+a", add(a, b), add(b, a))
		same("ab = ba", mul(a, b), mul(b, a))
		same("(a+b)+c = a+(b+c)", add(add(a, b), c), add(a, add(b, c)))
		same("(ab)c = a(bc)", mul(mul(a, b), c), mul(a, mul(b, c)))
		same("a(b+c) = ab+ac", mul(a, add(b, c)), add(mul(a, b), mul(a, c)))
		same("a+(-a) = 0", add(a, ok(num.Negate(a))), datum.Fix(0))
		same("0+a = a", add(datum.Fix(0), a), a)
		same("1a = a", mul(datum.Fix(1), a), a)
		if a != datum.Fix(0) {
			same("a(1/a) = 1", mul(a, ok(num.Div(datum.Fix(1), a))), datum.Fix(1))
		}
		root := ok(num.Sqrt(mul(a, a)))
		same("√(a²)² = a²", mul(root, root), mul(a, a))
		if re, _ := num.RealPart(root); num.Sign(re) < 0 {
			t.Fatalf("%s is not the principal root", num.Format(root, 10))
		}
		if re, _ := num.RealPart(root); re == datum.Fix(0) {
			if im, _ := num.ImagPart(root); num.Sign(im) < 0 {
				t.Fatalf("%s is not the principal root", num.Format(root, 10))
			}
		}
		same("|a²| = |a|² is exact", ok(num.Magnitude(mul(a, a))), mul(a, conjugate(ok, a)))
		same("exact parts make a again", ok(num.MakeRectangular(ok(num.RealPart(a)), ok(num.ImagPart(a)))), a)
	}
}

func conjugate(ok func(datum.Value, error) datum.Value, a datum.Value) datum.Value {
	return ok(num.MakeRectangular(ok(num.RealPart(a)), ok(num.Negate(ok(num.ImagPart(a))))))
}

// TestExactComplexText checks that what is written reads back, in all radices.
func TestExactComplexText(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 400 {
		v := randomGauss(r).value(t)
		for radix := 2; radix <= 36; radix++ {
			s := num.Format(v, radix)
			if w, ok := num.Parse(s, radix); !ok || !datum.Eqv(v, w) {
				t.Fatalf("radix %d: %s reads as %s", radix, s, num.Format(w, radix))
			}
		}
		for radix, prefix := range map[int]string{2: "#b", 8: "#o", 10: "#d", 16: "#x"} {
			if w, ok := num.Parse(prefix+num.Format(v, radix), 10); !ok || !datum.Eqv(v, w) {
				t.Fatalf("%s%s reads as %s", prefix, num.Format(v, radix), num.Format(w, 10))
			}
		}
	}
}

// TestExactAndInexactComplex checks conversions and mixed operands.
func TestExactAndInexactComplex(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for range 3000 {
		a, b := float64(r.IntN(2000)-1000)/8, float64(r.IntN(2000)-1000)/8
		z, _ := num.MakeRectangular(datum.Flo(a), datum.Flo(b))
		exact, err := num.Exact(z)
		if err != nil {
			t.Fatal(err)
		}
		if is, _ := num.IsExact(exact); !is {
			t.Fatalf("%s is not exact", num.Format(exact, 10))
		}
		if equal, _ := num.NumEq(exact, z); !equal || datum.Eqv(exact, z) {
			t.Fatalf("%s and %s", num.Format(exact, 10), num.Format(z, 10))
		}
		if back, _ := num.Inexact(exact); b != 0 && !datum.Eqv(back, z) {
			t.Fatalf("%s became %s", num.Format(z, 10), num.Format(back, 10))
		}
		for name, op := range map[string]func(a, b datum.Value) (datum.Value, error){"+": num.Add, "-": num.Sub, "*": num.Mul, "/": num.Div} {
			if a == 0 && b == 0 {
				continue // exact and inexact zeros differ
			}
			for _, other := range []datum.Value{datum.Flo(0.5), parse(t, "1.5-2.5i")} {
				x, err1 := op(exact, other)
				y, err2 := op(z, other)
				if equal, err := num.NumEq(x, y); !equal || err != nil || err1 != nil || err2 != nil {
					t.Fatalf("(%s %s %s): %s, with an inexact one %s", name, num.Format(exact, 10), num.Format(other, 10), num.Format(x, 10), num.Format(y, 10))
				}
			}
		}
	}
}

// TestComplexFunctions looks at single values of the functions that may be
// exact, and at the ends of their ranges.
func TestComplexFunctions(t *testing.T) {
	two := func(f func(a, b datum.Value) (datum.Value, error), b string) func(datum.Value) (datum.Value, error) {
		return func(a datum.Value) (datum.Value, error) { return f(a, parse(t, b)) }
	}
	huge := "1" + strings.Repeat("0", 400)
	for _, tt := range []struct {
		name string
		f    func(datum.Value) (datum.Value, error)
		in   string
		want string
	}{
		{"sqrt", num.Sqrt, "-1", "+i"}, {"sqrt", num.Sqrt, "-4", "+2i"}, {"sqrt", num.Sqrt, "3+4i", "2+i"}, {"sqrt", num.Sqrt, "-3-4i", "1-2i"},
		{"sqrt", num.Sqrt, "+2i", "1+i"}, {"sqrt", num.Sqrt, "-1/4", "+1/2i"}, {"sqrt", num.Sqrt, "5/36+1/3i", "1/2+1/3i"},
		{"sqrt", num.Sqrt, "-1.0-0.0i", "0.0+1.0i"}, {"sqrt", num.Sqrt, "-1.0+0.0i", "0.0+1.0i"}, {"sqrt", num.Sqrt, "-2.0", "0.0+1.4142135623730951i"},
		{"sqrt", num.Sqrt, "-1.0-5e-324i", "0.0-1.0i"}, {"sqrt", num.Sqrt, "-2", "0.0+1.4142135623730951i"}, {"sqrt", num.Sqrt, "+i", "0.7071067811865476+0.7071067811865476i"},
		{"sqrt", num.Sqrt, huge + "+" + huge + "i", "1.09868411346781e200+4.550898605622273e199i"},
		{"magnitude", num.Magnitude, "3+4i", "5"}, {"magnitude", num.Magnitude, "3/5-4/5i", "1"}, {"magnitude", num.Magnitude, "1+i", "1.4142135623730951"}, {"magnitude", num.Magnitude, "3.0+4i", "5.0"},
		{"angle", num.Angle, "+i", "1.5707963267948966"}, {"angle", num.Angle, "-" + huge + "-" + huge + "i", "-2.356194490192345"}, {"angle", num.Angle, "1/" + huge + "+1/" + huge + "i", "0.7853981633974483"},
		{"log", num.Log, huge + "i", "#f"}, {"log", num.Log, "+" + huge + "i", "921.0340371976183+1.5707963267948966i"}, {"log", num.Log, "-i", "0.0-1.5707963267948966i"},
		{"log", num.Log, "1000001/1000000", "9.999995000003334e-7"}, {"log", num.Log, "-1000001/1000000", "9.999995000003334e-7+3.141592653589793i"},
		{"exact", num.Exact, "1.5-0.25i", "3/2-1/4i"}, {"exact", num.Exact, "1.5+0.0i", "3/2"}, {"inexact", num.Inexact, "1/2+i", "0.5+1.0i"},
		{"exact", num.Exact, "+inf.0+1.0i", "#f"}, {"exact", num.Exact, "1.0+nan.0i", "#f"},
		{"real-part", num.RealPart, "1/2+3i", "1/2"}, {"imag-part", num.ImagPart, "1/2+3i", "3"}, {"imag-part", num.ImagPart, "1.5", "0"},
		{"expt 1/2", two(num.Expt, "1/2"), "3+4i", "2+i"}, {"expt 3/2", two(num.Expt, "3/2"), "-4", "-8i"}, {"expt 1/4", two(num.Expt, "1/4"), "-4", "1+i"}, {"expt 1/2", two(num.Expt, "1/2"), "-2", "0.0+1.4142135623730951i"},
		{"expt big", two(num.Expt, "1"+huge), "+i", "1"}, {"expt big", two(num.Expt, "-"+huge+"1"), "+i", "-i"}, {"expt big", two(num.Expt, huge+"2"), "-i", "-1"},
		{"expt 10", two(num.Expt, "10"), "1+i", "+32i"}, {"expt -2", two(num.Expt, "-2"), "1+2i", "-3/25-4/25i"}, {"expt 0", two(num.Expt, "0"), "1+2i", "1"},
		{"expt 2.0", two(num.Expt, "2.0"), "1+2i", "-3.0+4.0i"}, {"expt i", two(num.Expt, "+i"), "0", "#f"}, {"expt 0.0i", two(num.Expt, "0.0+0.0i"), "0", "1.0+0.0i"}, {"expt 1+i", two(num.Expt, "1+i"), "0", "0"}, {"expt 2i", two(num.Expt, "+2.0i"), "0.0", "+nan.0+nan.0i"},
		{"expt huge", two(num.Expt, huge), "1+2i", "#f"}, {"expt huge", two(num.Expt, "9999999999"), "1+2i", "#f"},
		{"+ -i", two(num.Add, "-i"), "+i", "0"}, {"- 1", two(num.Sub, "1"), "1.0-0.0i", "0.0-0.0i"}, {"+ 1.0-0.0i", two(num.Add, "1.0-0.0i"), "1", "2.0-0.0i"},
		{"* 0", two(num.Mul, "0"), "1+i", "0"}, {"* 0", two(num.Mul, "0"), "1.0+i", "0.0+0.0i"}, {"/ 0", two(num.Div, "0"), "1+i", "#f"}, {"/ 2i", two(num.Div, "+2i"), "1", "-1/2i"}, {"/ 2.0", two(num.Div, "2.0"), "1+i", "0.5+0.5i"},
		{"make-rectangular 0", two(num.MakeRectangular, "0"), "1.5", "1.5"}, {"make-rectangular 1", two(num.MakeRectangular, "1"), "1.5", "1.5+1.0i"}, {"make-rectangular 1.0", two(num.MakeRectangular, "1.0"), "0", "0.0+1.0i"},
		{"make-polar 0", two(num.MakePolar, "0"), "3", "3"}, {"make-polar 1", two(num.MakePolar, "1"), "0", "0"},
	} {
		v, ok := num.Parse(tt.in, 10)
		got := "#f"
		if ok {
			if w, err := tt.f(v); err == nil {
				got = num.Format(w, 10)
			}
		}
		if got != tt.want {
			t.Errorf("(%s %.40s): got %.60s, want %.60s", tt.name, tt.in, got, tt.want)
		}
	}
}

// TestTinyExactComplex checks that what floats take for zero or an infinity is
// not taken so.
func TestTinyExactComplex(t *testing.T) {
	e := big.NewRat(1, 1).SetFrac(big.NewInt(1), new(big.Int).Exp(big.NewInt(10), big.NewInt(400), nil))
	tiny := gauss{e, e}.value(t)
	if zero, ok := num.IsZero(tiny); zero || !ok {
		t.Error("a small exact number is taken for zero")
	}
	m, err := num.Mul(tiny, tiny)
	if exact, _ := num.IsExact(m); !exact || err != nil {
		t.Error("a product is not exact")
	}
	if a, err := num.Angle(tiny); err != nil || a.Flo() != math.Pi/4 {
		t.Errorf("angle: %v", num.Format(a, 10))
	}
	if n := num.Bits(tiny); n < 2*1329 {
		t.Errorf("%d bits", n)
	}
}

// BenchmarkComplex shows what exact and inexact complex numbers cost.
func BenchmarkComplex(b *testing.B) {
	for name, text := range map[string]string{"exact": "3+4i", "inexact": "3.0+4.0i"} {
		z, _ := num.Parse(text, 10)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				p, _ := num.Mul(z, z)
				q, _ := num.Div(p, z)
				if p, _ = num.Sub(q, z); p.Is(datum.KBignum) {
					b.Fatal(p)
				}
			}
		})
	}
}
