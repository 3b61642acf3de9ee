package lang

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"fruix/interp/datum"
	"fruix/interp/prim/arg"
	"fruix/store"
	"fruix/store/drv"
	"fruix/store/hash"
	"fruix/store/nar"
	"fruix/store/wire"
	"fruix/store/wire/calls"
)

// The worker protocol is what clients of Nix and Guix speak with a daemon (store/wire).
// A worker answers it for the session's own store, inside the process: the client's port
// hands over what was written when it is read.

// answering reads the arguments of an operation of a worker.
type answering func(*worker, *wire.Reader) calls.Work

// answerTo is an operation that f answers.
func answerTo[A, R any](call calls.Call[A, R], f func(*worker, context.Context, A) (R, error)) (wire.Op, answering) {
	return call.Op, func(w *worker, in *wire.Reader) calls.Work {
		return call.Serve(in, func(ctx context.Context, args A) (R, error) { return f(w, ctx, args) })
	}
}

// fixed answers the same whatever it is asked.
func fixed[A, R any](call calls.Call[A, R], answer R) (wire.Op, answering) {
	return answerTo(call, func(*worker, context.Context, A) (R, error) { return answer, nil })
}

// operations returns those that are offered to programs that declare builds.
func operations() map[wire.Op]answering {
	table := map[wire.Op]answering{}
	add := func(op wire.Op, f answering) { table[op] = f }
	add(answerTo(calls.IsValidPath(), (*worker).valid))
	add(answerTo(calls.QueryValidPaths(), (*worker).validPaths))
	add(answerTo(calls.QueryPathHash(), (*worker).pathHash))
	add(answerTo(calls.QueryPathInfo(), (*worker).pathInfo))
	add(answerTo(calls.QueryReferences(), (*worker).references))
	add(answerTo(calls.QueryDerivationOutputs(), (*worker).derivationOutputs))
	add(answerTo(calls.QueryDerivationNames(), (*worker).outputNames))
	add(answerTo(calls.AddTextToStore(), (*worker).addText))
	add(answerTo(calls.BuildPaths(), (*worker).build))
	add(answerTo(calls.EnsurePath(), (*worker).ensurePath))
	// The archive is the rest of the request.
	add(wire.AddToStore, func(w *worker, in *wire.Reader) calls.Work {
		return calls.AddToStore().Serve(in, func(ctx context.Context, t calls.Tree) (string, error) {
			p, err := w.addToStore(ctx, t, in.Raw())
			_, rest := io.Copy(io.Discard, in.Raw())
			return p, errors.Join(err, rest)
		})
	})
	// Options are for a daemon, and none of them changes what is declared.
	add(wire.SetOptions, func(w *worker, in *wire.Reader) calls.Work {
		return calls.SetOptions(w.version).Serve(in, func(context.Context, wire.Options) (none calls.None, err error) { return none, nil })
	})
	add(fixed(calls.AddTempRoot(), calls.None{})) // all that is declared is kept
	add(fixed(calls.HasSubstitutes(), false))
	add(fixed(calls.QuerySubstitutableInfos(), nil))
	add(fixed(calls.QuerySubstitutablePaths(), nil))
	add(fixed(calls.SubstituteURLs(), nil))
	add(fixed(calls.QueryPathFromHashPart(), "")) // only commands ask
	add(fixed(calls.BuiltinBuilders(), []string{"download"}))
	return table
}

// operationNames are the operations that exist elsewhere, for messages.
var operationNames = map[wire.Op]string{
	wire.QueryReferrers: "asking for referrers", wire.AddIndirectRoot: "adding a root", wire.FindRoots: "finding roots",
	wire.ExportPath: "exporting", wire.QueryDeriver: "asking for the deriver", wire.CollectGarbage: "collecting garbage",
	wire.QueryAllValidPaths: "listing the store", wire.ImportPaths: "importing", wire.QueryValidDerivers: "asking for derivers",
	wire.OptimiseStore: "optimising the store", wire.VerifyStore: "verifying the store",
}

// worker is one connection.
type worker struct {
	session    *Session
	operations map[wire.Op]answering
	// greeted counts the steps of the handshake.
	greeted int
	version wire.Version // that is spoken
}

// workerNatives are the natives of a connection.
func (s *Session) workerNatives() []*datum.Primitive {
	return []*datum.Primitive{
		arg.F0("%open-worker", func(datum.Caller) (datum.Value, error) {
			return datum.NewOpaque("worker", &worker{session: s, operations: operations()}), nil
		}),
		// (%worker-answer worker bv) is what the worker answers to the requests
		// in bv, which must be complete.
		arg.F2("%worker-answer", func(c datum.Caller, v, bv datum.Value) (datum.Value, error) {
			const who = "%worker-answer"
			w, ok := (*worker)(nil), false
			if v.Is(datum.KOpaque) {
				w, ok = v.Opaque().Go.(*worker)
			}
			if !ok {
				return datum.Unset, datum.WrongTypeExpecting(who, 1, v, "worker")
			}
			b, err := arg.Bytes(who, 2, bv)
			if err != nil {
				return datum.Unset, err
			}
			out, err := w.answer(c.Context(), b.B)
			if err != nil {
				return datum.Unset, datum.Misc(who, "~A", str(err.Error()))
			}
			return datum.NewBytevector(out), nil
		}),
	}
}

// unbounded are the limits of a client that is this process itself.
var unbounded = wire.Limits{Text: 1 << 40, Message: 1 << 50}

// errShort says that a message is not complete.
var errShort = errors.New("the message ends too early")

// answer answers complete requests. An error means that the client does not
// keep to the protocol; what goes wrong in an operation is part of the answer.
func (w *worker) answer(ctx context.Context, requests []byte) ([]byte, error) {
	in := wire.NewReader(bytes.NewReader(requests), unbounded)
	var answers bytes.Buffer
	out := wire.NewWriter(&answers)
	for {
		if _, err := in.Raw().Peek(1); err == io.EOF {
			err = out.Flush()
			return answers.Bytes(), err
		}
		if err := w.one(ctx, in, out); err != nil {
			if errors.Is(err, io.ErrUnexpectedEOF) {
				err = errShort
			}
			return nil, fmt.Errorf("worker protocol: %w", err)
		}
	}
}

func (w *worker) one(ctx context.Context, in *wire.Reader, out *wire.Writer) error {
	switch w.greeted++; w.greeted {
	case 1:
		return wire.AnswerHello(in, out)
	case 2:
		g, err := wire.ReadGreeting(in)
		if err == nil {
			err = g.Check()
		}
		if err != nil {
			return err
		}
		w.version = g.Version
		out.Done()
		return nil
	}
	in.Begin()
	op, err := in.Op()
	if err != nil {
		return err
	}
	parse := w.operations[op]
	if parse == nil {
		what := operationNames[op]
		if what == "" {
			return fmt.Errorf("operation %d is unknown", op)
		}
		out.Refuse(unsupported(what).Error(), wire.StatusFailed)
		_, err := io.Copy(io.Discard, in.Raw())
		return err
	}
	work := parse(w, in)
	if err := in.Err(); err != nil {
		return err
	}
	var results bytes.Buffer
	to := wire.NewWriter(&results)
	if err := errors.Join(work(ctx, to), to.Flush()); err != nil {
		out.Refuse(err.Error(), wire.StatusFailed)
		return in.Err()
	}
	out.Done()
	_, err = out.Raw().Write(results.Bytes())
	return err
}

func unsupported(what string) error {
	return fmt.Errorf("%s is not offered to programs that declare builds; use the command fruix for it", what)
}

func (w *worker) valid(ctx context.Context, p string) (bool, error) {
	if err := w.session.Flush(ctx); err != nil {
		return false, err
	}
	return w.session.Store.IsValid(ctx, p)
}

func (w *worker) validPaths(ctx context.Context, paths []string) (valid []string, err error) {
	for _, p := range paths {
		ok, err := w.valid(ctx, p)
		if err != nil {
			return nil, err
		}
		if ok {
			valid = append(valid, p)
		}
	}
	return valid, nil
}

func (w *worker) ensurePath(ctx context.Context, p string) (none calls.None, err error) {
	ok, err := w.valid(ctx, p)
	if err == nil && !ok {
		err = fmt.Errorf("%s is not valid, and nobody else is asked for it", p)
	}
	return none, err
}

func (w *worker) references(ctx context.Context, p string) ([]string, error) {
	if err := w.session.Flush(ctx); err != nil {
		return nil, err
	}
	return w.session.Store.References(ctx, p)
}

func (w *worker) info(ctx context.Context, p string) (*store.Info, error) {
	if err := w.session.Flush(ctx); err != nil {
		return nil, err
	}
	return w.session.Store.Info(ctx, p)
}

func (w *worker) pathHash(ctx context.Context, p string) (string, error) {
	i, err := w.info(ctx, p)
	if err != nil {
		return "", err
	}
	return hex.EncodeToString(i.NarHash), nil
}

func (w *worker) pathInfo(ctx context.Context, p string) (wire.PathInfo, error) {
	i, err := w.info(ctx, p)
	if err != nil {
		return wire.PathInfo{}, err
	}
	return wire.PathInfo{
		Deriver: i.Deriver, Hash: hex.EncodeToString(i.NarHash), References: i.References,
		Registered: uint64(i.RegisteredAt.Unix()), NarSize: uint64(i.NarSize),
	}, nil
}

func (w *worker) addText(_ context.Context, t calls.Text) (string, error) {
	return w.session.text(t.Name, t.Content, t.References)
}

func (w *worker) addToStore(ctx context.Context, t calls.Tree, archive io.Reader) (string, error) {
	algo, err := hash.ParseAlgo(t.Algo)
	if err != nil {
		return "", err
	}
	if t.Recursive {
		return w.session.Store.AddNAR(ctx, t.Name, archive, algo, nil)
	}
	return w.addFlat(ctx, t.Name, archive, algo)
}

// addFlat adds the file that an archive holds by the hash of its bytes.
func (w *worker) addFlat(ctx context.Context, name string, archive io.Reader, algo hash.Algo) (string, error) {
	dir, err := os.MkdirTemp("", "fruix-flat-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "file")
	content, err := regularFile(archive)
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(file, content, 0o600); err != nil {
		return "", err
	}
	return w.session.Store.AddPath(ctx, name, file, store.AddOptions{Algo: algo})
}

// regularFile is the content of the one file in an archive.
func regularFile(archive io.Reader) ([]byte, error) {
	r := nar.NewReader(archive)
	h, err := r.Next()
	if err != nil {
		return nil, err
	}
	if h.Type != nar.Regular {
		return nil, errors.New("only a regular file can be added by the hash of its bytes")
	}
	return io.ReadAll(r)
}

func (w *worker) derivation(ctx context.Context, p string) (*drv.Derivation, error) {
	if err := w.session.Flush(ctx); err != nil {
		return nil, err
	}
	return w.session.Store.ReadDerivation(ctx, p)
}

func (w *worker) derivationOutputs(ctx context.Context, p string) (paths []string, err error) {
	d, err := w.derivation(ctx, p)
	if err != nil {
		return nil, err
	}
	for _, n := range d.OutputNames() {
		paths = append(paths, d.Outputs[n].Path)
	}
	return paths, nil
}

func (w *worker) outputNames(ctx context.Context, p string) ([]string, error) {
	d, err := w.derivation(ctx, p)
	if err != nil {
		return nil, err
	}
	return d.OutputNames(), nil
}

// build builds derivations, DRV or DRV!OUTPUT,…; other paths must be valid.
func (w *worker) build(ctx context.Context, things calls.Things) (none calls.None, err error) {
	if things.Mode != wire.BuildNormal {
		return none, unsupported("repairing and checking builds")
	}
	var drvs []*Derivation
	for _, t := range things.Names {
		p, _, _ := strings.Cut(t, "!")
		if !strings.HasSuffix(p, ".drv") {
			if ok, err := w.valid(ctx, p); err != nil || !ok {
				return none, errors.Join(err, fmt.Errorf("%s is not valid, and nobody else is asked for it", p))
			}
			continue
		}
		drvs = append(drvs, &Derivation{Path: p})
	}
	return none, w.session.BuildAll(ctx, drvs)
}
