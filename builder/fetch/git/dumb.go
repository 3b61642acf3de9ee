package git

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path"
	"regexp"
	"strings"

	"fruix/builder/fetch"
)

// errDumb says that a server has a repository as plain files.
var errDumb = errors.New("the server has the repository as plain files")

// dumb is a repository whose files are behind a web server that knows nothing of git:
// the "dumb" protocol of gitprotocol-http(5). What is needed comes file by file, and then
// is read as what lies on this machine is.
type dumb struct {
	*local
	known []ref
	files dumbFiles
}

// dumbFiles gets files of a repository.
type dumbFiles struct {
	ctx      context.Context // of the fetch that they are for
	http     *fetch.HTTP     // of the session
	session  *fetch.Session
	base     *url.URL
	tempDir  string
	progress func(done int64)
	came     *int64 // bytes of files
	most     int64  // of them
}

// open is the file called name, which is gone from its folder already. One that the server
// does not have is fs.ErrNotExist.
func (d dumbFiles) open(name string) (*os.File, error) {
	tooMuch := &LimitError{"the server sends more than is taken", fmt.Sprintf("%d bytes", d.most)}
	if *d.came >= d.most {
		return nil, tooMuch
	}
	d.http.MaxSize = d.most - *d.came
	f, err := os.CreateTemp(d.tempDir, "fruix-git-")
	if err != nil {
		return nil, err
	}
	os.Remove(f.Name())
	u := *d.base
	u.Path, u.RawPath = strings.TrimSuffix(u.Path, "/")+"/"+name, ""
	var size int64
	err = d.session.Fetch(d.ctx, &u, f, func(done, _ int64) {
		size = done
		d.progress(*d.came + done)
	})
	*d.came += size
	if err == nil {
		_, err = f.Seek(0, 0)
	}
	if err != nil {
		f.Close()
		if size := (*fetch.SizeError)(nil); errors.As(err, &size) {
			err = fmt.Errorf("%s: %w", u.Redacted(), tooMuch)
		}
		var status *fetch.StatusError
		if errors.As(err, &status) && (status.Code == http.StatusNotFound || status.Code == http.StatusGone) {
			err = &fs.PathError{Op: "get", Path: u.Redacted(), Err: fs.ErrNotExist}
		}
		return nil, err
	}
	return f, nil
}

// maxPacks is how many packs a repository of plain files may have: each takes two files.
const maxPacks = 500

// packLine is a line of objects/info/packs.
var packLine = regexp.MustCompile(`^P (pack-[0-9a-f]+)\.pack$`)

// openDumb reads what there is in a repository of plain files.
func (f *Fetcher) openDumb(ctx context.Context, base *url.URL, progress func(int64)) (*dumb, error) {
	bounded := *f.patience()
	files := dumbFiles{ctx: ctx, http: &bounded, session: bounded.Session(), base: base, tempDir: f.TempDir, progress: progress, came: new(int64), most: f.limits().Pack}
	d := &dumb{local: &local{idSize: 20, lazy: true, maxObject: f.limits().Object, folders: []string{"objects"}, open: files.open}, files: files}
	for _, read := range []func() error{d.readRefs, d.addHead, d.addPacks} {
		if err := read(); err != nil {
			d.close()
			return nil, err
		}
	}
	return d, nil
}

func (d *dumb) close() {
	d.local.close()
	d.files.session.Close()
}

// readRefs reads the names that "git update-server-info" has written down.
func (d *dumb) readRefs() error {
	text, err := d.readFile("info/refs")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(text)) {
		hex, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		i, good := parseID(hex)
		if !ok || !good {
			return errors.New("there is no git repository (its list of references is something else)")
		}
		d.idSize = len(i)
		if !strings.HasSuffix(name, "^{}") {
			d.known = append(d.known, ref{name, i})
		}
	}
	return nil
}

// addHead adds what HEAD names, if it can be known.
func (d *dumb) addHead() error {
	text, err := d.readFile("HEAD")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	head := strings.TrimSpace(string(text))
	if i, ok := parseID(head); ok {
		d.known = append(d.known, ref{"HEAD", i})
		return nil
	}
	target, _ := strings.CutPrefix(head, "ref: ")
	for _, r := range d.known {
		if r.name == target {
			d.known = append(d.known, ref{"HEAD", r.id})
			break
		}
	}
	return nil
}

// addPacks gets the indexes of packs, which say in which of them something is.
func (d *dumb) addPacks() error {
	text, err := d.readFile("objects/info/packs")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for line := range strings.Lines(string(text)) {
		m := packLine.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil || err != nil {
			continue
		}
		if len(d.packs) == maxPacks {
			return &LimitError{"the repository has more packs", fmt.Sprint(maxPacks)}
		}
		err = d.addPack(path.Join("objects/pack", m[1]+".idx"))
	}
	return err
}

func (d *dumb) refs(context.Context, []string) ([]ref, error)      { return d.known, nil }
func (d *dumb) get(_ context.Context, wants []id) (objects, error) { return d.local, nil }
