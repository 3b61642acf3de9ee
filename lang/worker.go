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
)

// The worker protocol is what clients of Nix and Guix speak with a daemon
// (Nix manual, "Nix Daemon Protocol"; the numbers of Guix's operations are
// those of its (guix store)). A worker answers it for the session's own store,
// inside the process: the client's port hands over what was written when it
// is read.
const (
	clientMagic   = 0x6e697863
	serverMagic   = 0x6478696f
	serverVersion = 0x164

	stderrLast  = 0x616c7473
	stderrError = 0x63787470
)

// operation is one request: it takes its arguments from in and appends its
// result to out.
type operation func(w *worker, ctx context.Context, in *wire, out *answer) error

var operations = map[uint64]operation{
	1:  (*worker).isValid,
	3:  none, // has-substitutes?
	4:  (*worker).pathHash,
	5:  (*worker).references,
	7:  (*worker).addToStore,
	8:  (*worker).addText,
	9:  (*worker).build,
	10: (*worker).ensurePath,
	11: accept, // add-temp-root
	19: (*worker).setOptions,
	22: (*worker).derivationOutputs,
	26: (*worker).pathInfo,
	28: (*worker).outputNames,
	29: (*worker).fromHashPart,
	30: noneOfMany, // query-substitutable-path-infos
	31: (*worker).validPaths,
	32: noneOfMany, // query-substitutable-paths
	80: (*worker).builtins,
	81: func(_ *worker, _ context.Context, _ *wire, out *answer) error { out.number(0); return nil },
}

// operationNames are the operations that exist elsewhere, for messages.
var operationNames = map[uint64]string{
	6: "asking for referrers", 12: "adding a root", 14: "finding roots", 16: "exporting",
	18: "asking for the deriver", 20: "collecting garbage", 23: "listing the store",
	27: "importing", 33: "asking for derivers", 34: "optimising the store", 35: "verifying the store",
}

// worker is one connection.
type worker struct {
	session *Session
	// greeted counts the steps of the handshake.
	greeted int
}

// workerNatives are the natives of a connection.
func (s *Session) workerNatives() []*datum.Primitive {
	return []*datum.Primitive{
		arg.F0("%open-worker", func(datum.Caller) (datum.Value, error) {
			return datum.NewOpaque("worker", &worker{session: s}), nil
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

// answer answers complete requests. An error means that the client does not
// keep to the protocol; what goes wrong in an operation is part of the answer.
func (w *worker) answer(ctx context.Context, requests []byte) ([]byte, error) {
	in := &wire{in: requests}
	var out answer
	for len(in.in) > 0 {
		if err := w.one(ctx, in, &out); err != nil {
			return nil, fmt.Errorf("worker protocol: %w", err)
		}
	}
	return out, nil
}

func (w *worker) one(ctx context.Context, in *wire, out *answer) error {
	switch w.greeted++; w.greeted {
	case 1:
		if in.number() != clientMagic {
			return errors.New("the client does not greet as clients do")
		}
		out.number(serverMagic)
		out.number(serverVersion)
		return in.err
	case 2:
		in.number() // the client's version
		if in.number() != 0 {
			in.number() // the processor that it wants
		}
		in.number() // whether to keep room free
		out.number(stderrLast)
		return in.err
	}
	n := in.number()
	if in.err != nil {
		return in.err
	}
	op := operations[n]
	if op == nil {
		what := operationNames[n]
		if what == "" {
			return fmt.Errorf("operation %d is unknown", n)
		}
		in.in = nil
		refuse(out, unsupported(what))
		return nil
	}
	var result answer
	err := op(w, ctx, in, &result)
	switch {
	case in.err != nil:
		return in.err
	case err != nil:
		refuse(out, err)
	default:
		out.number(stderrLast)
		*out = append(*out, result...)
	}
	return nil
}

func refuse(out *answer, err error) {
	out.number(stderrError)
	out.text(err.Error())
	out.number(1)
}

func none(_ *worker, _ context.Context, in *wire, out *answer) error {
	in.text()
	out.number(0)
	return nil
}

func noneOfMany(_ *worker, _ context.Context, in *wire, out *answer) error {
	in.texts()
	out.number(0)
	return nil
}

func accept(_ *worker, _ context.Context, in *wire, out *answer) error {
	in.text()
	out.number(1)
	return nil
}

func (w *worker) valid(ctx context.Context, p string) (bool, error) {
	if err := w.session.Flush(ctx); err != nil {
		return false, err
	}
	return w.session.Store.IsValid(ctx, p)
}

func (w *worker) isValid(ctx context.Context, in *wire, out *answer) error {
	ok, err := w.valid(ctx, in.text())
	out.flag(ok)
	return err
}

func (w *worker) validPaths(ctx context.Context, in *wire, out *answer) error {
	var valid []string
	for _, p := range in.texts() {
		ok, err := w.valid(ctx, p)
		if err != nil {
			return err
		}
		if ok {
			valid = append(valid, p)
		}
	}
	out.texts(valid)
	return nil
}

func (w *worker) ensurePath(ctx context.Context, in *wire, out *answer) error {
	p := in.text()
	ok, err := w.valid(ctx, p)
	if err == nil && !ok {
		err = fmt.Errorf("%s is not valid, and nobody else is asked for it", p)
	}
	out.number(1)
	return err
}

func (w *worker) references(ctx context.Context, in *wire, out *answer) error {
	p := in.text()
	if err := w.session.Flush(ctx); err != nil {
		return err
	}
	refs, err := w.session.Store.References(ctx, p)
	out.texts(refs)
	return err
}

func (w *worker) pathHash(ctx context.Context, in *wire, out *answer) error {
	p := in.text()
	if err := w.session.Flush(ctx); err != nil {
		return err
	}
	i, err := w.session.Store.Info(ctx, p)
	if err != nil {
		return err
	}
	out.text(hex.EncodeToString(i.NarHash))
	return nil
}

func (w *worker) pathInfo(ctx context.Context, in *wire, out *answer) error {
	p := in.text()
	if err := w.session.Flush(ctx); err != nil {
		return err
	}
	i, err := w.session.Store.Info(ctx, p)
	if err != nil {
		return err
	}
	out.text(i.Deriver)
	out.text(hex.EncodeToString(i.NarHash))
	out.texts(i.References)
	out.number(uint64(i.RegisteredAt.Unix()))
	out.number(uint64(i.NarSize))
	return nil
}

// fromHashPart is asked by commands only; "" says that there is none.
func (w *worker) fromHashPart(_ context.Context, in *wire, out *answer) error {
	in.text()
	out.text("")
	return nil
}

func (w *worker) addText(_ context.Context, in *wire, out *answer) error {
	name, content, refs := in.text(), bytes.Clone(in.bytes()), in.texts()
	if in.err != nil {
		return in.err
	}
	p, err := w.session.text(name, content, refs)
	out.text(p)
	return err
}

// addToStore takes the archive that is the rest of the request.
func (w *worker) addToStore(ctx context.Context, in *wire, out *answer) error {
	name := in.text()
	in.number()
	recursive := in.number() != 0
	algo, err := hash.ParseAlgo(in.text())
	archive := in.take(uint64(len(in.in)))
	if in.err != nil || err != nil {
		return err
	}
	var p string
	if recursive {
		p, err = w.session.Store.AddNAR(ctx, name, bytes.NewReader(archive), algo, nil)
	} else {
		p, err = w.addFlat(ctx, name, archive, algo)
	}
	out.text(p)
	return err
}

// addFlat adds the file that an archive holds by the hash of its bytes.
func (w *worker) addFlat(ctx context.Context, name string, archive []byte, algo hash.Algo) (string, error) {
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
func regularFile(archive []byte) ([]byte, error) {
	r := nar.NewReader(bytes.NewReader(archive))
	h, err := r.Next()
	if err != nil {
		return nil, err
	}
	if h.Type != nar.Regular {
		return nil, errors.New("only a regular file can be added by the hash of its bytes")
	}
	return io.ReadAll(r)
}

// setOptions passes over options that commands set for the daemon: three flags,
// verbosity, jobs, silence, a flag, verbosity, log type, trace, cores, a flag,
// and pairs of strings.
func (w *worker) setOptions(_ context.Context, in *wire, out *answer) error {
	for range 12 {
		in.number()
	}
	n := in.number()
	for range min(n, 1000) {
		in.text()
		in.text()
	}
	return nil
}

func (w *worker) builtins(_ context.Context, _ *wire, out *answer) error {
	out.texts([]string{"download"})
	return nil
}

func (w *worker) derivation(ctx context.Context, p string) (*drv.Derivation, error) {
	if err := w.session.Flush(ctx); err != nil {
		return nil, err
	}
	return w.session.Store.ReadDerivation(ctx, p)
}

func (w *worker) derivationOutputs(ctx context.Context, in *wire, out *answer) error {
	d, err := w.derivation(ctx, in.text())
	if err != nil {
		return err
	}
	var paths []string
	for _, n := range d.OutputNames() {
		paths = append(paths, d.Outputs[n].Path)
	}
	out.texts(paths)
	return nil
}

func (w *worker) outputNames(ctx context.Context, in *wire, out *answer) error {
	d, err := w.derivation(ctx, in.text())
	if err != nil {
		return err
	}
	out.texts(d.OutputNames())
	return nil
}

// build builds derivations, DRV or DRV!OUTPUT,…; other paths must be valid.
func (w *worker) build(ctx context.Context, in *wire, out *answer) error {
	things := in.texts()
	if mode := in.number(); in.err == nil && mode != 0 {
		return unsupported("repairing and checking builds")
	}
	var drvs []*Derivation
	for _, t := range things {
		p, _, _ := strings.Cut(t, "!")
		if !strings.HasSuffix(p, ".drv") {
			if ok, err := w.valid(ctx, p); err != nil || !ok {
				return errors.Join(err, fmt.Errorf("%s is not valid, and nobody else is asked for it", p))
			}
			continue
		}
		drvs = append(drvs, &Derivation{Path: p})
	}
	out.number(1)
	return w.session.BuildAll(ctx, drvs)
}
