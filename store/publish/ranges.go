package publish

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// span is a part of a body: the bytes from first to last.
type span struct{ first, last int64 }

// rangeOf is the part of a body of so many bytes that a request asks for (RFC 9110,
// section 14.2); nil means the whole: none is asked for, several are, what asks is not
// understood, or the part is to be of another version than that with the given tag.
// A part that does not exist is an error.
func rangeOf(r *http.Request, tag string, size int64) (*span, error) {
	text, ok := asked(r, tag)
	if !ok {
		return nil, nil
	}
	from, to, ok := strings.Cut(text, "-")
	first, ferr := strconv.ParseUint(from, 10, 63)
	last, lerr := strconv.ParseUint(to, 10, 63)
	switch {
	case !ok || from != "" && ferr != nil || to != "" && lerr != nil || from == "" && to == "" || from != "" && to != "" && first > last:
		return nil, nil
	case from == "" && last == 0 || from != "" && int64(first) >= size:
		return nil, errNoSuchPart
	case from == "": // so many from the end
		return &span{max(0, size-int64(last)), size - 1}, nil
	case to == "":
		return &span{int64(first), size - 1}, nil
	}
	return &span{int64(first), min(int64(last), size-1)}, nil
}

var errNoSuchPart = errors.New("there is no such part")

// asked is the one range that a request names, without its unit. If-Range wants the
// strong comparison of RFC 9110, section 8.8.3.2; a date never matches.
func asked(r *http.Request, tag string) (string, bool) {
	text, ok := strings.CutPrefix(r.Header.Get("Range"), "bytes=")
	at := r.Header.Get("If-Range")
	return strings.TrimSpace(text), ok && !strings.Contains(text, ",") && (at == "" || at == tag)
}

// body writes the bytes of an answer, from the given one on.
type body func(ctx context.Context, w io.Writer, from int64) error

// compressed is a body compressed: "none", "zstd" or "gzip". The bytes are the same each
// time, so that what was broken off can go on.
func (b body) compressed(how string) body {
	switch how {
	case "none":
		return b
	case "zstd":
		return func(ctx context.Context, w io.Writer, from int64) error {
			// One goroutine, so that the bytes are the same each time.
			z, err := zstd.NewWriter(&window{w: w, skip: from, left: -1}, zstd.WithEncoderConcurrency(1))
			if err == nil {
				err = errors.Join(b(ctx, z, 0), z.Close())
			}
			return err
		}
	case "gzip":
		return func(ctx context.Context, w io.Writer, from int64) error {
			z := gzip.NewWriter(&window{w: w, skip: from, left: -1})
			return errors.Join(b(ctx, z, 0), z.Close())
		}
	}
	return nil
}

// size is how many bytes a body has, which it writes to find that out.
func (b body) size(ctx context.Context) (int64, error) {
	n := &counter{w: io.Discard}
	err := b(ctx, n, 0)
	return n.n, err
}

// counter counts what has been written.
type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

// serve answers with b, of which size bytes are known to come, -1 when that is not
// known, or with the part of it that is asked for. A part of what is compressed as it is
// sent costs two goes, since its place among all must be told.
func (b body) serve(w http.ResponseWriter, r *http.Request, tag string, size int64) {
	header := w.Header()
	header.Set("ETag", tag)
	header.Set("Accept-Ranges", "bytes")
	if matches(r.Header.Values("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if _, part := asked(r, tag); part && size < 0 {
		var err error
		if size, err = b.size(r.Context()); err != nil {
			panic(http.ErrAbortHandler)
		}
	}
	part, err := rangeOf(r, tag, size)
	if err != nil {
		header.Set("Content-Range", fmt.Sprintf("bytes */%d", size))
		http.Error(w, "416 "+err.Error(), http.StatusRequestedRangeNotSatisfiable)
		return
	}
	to, from := &window{w: w, left: -1}, int64(0)
	switch {
	case part != nil:
		from, to.left = part.first, part.last-part.first+1
		header.Set("Content-Length", strconv.FormatInt(to.left, 10))
		header.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", part.first, part.last, size))
		w.WriteHeader(http.StatusPartialContent)
	case size >= 0:
		header.Set("Content-Length", strconv.FormatInt(size, 10))
	}
	if r.Method == http.MethodHead {
		return
	}
	if err := b(r.Context(), to, from); err != nil && !errors.Is(err, errDone) {
		panic(http.ErrAbortHandler) // the client must see that this is not all
	}
}

// matches says whether a tag is in lists of them, by the weak comparison of RFC 9110,
// section 13.1.2. Tags hold no commas here.
func matches(lists []string, tag string) bool {
	for _, list := range lists {
		for one := range strings.SplitSeq(list, ",") {
			one = strings.TrimSpace(one)
			if one == "*" || strings.TrimPrefix(one, "W/") == tag {
				return true
			}
		}
	}
	return false
}

// window lets through what is behind the first bytes, and no more than so many; then
// it says errDone. left is -1 when there is no end.
type window struct {
	w          io.Writer
	skip, left int64
}

var errDone = errors.New("all that was asked for has been sent")

func (v *window) Write(b []byte) (int, error) {
	n := len(b)
	drop := min(v.skip, int64(n))
	v.skip -= drop
	b = b[drop:]
	end := v.left >= 0 && int64(len(b)) >= v.left
	if end {
		b = b[:v.left]
	}
	if len(b) > 0 {
		if _, err := v.w.Write(b); err != nil {
			return 0, err
		}
	}
	if v.left >= 0 {
		v.left -= int64(len(b))
	}
	if end {
		return n, errDone
	}
	return n, nil
}

// encoders names the versions of what compresses: from others, other bytes come.
func encoders() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, m := range info.Deps {
		if m.Path == "github.com/klauspost/compress" {
			return info.GoVersion + "-" + m.Version
		}
	}
	return info.GoVersion
}
