package narinfo

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"fruix/store/hash"
	"fruix/store/sexp"
)

// berlin is the key of the server that testdata/guix.narinfo comes from: a narinfo
// that Guix's build farm served.
const berlin = `(public-key
 (ecc
  (curve Ed25519)
  (q #8D156F295D24B0D9A86FA5741A840FF2D24F60F7B6C4134814AD55625971B394#)
  )
 )
`

func guixKeys(t *testing.T, text string) []PublicKey {
	t.Helper()
	keys, err := ParsePublicKeys(text)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func TestGuixNarinfo(t *testing.T) {
	b, err := os.ReadFile("testdata/guix.narinfo")
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	parse := func(text string) *Info {
		i, err := Parse("/gnu/store", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return i
	}
	trusted := guixKeys(t, berlin)
	i := parse(text)
	if _, ok := i.SignedBy(trusted); !ok {
		t.Fatal("a right signature is not seen")
	}
	if i.Path != "/gnu/store/y857mykfnc9vd1sc2lqz5g35l111fp71-opensmtpd-test" || i.Compression != "gzip" || i.FileSize != 894 {
		t.Errorf("%+v", i)
	}
	// What is below the signature nobody has signed.
	if _, ok := parse(text + "Priority: 1\n").SignedBy(trusted); !ok {
		t.Error("a line below the signature spoils it")
	}
	other, err := GenerateKey("other", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := i.SignedBy([]PublicKey{other.Public()}); ok {
		t.Error("a stranger's signature is taken")
	}
	for old, bad := range map[string]string{
		"NarSize: 2600":   "NarSize: 2601",
		"References: 2sz": "References: 3sz",
		"NarHash: sha256:136lm3fxh4kbsgz32157cnmyypgynkkmrqqb03biym1nm6cdwyv7\n": "",
		"y857mykfnc9vd1sc2lqz5g35l111fp71-opensmtpd-test\nURL":                   "y857mykfnc9vd1sc2lqz5g35l111fp71-opensmtpd-fest\nURL",
		"Signature: 1":          "Signature: 2",
		";berlin.guixsd.org":    "",
		"KHNpZ25hdHVyZSAKIChkY": "KHNpZ25hdHVyZSAKIChkZ",
	} {
		changed := strings.Replace(text, old, bad, 1)
		if changed == text {
			t.Fatalf("%q does not occur", old)
		}
		if bad == "" && strings.HasPrefix(old, "NarHash") {
			changed += old // below the signature
		}
		if _, ok := parse(changed).SignedBy(trusted); ok {
			t.Errorf("%q is taken", bad)
		}
	}
	for what, change := range map[string]func(*Info){
		"path":       func(i *Info) { i.Path += "x" },
		"hash":       func(i *Info) { i.NarHash = hash.Sum(hash.SHA256, nil) },
		"size":       func(i *Info) { i.NarSize++ },
		"references": func(i *Info) { i.References = nil },
	} {
		i := parse(text)
		change(i)
		if _, ok := i.SignedBy(trusted); ok {
			t.Errorf("a changed %s is not seen", what)
		}
	}
}

// Each number of a signature counts.
func TestGuixSignatureChanged(t *testing.T) {
	key, err := GenerateKey("cache.example.org-1", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i, err := Parse("/frx/store", []byte(example))
	if err != nil {
		t.Fatal(err)
	}
	key.Sign(i)
	i.Signatures = nil
	text := i.String()
	keys := guixKeys(t, key.Public().Canonical())
	head, rest, _ := strings.Cut(text, "Signature: 1;cache.example.org-1;")
	encoded, tail, _ := strings.Cut(rest, "\n")
	signature, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatal(err)
	}
	signed := func(signature []byte) bool {
		i, err := Parse("/frx/store", []byte(head+"Signature: 1;x;"+base64.StdEncoding.EncodeToString(signature)+"\n"+tail))
		if err != nil {
			t.Fatal(err)
		}
		k, ok := i.SignedBy(keys)
		return ok && k.Name == ""
	}
	if !signed(signature) {
		t.Fatal("a right signature is not seen")
	}
	for at, c := range signature {
		if c < '0' || c > '9' {
			continue
		}
		changed := slices.Clone(signature)
		changed[at] = '0' + (c-'0'+1)%10
		if signed(changed) {
			t.Errorf("byte %d of %s does not count", at, signature)
		}
	}
	order := "1000000000000000000000000000000014DEF9DEA2F79CD65812631A5CF5D3ED"
	for _, r := range []string{"", "00", order, "FF" + order} {
		v, err := sexp.Parse(signature)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"r", "s"} {
			l, _ := v.Find(name)
			was := l.String()
			if signed([]byte(strings.Replace(string(signature), was, fmt.Sprintf("(%s #%s#)", name, r), 1))) {
				t.Errorf("%s = %q is taken", name, r)
			}
		}
	}
}

func TestSeveralForms(t *testing.T) {
	const head = "StorePath: /frx/store/0vrfckp768hl9j13gwj39l479299qram-a\nNarHash: sha256:1l0xj7vcmw2pz2az490i4c09sy9dv1ngrwcsqadi4mqr4wn7gzg5\nNarSize: 488\nReferences: \n"
	for text, want := range map[string]string{
		"URL: a\n": "a  0",
		"URL: a\nCompression: gzip\nFileSize: 1\nURL: b\nCompression: zstd\nFileSize: 2\nURL: c\nCompression: lzip\nFileSize: 3\n": "b zstd 2",
		"URL: a\nCompression: br\nURL: b\nCompression: lzip\n":                                                                     "b lzip 0",
		"URL: a\nURL: b\nCompression: brotli\nCompression: xz\nFileSize: 1\n":                                                      "b xz 0",
	} {
		i, err := Parse("/frx/store", []byte(head+text))
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%s %s %d", i.URL, i.Compression, i.FileSize); got != want {
			t.Errorf("%q: %q, not %q", text, got, want)
		}
	}
	for _, bad := range []string{"URL: a\nURL: b\n", "URL: a\nCompression: gzip\nURL: b\n", "URL: a\nCompression: x\nCompression: y\n", "URL: \n"} {
		if _, err := Parse("/frx/store", []byte(head+bad)); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestPublicKeys(t *testing.T) {
	one, err := GenerateKey("one", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public := one.Public()
	list := func(keys []PublicKey) string {
		text, err := AddToAccessList("", keys)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	named := guixKeys(t, "# trusted\n\n"+public.String()+"\n")
	if len(named) != 1 || named[0].String() != public.String() {
		t.Errorf("%v", named)
	}
	bare := guixKeys(t, public.Canonical())
	if len(bare) != 1 || bare[0].Name != "" || !bare[0].Same(public) || bare[0].String() != public.Canonical() {
		t.Errorf("%v", bare)
	}
	both := guixKeys(t, list(append(bare, guixKeys(t, berlin)...)))
	if len(both) != 2 || !both[0].Same(public) {
		t.Errorf("%v", both)
	}
	if got := guixKeys(t, "(acl (entry "+berlin+" (tag (guix other))))"); len(got) != 0 {
		t.Errorf("an entry for something else: %v", got)
	}
	if got := guixKeys(t, list(nil)); len(got) != 0 {
		t.Errorf("an empty list: %v", got)
	}
	other := "(entry (public-key (rsa (n #05#))) (tag (guix other)))"
	more, err := AddToAccessList("(acl "+other+" (entry "+berlin+" (tag (guix import))))", append(guixKeys(t, berlin), public))
	if err != nil || !strings.Contains(more, other) || strings.Count(more, "(entry") != 3 {
		t.Errorf("%v\n%s", err, more)
	}
	if _, err := AddToAccessList(berlin, bare); err == nil {
		t.Error("a key is taken for a list")
	}
	for _, bad := range []string{
		"nonsense", "(", "(acl", "(acl (x))", "(public-key)", "(public-key (rsa (n #00#) (e #03#)))",
		"(public-key (ecc (curve Ed448) (q #00#)))", "(public-key (ecc (curve Ed25519) (q #00#)))", "(public-key (ecc (curve Ed25519)))",
		"(key-data " + berlin + ")",
	} {
		if keys, err := ParsePublicKeys(bad); err == nil {
			t.Errorf("%q gives %v", bad, keys)
		}
	}
}

// TestGcrypt lets Libgcrypt check what is signed here, and the reverse.
func TestGcrypt(t *testing.T) {
	var in []string
	for i := range 20 {
		key, err := GenerateKey("k", rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		info := &Info{Path: fmt.Sprintf("/frx/store/0vrfckp768hl9j13gwj39l479299qra%d-a", i%10), NarHash: hash.Sum(hash.SHA256, nil), NarSize: int64(i)}
		key.Sign(info)
		in = append(in, info.guix.data.String())
	}
	answers := gcrypt(t, in, `
(define key (generate-key (string->canonical-sexp "(genkey (ecdsa (curve Ed25519) (flags rfc6979)))")))
(define (answer s)
  (let ((data (find-sexp-token s 'data)))
    (unless (verify (find-sexp-token s 'sig-val) data (find-sexp-token s 'public-key))
      (error "Libgcrypt does not take a signature" (canonical-sexp->string s)))
    (string->canonical-sexp
     (format #f "(signature ~a ~a ~a)" (canonical-sexp->string data)
             (canonical-sexp->string (sign data (find-sexp-token key 'private-key)))
             (canonical-sexp->string (find-sexp-token key 'public-key))))))`)
	for _, text := range answers {
		g := parseGuixSignature("1;peer;" + base64.StdEncoding.EncodeToString(text))
		if g == nil {
			t.Fatalf("cannot be read: %q", text)
		}
		if !rightForItsHash(t, g) {
			t.Errorf("a signature of Libgcrypt is not taken: %q", text)
		}
	}
}

// Libgcrypt prints what looks like text as a quoted string, and Guix makes UTF-8 of it.
func TestGcryptStrings(t *testing.T) {
	const textual = "\b\t\v\n\f\r\x00\"'\\ ~A\xA1\xC3\xA9\xFF"
	random := mathrand.New(mathrand.NewPCG(1, 2))
	var in []string
	var want [][]byte
	for range 200 {
		b := []byte{'A'} // what begins with a NUL or as a negative number is printed in hexadecimal
		for range 31 {
			b = append(b, textual[random.IntN(len(textual))])
		}
		want = append(want, b)
		in = append(in, sexp.List(sexp.Symbol("s"), sexp.Bytes(b)).String())
	}
	quoted := false
	for i, text := range gcrypt(t, in, `(define (answer s) s)`) {
		quoted = quoted || bytes.Contains(text, []byte("\"A"))
		v, err := parseGuix(text)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if got := v.Field("s"); !bytes.Equal(got, want[i]) {
			t.Errorf("%q is read as %q, not %q", text, got, want[i])
		}
	}
	if !quoted {
		t.Error("Libgcrypt has quoted nothing")
	}
}

// A deriver is signed when it stands above Guix's signature.
func TestDeriverSigned(t *testing.T) {
	key, err := GenerateKey("cache.example.org-1", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i, err := Parse("/frx/store", []byte(example))
	if err != nil {
		t.Fatal(err)
	}
	key.Sign(i)
	const line = "Deriver: 0vrfckp768hl9j13gwj39l479299qra0-x.drv\n"
	text := i.String()
	own := "Deriver: " + strings.TrimPrefix(i.Deriver, "/frx/store/") + "\n"
	signature := text[strings.Index(text, "Signature:"):strings.Index(text, "URL:")]
	for what, c := range map[string]struct {
		text string
		want bool
	}{
		"as it was signed":       {text, true},
		"another":                {strings.Replace(text, own, line, 1), false},
		"below":                  {strings.Replace(text, own, "", 1) + own, false},
		"without Guix's":         {strings.Replace(text, signature, "", 1), false},
		"another without Guix's": {strings.Replace(strings.Replace(text, signature, "", 1), own, line, 1), false},
	} {
		i, err := Parse("/frx/store", []byte(c.text))
		if err != nil {
			t.Fatal(err)
		}
		keys := []PublicKey{key.Public()}
		if _, ok := i.SignedBy(keys); !ok {
			t.Errorf("%s: Nix's signature does not count", what)
		}
		if got := i.DeriverSignedBy(keys); got != c.want {
			t.Errorf("%s: %v, want %v", what, got, c.want)
		}
	}
}

// Of an export's signature, everything counts.
func TestExportSignature(t *testing.T) {
	var keys []SecretKey
	for range 2 {
		k, err := GenerateKey("cache.example.org-1", rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, k)
	}
	sum, other := sha256.Sum256([]byte("a")), sha256.Sum256([]byte("b"))
	good := keys[0].SignExport(sum[:])
	trusted := []PublicKey{keys[1].Public(), keys[0].Public()}
	bare := guixKeys(t, keys[0].Public().Canonical())
	for _, c := range []struct {
		what, signature string
		digest          []byte
		keys            []PublicKey
		says            string // "" when it is right
	}{
		{"as it was made", good, sum[:], trusted, ""},
		{"with Guix's form of the key", good, sum[:], bare, ""},
		{"of something else", good, other[:], trusted, "was changed"},
		{"of a stranger", good, sum[:], trusted[:1], "is not trusted here"},
		{"of nobody whom anybody trusts", good, sum[:], nil, "is not trusted here"},
		{"with another's key put in", strings.Replace(good, keys[0].Public().Canonical(), keys[1].Public().Canonical(), 1), sum[:], trusted, "was changed"},
		{"with another hash put in", strings.Replace(good, fmt.Sprintf("%X", sum), fmt.Sprintf("%X", other), 1), other[:], trusted, "was changed"},
		{"without a key", strings.Replace(good, keys[0].Public().Canonical(), "", 1), sum[:], trusted, "none that Fruix or Guix makes"},
		{"that is a key", keys[0].Public().Canonical(), sum[:], trusted, "none that Fruix or Guix makes"},
		{"that is a line", "name:AAAA", sum[:], trusted, "signature"},
		{"that is half", good[:len(good)/2], sum[:], trusted, "cannot be read"},
	} {
		err := CheckExport(c.signature, c.digest, c.keys)
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("a signature %s: %v, want %q", c.what, err, c.says)
		}
	}
}

// A signature that Guix made, whose second number looks like text.
func TestGuixSignatureQuoted(t *testing.T) {
	const text = `(signature
 (data
  (flags rfc6979)
  (hash sha256 #33C364BE80871E5A6BF2627BBD423BB2815D27CFECECBA1F4B689E42BCCBC0A2#)
  )
 (sig-val
  (ecdsa
   (r #0C69C8D2D0409CEE34D55382169A4C5474FEFDDD2A523B9BA8DB3F84C62E81EE#)
   (s "\b\r×>\x003\"áë¢êM+èåOÇYìWhèÞ§ªW\v%\tØöÂ")
   )
  )
 (public-key
  (ecc
   (curve Ed25519)
   (q #5249ABD33F0A6C934C5DBDFEA15079590A31FE0BD93588A18F685C90FD5AD3AB#)
   )
  )
 )
`
	// In what "guix archive --export" writes, a signature is the same text.
	signer := guixKeys(t, "(public-key (ecc (curve Ed25519) (q #5249ABD33F0A6C934C5DBDFEA15079590A31FE0BD93588A18F685C90FD5AD3AB#)))")
	sum, err := hex.DecodeString("33C364BE80871E5A6BF2627BBD423BB2815D27CFECECBA1F4B689E42BCCBC0A2")
	if err != nil {
		t.Fatal(err)
	}
	if err := CheckExport(text, sum, signer); err != nil {
		t.Errorf("of an export: %v", err)
	}
	for what, text := range map[string]string{
		"as Guix writes it":      text,
		"as Libgcrypt prints it": string(latin1Of(t, text)),
	} {
		g := parseGuixSignature("1;peer;" + base64.StdEncoding.EncodeToString([]byte(text)))
		if g == nil {
			t.Fatalf("%s: cannot be read", what)
		}
		if !rightForItsHash(t, g) {
			t.Errorf("%s: not taken", what)
		}
	}
	g := parseGuixSignature("1;peer;" + base64.StdEncoding.EncodeToString([]byte(strings.Replace(text, "×", "÷", 1))))
	if g == nil || rightForItsHash(t, g) {
		t.Error("a changed number is taken")
	}
}

func latin1Of(t *testing.T, text string) []byte {
	b, ok := latin1([]byte(text))
	if !ok {
		t.Fatal("not Latin-1")
	}
	return b
}

// rightForItsHash says whether g is right for the hash and by the key that it names.
func rightForItsHash(t *testing.T, g *guixSignature) bool {
	t.Helper()
	h, _ := g.data.Find("hash")
	g.sum = [sha256.Size]byte(h.List[2].Atom)
	public, _ := g.data.Find("public-key")
	q, err := keyOf(public)
	if err != nil {
		t.Fatal(err)
	}
	return g.by(PublicKey{key: q})
}

// gcrypt gives S-expressions to Guile's binding of Libgcrypt and returns what the
// procedure answer, which program defines, makes of each, as Guix writes it.
func gcrypt(t *testing.T, in []string, program string) [][]byte {
	t.Helper()
	guile, err := exec.LookPath("guile-3.0")
	if err != nil {
		t.Skip("guile-3.0 is not installed")
	}
	if exec.Command(guile, "-c", "(use-modules (gcrypt pk-crypto))").Run() != nil {
		t.Skip("guile-gcrypt is not installed")
	}
	cmd := exec.Command(guile, "-c", `
(use-modules (gcrypt base64) (gcrypt pk-crypto) (ice-9 rdelim) (rnrs bytevectors))
`+program+`
(let loop ((line (read-line)))
  (unless (eof-object? line)
    (let ((s (answer (string->canonical-sexp line))))
      (display (base64-encode (string->utf8 (canonical-sexp->string s))))
      (newline)
      (loop (read-line)))))`)
	cmd.Env = append(cmd.Environ(), "GUILE_AUTO_COMPILE=0")
	cmd.Stdin, cmd.Stderr = strings.NewReader(strings.Join(in, "\n")+"\n"), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var answers [][]byte
	for line := range strings.Lines(string(out)) {
		text, err := base64.StdEncoding.DecodeString(strings.TrimSpace(line))
		if err != nil {
			t.Fatal(err)
		}
		answers = append(answers, text)
	}
	if len(answers) != len(in) {
		t.Fatalf("%d answers of %d", len(answers), len(in))
	}
	return answers
}

// TestLargeGuixSignature: one that takes many times its place is not read.
func TestLargeGuixSignature(t *testing.T) {
	of := func(n int) *guixSignature {
		text := "(signature" + strings.Repeat(" ()", n) + ")"
		return parseGuixSignature("1;host;" + base64.StdEncoding.EncodeToString([]byte(text)))
	}
	if of(100) == nil {
		t.Error("a small one is not read")
	}
	if of(100_000) != nil {
		t.Error("a large one is read")
	}
}
