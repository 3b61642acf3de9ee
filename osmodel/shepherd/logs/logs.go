// Package logs writes what Shepherd and its services say: to Shepherd's log,
// to a file of a service's own, to the console, each line with its time; and
// keeps the last lines of each service for "herd log".
package logs

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// Keep is how many lines of each service are remembered.
const Keep = 200

// MaxFile is the size in bytes at which a log file becomes FILE.1 and is begun
// anew.
const MaxFile = 4 << 20

// longest is the length at which a line without an end is cut.
const longest = 8 << 10

// Log collects lines. Its methods may be called from any goroutine.
type Log struct {
	now     func() time.Time
	mu      sync.Mutex
	main    string    // file name, "" when there is none
	console io.Writer // nil when there is none
	files   map[string]*file
	recent  map[string]*ring
	closed  bool
}

type file struct {
	f    *os.File
	at   place
	size int64
}

func (f *file) close() {
	f.f.Close()
	f.at.close()
}

type ring struct {
	lines []string
	next  int
}

func (r *ring) add(line string) {
	if len(r.lines) < Keep {
		r.lines = append(r.lines, line)
		return
	}
	r.lines[r.next] = line
	r.next = (r.next + 1) % Keep
}

// New makes a log. mainFile is Shepherd's log file, "" for none; console gets
// what Shepherd itself says, and may be nil.
func New(mainFile string, console io.Writer, now func() time.Time) *Log {
	if now == nil {
		now = time.Now
	}
	return &Log{now: now, main: mainFile, console: console, files: map[string]*file{}, recent: map[string]*ring{}}
}

// Say notes what happened to a service, or to Shepherd when service is "".
func (l *Log) Say(service, text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	prefix := ""
	if service != "" {
		prefix = "service " + service + ": "
	}
	for _, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		if l.console != nil {
			fmt.Fprintf(l.console, "shepherd: %s%s\n", prefix, line)
		}
		l.write(l.main, prefix+line)
		l.remember(service, "-- "+line)
	}
}

// Note writes a line to Shepherd's log file alone.
func (l *Log) Note(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.write(l.main, line)
	l.remember("", "-- "+line)
}

// remember keeps a line; mu is held.
func (l *Log) remember(service, line string) {
	r := l.recent[service]
	if r == nil {
		r = &ring{}
		l.recent[service] = r
	}
	r.add(l.stamp() + line)
}

func (l *Log) stamp() string { return l.now().Format("2006-01-02 15:04:05 ") }

// write appends a line to a log file. Failures are not reported: there is no
// place left to report them to. mu is held.
func (l *Log) write(name, line string) {
	if name == "" || l.closed {
		return
	}
	f, err := l.open(name)
	if err != nil {
		return
	}
	if f.size > MaxFile {
		_ = f.at.setAside()
		f.close()
		delete(l.files, name)
		if f, err = l.open(name); err != nil {
			return
		}
	}
	n, _ := f.f.WriteString(l.stamp() + line + "\n")
	f.size += int64(n)
}

func (l *Log) open(name string) (*file, error) {
	if f := l.files[name]; f != nil {
		return f, nil
	}
	at, err := locate(name)
	if err != nil {
		return nil, err
	}
	f, err := at.open()
	if err != nil {
		at.close()
		return nil, err
	}
	out := &file{f: f, at: at}
	if st, err := f.Stat(); err == nil {
		out.size = st.Size()
	}
	l.files[name] = out
	return out, nil
}

// Recent gives the last lines of a service, oldest first.
func (l *Log) Recent(service string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.recent[service]
	if r == nil {
		return nil
	}
	return append(append([]string(nil), r.lines[r.next:]...), r.lines[:r.next]...)
}

// CloseFiles closes all log files for good, so that their file system can be
// made read-only. The console still hears.
func (l *Log) CloseFiles() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for name, f := range l.files {
		f.close()
		delete(l.files, name)
	}
}

// Pipe gives a file that a service's process writes to: its lines go to the
// log file fileName, or to Shepherd's when that is "". The caller closes the
// file once the process has it.
func (l *Log) Pipe(service, fileName string) (*os.File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	if fileName != "" {
		l.mu.Lock()
		var err error
		if !l.closed {
			_, err = l.open(fileName)
		}
		l.mu.Unlock()
		if err != nil {
			r.Close()
			w.Close()
			return nil, fmt.Errorf("the log file %s cannot be written: %w", fileName, err)
		}
	}
	go func() {
		defer r.Close()
		l.copy(service, fileName, r)
	}()
	return w, nil
}

func (l *Log) copy(service, fileName string, r io.Reader) {
	in := bufio.NewReaderSize(r, longest)
	for {
		line, err := in.ReadSlice('\n')
		if len(line) > 0 {
			text := strings.ToValidUTF8(strings.TrimRight(string(line), "\r\n"), "\uFFFD")
			l.mu.Lock()
			l.remember(service, text)
			if fileName != "" {
				l.write(fileName, text)
			} else {
				l.write(l.main, "["+service+"] "+text)
			}
			l.mu.Unlock()
		}
		if err != nil && err != bufio.ErrBufferFull {
			return
		}
	}
}
