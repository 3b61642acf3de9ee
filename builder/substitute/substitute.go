// Package substitute gets store objects from binary caches in place of building
// them: "fruix publish" servers, Nix's and Guix's caches, and caches in folders,
// such as "nix copy --to file:///DIR" makes.
//
// What enters is paths of objects; what leaves is what a cache says of them and
// of all that they need, signed by a key that is trusted, and a reader of each
// archive. Nothing here writes: the store checks an archive against what was
// signed before it becomes visible. Formats: store/narinfo.
package substitute

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/mikelolasagasti/xz"

	"fruix/builder/lzip"
	"fruix/store/narinfo"
)

// Options configure a Client.
type Options struct {
	StoreDir string
	// URLs are those of caches, the one to be asked first first: http, https or
	// file.
	URLs []string
	// Keys are whom to believe.
	Keys []narinfo.PublicKey
	// Proxy says which proxy to use; nil means none.
	Proxy func(*http.Request) (*url.URL, error)
	// Parallel is how many questions are under way at a time; less than 1 means
	// 16.
	Parallel int
	// Stall is for how long a download may stand still before it is begun again from
	// there; 0 means a minute.
	Stall time.Duration
	// Pause is how long is waited before a download that has broken off goes on, twice
	// as long each time that it is in vain; 0 means 100 milliseconds.
	Pause time.Duration
	// Now is the clock by which answers are timed; nil means that of the machine.
	Now func() time.Time
	// Warn is told of caches that do not answer and of objects that are signed
	// by nobody who is trusted, each once; nil means nobody is told.
	Warn func(text string)
}

// Client asks caches. It may be used by several goroutines.
type Client struct {
	o      Options
	http   *http.Client
	caches []*cache
	most   int64 // bytes that are held of answers about objects one by one

	mu     sync.Mutex
	warned map[string]bool
}

// cache is one place.
type cache struct {
	url *url.URL

	once     sync.Once
	down     error       // why it is not asked
	lost     atomic.Bool // it has made somebody wait in vain, and is not asked any more
	closures bool        // it tells of whole closures at once

	requests atomic.Int64    // how many were made of it
	rejected map[string]bool // paths that it has offered in vain; the client's mu guards it
}

// Offer is an object that a cache has.
type Offer struct {
	narinfo.Info
	from *cache
}

// From is the URL of the cache.
func (o *Offer) From() string { return o.from.url.String() }

// New returns a client; a URL that cannot be used is an error.
func New(o Options) (*Client, error) {
	if o.Parallel < 1 {
		o.Parallel = 16
	}
	if o.Stall <= 0 {
		o.Stall = time.Minute
	}
	if o.Pause <= 0 {
		o.Pause = 100 * time.Millisecond
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	c := &Client{o: o, most: maxAnswers, warned: map[string]bool{}, http: &http.Client{CheckRedirect: redirects, Transport: &http.Transport{
		Proxy: o.Proxy, MaxIdleConnsPerHost: o.Parallel, ResponseHeaderTimeout: 30 * time.Second,
		DialContext: (&net.Dialer{Timeout: 20 * time.Second}).DialContext, TLSHandshakeTimeout: 15 * time.Second,
		DisableCompression: true, ForceAttemptHTTP2: true,
	}}}
	for _, text := range o.URLs {
		u, err := url.Parse(strings.TrimSuffix(text, "/"))
		if err != nil {
			return nil, fmt.Errorf("the substitute server %q: %w", text, err)
		}
		switch {
		case u.Scheme == "file" && filepath.IsAbs(u.Path):
		case (u.Scheme == "http" || u.Scheme == "https") && u.Host != "":
		default:
			return nil, fmt.Errorf("the substitute server %q is no URL of the kinds http, https and file", text)
		}
		c.caches = append(c.caches, &cache{url: u})
	}
	return c, nil
}

// redirects says which redirections are followed.
func redirects(req *http.Request, via []*http.Request) error {
	if len(via) >= 10 {
		return errors.New("more than 10 redirections")
	}
	if last := via[len(via)-1].URL; last.Scheme == "https" && req.URL.Scheme != "https" {
		return fmt.Errorf("%s redirects from https to %s, which is refused", last.Host, req.URL.Redacted())
	}
	return nil
}

func (c *Client) warn(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	c.mu.Lock()
	said := c.warned[text]
	c.warned[text] = true
	c.mu.Unlock()
	if !said && c.o.Warn != nil {
		c.o.Warn(text)
	}
}

// errAbsent is the answer of a cache that does not have something.
var errAbsent = errors.New("not there")

// How long an answer may take in all, in times of Options.Stall: a small file, and what is
// said of a closure.
const (
	fileStalls    = 2
	closureStalls = 30
)

// within bounds a question to a cache. A cache that lets the time pass is lost: the next
// question would take as long, and others may have what is wanted.
func (c *Client) within(ctx context.Context, from *cache, stalls int) (bounded context.Context, end func(error) error) {
	bounded, cancel := context.WithTimeout(ctx, time.Duration(stalls)*c.o.Stall)
	return bounded, func(err error) error {
		if ctx.Err() == nil {
			err = from.noteLate(err)
		}
		cancel()
		return err
	}
}

// noteLate notes that a cache is lost if err, which may be nil, is that time has passed.
func (from *cache) noteLate(err error) error {
	var late net.Error
	if !errors.As(err, &late) || !late.Timeout() {
		return err
	}
	from.lost.Store(true)
	return &lostError{from, err}
}

// lostError is a cache that does not answer in time; err may be nil.
type lostError struct {
	from *cache
	err  error
}

func (e *lostError) Error() string {
	text := e.from.url.String() + " does not answer in time, and is not asked any more"
	if e.err != nil {
		text += ": " + e.err.Error()
	}
	return text
}

func (e *lostError) Unwrap() error { return e.err }

// get reads a small file of a cache.
func (c *Client) get(ctx context.Context, from *cache, name string, limit int64) (b []byte, err error) {
	ctx, end := c.within(ctx, from, fileStalls)
	defer func() { err = end(err) }()
	r, err := c.open(ctx, from, name)
	from.requests.Add(1)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b, err = io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("%s/%s: more than %d bytes", from.url, name, limit)
	}
	return b, err
}

// open opens a file of a cache; errAbsent when there is none.
func (c *Client) open(ctx context.Context, from *cache, name string) (io.ReadCloser, error) {
	if from.url.Scheme == "file" {
		root, err := os.OpenRoot(from.url.Path) // a name must not lead out
		if err != nil {
			return nil, err
		}
		defer root.Close()
		f, err := root.Open(filepath.FromSlash(name))
		if errors.Is(err, fs.ErrNotExist) {
			err = errAbsent
		}
		return f, err
	}
	u, err := from.at(name)
	if err != nil {
		return nil, err
	}
	return c.answer(ctx, http.MethodGet, u, nil)
}

// at is where a file of a server lies, whatever the server calls it: two slashes at the
// beginning would name another server.
func (from *cache) at(name string) (*url.URL, error) {
	return from.url.Parse(from.url.Path + "/" + strings.TrimLeft(name, "/"))
}

// answer asks an HTTP server and returns the body of a good answer.
func (c *Client) answer(ctx context.Context, method string, u *url.URL, body io.Reader) (io.ReadCloser, error) {
	res, err := c.request(ctx, method, u, body, nil)
	if err != nil {
		return nil, err
	}
	return res.Body, nil
}

// request asks an HTTP server; an answer that is not good is an error: errAbsent or a
// *statusError.
func (c *Client) request(ctx context.Context, method string, u *url.URL, body io.Reader, header http.Header) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, u.String(), body)
	if err != nil {
		return nil, err
	}
	for name, values := range header {
		req.Header[name] = values
	}
	req.Header.Set("User-Agent", "fruix")
	res, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	switch res.StatusCode {
	case http.StatusOK, http.StatusPartialContent:
		return res, nil
	case http.StatusNotFound, http.StatusForbidden, http.StatusGone: // some servers forbid what they lack
		err = errAbsent
	default:
		err = &statusError{u, res.Status, res.StatusCode}
	}
	res.Body.Close()
	return nil, err
}

// statusError is the answer of a server that does not want, or cannot.
type statusError struct {
	url    *url.URL
	status string
	code   int
}

func (e *statusError) Error() string { return fmt.Sprintf("%s answers: %s", e.url, e.status) }

// ready asks a cache once what it is; false when it is of no use.
func (c *Client) ready(ctx context.Context, from *cache) bool {
	from.once.Do(func() {
		text, err := c.get(ctx, from, "nix-cache-info", 64<<10)
		if err != nil {
			from.down = err
			if ctx.Err() == nil {
				c.warn("the substitute server %s cannot be used: %v", from.url, err)
			}
			return
		}
		for line := range strings.Lines(string(text)) {
			key, value, _ := strings.Cut(line, ":")
			switch value = strings.TrimSpace(value); key {
			case "StoreDir":
				if value != c.o.StoreDir {
					from.down = fmt.Errorf("it serves the store %s, not %s", value, c.o.StoreDir)
					c.warn("the substitute server %s cannot be used: %v", from.url, from.down)
				}
			case "FruixClosure":
				from.closures = value == "1"
			}
		}
	})
	return from.down == nil && !from.lost.Load()
}

// Find returns what caches say of paths, and of what these need, as far as it is
// not in known, by path. A path that no cache has, or that nobody who is trusted
// has signed, is missing from the answer. Caches that fail are passed over; the
// error is the context's.
func (c *Client) Find(ctx context.Context, paths []string, known func(paths []string) (map[string]bool, error)) (map[string]*Offer, error) {
	found := map[string]*Offer{}
	asked := map[string]bool{}
	level := paths
	for len(level) > 0 {
		var fresh []string
		for _, p := range level {
			if !asked[p] {
				asked[p] = true
				fresh = append(fresh, p)
			}
		}
		there, err := known(fresh)
		if err != nil {
			return nil, err
		}
		var missing []string
		for _, p := range fresh {
			if !there[p] && found[p] == nil {
				missing = append(missing, p)
			}
		}
		level = nil
		for p, o := range c.ask(ctx, missing) {
			if found[p] == nil {
				found[p] = o
				level = append(level, o.References...)
			}
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return found, nil
}

// ask asks the caches in turn until all of paths are found. It may return more
// than was asked for.
func (c *Client) ask(ctx context.Context, paths []string) map[string]*Offer {
	found := map[string]*Offer{}
	for _, from := range c.caches {
		var left []string
		for _, p := range paths {
			if found[p] == nil {
				left = append(left, p)
			}
		}
		if len(left) == 0 || ctx.Err() != nil {
			break
		}
		if left = c.withoutRejected(from, left); len(left) == 0 || !c.ready(ctx, from) {
			continue
		}
		for _, i := range c.askOne(ctx, from, left) {
			if len(c.withoutRejected(from, []string{i.Path})) == 0 { // it comes with what needs it
				continue
			}
			if _, ok := i.SignedBy(c.o.Keys); !ok {
				c.warn("%s has objects that no trusted key has signed; they are not used (\"fruix archive --authorize\" makes a key trusted)", from.url)
				continue
			}
			if i.Deriver != "" && !i.DeriverSignedBy(c.o.Keys) {
				i.Deriver = "" // whoever stands in between may have put it there
			}
			if found[i.Path] == nil {
				found[i.Path] = &Offer{*i, from}
			}
		}
	}
	return found
}

func (c *Client) askOne(ctx context.Context, from *cache, paths []string) []*narinfo.Info {
	if from.closures {
		infos, err := c.askClosure(ctx, from, paths)
		if err == nil {
			return infos
		}
		if from.lost.Load() {
			c.warn("%v", err)
		}
	}
	var mu sync.Mutex
	var out []*narinfo.Info
	var wg sync.WaitGroup
	var held atomic.Int64 // bytes of answers that are not signed
	slots := make(chan struct{}, c.o.Parallel)
	for _, p := range paths {
		slots <- struct{}{}
		if from.lost.Load() || held.Load() > c.most {
			break
		}
		wg.Go(func() {
			defer func() { <-slots }()
			base := p[strings.LastIndexByte(p, '/')+1:]
			hashPart, _, _ := strings.Cut(base, "-")
			text, err := c.get(ctx, from, hashPart+".narinfo", narinfo.MaxSize)
			if err != nil {
				switch {
				case errors.Is(err, errAbsent) || ctx.Err() != nil:
				case errors.As(err, new(*lostError)):
					c.warn("%v", err)
				default:
					c.warn("%s cannot answer: %v", from.url, withoutPlace(err))
				}
				return
			}
			i, err := narinfo.Parse(c.o.StoreDir, text)
			if err != nil || i.Path != p {
				c.warn("%s/%s.narinfo is not what was asked for", from.url, hashPart)
				return
			}
			if _, signed := i.SignedBy(c.o.Keys); !signed {
				i.DropSignatures()
				held.Add(int64(len(text)))
			}
			mu.Lock()
			out = append(out, i)
			mu.Unlock()
		})
	}
	wg.Wait()
	return out
}

// withoutPlace is what an error says but for what was asked for, so that one reason is told
// once and not for each object.
func withoutPlace(err error) error {
	var status *statusError
	var place *url.Error
	switch {
	case errors.As(err, &status):
		return errors.New(status.status)
	case errors.As(err, &place):
		return place.Err
	}
	return err
}

// maxClosure bounds the answer about closures, of which little is held at a time, and
// maxAnswers what is held, in bytes of text, of answers about objects one by one that
// nobody who is trusted has signed.
const (
	maxClosure = 256 << 20
	maxAnswers = 64 << 20
)

// askClosure asks a Fruix server for objects with all that they need at once. Of what no
// trusted key has signed only what was asked for is kept, and one object as an example:
// anybody can make up more.
func (c *Client) askClosure(ctx context.Context, from *cache, paths []string) (out []*narinfo.Info, err error) {
	ctx, end := c.within(ctx, from, closureStalls)
	defer func() { err = end(err) }()
	var body bytes.Buffer
	for _, p := range paths {
		fmt.Fprintln(&body, p[strings.LastIndexByte(p, '/')+1:])
	}
	u, err := from.at("closure")
	if err != nil {
		return nil, err
	}
	r, err := c.answer(ctx, http.MethodPost, u, &body)
	from.requests.Add(1)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	asked := make(map[string]bool, len(paths))
	for _, p := range paths {
		asked[p] = true
	}
	example := false
	lines := bufio.NewScanner(&io.LimitedReader{R: r, N: maxClosure})
	lines.Buffer(nil, narinfo.MaxSize)
	lines.Split(byEmptyLines)
	for lines.Scan() {
		i, err := narinfo.Parse(c.o.StoreDir, lines.Bytes())
		if err != nil {
			return nil, err
		}
		if _, signed := i.SignedBy(c.o.Keys); signed || asked[i.Path] || !example {
			if !signed {
				i.DropSignatures() // they take more place than their text, and are of no use
				example = true
			}
			delete(asked, i.Path) // once
			out = append(out, i)
		}
	}
	return out, lines.Err()
}

// byEmptyLines is a bufio.SplitFunc for texts with empty lines between them.
func byEmptyLines(data []byte, end bool) (n int, text []byte, err error) {
	from := len(data) - len(bytes.TrimLeft(data, "\n"))
	if i := bytes.Index(data[from:], []byte("\n\n")); i >= 0 {
		return from + i + 2, data[from : from+i+1], nil
	}
	if end && from < len(data) {
		return len(data), data[from:], nil
	}
	return from, nil, nil
}

// Open opens the archive of an offer, decompressed. progress is told how many bytes
// have come, of how many: compressed ones or, when nobody knows how many of those there
// are, those of the archive.
func (c *Client) Open(ctx context.Context, o *Offer, progress func(done, total int64)) (io.ReadCloser, error) {
	r, err := c.openArchive(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("%s/%s: %w", o.from.url, o.URL, err)
	}
	most := &bounded{r: r, left: mostOf(o.NarSize)}
	var raw io.Reader = most
	if o.FileSize > 0 {
		raw = &counting{r: raw, total: o.FileSize, told: progress}
	}
	plain, err := decompress(o.Compression, raw)
	if err != nil {
		r.Close()
		return nil, fmt.Errorf("%s/%s: %w", o.from.url, o.URL, err)
	}
	b := &body{plain, plain, most, r}
	if o.FileSize <= 0 {
		b.Reader = &counting{r: plain, total: o.NarSize, told: progress}
	}
	return b, nil
}

// openArchive opens an archive as it lies at its cache. From a server it goes on when
// it breaks off.
func (c *Client) openArchive(ctx context.Context, o *Offer) (io.ReadCloser, error) {
	if o.from.url.Scheme == "file" {
		return c.open(ctx, o.from, o.URL)
	}
	if o.from.lost.Load() {
		return nil, &lostError{from: o.from}
	}
	u, err := o.from.at(o.URL)
	if err != nil {
		return nil, err
	}
	return c.download(ctx, o.from, u, o.FileSize)
}

// Reject says that an offer is of no use: its archive could not be had, or is not what
// was signed. The cache is not asked for that object again. The result says whether
// others may have it.
func (c *Client) Reject(o *Offer) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if o.from.rejected == nil {
		o.from.rejected = map[string]bool{}
	}
	o.from.rejected[o.Path] = true
	for _, other := range c.caches {
		if !other.rejected[o.Path] {
			return true
		}
	}
	return false
}

// withoutRejected leaves out the paths that a cache has offered in vain.
func (c *Client) withoutRejected(from *cache, paths []string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.DeleteFunc(paths, func(p string) bool { return from.rejected[p] })
}

// Log opens the log of the build of the derivation called base, "HASH-NAME.drv", at the
// first cache that has it, and says where that is; fs.ErrNotExist when none has.
func (c *Client) Log(ctx context.Context, base string) (r io.ReadCloser, place string, err error) {
	for _, from := range c.caches {
		if !c.ready(ctx, from) {
			continue
		}
		r, err := c.open(ctx, from, "log/"+base)
		if err == nil {
			return r, from.url.String() + "/log/" + base, nil
		}
		if ctx.Err() != nil {
			return nil, "", ctx.Err()
		}
		if !errors.Is(err, errAbsent) {
			c.warn("%v", err)
		}
	}
	return nil, "", fs.ErrNotExist
}

// body closes what lies below a decompressor.
type body struct {
	io.Reader
	plain io.Reader // the decompressor
	most  *bounded
	below io.Closer
}

// Read implements io.Reader. Decompressors have words of their own for an early end.
func (b *body) Read(to []byte) (int, error) {
	n, err := b.Reader.Read(to)
	if err != nil && b.most.over {
		err = errPadded
	}
	return n, err
}

func (b *body) Close() error {
	if z, ok := b.plain.(*zstd.Decoder); ok {
		z.Close()
	}
	return b.below.Close()
}

// lzipDictionary bounds the memory for archives of lzip; "lzip -9" wants half of it.
const lzipDictionary = 64 << 20

// zstdWindow bounds the memory that decompressing takes: "zstd -d" without further options
// takes as much.
const zstdWindow = 128 << 20

func decompress(how string, r io.Reader) (io.Reader, error) {
	switch how {
	case "none":
		return r, nil
	case "zstd":
		return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(zstdWindow))
	case "gzip":
		return gzip.NewReader(r)
	case "xz":
		return xz.NewReader(r, xz.DefaultDictMax)
	case "lzip":
		return lzip.NewReader(bufio.NewReader(r), lzipDictionary), nil
	case "bzip2", "":
		return bzip2.NewReader(r), nil
	}
	return nil, fmt.Errorf("the compression %q is not known", how)
}

// mostOf is how many bytes an archive of so many may come as: compressing adds hardly
// anything to what cannot be compressed.
func mostOf(narSize int64) int64 {
	return min(narSize, 1<<62)/8*9 + 1<<20
}

// bounded is an archive as it comes. What it is made of may stand for nothing, without
// end, such as zstd's frames that are to be skipped.
type bounded struct {
	r    io.Reader
	left int64
	over bool // more than that was wanted
}

var errPadded = errors.New("more bytes come than the archive has that was announced")

func (b *bounded) Read(to []byte) (int, error) {
	if b.left <= 0 {
		b.over = true
		return 0, errPadded
	}
	n, err := b.r.Read(to[:min(int64(len(to)), b.left)])
	b.left -= int64(n)
	return n, err
}

// counting tells how much has been read.
type counting struct {
	r           io.Reader
	done, total int64
	told        func(done, total int64)
}

func (c *counting) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.done += int64(n)
	if c.told != nil {
		c.told(c.done, c.total)
	}
	return n, err
}
