package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"fruix/store/db"
	"fruix/store/journal"
)

// The store describes itself in a journal (fruix/store/journal) that lies beside
// the objects, so that the database can be made anew ([Store.Rebuild]). What is
// registered was written there before, and had reached the disk. Objects that are
// collected are not struck out: they are not there, which is plain to see. The
// collector writes the journal anew when most of it is about such.
//
// Who registers holds the journal's lock shared from its line until the database
// has the object; who writes the journal anew holds it alone, and so sees in the
// database all that the lines are about.

func (s *Store) journalFile() string { return filepath.Join(s.Physical(s.c.StoreDir), journal.File) }

// lockJournal takes the journal's lock, LOCK_SH or LOCK_EX. It ends when the file
// is closed.
func (s *Store) lockJournal(ctx context.Context, how int) (*os.File, error) {
	f, err := openLock(s.StatePath("journal.lock"))
	if err != nil {
		return nil, s.explain("lock the journal", err)
	}
	err = s.waitFlock(ctx, f, how, noticeable, func() Wait { return Wait{Holder: lockedBy(f), Journal: true} })
	if err != nil {
		return nil, err
	}
	return f, nil
}

// lockedBy says in words who holds a lock on f, "" when that is not known.
func lockedBy(f *os.File) string {
	if pids := sharers(f); len(pids) > 0 {
		return inWords(pids)
	}
	return holder(f)
}

// inWords names processes, "" for none.
func inWords(pids []int) string {
	const most = 4
	var words []string
	for _, pid := range pids[:min(len(pids), most)] {
		words = append(words, fmt.Sprint(pid))
	}
	switch {
	case len(pids) == 0:
		return ""
	case len(pids) == 1:
		return "process " + words[0]
	case len(pids) > most:
		words = append(words, fmt.Sprintf("%d more", len(pids)-most))
	}
	last := len(words) - 1
	return "processes " + strings.Join(words[:last], ", ") + " and " + words[last]
}

// lockedByOne is lockedBy for a lock that one process holds alone. Where two seem to
// hold it, one has just taken it from the other, and nobody is named.
func lockedByOne(f *os.File) string {
	switch pids := sharers(f); len(pids) {
	case 0:
		return holder(f)
	case 1:
		return fmt.Sprintf("process %d", pids[0])
	}
	return ""
}

// entry is what is being registered: lines in the journal, and its lock.
type entry struct {
	lock    *os.File
	file    *os.File
	relaxed bool
}

// record writes objects into the journal. The entry is to be closed when the
// database has them, or never will.
func (s *Store) record(ctx context.Context, objects []db.Object) (*entry, error) {
	// The journal of a store that came with an image stays as it is until the
	// database has been made from it.
	if _, err := s.database(ctx); err != nil {
		return nil, err
	}
	text := []byte{'\n'}
	var err error
	for _, o := range objects {
		if text, err = journal.Append(text, recordOf(&o)); err != nil {
			return nil, err
		}
	}
	e := &entry{relaxed: s.c.Relaxed}
	for range 3 {
		if e.lock, err = s.lockJournal(ctx, unix.LOCK_SH); err != nil {
			return nil, err
		}
		e.file, err = os.OpenFile(s.journalFile(), os.O_WRONLY|os.O_APPEND, 0)
		if err == nil {
			break
		}
		e.lock.Close()
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		// The first object of a store, or one whose journal was lost.
		if err := s.rewriteJournal(ctx, true, 0); err != nil {
			return nil, err
		}
	}
	if err != nil {
		return nil, err
	}
	// One call writes it all, so that lines of several processes do not mix.
	for {
		n, err := unix.Write(int(e.file.Fd()), text)
		if err == unix.EINTR {
			continue
		}
		if err == nil && n < len(text) {
			err = unix.ENOSPC
		}
		if err != nil {
			e.close()
			return nil, &fs.PathError{Op: "write", Path: e.file.Name(), Err: err}
		}
		return e, nil
	}
}

// sync returns when the lines are on the disk.
func (e *entry) sync() error {
	if e.relaxed {
		return nil
	}
	return e.file.Sync()
}

func (e *entry) close() {
	e.file.Close()
	e.lock.Close()
}

func recordOf(o *db.Object) journal.Record {
	return journal.Record{
		Path: o.Path, NarHash: o.NarHash, NarSize: o.NarSize, References: o.References,
		Deriver: o.Deriver, Registered: o.Registered.Unix(), CA: o.CA,
	}
}

func objectOf(r journal.Record) db.Object {
	return db.Object{
		Path: r.Path, NarHash: r.NarHash, NarSize: r.NarSize, References: r.References,
		Deriver: r.Deriver, Registered: time.Unix(r.Registered, 0).UTC(), CA: r.CA,
	}
}

// compactJournal writes the journal anew when most of it is about objects that are
// no longer valid, or when valid ones are missing from it. It is a courtesy: when
// others register all the time it is left to the next collection.
func (s *Store) compactJournal(ctx context.Context, valid map[string]bool) {
	lines := 0
	covered := make(map[string]bool, len(valid))
	f, err := os.Open(s.journalFile())
	if err == nil {
		err = journal.Lines(bufio.NewReader(f), func(line []byte) error {
			lines++
			if p, err := journal.PathOf(line); err == nil && valid[p] {
				covered[p] = true
			}
			return nil
		})
		f.Close()
	}
	if err == nil && len(covered) == len(valid) && lines <= 2*len(valid)+few {
		return
	}
	_ = s.rewriteJournal(ctx, false, journalPatience)
}

// journalPatience is how long a collector waits for those who register.
const journalPatience = time.Second

// few is how many lines about nothing do not matter.
const few = 64

// rewriteJournal writes the journal anew from the database; only when there is
// none, if missing is set. It waits no longer than patience for the journal's lock,
// unless that is 0; what it does then takes its time.
func (s *Store) rewriteJournal(ctx context.Context, missing bool, patience time.Duration) error {
	waiting := ctx
	if patience > 0 {
		var cancel context.CancelFunc
		waiting, cancel = context.WithTimeout(ctx, patience)
		defer cancel()
	}
	lock, err := s.lockJournal(waiting, unix.LOCK_EX)
	if err != nil {
		return err
	}
	defer lock.Close()
	sign(lock)
	if _, err := os.Lstat(s.journalFile()); missing && err == nil {
		return nil // another process was here
	}
	d, err := s.database(ctx)
	if err != nil {
		return err
	}
	return s.writeJournal(func(put func(*db.Object) error) error { return d.Objects(ctx, put) })
}

// writeJournal replaces the journal, whose lock is held alone, by one about the
// objects that all puts.
func (s *Store) writeJournal(all func(put func(*db.Object) error) error) error {
	name, err := s.temp("journal")
	if err != nil {
		return err
	}
	defer s.Discard(name)
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(f, 256<<10)
	var line []byte
	err = all(func(o *db.Object) error {
		var err error
		if line, err = journal.Append(line[:0], recordOf(o)); err == nil {
			_, err = out.Write(line)
		}
		return err
	})
	if err == nil {
		err = out.Flush()
	}
	if err == nil && !s.c.Relaxed {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(name, s.journalFile())
	}
	if err != nil || s.c.Relaxed {
		return err
	}
	return syncDir(s.Physical(s.c.StoreDir))
}

// noted is a line of the journal, and which one it is; or what an old database says.
type noted struct {
	journal.Record
	line int
	// old says that it is from a database, outputs what that says of a derivation.
	old     bool
	outputs map[string]string
}

// readJournal returns what the journal says of each object, the last first, and
// how many lines are damaged. That there is none is no error.
func (s *Store) readJournal() (records map[string][]noted, damaged int, err error) {
	records = map[string][]noted{}
	f, err := os.Open(s.journalFile())
	if errors.Is(err, fs.ErrNotExist) {
		return records, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	n := 0
	err = journal.Lines(f, func(line []byte) error {
		n++
		r, err := journal.Parse(line)
		if err != nil {
			damaged++
			return nil
		}
		records[r.Path] = append(records[r.Path], noted{Record: r, line: n})
		return nil
	})
	for _, list := range records {
		slices.Reverse(list)
	}
	return records, damaged, err
}
