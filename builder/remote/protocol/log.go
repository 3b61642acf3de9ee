package protocol

import (
	"sync"
	"time"
)

// logDelay is for how long at most what a builder prints is held back, so that
// what comes in small pieces goes in larger ones.
const logDelay = 30 * time.Millisecond

// LogWriter sends what is written to it as messages of kind Log.
type LogWriter struct {
	w *Writer

	mu     sync.Mutex
	buf    []byte
	timer  *time.Timer
	closed bool
}

// NewLogWriter returns a writer of logs to w.
func NewLogWriter(w *Writer) *LogWriter { return &LogWriter{w: w} }

// Write takes what a builder prints. It never fails: that nobody listens ends the
// build in another way.
func (l *LogWriter) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return len(b), nil
	}
	l.buf = append(l.buf, b...)
	switch {
	case len(l.buf) >= maxLog:
		l.send()
	case l.timer == nil:
		l.timer = time.AfterFunc(logDelay, func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.send()
		})
	}
	return len(b), nil
}

// send sends what is there; l.mu is held.
func (l *LogWriter) send() {
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
	for len(l.buf) > 0 {
		n := min(len(l.buf), maxLog)
		_ = l.w.Send(Log, l.buf[:n])
		l.buf = l.buf[n:]
	}
	l.buf = nil
	_ = l.w.Flush()
}

// Close sends what is left; what is written later is dropped.
func (l *LogWriter) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	l.closed = true
	l.send()
}
