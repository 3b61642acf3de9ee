package wire

import "strconv"

// Options are what a client asks of all that it does on its connection.
type Options struct {
	KeepFailed, KeepGoing bool
	Fallback              bool // build what could not be fetched
	Verbosity             uint64
	UseHook               bool
	BuildVerbosity        uint64
	LogType               uint64
	PrintTrace            bool
	UseSubstitutes        bool
	// Pairs are options by name; see the constants.
	Pairs [][2]string
}

// Names of options in pairs that mean something to a daemon of Guix or of Fruix.
const (
	OptionTimeout     = "build-timeout"            // seconds
	OptionMaxSilent   = "build-max-silent-time"    // seconds
	OptionMaxJobs     = "build-max-jobs"           // builds at a time
	OptionCores       = "build-cores"              // processors for one build; 0 is all
	OptionRepeat      = "build-repeat"             // how often to build again and compare
	OptionMultiplexed = "multiplexed-build-output" // "true": what builders print is marked
	OptionExtended    = "print-extended-build-trace"
	OptionURLs        = "substitute-urls" // with spaces between
	OptionKeepOutputs = "gc-keep-outputs"
	OptionKeepDrvs    = "gc-keep-derivations"
	OptionFruix       = "fruix-trace"           // "1": the client is Fruix: lines of the trace that only it knows
	OptionUnsigned    = "fruix-import-unsigned" // "1": what is imported need not be signed, if the client is trusted
)

// Write writes the options for a daemon of version v.
func (o *Options) Write(w *Writer, v Version) {
	w.Flag(o.KeepFailed)
	w.Flag(o.KeepGoing)
	w.Flag(o.Fallback)
	w.Number(o.Verbosity)
	old := v.Minor() < minorGuix
	if old {
		w.Number(1)
		w.Number(0)
	}
	w.Flag(o.UseHook)
	w.Number(o.BuildVerbosity)
	w.Number(o.LogType)
	w.Flag(o.PrintTrace)
	if old {
		w.Number(0)
	}
	w.Flag(o.UseSubstitutes)
	w.Pairs(o.Pairs)
}

// ReadOptions reads what a client of version v writes. What old versions send by
// its place is found in Pairs, before those.
func ReadOptions(r *Reader, v Version) Options {
	var o Options
	var old [][2]string
	number := func(name string) {
		if n := r.Number(); r.err == nil {
			old = append(old, [2]string{name, strconv.FormatUint(n, 10)})
		}
	}
	byPlace := v.Minor() < minorGuix
	o.KeepFailed = r.Flag()
	o.KeepGoing = r.Flag()
	o.Fallback = r.Flag()
	o.Verbosity = r.Number()
	if byPlace {
		number(OptionMaxJobs)
		number(OptionMaxSilent)
	}
	o.UseHook = r.Flag()
	o.BuildVerbosity = r.Number()
	o.LogType = r.Number()
	o.PrintTrace = r.Flag()
	if byPlace {
		number(OptionCores)
	}
	o.UseSubstitutes = r.Flag()
	o.Pairs = append(old, r.Pairs()...)
	return o
}

// PathInfo is what query-path-info answers.
type PathInfo struct {
	Deriver    string // "" when none
	Hash       string // SHA-256 of the archive in base 16
	References []string
	Registered uint64 // seconds since 1970
	NarSize    uint64
}

// Write writes the answer.
func (i *PathInfo) Write(w *Writer) {
	w.Text(i.Deriver)
	w.Text(i.Hash)
	w.Texts(i.References)
	w.Number(i.Registered)
	w.Number(i.NarSize)
}

// ReadPathInfo reads the answer.
func ReadPathInfo(r *Reader) PathInfo {
	return PathInfo{Deriver: r.Text(), Hash: r.Text(), References: r.Texts(), Registered: r.Number(), NarSize: r.Number()}
}

// Substitutable is an object that can be fetched.
type Substitutable struct {
	Path, Deriver         string
	References            []string
	DownloadSize, NarSize uint64
}

// WriteSubstitutables writes the answer to query-substitutable-path-infos.
func WriteSubstitutables(w *Writer, list []Substitutable) {
	w.Number(uint64(len(list)))
	for _, s := range list {
		w.Text(s.Path)
		s.WriteRest(w)
	}
}

// WriteRest writes what query-substitutable-path-info answers: all but the path.
func (s *Substitutable) WriteRest(w *Writer) {
	w.Text(s.Deriver)
	w.Texts(s.References)
	w.Number(s.DownloadSize)
	w.Number(s.NarSize)
}

// ReadSubstitutables reads the answer to query-substitutable-path-infos.
func ReadSubstitutables(r *Reader) []Substitutable {
	var out []Substitutable
	for n := r.Number(); n > 0 && r.err == nil; n-- {
		p := r.Text()
		s := ReadSubstitutableRest(r)
		s.Path = p
		out = append(out, s)
	}
	if r.err != nil {
		return nil
	}
	return out
}

// ReadSubstitutableRest reads all but the path.
func ReadSubstitutableRest(r *Reader) Substitutable {
	return Substitutable{Deriver: r.Text(), References: r.Texts(), DownloadSize: r.Number(), NarSize: r.Number()}
}

// Collection is a request to collect garbage.
type Collection struct {
	Action         GCAction
	Paths          []string // for DeleteSpecific
	IgnoreLiveness bool
	MaxFreed       uint64 // bytes after which to stop
}

// NoLimit is the MaxFreed of a collection that deletes all garbage.
const NoLimit = 1<<64 - 1

// Write writes the request.
func (c *Collection) Write(w *Writer) {
	w.Number(uint64(c.Action))
	w.Texts(c.Paths)
	w.Flag(c.IgnoreLiveness)
	w.Number(c.MaxFreed)
	for range obsolete {
		w.Number(0)
	}
}

// obsolete is how many numbers end a request to collect garbage that mean nothing
// any more.
const obsolete = 3

// ReadCollection reads the request.
func ReadCollection(r *Reader) Collection {
	c := Collection{Action: GCAction(r.Number()), Paths: r.Texts(), IgnoreLiveness: r.Flag(), MaxFreed: r.Number()}
	for range obsolete {
		r.Number()
	}
	return c
}

// Collected is the answer to a request to collect garbage.
type Collected struct {
	Paths []string // that are gone, or that live, or that are dead
	Bytes uint64
}

// Write writes the answer.
func (c *Collected) Write(w *Writer) {
	w.Texts(c.Paths)
	w.Number(c.Bytes)
	w.Number(0)
}

// ReadCollected reads the answer.
func ReadCollected(r *Reader) Collected {
	c := Collected{Paths: r.Texts(), Bytes: r.Number()}
	r.Number()
	return c
}
