package archive

import (
	"bytes"
	"compress/gzip"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"

	"fruix/builder/lzip"
)

// TestWhole cuts and damages compressed archives behind the last byte that a tar needs:
// that they are not whole is told all the same. What is no part of the archive may follow
// where the programs of the same name take that.
func TestWhole(t *testing.T) {
	written := func(w io.WriteCloser, err error, b *bytes.Buffer, data []byte) []byte {
		t.Helper()
		if err == nil {
			_, err = w.Write(data)
		}
		if err == nil {
			err = w.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	// Noise behind the end, so that the end of the file is far from that of the tar.
	inner := tarOf(t, sample)
	for i := range 300_000 {
		inner = append(inner, byte(i*i>>7))
	}
	zeros := make([]byte, 5000)
	for _, tt := range []struct {
		name     string
		pack     func([]byte) []byte
		trailing bool // something may follow
		sum      int  // where a byte of a sum stands, from the end; 0 when there is none
	}{
		{"gzip", func(data []byte) []byte {
			var b bytes.Buffer
			return written(gzip.NewWriter(&b), nil, &b, data)
		}, true, 5},
		{"bzip2", func(data []byte) []byte {
			cmd := exec.Command("bzip2")
			cmd.Stdin = bytes.NewReader(data)
			b, err := cmd.Output()
			if err != nil {
				t.Skip(err)
			}
			return b
		}, true, 4},
		{"xz", func(data []byte) []byte {
			var b bytes.Buffer
			w, err := xz.NewWriter(&b)
			return written(w, err, &b, data)
		}, false, 11},
		{"zstd", func(data []byte) []byte {
			var b bytes.Buffer
			w, err := zstd.NewWriter(&b)
			return written(w, err, &b, data)
		}, false, 2},
		{"lzip", func(data []byte) []byte {
			var b bytes.Buffer
			w, err := lzip.NewWriter(&b)
			return written(w, err, &b, data)
		}, true, 19},
		{"lzma", func(data []byte) []byte {
			var b bytes.Buffer
			w, err := lzma.NewWriter(&b)
			return written(w, err, &b, data)
		}, false, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			good := tt.pack(inner)
			unpack := func(what string, b []byte, wants bool) {
				t.Helper()
				switch err := Unpack(write(t, "x", b), t.TempDir(), Options{}); {
				case wants && err != nil:
					t.Errorf("%s: %v", what, err)
				case !wants && err == nil:
					t.Errorf("%s: it is unpacked without a word", what)
				case err != nil && (strings.HasSuffix(err.Error(), ": EOF") || strings.Contains(err.Error(), "larger than")):
					t.Errorf("%s: %v", what, err)
				}
			}
			unpack("whole", good, true)
			unpack("cut", good[:len(good)-10], false)
			unpack("cut in half", good[:len(good)/2], false)
			if tt.sum > 0 {
				bad := slices.Clone(good)
				bad[len(bad)-tt.sum] ^= 0x20
				unpack("damaged", bad, false)
			}
			if tt.trailing {
				unpack("zeros behind it", append(slices.Clone(good), zeros...), true)
			}
			if tt.name != "lzma" {
				unpack("in two parts", append(tt.pack(inner[:700]), tt.pack(inner[700:])...), true)
			}
		})
	}
}
