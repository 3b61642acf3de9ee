package repl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"fruix/builder/socket"
	"fruix/interp"
	"fruix/interp/datum"
	"fruix/interp/port"
)

// DefaultPort is Guile's port of REPL servers.
const DefaultPort = 37146

// Server offers dialogues to clients that connect to a socket of this machine.
// All share one engine: evaluations take turns; each client has a current
// module and a value history of its own.
type Server struct {
	listener net.Listener
	banner   string
	// Warn is told of what is refused.
	warn func(text string)

	mu      sync.Mutex
	clients map[*os.File]bool
	closed  bool
	done    chan struct{} // closed when no more connections are taken
}

// Listen makes a server for an address: a port number, of this machine alone;
// "" for DefaultPort; or the path of a socket, which holds a "/". Connections
// are taken once Start was called.
func Listen(address, banner string, warn func(text string)) (*Server, error) {
	l, err := listen(address)
	if err != nil {
		return nil, err
	}
	return &Server{listener: l, banner: banner, warn: warn, clients: map[*os.File]bool{}, done: make(chan struct{})}, nil
}

func listen(address string) (net.Listener, error) {
	if strings.Contains(address, "/") {
		return socket.ListenPrivate(address)
	}
	number := DefaultPort
	if address != "" {
		n, err := strconv.Atoi(address)
		if err != nil || n < 0 || n > 65535 {
			return nil, fmt.Errorf("not a port number, nor a path with a slash: %s", address)
		}
		number = n
	}
	return net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(number)))
}

// Address is where the server listens: "127.0.0.1:37146", or a path.
func (v *Server) Address() string { return v.listener.Addr().String() }

// Port is the number of the port, 0 for a socket with a path.
func (v *Server) Port() int {
	if a, ok := v.listener.Addr().(*net.TCPAddr); ok {
		return a.Port
	}
	return 0
}

// Start takes connections from now on, in threads of e. The caller must be the
// one that uses e.
func (v *Server) Start(e *interp.Engine) {
	e.Go(v.ports(e), func(ctx context.Context) {
		defer close(v.done)
		stop := context.AfterFunc(ctx, v.Close)
		defer stop()
		for {
			var conn net.Conn
			var err error
			e.Idle(func(func(func())) { conn, err = v.listener.Accept() })
			if err != nil {
				if v.isClosed() || ctx.Err() != nil {
					return
				}
				v.warn("cannot take a connection: " + err.Error())
				continue
			}
			file, err := fileOf(conn)
			if err != nil || !v.add(file) {
				continue
			}
			e.Go(interp.FilePorts(file, "client"), func(ctx context.Context) {
				defer v.drop(file)
				v.serve(ctx, e, file)
			})
		}
	})
}

// ports are those of the thread that takes connections: the program's own.
func (v *Server) ports(e *interp.Engine) interp.Ports {
	get := func(name string) datum.Value {
		proc, err := e.Lookup("(guile)", name)
		if err != nil {
			return datum.False
		}
		p, err := e.Apply(context.Background(), proc)
		if err != nil {
			return datum.False
		}
		return p
	}
	return interp.Ports{In: get("current-input-port"), Out: get("current-output-port"), Err: get("current-error-port")}
}

// fileOf takes the descriptor out of a connection.
func fileOf(conn net.Conn) (*os.File, error) {
	defer conn.Close()
	c, ok := conn.(interface{ File() (*os.File, error) })
	if !ok {
		return nil, errors.New("the connection has no descriptor")
	}
	return c.File()
}

func (v *Server) isClosed() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.closed
}

// add notes a client; false when the server is closed.
func (v *Server) add(file *os.File) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		file.Close()
		return false
	}
	v.clients[file] = true
	return true
}

func (v *Server) drop(file *os.File) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.clients, file)
}

// Close takes no more connections, ends those that there are, and removes the
// socket's file.
func (v *Server) Close() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return
	}
	v.closed = true
	v.listener.Close()
	for file := range v.clients {
		shutdown(file)
	}
}

// Done is closed when the server takes no more connections.
func (v *Server) Done() <-chan struct{} { return v.done }

// serve talks with a client, in its thread.
func (v *Server) serve(ctx context.Context, e *interp.Engine, file *os.File) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go watchPeer(ctx, file, cancel)
	out := &clientWriter{engine: e, file: file}
	s := newSession(Config{Engine: e, Out: out, Err: out, NoColor: true, Dumb: true})
	s.interactive, s.client = true, true
	s.history = e.Modules().Fresh()
	nameHistory(s.history)
	p, err := s.standardInput(ctx)
	if err == nil {
		out.port = p
		in := newStream(p, file, out)
		in.always, in.idle, in.check = true, s.idle, func(ctx context.Context) error { return v.refuseHTTP(ctx, file) }
		io.WriteString(out, v.banner)
		s.loop(ctx, in)
		p.Close()
	}
	file.Close()
}

// refuseHTTP waits for the first line of a client and ends the connection when
// that is of a web browser, which pages of others can make send anything.
func (v *Server) refuseHTTP(ctx context.Context, file *os.File) error {
	line, isHTTP := firstLine(ctx, file)
	if !isHTTP {
		return nil
	}
	v.warn("a client that spoke HTTP was refused; a page in a web browser may have tried to run a program here: " + strconv.Quote(line))
	shutdown(file)
	return io.EOF
}

// clientWriter sends what the dialogue prints, behind what the program printed.
// Other threads run while the client does not take it.
type clientWriter struct {
	engine *interp.Engine
	file   *os.File
	port   *port.Port
}

func (w *clientWriter) Write(p []byte) (n int, err error) {
	if w.port != nil && !w.port.Closed() {
		if err := w.port.Flush(); err != nil {
			return 0, err
		}
	}
	w.engine.Idle(func(func(func())) { n, err = w.file.Write(p) })
	return n, err
}

// httpLine is the first line of a request (RFC 9112, section 3), taken
// generously.
var httpLine = regexp.MustCompile(`^[A-Z]+ \S+ HTTP/\d`)

// maybeHTTP matches the beginning of such a line.
var maybeHTTP = regexp.MustCompile(`^[A-Z]+( \S*( (H(T(T(P(/\d?)?)?)?)?)?)?)?$`)
