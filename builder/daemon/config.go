package daemon

import (
	"context"
	"time"

	"fruix/builder"
	"fruix/builder/socket"
	"fruix/store"
	"fruix/store/narinfo"
)

// Config is what a Server works with.
type Config struct {
	// Open returns the store for one connection, bound by the limits that limit sets,
	// and what ends its use. It is called when the connection first needs it.
	Open func(ctx context.Context, limit func(*store.Config)) (st *store.Store, closed func() error, err error)
	// Builder makes the builder for one request, and what ends its use.
	Builder func(st *store.Store, r Request) (b *builder.Builder, closed func(), err error)
	// Connected, when given, is told of everybody who is served.
	Connected func(socket.Peer)
	// Texts, when given, takes texts in place of the store.
	Texts Texts
	// Builtins are the names of builders that are part of this program.
	Builtins []string
	// URLs are those of the servers that objects are fetched from when a client
	// names none, and those that a client who is not trusted may name. They are asked
	// for anew each time; nil is nobody.
	URLs func() ([]string, error)
	// Trusted says whom to believe beside root and the user that the server runs
	// as; nil is nobody.
	Trusted func(socket.Peer) bool
	// Keys are those whose signatures make others' objects believed; SigningKeys are
	// this store's, none when there is none to sign with.
	Keys        func() ([]narinfo.PublicKey, error)
	SigningKeys func() ([]narinfo.SecretKey, error)
	// Defaults are the options of clients that name none, and the most that those
	// who are not trusted get.
	Defaults Options
	Limits   Limits
	// Log is told what goes on, for the administrator; detail is for debugging. It
	// may be nil.
	Log func(detail bool, text string)
	// EUID is the user that the server runs as.
	EUID int
	Now  func() time.Time
}

// Texts takes texts and derivations whose paths are known at once, and makes them
// valid later.
type Texts interface {
	AddText(name string, content []byte, refs []string) (string, error)
	Flush(ctx context.Context) error
}

// Options are what a client asks of builds and collections on its connection.
type Options struct {
	MaxJobs            int // on this machine at a time; less than 0 is none, all go to others
	Cores              int
	Timeout, MaxSilent time.Duration // 0 is for ever
	Rounds             int
	KeepGoing          bool
	KeepFailed         bool
	KeepHere           bool // lets no build go to another machine
	// Substitutes lets objects be fetched; from URLs, or those of the Config when
	// that is nil.
	Substitutes bool
	URLs        []string
	KeepOutputs bool // of derivations that live
	DropDrvs    bool // of outputs that live
}

// Request is a wish to build something.
type Request struct {
	Options
	Peer     socket.Peer
	User     int // whose turn it is to have something built: all from other machines are one
	Trusted  bool
	Progress builder.Progress
	// Slot, Load and Sharing are for builder.Options.
	Slot    func(ctx context.Context, queued func(running int)) (release func(), err error)
	Load    func() float64
	Sharing *builder.Sharing
}

// Limits bound what clients can take. 0 stands for the default.
type Limits struct {
	Connections int   // in all; default 1000
	PerUser     int   // connections of one user who is not trusted; default 64
	Builds      int   // on this machine at a time, of all users; default Defaults.MaxJobs
	Adds        int   // trees that one user sends at a time; default 4
	Heavy       int   // questions about the whole store of one user at a time; default 2
	Text        int64 // bytes of one string; default 64 MiB
	Memory      int64 // bytes of strings of one user at a time; default 256 MiB
	NAR         int64 // bytes of one archive; default 64 GiB
	Protected   int64 // bytes of names of objects that are kept for one user's connections; default 64 MiB
	Roots       int   // indirect roots of one user who is not trusted; default 10000
	// Stall is how long a client may send or take nothing in the midst of a
	// message; default 5 minutes.
	Stall time.Duration
	// Farewell is how long a client has for taking what was sent last; default 2
	// seconds.
	Farewell time.Duration
}

// Unlimited are limits for a client that is this process itself.
var Unlimited = Limits{
	Connections: 1 << 30, PerUser: 1 << 30, Builds: 1 << 30, Adds: 1 << 30, Heavy: 1 << 30, Text: 1 << 40, Memory: 1 << 50,
	NAR: 1 << 60, Protected: 1 << 50, Roots: 1 << 30, Stall: 1000 * time.Hour, Farewell: time.Second,
}

// complete fills in defaults.
func (c *Config) complete() {
	def := func(n *int, v int) {
		if *n <= 0 {
			*n = v
		}
	}
	def64 := func(n *int64, v int64) {
		if *n <= 0 {
			*n = v
		}
	}
	l := &c.Limits
	if c.Defaults.MaxJobs == 0 {
		c.Defaults.MaxJobs = 1
	}
	def(&c.Defaults.Rounds, 1)
	def(&l.Connections, 1000)
	def(&l.PerUser, 64)
	def(&l.Builds, max(c.Defaults.MaxJobs, 1)) // some have to be on this machine
	def(&l.Adds, 4)
	def(&l.Heavy, 2)
	def64(&l.Text, 64<<20)
	def64(&l.Memory, 256<<20)
	def64(&l.NAR, 64<<30)
	def64(&l.Protected, 64<<20)
	def(&l.Roots, 10_000)
	if l.Stall <= 0 {
		l.Stall = 5 * time.Minute
	}
	if l.Farewell <= 0 {
		l.Farewell = 2 * time.Second
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = func(bool, string) {}
	}
	if c.Trusted == nil {
		c.Trusted = func(socket.Peer) bool { return false }
	}
	if c.URLs == nil {
		c.URLs = func() ([]string, error) { return nil, nil }
	}
	if c.Keys == nil {
		c.Keys = func() ([]narinfo.PublicKey, error) { return nil, nil }
	}
	if c.SigningKeys == nil {
		c.SigningKeys = func() ([]narinfo.SecretKey, error) { return nil, nil }
	}
}
