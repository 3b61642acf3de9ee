package remote_test

import (
	"context"
	"io"
	"log"
	"net"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"

	"fruix/builder"
	"fruix/builder/buildtest"
	"fruix/builder/plan"
	"fruix/builder/remote"
	"fruix/builder/remote/protocol"
	"fruix/builder/remote/serve"
	"fruix/builder/remote/transfer"
	"fruix/jail/jailtest"
	"fruix/jail/native"
	"fruix/store"
)

// envServe tells the test binary to serve the store under that root on its standard
// input and output.
const envServe = "FRUIX_TEST_SERVE"

func TestMain(m *testing.M) {
	native.ChildMain(os.Args)
	buildtest.HelperMain(os.Args)
	if root := os.Getenv(envServe); root != "" {
		if err := serveChild(root); err != nil {
			log.Fatal(err)
		}
		return
	}
	done, err := jailtest.Prepare("fruix/builder/buildtest/helper")
	if err != nil {
		log.Fatal(err)
	}
	code := m.Run()
	done()
	os.Exit(code)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// options are what a machine with the store s serves.
func options(s *store.Store) serve.Options {
	return serve.Options{
		Store: s,
		Executor: builder.NewLocal(s, builder.Options{
			Jail: native.New(native.Options{EUID: os.Geteuid(), WorkDir: os.TempDir()}), EUID: os.Geteuid(),
		}),
		Take: transfer.Trust{Everybody: true}.Into(s), Keep: s,
		Hello: protocol.Hello{
			Program: "test", Host: "there", Systems: builder.HostSystems(runtime.GOOS, runtime.GOARCH), Builders: "1", Cores: 2,
		},
	}
}

// serveChild is the other process.
func serveChild(root string) error {
	s, err := store.Open(context.Background(), store.Config{Root: root, Relaxed: true})
	if err != nil {
		return err
	}
	defer s.Close()
	return serve.Serve(context.Background(), protocol.Duplex(os.Stdin, os.Stdout), options(s))
}

// child connects to a server in a process of its own.
func child(root string) remote.Dialer {
	return func(context.Context) (io.ReadWriteCloser, error) {
		exe, err := os.Executable()
		if err != nil {
			return nil, err
		}
		cmd := exec.Command(exe)
		cmd.Env = append(os.Environ(), envServe+"="+root)
		return remote.Start(cmd)
	}
}

// far is a machine of its own store, served from this process.
type far struct {
	*testing.T
	store *store.Store
	o     serve.Options
	ended chan error // of each connection
}

func newFar(t *testing.T) *far {
	t.Helper()
	w := buildtest.In(t, t.TempDir(), nil)
	return &far{T: t, store: w.Store, o: options(w.Store), ended: make(chan error, 100)}
}

// dial connects to it.
func (f *far) dial(context.Context) (io.ReadWriteCloser, error) {
	here, there := net.Pipe()
	go func() { f.ended <- serve.Serve(context.Background(), there, f.o) }()
	return here, nil
}

// link makes a connection for the world w.
func (f *far) link(w *buildtest.World, change ...func(*remote.LinkOptions)) *remote.Link {
	f.Helper()
	o := remote.LinkOptions{Name: "far", Store: w.Store, Program: "test", Parallel: 4}
	for _, c := range change {
		c(&o)
	}
	l, err := remote.Connect(w.Ctx, f.dial, o)
	must(f, err)
	f.Cleanup(func() {
		l.Close()
		select {
		case <-f.ended:
		case <-time.After(10 * time.Second):
			f.Error("the server does not end with its connection")
		}
	})
	return l
}

// executor makes a plan.Executor of a link.
type executor struct{ l *remote.Link }

func (e executor) Execute(ctx context.Context, r *plan.Request, io plan.IO) (*plan.Result, error) {
	res, _, err := e.l.Execute(ctx, r, io, remote.ExecuteOptions{})
	return res, err
}

// TestExecutor runs the suite that every executor passes.
func TestExecutor(t *testing.T) {
	buildtest.Executors(t, func(w *buildtest.World) plan.Executor {
		return executor{newFar(w.TB.(*testing.T)).link(w)}
	})
}
