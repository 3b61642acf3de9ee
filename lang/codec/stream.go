package codec

import (
	"bytes"
	"errors"
	"io"
	"iter"

	"fruix/interp/datum"
	"fruix/interp/prim/arg"
)

// decoder is a decompressor that is fed. It runs as a coroutine, which gives
// back control when it has data and when it wants more input.
type decoder struct {
	input []byte // not yet taken
	ended bool   // no more input will come
	out   []byte // where data is wanted
	next  func() (event, bool)
	stop  func()
	err   error
}

// event is what a decoder stops for: n bytes of data, or, when n is -1, input.
type event struct {
	n   int
	err error
}

const hungry = -1

func newDecoder(f format) *decoder {
	d := &decoder{}
	d.next, d.stop = iter.Pull(func(yield func(event) bool) {
		r, err := f.decode(&feed{d, yield})
		for err == nil {
			var n int
			n, err = r.Read(d.out)
			if n > 0 && !yield(event{n: n}) {
				return
			}
		}
		if !errors.Is(err, io.EOF) {
			yield(event{err: err})
		}
	})
	return d
}

// feed is the decoder's input as the decompressor sees it.
type feed struct {
	d     *decoder
	yield func(event) bool
}

var errStopped = errors.New("the stream was closed")

func (f *feed) Read(p []byte) (int, error) {
	for len(f.d.input) == 0 {
		if f.d.ended {
			return 0, io.EOF
		}
		if !f.yield(event{n: hungry}) {
			return 0, errStopped
		}
	}
	n := copy(p, f.d.input)
	f.d.input = f.d.input[n:]
	return n, nil
}

// read puts data into p; it returns 0 at the end and hungry when it must be
// fed first.
func (d *decoder) read(p []byte) (int, error) {
	if d.err != nil || len(p) == 0 {
		return 0, d.err
	}
	d.out = p
	e, ok := d.next()
	if !ok {
		return 0, nil
	}
	d.err = e.err
	return e.n, e.err
}

// encoder is a compressor whose output is collected.
type encoder struct {
	w   io.WriteCloser
	out bytes.Buffer
}

func streamNatives() []*datum.Primitive {
	return []*datum.Primitive{
		// (%decoder format) begins to decompress.
		arg.F1("%decoder", func(_ datum.Caller, name datum.Value) (datum.Value, error) {
			f, err := formatOf("%decoder", name)
			if err != nil {
				return datum.Unset, err
			}
			return datum.NewOpaque("decoder", newDecoder(f)), nil
		}),
		// (%decoder-feed! decoder bv start count) hands over input; a count of 0
		// says that there is no more.
		arg.FN("%decoder-feed!", 4, 4, func(_ datum.Caller, a []datum.Value) (datum.Value, error) {
			d, err := decoderOf("%decoder-feed!", a[0])
			if err != nil {
				return datum.Unset, err
			}
			b, err := slice("%decoder-feed!", 2, a[1], a[2], a[3])
			d.input, d.ended = append(d.input, b...), d.ended || len(b) == 0
			return datum.Unspecified, err
		}),
		// (%decoder-read! decoder bv start count) is how many bytes of data were
		// put into bv, 0 at the end, -1 when input must come first.
		arg.FN("%decoder-read!", 4, 4, func(_ datum.Caller, a []datum.Value) (datum.Value, error) {
			const who = "%decoder-read!"
			d, err := decoderOf(who, a[0])
			if err != nil {
				return datum.Unset, err
			}
			b, err := slice(who, 2, a[1], a[2], a[3])
			if err != nil {
				return datum.Unset, err
			}
			n, err := d.read(b)
			if err != nil {
				return datum.Unset, datum.Misc(who, "cannot decompress: ~A", datum.NewString(err.Error()))
			}
			return datum.Fix(int64(n)), nil
		}),
		// (%decoder-rest decoder) is the input that was not needed, when the
		// decoder is done.
		arg.F1("%decoder-rest", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			d, err := decoderOf("%decoder-rest", v)
			if err != nil {
				return datum.Unset, err
			}
			d.stop()
			return datum.NewBytevector(d.input), nil
		}),
		// (%encoder format level) begins to compress; level 0 is the usual one.
		arg.F2("%encoder", func(_ datum.Caller, name, level datum.Value) (datum.Value, error) {
			f, err := formatOf("%encoder", name)
			if err != nil {
				return datum.Unset, err
			}
			n, err := arg.Int("%encoder", 2, level)
			if err != nil {
				return datum.Unset, err
			}
			e := &encoder{}
			if e.w, err = f.encode(&e.out, n); err != nil {
				return datum.Unset, datum.Misc("%encoder", "~A", datum.NewString(err.Error()))
			}
			return datum.NewOpaque("encoder", e), nil
		}),
		// (%encode! encoder bv start count) is what can be written by now.
		arg.FN("%encode!", 4, 4, func(_ datum.Caller, a []datum.Value) (datum.Value, error) {
			e, err := encoderOf("%encode!", a[0])
			if err != nil {
				return datum.Unset, err
			}
			b, err := slice("%encode!", 2, a[1], a[2], a[3])
			if err != nil {
				return datum.Unset, err
			}
			if _, err := e.w.Write(b); err != nil {
				return datum.Unset, err
			}
			return e.take(), nil
		}),
		// (%encode-end! encoder) is the rest.
		arg.F1("%encode-end!", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			e, err := encoderOf("%encode-end!", v)
			if err != nil {
				return datum.Unset, err
			}
			if err := e.w.Close(); err != nil {
				return datum.Unset, err
			}
			return e.take(), nil
		}),
	}
}

func (e *encoder) take() datum.Value {
	b := bytes.Clone(e.out.Bytes())
	e.out.Reset()
	return datum.NewBytevector(b)
}

func formatOf(who string, name datum.Value) (format, error) {
	s, err := arg.Text(who, 1, name)
	if err != nil {
		return format{}, err
	}
	f, ok := formats[s]
	if !ok {
		return f, datum.Misc(who, "unknown format of compression: ~A", name)
	}
	return f, nil
}

func decoderOf(who string, v datum.Value) (*decoder, error) {
	if v.Is(datum.KOpaque) {
		if d, ok := v.Opaque().Go.(*decoder); ok {
			return d, nil
		}
	}
	return nil, datum.WrongTypeExpecting(who, 1, v, "decoder")
}

func encoderOf(who string, v datum.Value) (*encoder, error) {
	if v.Is(datum.KOpaque) {
		if e, ok := v.Opaque().Go.(*encoder); ok {
			return e, nil
		}
	}
	return nil, datum.WrongTypeExpecting(who, 1, v, "encoder")
}
