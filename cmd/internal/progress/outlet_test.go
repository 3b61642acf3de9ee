package progress

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"

	"fruix/builder"
)

// stopped is a terminal, or a pipe, of which nothing is read until it is opened.
type stopped struct {
	open chan struct{}
	asks chan struct{} // receives at the first write
	once sync.Once
	bytes.Buffer
}

func newStopped() *stopped {
	return &stopped{open: make(chan struct{}), asks: make(chan struct{})}
}

func (s *stopped) Write(b []byte) (int, error) {
	s.once.Do(func() { close(s.asks) })
	<-s.open
	return s.Buffer.Write(b)
}

// TestUnread builds while nobody looks: nobody waits, and afterwards all is there that
// should be.
func TestUnread(t *testing.T) {
	const builds, lines = 40, 100
	text := strings.Repeat("x", 1000)
	for name, o := range map[string]Options{
		"plain": {Verbosity: 3}, "json": {JSON: true, Verbosity: 1}, "terminal": {TTY: true, Verbosity: 3},
	} {
		t.Run(name, func(t *testing.T) {
			w := newStopped()
			o.Interval, o.Size = -1, func() (int, int) { return 300, 24 }
			r := New(w, o)
			r.Note("begin")
			<-w.asks
			for i := range builds {
				drv := fmt.Sprintf("/frx/store/x-%d.drv", i)
				r.Event(builder.Started{Drv: drv, Name: fmt.Sprint(i)})
				for n := range lines {
					r.Event(builder.Line{Drv: drv, Name: fmt.Sprint(i), Text: fmt.Sprint(text, n)})
				}
				r.Event(builder.Finished{Drv: drv, Name: fmt.Sprint(i)})
			}
			if most := 3 * maxWaiting; cap(r.out.memory)+cap(r.screen.held) > most {
				t.Errorf("%d and %d bytes wait in memory", cap(r.out.memory), cap(r.screen.held))
			}
			close(w.open)
			r.Close()
			got := w.String()
			if o.TTY {
				// Of the live lines nothing was drawn in between.
				if n := strings.Count(got, "\x1b["); n > 4 {
					t.Errorf("drawn %d times", n)
				}
				if strings.Count(got, "built ") < builds || !strings.Contains(got, "lines that builders printed meanwhile are only in their logs\n") {
					t.Errorf("the end is %q", got[max(0, len(got)-2000):])
				}
				return
			}
			// Everything, in order.
			at := 0
			for i := range builds {
				for n := range lines {
					next := strings.Index(got[at:], fmt.Sprint(text, n))
					if next < 0 {
						t.Fatalf("line %d of %d is missing", n, i)
					}
					at += next + len(text)
				}
			}
			if strings.Count(got, "\n") < builds*(lines+2) || !strings.Contains(got[at:], "40") {
				t.Errorf("%d lines; the end is %q", strings.Count(got, "\n"), got[max(0, len(got)-500):])
			}
		})
	}
}

// TestNoDisk holds builds rather than lose what cannot be kept anywhere.
func TestNoDisk(t *testing.T) {
	t.Setenv("TMPDIR", "/nowhere")
	w := newStopped()
	r := New(w, Options{JSON: true, Verbosity: 1})
	done := make(chan struct{})
	text := strings.Repeat("x", 1000)
	const most = 3 * maxWaiting / 1000
	go func() {
		for range most {
			r.Event(builder.Line{Drv: "d", Text: text})
		}
		close(done)
	}()
	<-w.asks
	select {
	case <-done:
		t.Error("nobody waited")
	default:
	}
	close(w.open)
	<-done
	r.Close()
	if n := strings.Count(w.String(), text); n != most {
		t.Errorf("%d of %d", n, most)
	}
}

// TestNarrow draws on terminals of any width, and of none.
func TestNarrow(t *testing.T) {
	for columns := range 40 {
		var b bytes.Buffer
		r := New(&b, Options{TTY: true, Verbosity: 1, Interval: -1, Size: func() (int, int) { return columns + 1, 24 }})
		r.Event(builder.Planned{Drvs: []string{drvA, drvB}})
		r.Event(builder.Started{Drv: drvA, Name: "a-name-that-is-long"})
		r.Event(builder.Line{Drv: drvA, Text: "some words"})
		r.Event(builder.Fetching{Drv: drvB, Name: "linux.deb", Location: "l", Done: 20 << 20, Total: 80 << 20})
		r.settle()
		r.mu.Lock()
		for _, w := range r.screen.widths {
			if w > columns {
				t.Errorf("a line of %d columns on a terminal of %d", w, columns+1)
			}
		}
		r.mu.Unlock()
		r.Close()
	}
}
