package ext4

import "io"

const (
	bufferSize  = 4 << 20
	bufferCount = 3
)

// sink writes to a target in a goroutine of its own, one job after the other
// in the order in which they were given, so that contents can be read while
// earlier ones are written.
type sink struct {
	jobs   chan func(io.WriterAt) error
	free   chan []byte   // buffers
	failed chan struct{} // closed once err is set
	done   chan struct{} // closed when no job is left
	err    error         // of the first job that failed; later ones are left out
	open   io.Closer     // what the jobs so far left open; only jobs touch it
}

func startSink(target io.WriterAt) *sink {
	s := &sink{
		jobs:   make(chan func(io.WriterAt) error, bufferCount),
		free:   make(chan []byte, bufferCount),
		failed: make(chan struct{}),
		done:   make(chan struct{}),
	}
	for range bufferCount {
		s.free <- nil // made when it is needed: most images are small
	}
	go s.run(target)
	return s
}

func (s *sink) run(target io.WriterAt) {
	defer close(s.done)
	for job := range s.jobs {
		if s.err != nil {
			continue
		}
		if s.err = job(target); s.err != nil {
			close(s.failed)
		}
	}
	if s.open != nil { // the job that would have closed it was left out
		_ = s.open.Close() // it was read from, and another error is there already
	}
}

// do gives the sink a job. The error is that of an earlier one.
func (s *sink) do(job func(io.WriterAt) error) error {
	select {
	case <-s.failed:
		return s.err
	case s.jobs <- job:
		return nil
	}
}

// buffer waits for an empty buffer. After a failure it makes one, since those
// of the jobs that were left out do not come back.
func (s *sink) buffer() []byte {
	select {
	case b := <-s.free:
		if b != nil {
			return b[:0]
		}
	case <-s.failed:
	}
	return make([]byte, 0, bufferSize)
}

// recycle gives a buffer back.
func (s *sink) recycle(b []byte) {
	if cap(b) > bufferSize {
		b = nil // made for one large piece
	}
	s.free <- b
}

// finish waits for all jobs and gives the error of the first that failed.
func (s *sink) finish() error {
	close(s.jobs)
	<-s.done
	return s.err
}
