package daemon

import (
	"bytes"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"fruix/builder/socket"
	"fruix/store"
	"fruix/store/hash"
	"fruix/store/narinfo"
	"fruix/store/wire"
	"fruix/store/wire/calls"
)

// TestAddObject sends objects that were made elsewhere, with and without reasons to
// believe what is said of them.
func TestAddObject(t *testing.T) {
	secret := func(seed string) narinfo.SecretKey {
		k, err := narinfo.GenerateKey("trusted-1", strings.NewReader(strings.Repeat(seed, 64)))
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	key, stranger := secret("x"), secret("y")
	admin := socket.Peer{Local: true, UID: 1000}
	from := newWorld(t, nil)
	fc := from.connect(alice)
	drvPath, out := fc.drv("toy")
	if err := fc.ask(wire.BuildPaths, []string{drvPath}, 0); err != nil {
		t.Fatal(err)
	}
	fc.r.Number()
	text := fc.addText("text", "x")
	object := func(p string, sign *narinfo.SecretKey) (calls.Object, []byte) {
		i, err := from.base.Info(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		var nar bytes.Buffer
		if err := from.base.DumpNAR(t.Context(), p, &nar); err != nil {
			t.Fatal(err)
		}
		o := calls.Object{
			Path: p, Deriver: i.Deriver, Hash: hex.EncodeToString(i.NarHash), Size: uint64(i.NarSize),
			References: i.References, ContentAddress: i.ContentAddress,
		}
		if sign != nil {
			n := &narinfo.Info{Path: p, NarHash: hash.Digest{Algo: hash.SHA256, Sum: i.NarHash}, NarSize: i.NarSize, References: i.References}
			sign.Sign(n)
			o.Signatures = []string{n.Signatures[0].String()}
		}
		return o, nar.Bytes()
	}
	w := newWorld(t, func(c *Config) {
		c.Trusted = func(p socket.Peer) bool { return p == admin }
		c.Keys = func() ([]narinfo.PublicKey, error) { return []narinfo.PublicKey{key.Public()}, nil }
	})
	for _, c := range []struct {
		what   string
		peer   socket.Peer
		path   string
		sign   *narinfo.SecretKey
		change func(o *calls.Object, nar []byte)
		says   string // "": it is added
		over   bool   // the connection
	}{
		{"an object that is not signed", mallory, out, nil, nil, "not signed by a key that is trusted", false},
		{"one that is, by a key that is not trusted", mallory, out, &stranger, nil, "not signed by a key that is trusted", false},
		{"one that is to be believed", mallory, out, nil, func(o *calls.Object, _ []byte) { o.Unchecked = true }, "only users whom the daemon trusts", false},
		{"a signature of something else", mallory, out, &key, func(o *calls.Object, _ []byte) { o.References = []string{text} }, "not signed", false},
		{"junk for a signature", mallory, out, nil, func(o *calls.Object, _ []byte) { o.Signatures = []string{"junk"} }, "signature", false},
		{"a proof that is none", mallory, out, nil, func(o *calls.Object, _ []byte) { o.ContentAddress = "fixed:r:sha256:x" }, "does not follow from the content", false},
		{"a text that is another", mallory, text, nil, func(o *calls.Object, nar []byte) {
			nar[bytes.Index(nar, []byte("x\x00\x00\x00\x00\x00\x00\x00"))] = 'y'
		}, "hash", false},
		{"a hash that is none", mallory, text, nil, func(o *calls.Object, _ []byte) { o.Hash = "x" }, "no SHA-256", false},
		{"a repair", admin, text, nil, func(o *calls.Object, _ []byte) { o.Repair = true }, "repaired by building", false},
		{"an archive that goes on", mallory, text, nil, func(o *calls.Object, _ []byte) { o.Size = 8 }, "archive", true},
		{"the administrator's word, not asked for", admin, out, nil, nil, "not signed", false},
		{"a text", mallory, text, nil, nil, "", false},
		{"a signed object", mallory, out, &key, nil, "", false},
	} {
		o, nar := object(c.path, c.sign)
		if c.change != nil {
			c.change(&o, nar)
		}
		conn := w.connect(c.peer)
		conn.conn.SetDeadline(time.Now().Add(20 * time.Second))
		err := conn.addObject(o, nar)
		if c.says != "" {
			refused(t, c.what, err, c.says)
		} else if err != nil {
			t.Errorf("%s: %v", c.what, err)
		}
		if !c.over {
			conn.alive(c.what)
		}
		conn.conn.Close()
		i, err := w.base.View(nil).Info(t.Context(), c.path)
		switch {
		case c.says != "":
			if !errors.As(err, new(*store.NotValidError)) {
				t.Fatalf("%s: it is there: %v", c.what, err)
			}
		case err != nil:
			t.Errorf("%s: %v", c.what, err)
		case i.Deriver != "":
			t.Errorf("%s: who is not trusted says that %s has made it", c.what, i.Deriver)
		case i.ContentAddress != o.ContentAddress || !slices.Equal(i.References, o.References):
			t.Errorf("%s: %+v", c.what, i)
		}
	}
	// Whom the daemon trusts may have it believe everything.
	w2 := newWorld(t, func(c *Config) { c.Trusted = func(p socket.Peer) bool { return p == admin } })
	o, nar := object(out, nil)
	o.Unchecked = true
	if err := w2.connect(admin).addObject(o, nar); err != nil {
		t.Error(err)
	}
	if i, err := w2.base.View(nil).Info(t.Context(), out); err != nil || i.Deriver != drvPath {
		t.Errorf("%+v, %v", i, err)
	}
}

// addObject asks for an object to be added.
func (c *client) addObject(o calls.Object, nar []byte) error {
	calls.AddObject().Ask(c.w, o)
	if err := c.w.Flush(); err != nil {
		return err
	}
	if _, err := c.conn.Write(nar); err != nil {
		return err
	}
	return c.answer()
}

// TestSignObjects has the daemon sign what it knows of objects.
func TestSignObjects(t *testing.T) {
	key, err := narinfo.GenerateKey("here-1", strings.NewReader(strings.Repeat("x", 64)))
	if err != nil {
		t.Fatal(err)
	}
	var keys []narinfo.SecretKey
	w := newWorld(t, func(c *Config) { c.SigningKeys = func() ([]narinfo.SecretKey, error) { return keys, nil } })
	c := w.connect(mallory)
	a := c.addText("a", "a")
	b := c.addText("b", "b", a)
	sign := func(paths ...string) [][2]string {
		if err := c.ask(wire.SignObjects, paths); err != nil {
			t.Fatal(err)
		}
		return c.r.Pairs()
	}
	if pairs := sign(a); len(pairs) > 0 {
		t.Errorf("signed without a key: %v", pairs)
	}
	keys = []narinfo.SecretKey{key}
	pairs := sign(b, a)
	if len(pairs) != 2 || pairs[0][0] != b || pairs[1][0] != a {
		t.Fatalf("signed: %v", pairs)
	}
	info, err := w.base.Info(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	for n, good := range []bool{true, false} {
		s, err := narinfo.ParseSignature(pairs[n][1])
		if err != nil {
			t.Fatal(err)
		}
		i := narinfoOf(info)
		i.Signatures = []narinfo.Signature{s}
		if _, ok := i.SignedBy([]narinfo.PublicKey{key.Public()}); ok != good {
			t.Errorf("the signature of %s is one of %s: %v", pairs[n][0], b, ok)
		}
	}
	absent := w.base.Dir() + "/" + strings.Repeat("0", 32) + "-x"
	refused(t, "what is not there", c.ask(wire.SignObjects, []string{a, absent}), absent)
	c.alive("signatures")
}
