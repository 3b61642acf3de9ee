// Package control is how herd talks to Shepherd.
//
// # Protocol
//
// Shepherd listens on a Unix stream socket, by default
// /var/run/shepherd/socket, which only its owner may use. Both sides send
// lines, each one JSON object (RFC 8259) in UTF-8 that ends with a newline.
//
// A request names an action, the service it concerns and further arguments:
//
//	{"version":1,"action":"start","service":"sshd","args":[]}
//
// Shepherd answers with any number of messages, which are for people and tell
// what happens meanwhile, and with one reply, which has "done":
//
//	{"message":"service sshd: has been started, process 301"}
//	{"done":true,"ok":true,"services":[{"name":"sshd","state":"running",…}]}
//
// A reply that is not ok has "error", a text, and "usage":true when the request
// itself was wrong: unknown action, no such service. "services" describes the
// services concerned, see manager.Info; "lines" is text, as that of log and doc,
// and "text" the value of a custom action. A connection may carry several
// requests, one after the other; it is closed by the client. A line may have at
// most MaxLine bytes.
//
// Actions on every service: status, start, stop, restart, enable, disable, doc,
// log, and those it defines itself. On the service "root", which is Shepherd:
// status (all services), power-off (also stop and shutdown), halt, reboot,
// load FILE, eval EXPRESSION, unload SERVICE, help.
package control

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"fruix/osmodel/shepherd/manager"
)

// DefaultSocket is where the machine's Shepherd listens.
const DefaultSocket = "/var/run/shepherd/socket"

// Version is the protocol's version.
const Version = 1

// MaxLine bounds the length of a line in bytes.
const MaxLine = 4 << 20

// Request asks for an action.
type Request struct {
	Version int      `json:"version"`
	Action  string   `json:"action"`
	Service string   `json:"service"`
	Args    []string `json:"args"`
}

// Reply is a line from Shepherd: a message while Done is false.
type Reply struct {
	Message  string         `json:"message,omitempty"`
	Done     bool           `json:"done,omitempty"`
	OK       bool           `json:"ok,omitempty"`
	Error    string         `json:"error,omitempty"`
	Usage    bool           `json:"usage,omitempty"`
	Services []manager.Info `json:"services,omitempty"`
	Lines    []string       `json:"lines,omitempty"`
	Text     string         `json:"text,omitempty"`
}

// Handler answers a request; say sends a message meanwhile. ctx ends when the
// server does.
type Handler func(ctx context.Context, r Request, say func(string)) Reply

// Listen makes the socket, replacing one that nobody listens on any more.
func Listen(path string) (net.Listener, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	if _, err := os.Lstat(path); err == nil {
		c, err := net.DialTimeout("unix", path, time.Second)
		if err == nil {
			c.Close()
			return nil, fmt.Errorf("another shepherd listens on %s", path)
		}
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	// Nobody else may connect, not even before chmod.
	old := syscall.Umask(0o177)
	l, err := net.Listen("unix", path)
	syscall.Umask(old)
	return l, err
}

// Serve answers requests until the listener is closed.
func Serve(ctx context.Context, l net.Listener, h Handler) {
	for {
		c, err := l.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) || ctx.Err() != nil {
				return
			}
			time.Sleep(50 * time.Millisecond) // out of descriptors, perhaps
			continue
		}
		go func() {
			defer c.Close()
			serve(ctx, c, h)
		}()
	}
}

func serve(ctx context.Context, c io.ReadWriter, h Handler) {
	var mu sync.Mutex
	out := json.NewEncoder(c)
	send := func(r Reply) {
		mu.Lock()
		defer mu.Unlock()
		// A client that has gone misses the answer.
		_ = out.Encode(r)
	}
	in := bufio.NewScanner(c)
	in.Buffer(nil, MaxLine)
	for in.Scan() {
		var r Request
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			send(Reply{Done: true, Usage: true, Error: "not a request: " + err.Error()})
			return
		}
		if r.Version != Version {
			send(Reply{Done: true, Usage: true, Error: fmt.Sprintf("protocol version %d is not known; this shepherd speaks version %d", r.Version, Version)})
			return
		}
		reply := h(ctx, r, func(m string) { send(Reply{Message: m}) })
		reply.Done = true
		send(reply)
	}
}

// Do sends a request to the Shepherd that listens on the socket and waits for
// its reply; message, which may be nil, gets the messages.
func Do(socket string, r Request, message func(string)) (Reply, error) {
	c, err := net.Dial("unix", socket)
	if err != nil {
		switch {
		case errors.Is(err, syscall.ENOENT), errors.Is(err, syscall.ECONNREFUSED):
			return Reply{}, fmt.Errorf("no shepherd listens on %s", socket)
		case errors.Is(err, syscall.EACCES):
			return Reply{}, fmt.Errorf("%s: only its owner may use it: %w", socket, syscall.EACCES)
		}
		return Reply{}, err
	}
	defer c.Close()
	r.Version = Version
	if r.Args == nil {
		r.Args = []string{}
	}
	if err := json.NewEncoder(c).Encode(r); err != nil {
		return Reply{}, fmt.Errorf("cannot send to %s: %w", socket, err)
	}
	return Receive(c, message)
}

// Receive reads messages up to the reply.
func Receive(c io.Reader, message func(string)) (Reply, error) {
	in := bufio.NewScanner(c)
	in.Buffer(nil, MaxLine)
	for in.Scan() {
		var p Reply
		if err := json.Unmarshal(in.Bytes(), &p); err != nil {
			return Reply{}, fmt.Errorf("shepherd answered with something else: %w", err)
		}
		if p.Done {
			return p, nil
		}
		if message != nil && p.Message != "" {
			message(p.Message)
		}
	}
	if err := in.Err(); err != nil {
		return Reply{}, err
	}
	return Reply{}, errors.New("shepherd closed the connection without an answer")
}
