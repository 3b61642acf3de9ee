package buildtest

import (
	"bytes"
	"io"
	"sync"
	"time"
)

// Delay makes a connection seem far away: what is written arrives, and what comes
// is read, so much later. It takes any amount at a time, as a long fast line does.
func Delay(c io.ReadWriteCloser, oneWay time.Duration) io.ReadWriteCloser {
	d := &delayed{c: c, oneWay: oneWay, out: newParcels(), in: newParcels()}
	go d.write()
	go d.read()
	return d
}

type delayed struct {
	c       io.ReadWriteCloser
	oneWay  time.Duration
	out, in *parcels
	rest    []byte
	once    sync.Once
	err     error
}

// parcel is some bytes under way.
type parcel struct {
	due  time.Time
	data []byte
	err  error
}

// parcels is a queue without bound.
type parcels struct {
	mu     sync.Mutex
	cond   *sync.Cond
	list   []parcel
	closed bool
}

func newParcels() *parcels {
	p := new(parcels)
	p.cond = sync.NewCond(&p.mu)
	return p
}

func (p *parcels) put(x parcel) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.list = append(p.list, x)
	p.cond.Signal()
}

// take waits for the next parcel, and until it is due.
func (p *parcels) take() parcel {
	p.mu.Lock()
	for len(p.list) == 0 && !p.closed {
		p.cond.Wait()
	}
	if p.closed {
		p.mu.Unlock()
		return parcel{err: io.ErrClosedPipe}
	}
	x := p.list[0]
	p.list = p.list[1:]
	p.mu.Unlock()
	time.Sleep(time.Until(x.due))
	return x
}

func (p *parcels) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.cond.Broadcast()
}

func (d *delayed) write() {
	for {
		x := d.out.take()
		if x.err != nil {
			return
		}
		if _, err := d.c.Write(x.data); err != nil {
			return // reading sees the end
		}
	}
}

func (d *delayed) read() {
	buf := make([]byte, 256<<10)
	for {
		n, err := d.c.Read(buf)
		if n > 0 {
			d.in.put(parcel{due: time.Now().Add(d.oneWay), data: bytes.Clone(buf[:n])})
		}
		if err != nil {
			d.in.put(parcel{due: time.Now().Add(d.oneWay), err: err})
			return
		}
	}
}

func (d *delayed) Write(b []byte) (int, error) {
	d.out.put(parcel{due: time.Now().Add(d.oneWay), data: bytes.Clone(b)})
	return len(b), nil
}

func (d *delayed) Read(b []byte) (int, error) {
	for len(d.rest) == 0 {
		if d.err != nil {
			return 0, d.err
		}
		x := d.in.take()
		d.rest, d.err = x.data, x.err
	}
	n := copy(b, d.rest)
	d.rest = d.rest[n:]
	return n, nil
}

func (d *delayed) Close() error {
	var err error
	d.once.Do(func() {
		d.out.close()
		err = d.c.Close()
		d.in.close()
	})
	return err
}
