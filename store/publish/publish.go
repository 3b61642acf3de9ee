// Package publish serves a store over HTTP as a binary cache: the protocol of
// Nix's "HTTP Binary Cache Store", which "nix copy --from" and substituters read,
// and the routes of "guix publish" beside it (Guix manual, "Invoking guix
// publish").
//
//	GET  /                                  a line for people
//	GET  /signing-key.pub                   the public keys, one a line
//	GET  /nix-cache-info                    of which store this is a cache
//	GET  /HASH.narinfo                      what is known of the object HASH-…, signed
//	GET  /nar/COMPRESSION/HASH-NAME         its archive: none, zstd or gzip, or a part
//	GET  /log/HASH-NAME.drv                 the log of a build
//	GET  /file/NAME/sha256/HASH             a fixed output, by its content
//	POST /closure                           narinfos of objects and all they need
//
// The last is Fruix's own: the body holds base names, one a line; the answer
// their narinfos and those of all that they refer to, what is referred to first,
// with empty lines between. A closure is known after one question.
package publish

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"runtime"
	"strings"
	"time"

	"fruix/store"
	"fruix/store/baked"
	"fruix/store/hash"
	"fruix/store/narinfo"
	"fruix/store/nixbase32"
	"fruix/store/path"
	"fruix/store/tree"
)

// Options say how a store is served.
type Options struct {
	// Keys sign what is told of objects.
	Keys []narinfo.SecretKey
	// Compression is what narinfos offer: "zstd", "gzip" or "none".
	Compression string
	// Priority tells clients which cache to ask first; less is sooner.
	Priority int
	// TTL is for how long clients may keep what they were told.
	TTL time.Duration
	// Log opens the log of a derivation's build; fs.ErrNotExist when there is
	// none. nil serves no logs.
	Log func(drvPath string) (io.ReadCloser, error)
	// Bakery has archives that are compressed already; nil compresses each as it is
	// sent. Somebody must let it run.
	Bakery *Bakery
	// Encoders is how many archives are compressed at a time as they are sent; less than
	// 1 means a few for each processor. Who waits for one is let go on fairly among
	// addresses.
	Encoders int
}

// Bounds of questions for closures: how many are answered at a time, how many names are
// in one, how many objects are looked at for it, and the bytes of its body.
const (
	questionsAtOnce = 4
	maxNames        = 50_000
	maxLookedAt     = 100_000
	maxQuestion     = 8 << 20
)

// Source is what is served: a *store.Store, or one behind a daemon.
type Source interface {
	Dir() string                                                 // logical store directory
	Physical(logical string) string                              // where a logical path lies
	ByHash(ctx context.Context, hashPart string) (string, error) // "" when there is none
	Peek(ctx context.Context, p string) (*store.Info, error)     // of a valid object
}

// Handler serves s. It looks at objects without keeping them from being
// collected; one that goes while it is sent breaks the answer off.
func Handler(s Source, o Options) http.Handler {
	if o.Encoders < 1 {
		o.Encoders = max(8, 4*runtime.NumCPU())
	}
	h := &server{s, o, encoders(), newLanes(o.Encoders), newLanes(questionsAtOnce)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", h.page)
	mux.HandleFunc("GET /signing-key.pub", h.publicKeys)
	mux.HandleFunc("GET /nix-cache-info", h.cacheInfo)
	mux.HandleFunc("GET /{file}", h.narinfo)
	mux.HandleFunc("GET /nar/{compression}/{base}", h.nar)
	mux.HandleFunc("GET /log/{base}", h.log)
	mux.HandleFunc("GET /file/{name}/{algo}/{hash}", h.file)
	mux.HandleFunc("POST /closure", h.closure)
	return mux
}

type server struct {
	s        Source
	o        Options
	encoders string // see encoders
	// encoding and asking bound what goes on at a time.
	encoding, asking *lanes
}

// page is for people who look at the server.
func (h *server) page(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintf(w, "This is a cache of the store %s, as \"fruix publish\" serves it.\n", h.s.Dir())
	if len(h.o.Keys) > 0 {
		fmt.Fprintf(w, "What it tells is signed with the key at http://%s/signing-key.pub.\n", r.Host)
	}
}

// publicKeys are those with which what is told can be checked, one a line. Who trusts
// them has to know from elsewhere that they are this server's.
func (h *server) publicKeys(w http.ResponseWriter, _ *http.Request) {
	if len(h.o.Keys) == 0 {
		notFound(w)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	for _, k := range h.o.Keys {
		fmt.Fprintln(w, k.Public())
	}
}

// inTurn is a body that compresses, which waits for its turn among those of others.
func (h *server) inTurn(r *http.Request, b body) body {
	return func(ctx context.Context, w io.Writer, from int64) error {
		ctx, release, err := h.encoding.take(ctx, origin(r.RemoteAddr))
		if err != nil {
			return err
		}
		defer release()
		return b(ctx, w, from)
	}
}

// notFound answers that there is no such thing. Nothing is said about why: names
// are all that a stranger may learn from the answer.
func notFound(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "max-age=60")
	http.Error(w, "404 not found", http.StatusNotFound)
}

func (h *server) cached(w http.ResponseWriter) {
	if h.o.TTL > 0 {
		w.Header().Set("Cache-Control", fmt.Sprintf("public, max-age=%d", int(h.o.TTL.Seconds())))
	}
}

func (h *server) cacheInfo(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/x-nix-cache-info")
	fmt.Fprintf(w, "StoreDir: %s\nWantMassQuery: 1\nPriority: %d\nFruixClosure: 1\n", h.s.Dir(), h.o.Priority)
}

func (h *server) narinfo(w http.ResponseWriter, r *http.Request) {
	part, ok := strings.CutSuffix(r.PathValue("file"), ".narinfo")
	if _, err := nixbase32.DecodeString(part); !ok || len(part) != path.HashLen || err != nil {
		notFound(w)
		return
	}
	p, err := h.s.ByHash(r.Context(), part)
	if err != nil {
		h.fail(w, err)
		return
	}
	if p == "" {
		notFound(w)
		return
	}
	i, ready, err := h.info(r.Context(), p)
	if err != nil {
		h.fail(w, err)
		return
	}
	if !ready {
		notFound(w)
		return
	}
	h.cached(w)
	w.Header().Set("Content-Type", "text/x-nix-narinfo")
	io.WriteString(w, i.String())
}

// fail answers for an object that cannot be told of: it is not there, or the store
// cannot be asked. Nobody may remember the latter: the daemon behind a store may only be
// starting anew. Why it is so concerns the server's administrator alone.
func (h *server) fail(w http.ResponseWriter, err error) {
	if errors.As(err, new(*store.NotValidError)) {
		notFound(w)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, "503 the store cannot be asked", http.StatusServiceUnavailable)
}

// info is the signed narinfo of p. ready is false when its archive is not there yet:
// then nothing is said of it, as Guix does.
func (h *server) info(ctx context.Context, p string) (i *narinfo.Info, ready bool, err error) {
	known, err := h.s.Peek(ctx, p)
	if err != nil {
		return nil, false, err
	}
	i = &narinfo.Info{
		Path: p, URL: "nar/" + h.o.Compression + "/" + p[len(h.s.Dir())+1:], Compression: h.o.Compression,
		NarHash: hash.Digest{Algo: hash.SHA256, Sum: known.NarHash}, NarSize: known.NarSize,
		References: known.References, Deriver: known.Deriver, CA: known.ContentAddress,
	}
	a, wait := h.kept(known, h.o.Compression)
	switch {
	case i.Compression == "none":
		i.FileHash, i.FileSize = i.NarHash, i.NarSize
	case a != nil:
		i.FileHash, i.FileSize = hash.Digest{Algo: hash.SHA256, Sum: a.Hash[:]}, a.Size
		a.Close()
	}
	for _, k := range h.o.Keys {
		k.Sign(i)
	}
	return i, !wait, nil
}

// kept is an object's archive as it lies compressed, nil when there is none; wait says
// whether there is to be one before anybody gets it.
func (h *server) kept(known *store.Info, compression string) (a *baked.Archive, wait bool) {
	if h.o.Bakery == nil || compression == "none" || compression != h.o.Compression {
		return nil, false
	}
	return h.o.Bakery.open(orderOf(known, compression, h.encoders))
}

func (h *server) nar(w http.ResponseWriter, r *http.Request) {
	base := r.PathValue("base")
	if _, err := path.ParseBase(base); err != nil {
		notFound(w)
		return
	}
	p := h.s.Dir() + "/" + base
	known, err := h.s.Peek(r.Context(), p)
	if err != nil {
		h.fail(w, err)
		return
	}
	compression := r.PathValue("compression")
	b := dump(h.s, p).compressed(compression)
	if b == nil {
		notFound(w)
		return
	}
	sum := hash.Digest{Algo: hash.SHA256, Sum: known.NarHash}.Base32()
	size, tag := known.NarSize, sum+".none"
	if compression != "none" {
		size, tag, b = -1, sum+"."+compression+"-"+h.encoders, h.inTurn(r, b)
	}
	// Who was told of an archive gets it, be it gone from the cache since.
	if a, _ := h.kept(known, compression); a != nil {
		defer a.Close()
		size, b = a.Size, h.o.Bakery.archive(orderOf(known, compression, h.encoders), a, b)
	}
	w.Header().Set("Content-Type", "application/x-nix-nar")
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	b.serve(w, r, fmt.Sprintf("%q", tag), size)
}

// dump is the archive of p, not compressed.
func dump(s Source, p string) body {
	return func(ctx context.Context, w io.Writer, from int64) error {
		_, err := tree.Dump(ctx, &window{w: w, skip: from, left: -1}, s.Physical(p), tree.Options{})
		return err
	}
}

func (h *server) log(w http.ResponseWriter, r *http.Request) {
	base := r.PathValue("base")
	if _, err := path.ParseBase(base); err != nil || h.o.Log == nil {
		notFound(w)
		return
	}
	log, err := h.o.Log(h.s.Dir() + "/" + base)
	if err != nil {
		notFound(w)
		return
	}
	defer log.Close()
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	io.Copy(w, log)
}

// file serves a fixed output that is one file by its hash.
func (h *server) file(w http.ResponseWriter, r *http.Request) {
	algo, err := hash.ParseAlgo(r.PathValue("algo"))
	if err != nil {
		notFound(w)
		return
	}
	digest, err := hash.Parse(r.PathValue("hash"), algo)
	if err != nil {
		notFound(w)
		return
	}
	q, err := path.MakeFixed(h.s.Dir(), r.PathValue("name"), false, algo, digest.Sum, nil)
	if err != nil {
		notFound(w)
		return
	}
	p := q.In(h.s.Dir())
	if _, err := h.s.Peek(r.Context(), p); err != nil {
		h.fail(w, err)
		return
	}
	f, err := os.Open(h.s.Physical(p))
	if err != nil {
		notFound(w)
		return
	}
	defer f.Close()
	if st, err := f.Stat(); err != nil || st.Mode()&fs.ModeType != 0 {
		notFound(w)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	http.ServeContent(w, r, "", time.Time{}, f)
}

func (h *server) closure(w http.ResponseWriter, r *http.Request) {
	var roots []string
	lines := bufio.NewScanner(http.MaxBytesReader(w, r.Body, maxQuestion))
	for lines.Scan() {
		if _, err := path.ParseBase(lines.Text()); err != nil {
			http.Error(w, "400 not a list of base names", http.StatusBadRequest)
			return
		}
		if len(roots) == maxNames {
			http.Error(w, "413 too many names", http.StatusRequestEntityTooLarge)
			return
		}
		roots = append(roots, h.s.Dir()+"/"+lines.Text())
	}
	if lines.Err() != nil {
		http.Error(w, "400 the list cannot be read", http.StatusBadRequest)
		return
	}
	// What follows takes as long as it takes: the client has said all.
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	ctx, release, err := h.asking.take(r.Context(), origin(r.RemoteAddr))
	if err != nil {
		return // nobody waits for an answer
	}
	defer release()
	w.Header().Set("Content-Type", "text/x-nix-narinfo")
	sent := &counter{w: w}
	out := bufio.NewWriter(sent)
	done := map[string]bool{}
	for _, p := range roots {
		if err := h.tell(ctx, out, p, done); err != nil {
			if sent.n > 0 {
				panic(http.ErrAbortHandler) // what ends early is not taken for all
			}
			h.fail(w, err)
			return
		}
	}
	out.Flush()
}

var errTooMuch = errors.New("too many objects for one answer")

// tell writes the narinfos of what p refers to, then its own. An object that is
// not there, or whose archive is not, is left out.
func (h *server) tell(ctx context.Context, w io.Writer, p string, done map[string]bool) error {
	if done[p] || ctx.Err() != nil {
		return ctx.Err()
	}
	if len(done) == maxLookedAt {
		return errTooMuch
	}
	done[p] = true
	i, ready, err := h.info(ctx, p)
	if errors.As(err, new(*store.NotValidError)) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, ref := range i.References {
		if err := h.tell(ctx, w, ref, done); err != nil {
			return err
		}
	}
	if ready {
		fmt.Fprintf(w, "%s\n", i)
	}
	return nil
}
