package pwdb

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const master = `# comment
root:$6$salt$hash:0:0::0:0:Charlie &:/root:/bin/csh
toor:*:0:0::0:0:Bourne-again Superuser:/root:

daemon:*:1:1::0:0:Owner of many system processes:/root:/usr/sbin/nologin
alice::1001:1001:staff:1700000000:1800000000::/home/alice:/bin/sh
`

// read reads a hash file by the rules of the library's own look-up, and returns
// its pairs by their keys. It shares nothing with the writer but hash.
func read(t *testing.T, data []byte) map[string][]byte {
	t.Helper()
	be := binary.BigEndian
	word := func(i int) uint32 { return be.Uint32(data[4*i:]) }
	if word(0) != 0x61561 || word(1) != 2 || word(2) != 4321 || word(3) != 4096 || word(16) != hash([]byte("%$sniglet^&\x00")) {
		t.Fatalf("the header is wrong: % x", data[:68])
	}
	out := make(map[string][]byte)
	last, high, low := word(10), word(11), word(12)
	for b := uint32(0); b <= last; b++ {
		spare := uint32(0)
		if b > 0 {
			log := 0
			for 1<<log < b+1 {
				log++
			}
			spare = be.Uint32(data[68+4*(log-1):])
		}
		at := int(b+word(15)+spare) * 4096
		page := data[at : at+4096]
		n := int(be.Uint16(page))
		end := uint16(4096)
		for i := 1; i < n; i += 2 {
			k, v := be.Uint16(page[2*i:]), be.Uint16(page[2*i+2:])
			if v < 4 {
				t.Fatalf("bucket %d has an overflow page", b)
			}
			key := page[k:end]
			home := hash(key) & high
			if home > last {
				home &= low
			}
			if home != b {
				t.Errorf("the key %q is in bucket %d instead of %d", key, b, home)
			}
			out[string(key)] = page[v:k]
			end = v
		}
		if n > 0 && (be.Uint16(page[2*n+4:]) != end || be.Uint16(page[2*n+2:]) != end-uint16(2*n+6)) {
			t.Errorf("bucket %d: the free space is wrong", b)
		}
	}
	if int(word(14)) != len(out) {
		t.Errorf("the header says %d keys, there are %d", word(14), len(out))
	}
	return out
}

func TestMake(t *testing.T) {
	public, secret, err := Make(master)
	if err != nil {
		t.Fatal(err)
	}
	open, closed := read(t, public), read(t, secret)
	for _, c := range []struct{ key, want string }{
		{"\xffVERSION", "\x04"},
		{"Aroot", "root\x00$6$salt$hash\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00Charlie &\x00/root\x00/bin/csh\x00\x00\x00\x00\x00\x00\x00\x03\xdf"},
		{"B\x00\x00\x00\x03", "daemon\x00*\x00\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00Owner of many system processes\x00/root\x00/usr/sbin/nologin\x00\x00\x00\x00\x00\x00\x00\x03\xdf"},
		{"C\x00\x00\x03\xe9", "alice\x00\x00\x00\x00\x03\xe9\x00\x00\x03\xe9\x65\x53\xf1\x00staff\x00\x00/home/alice\x00/bin/sh\x00\x6b\x49\xd2\x00\x00\x00\x03\xbd"},
	} {
		if got := string(closed[c.key]); got != c.want {
			t.Errorf("%q: got\n%q\nwant\n%q", c.key, got, c.want)
		}
	}
	if got := string(closed["C\x00\x00\x00\x00"]); !strings.HasPrefix(got, "root\x00") {
		t.Errorf("the id 0 is that of %q", got)
	}
	if len(open) != 1+4*3-1 {
		t.Errorf("there are %d keys", len(open))
	}
	if bytes.Contains(public, []byte("$6$")) {
		t.Error("pwd.db holds a password")
	}
}

// many makes a file of n accounts.
func many(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "user%d:*:%d:%d::0:0:Number %d %s:/home/user%d:/bin/sh\n", i, 1000+i, 1000+i, i, strings.Repeat("x", i%300), i)
	}
	return b.String()
}

func TestMany(t *testing.T) {
	for _, n := range []int{0, 1, 85, 88, 2000} {
		public, secret, err := Make(many(n))
		if err != nil {
			t.Fatal(err)
		}
		if got := len(read(t, public)); got != 1+3*n {
			t.Errorf("%d accounts: %d keys", n, got)
		}
		if got := len(read(t, secret)); got != 1+3*n {
			t.Errorf("%d accounts: %d keys", n, got)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"a:b", `master.passwd: line 1: has 2 fields instead of 10`},
		{"#\n\na:*:x:0::0:0::/:/\n", `master.passwd: line 3: "x", the field uid, is not a number below 2^32`},
		{"+:*:0:0::0:0::/:/\n", `master.passwd: line 1: the name "+" is empty or one of NIS, which there is no support for`},
		{strings.Repeat("a", 3000), `master.passwd: line 1: has 3000 bytes; the most is 2046`},
	} {
		if _, _, err := Make(c.text); err == nil || err.Error() != c.want {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}

// TestPeer compares with FreeBSD's own program, which its build makes for
// other systems too (bootstrap tools).
func TestPeer(t *testing.T) {
	peer, err := exec.LookPath("pwd_mkdb")
	if err != nil {
		t.Skip("needs FreeBSD's pwd_mkdb")
	}
	dir := t.TempDir()
	for _, text := range []string{master, many(3), many(25)} {
		file := filepath.Join(dir, "master.passwd")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(peer, "-i", "-d", dir, file).CombinedOutput(); err != nil {
			t.Fatalf("pwd_mkdb: %v\n%s", err, out)
		}
		public, secret, err := Make(text)
		if err != nil {
			t.Fatal(err)
		}
		for name, got := range map[string][]byte{PublicName: public, SecretName: secret} {
			want, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				i := 0
				for i < min(len(got), len(want)) && got[i] == want[i] {
					i++
				}
				t.Errorf("%s differs from pwd_mkdb's at byte %d (%d and %d bytes)", name, i, len(got), len(want))
			}
		}
	}
}

func FuzzMake(f *testing.F) {
	f.Add(master)
	f.Add(many(100))
	f.Fuzz(func(t *testing.T, text string) {
		public, _, err := Make(text)
		if err == nil {
			read(t, public)
		}
	})
}
