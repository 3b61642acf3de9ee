package repl

import (
	"context"
	"fmt"
	"io"
	"strings"

	"fruix/interp"
	"fruix/interp/datum"
	"fruix/interp/port"
	"fruix/interp/prim/arg"
)

// Module holds the natives behind (system repl repl) and (system repl server).
const Module = "(fruix native repl)"

// serverType is the type of servers as values of the language.
const serverType = "repl-server"

// Natives lets programs of e start dialogues and servers. stop closes all
// servers that were started; add makes stop close another one.
func Natives(e *interp.Engine, banner string, warn func(text string)) (table []*datum.Primitive, add func(*Server), stop func()) {
	var servers []*Server
	add = func(v *Server) { servers = append(servers, v) }
	stop = func() {
		for _, v := range servers {
			v.Close()
		}
		servers = nil
	}
	serverOf := func(who string, v datum.Value) (*Server, error) {
		if v.Is(datum.KOpaque) {
			if s, ok := v.Opaque().Go.(*Server); ok {
				return s, nil
			}
		}
		return nil, datum.WrongTypeExpecting(who, 1, v, "server")
	}
	made := func(who, address string) (datum.Value, error) {
		v, err := Listen(address, banner, warn)
		if err != nil {
			return datum.Unset, datum.Misc(who, "~A", datum.NewString(err.Error()))
		}
		add(v)
		return datum.NewOpaque(serverType, v), nil
	}
	table = []*datum.Primitive{
		arg.F1("listen-tcp", func(_ datum.Caller, n datum.Value) (datum.Value, error) {
			if !n.IsFix() {
				return datum.Unset, datum.WrongTypeExpecting("make-tcp-server-socket", 1, n, "port number")
			}
			return made("make-tcp-server-socket", fmt.Sprint(n.Fix()))
		}),
		arg.F1("listen-unix", func(_ datum.Caller, path datum.Value) (datum.Value, error) {
			name, err := arg.Text("make-unix-domain-server-socket", 1, path)
			if err != nil {
				return datum.Unset, err
			}
			if !strings.Contains(name, "/") {
				name = "./" + name
			}
			return made("make-unix-domain-server-socket", name)
		}),
		arg.F1("server-port", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			s, err := serverOf("server-port", v)
			if err != nil {
				return datum.Unset, err
			}
			return datum.Fix(int64(s.Port())), nil
		}),
		arg.F1("spawn-server", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			s, err := serverOf("spawn-server", v)
			if err == nil {
				s.Start(e)
			}
			return datum.Unspecified, err
		}),
		arg.F1("run-server", func(c datum.Caller, v datum.Value) (datum.Value, error) {
			s, err := serverOf("run-server", v)
			if err != nil {
				return datum.Unset, err
			}
			s.Start(e)
			datum.Block(c, func(wake <-chan struct{}) {
				select {
				case <-s.Done():
				case <-c.Context().Done():
					s.Close()
				}
			})
			return datum.Unspecified, c.Context().Err()
		}),
		arg.F0("stop-servers", func(datum.Caller) (datum.Value, error) {
			stop()
			return datum.Unspecified, nil
		}),
		arg.F3("run-dialogue", func(c datum.Caller, in, out, errOut datum.Value) (datum.Value, error) {
			for i, p := range []datum.Value{in, out, errOut} {
				if !p.Is(datum.KPort) {
					return datum.Unset, datum.WrongTypeExpecting("start-repl", i+1, p, "port")
				}
			}
			return datum.Unspecified, dialogue(c.Context(), e, port.Of(in), portWriter{port.Of(out)}, portWriter{port.Of(errOut)})
		}),
	}
	return table, add, stop
}

// portWriter writes to a port at once.
type portWriter struct{ port *port.Port }

func (w portWriter) Write(p []byte) (int, error) {
	if err := w.port.WriteText(string(p)); err != nil {
		return 0, err
	}
	return len(p), w.port.Flush()
}

// dialogue talks over ports, for a program that asks for it.
func dialogue(ctx context.Context, e *interp.Engine, in *port.Port, out, errOut io.Writer) error {
	s := newSession(Config{Engine: e, Out: out, Err: errOut, NoColor: true, Dumb: true})
	s.interactive = true
	stream := newStream(in, nil, out)
	stream.idle = s.idle
	if err := s.loop(ctx, stream); err != nil && err != errLeave {
		return err
	}
	return nil
}
