package process

import (
	"encoding/binary"
	"strings"
	"testing"
)

// compiled makes a .mo file.
func compiled(o binary.ByteOrder, messages [][2]string) []byte {
	n := len(messages)
	head := make([]byte, 28+16*n)
	o.PutUint32(head, 0x950412de)
	o.PutUint32(head[8:], uint32(n))
	o.PutUint32(head[12:], 28)
	o.PutUint32(head[16:], uint32(28+8*n))
	var texts []byte
	for i, m := range messages {
		for k, s := range m {
			at := 28 + 8*n*k + 8*i
			o.PutUint32(head[at:], uint32(len(s)))
			o.PutUint32(head[at+4:], uint32(len(head)+len(texts)))
			texts = append(append(texts, s...), 0)
		}
	}
	return append(head, texts...)
}

func TestCatalog(t *testing.T) {
	messages := [][2]string{
		{"", "Content-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);\n"},
		{"apple", "яблоко"},
		{"one apple\x00%d apples", "яблоко\x00яблока\x00яблок"},
	}
	for _, o := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		c, err := parseCatalog(compiled(o, messages))
		if err != nil {
			t.Fatal(err)
		}
		if s, ok := c.lookup("apple"); s != "яблоко" || !ok {
			t.Errorf("apple: %q", s)
		}
		if _, ok := c.lookup("pear"); ok {
			t.Error("pear has a translation")
		}
		for n, want := range map[uint64]string{1: "яблоко", 3: "яблока", 5: "яблок", 11: "яблок", 21: "яблоко", 112: "яблок"} {
			if s, _ := c.lookupPlural("one apple", n); s != want {
				t.Errorf("%d: got %s, want %s", n, s, want)
			}
		}
	}
}

func TestPlural(t *testing.T) {
	for expr, want := range map[string]uint64{"n": 7, "n!=1": 1, "n>1?2:3": 2, "1+2*3-1": 6, "!(n==7)": 0, "n%4*10/3": 10, "n/0": 0} {
		f, err := parsePlural(expr)
		if err != nil || f(7) != want {
			t.Errorf("%s: %v", expr, err)
		}
	}
	for _, expr := range []string{"", "n+", "(n", "n n", "x", strings.Repeat("!", 1000) + "n", "n?1"} {
		if _, err := parsePlural(expr); err == nil {
			t.Errorf("%q is taken for an expression", expr)
		}
	}
}

func FuzzCatalog(f *testing.F) {
	f.Add(compiled(binary.LittleEndian, [][2]string{{"", "Plural-Forms: nplurals=2; plural=n>1;\n"}, {"a\x00b", "c\x00d"}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := parseCatalog(b)
		if err != nil {
			return
		}
		for id := range c.messages {
			c.lookup(id)
			c.lookupPlural(id, 5)
		}
	})
}
