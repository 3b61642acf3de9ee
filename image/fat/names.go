package fat

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// maxLong is the length of the longest name in UTF-16 code units.
const maxLong = 255

// names are the two names of a directory entry.
type names struct {
	long  string
	units []uint16 // the long name, nil if the short one says it all
	short [11]byte
}

// slots is how many directory entries the names take.
func (n names) slots() int { return 1 + (len(n.units)+12)/13 }

// shortSpecials are the characters besides capital letters and digits that a
// short name may hold (fatgen103, "Short directory entry names").
const shortSpecials = "$%'-_@~`!(){}^#&"

func shortChar(c byte) bool {
	return c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte(shortSpecials, c) >= 0
}

// checkName tells whether FAT can hold a long name.
func checkName(name string) error {
	if !utf8.ValidString(name) {
		return fmt.Errorf("name %q is not UTF-8, which FAT's long names need", name)
	}
	if i := strings.IndexFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || strings.ContainsRune(`"*/:<>?\|`, r) }); i >= 0 {
		r, _ := utf8.DecodeRuneInString(name[i:])
		return fmt.Errorf("name %q contains %q, which FAT does not allow", name, r)
	}
	if last := name[len(name)-1]; last == '.' || last == ' ' {
		return fmt.Errorf("name %q ends in %q, which FAT does not keep", name, last)
	}
	if len(utf16.Encode([]rune(name))) > maxLong {
		return fmt.Errorf("name %q is longer than %d UTF-16 code units", name, maxLong)
	}
	return nil
}

// fold makes names equal that FAT takes for the same.
func fold(name string) string {
	return strings.Map(func(r rune) rune { return unicode.ToLower(unicode.ToUpper(r)) }, name)
}

// nameDirectory finds the short names of a directory's entries and sorts them.
// The result depends on the set of names alone.
func nameDirectory(list []string) ([]names, error) {
	list = slices.Clone(list)
	slices.Sort(list)
	out := make([]names, len(list))
	folded := make(map[string]string, len(list))
	taken := make(map[[11]byte]bool, len(list))
	for i, name := range list {
		if err := checkName(name); err != nil {
			return nil, err
		}
		if other, ok := folded[fold(name)]; ok {
			return nil, fmt.Errorf("names %q and %q differ only in case, which FAT ignores", other, name)
		}
		folded[fold(name)] = name
		out[i].long = name
		short, exact := plainShort(name)
		if !exact {
			continue
		}
		// What fits takes its short name before others make theirs up, so
		// that these avoid it.
		taken[short] = true
		out[i].short = short
	}
	tails := tailMaker{taken: taken, next: make(map[tailKey]int)}
	for i := range out {
		n := &out[i]
		if n.short == [11]byte{} {
			var err error
			if n.short, err = tails.make(n.long); err != nil {
				return nil, err
			}
		}
		if joinShort(n.short) != n.long {
			n.units = utf16.Encode([]rune(n.long))
		}
	}
	return out, nil
}

// plainShort gives the short form of a name that fits 8.3 but for its case.
func plainShort(name string) (short [11]byte, ok bool) {
	if strings.IndexFunc(name, func(r rune) bool { return r >= 0x80 }) >= 0 {
		return short, false // some become ASCII as capitals
	}
	base, ext, dot := strings.Cut(strings.ToUpper(name), ".")
	if len(base) == 0 || len(base) > 8 || len(ext) > 3 || dot && ext == "" {
		return short, false
	}
	for _, part := range []string{base, ext} {
		for i := range len(part) {
			if !shortChar(part[i]) {
				return short, false
			}
		}
	}
	return padShort(base, ext), true
}

func padShort(base, ext string) (short [11]byte) {
	copy(short[:], "           ")
	copy(short[:8], base)
	copy(short[8:], ext)
	return short
}

// joinShort writes a short name as people do.
func joinShort(short [11]byte) string {
	base, ext := strings.TrimRight(string(short[:8]), " "), strings.TrimRight(string(short[8:]), " ")
	if ext == "" {
		return base
	}
	return base + "." + ext
}

// basis is the basis-name of fatgen103, "The basis-name generation algorithm":
// what is left of a long name in capital letters of the short names' set, with
// "_" for what is not in it. Characters beyond ASCII are "_" too, because the
// code page in which they would be read is not known.
func basis(name string) (base, ext string) {
	name = strings.TrimLeft(strings.ReplaceAll(name, " ", ""), ".")
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		name, ext = name[:i], name[i+1:]
	}
	clean := func(s string, most int) string {
		var b strings.Builder
		for _, r := range s {
			if b.Len() == most {
				break
			}
			if r == '.' {
				continue
			}
			if c := unicode.ToUpper(r); r < 0x80 && shortChar(byte(c)) {
				b.WriteByte(byte(c))
			} else {
				b.WriteByte('_')
			}
		}
		return b.String()
	}
	base, ext = clean(name, 8), clean(ext, 3)
	if base == "" {
		base = "_"
	}
	return base, ext
}

// tailMaker gives short names numeric tails (fatgen103, "The numeric-tail
// generation algorithm"), remembering where it was with each stem, so that
// thousands of alike names take no longer than others.
type tailMaker struct {
	taken map[[11]byte]bool
	next  map[tailKey]int
}

type tailKey struct {
	stem, ext string
	digits    int
}

func (t *tailMaker) make(name string) ([11]byte, error) {
	base, ext := basis(name)
	for digits, first := 1, 1; digits <= 6; digits, first = digits+1, first*10 {
		key := tailKey{base[:min(len(base), 7-digits)], ext, digits}
		n := max(t.next[key], first)
		for ; n < first*10; n++ {
			short := padShort(fmt.Sprintf("%s~%d", key.stem, n), ext)
			if !t.taken[short] {
				t.taken[short] = true
				t.next[key] = n + 1
				return short, nil
			}
		}
		t.next[key] = n
	}
	return [11]byte{}, errors.New("too many names that are alike for FAT's short names")
}

// checksum ties long entries to their short one (fatgen103, "ChkSum").
func checksum(short [11]byte) (sum byte) {
	for _, c := range short {
		sum = sum<<7 + sum>>1 + c
	}
	return sum
}
