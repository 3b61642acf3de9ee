package git

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// ref is a name for an object.
type ref struct {
	name string
	id   id
}

// smart is a repository behind a server that speaks gitprotocol-v2(5) or, as version 0
// of it, gitprotocol-pack(5).
type smart struct {
	server    server
	limits    Limits
	tempDir   string
	progress  func(done int64)
	version2  bool
	idSize    int
	shallow   bool  // the server can send a commit without those before
	formats   bool  // the server wants to be told of the format of objects
	ownRefs   []ref // in version 0, as advertised
	temporary []*os.File
}

// server carries the protocol to a repository and back.
type server interface {
	// greet hands to read what the server says before it is asked anything.
	greet(ctx context.Context, read func(*packets) error) error
	// ask sends a question, of version 2 of the protocol or 0, and hands the answer
	// to read.
	ask(ctx context.Context, question []byte, version2 bool, read func(*packets) error) error
	close()
}

const agent = "agent=git/fruix"

func (s *smart) close() {
	s.server.close()
	for _, f := range s.temporary {
		f.Close()
	}
}

// open asks the server what it can do.
func (s *smart) open(ctx context.Context) error { return s.server.greet(ctx, s.readAdvertisement) }

func (s *smart) readAdvertisement(p *packets) error {
	p.allow(s.limits.Text)
	s.version2, s.ownRefs, s.idSize, s.shallow = false, nil, 20, false
	line, special, err := p.text()
	if err == nil && strings.HasPrefix(line, "# service=") {
		if _, special, err = p.text(); err == nil && special != flushPacket {
			return errors.New("the answer is not git's protocol")
		}
		line, special, err = p.text()
	}
	if err != nil {
		return err
	}
	if line == "version 2" {
		return s.readCapabilities(p)
	}
	for first := true; special != flushPacket; first = false {
		if first {
			if plain, words, ok := strings.Cut(line, "\x00"); ok {
				line = plain
				for _, w := range strings.Fields(words) {
					s.capability(w)
				}
			}
		}
		hex, name, ok := strings.Cut(line, " ")
		if i, good := parseID(hex); ok && good && name != "capabilities^{}" && !strings.HasSuffix(name, "^{}") {
			if int64(len(s.ownRefs)) == s.limits.Refs {
				return s.tooManyRefs()
			}
			s.ownRefs = append(s.ownRefs, ref{name, i})
		}
		if line, special, err = p.text(); err != nil {
			return err
		}
	}
	return nil
}

func (s *smart) tooManyRefs() error {
	return &LimitError{"the repository has more references", fmt.Sprint(s.limits.Refs)}
}

func (s *smart) readCapabilities(p *packets) error {
	s.version2 = true
	for {
		line, special, err := p.text()
		if err != nil {
			return err
		}
		if special == flushPacket {
			return nil
		}
		if features, ok := strings.CutPrefix(line, "fetch="); ok {
			line = features
		}
		for _, w := range strings.Fields(line) {
			s.capability(w)
		}
	}
}

func (s *smart) capability(word string) {
	switch word {
	case "shallow":
		s.shallow = true
	case "object-format=sha1":
		s.formats = true
	case "object-format=sha256":
		s.formats, s.idSize = true, 32
	}
}

// post sends a request and hands the answer to read.
func (s *smart) post(ctx context.Context, body []byte, read func(*packets) error) error {
	return s.server.ask(ctx, body, s.version2, read)
}

// command begins a request of version 2.
func (s *smart) command(name string) *request {
	r := new(request)
	r.line("command=%s", name)
	r.line(agent)
	if s.formats {
		r.line("object-format=%s", map[int]string{20: "sha1", 32: "sha256"}[s.idSize])
	}
	r.WriteString(delimPacket)
	return r
}

// refs lists the references whose names begin with one of prefixes, or all
// when there is none.
func (s *smart) refs(ctx context.Context, prefixes []string) ([]ref, error) {
	if !s.version2 {
		return s.ownRefs, nil
	}
	r := s.command("ls-refs")
	for _, p := range prefixes {
		r.line("ref-prefix %s", p)
	}
	r.WriteString(flushPacket)
	var list []ref
	err := s.post(ctx, r.Bytes(), func(p *packets) error {
		p.allow(s.limits.Text)
		list = nil
		for {
			line, special, err := p.text()
			if err != nil {
				return err
			}
			if special == flushPacket {
				return nil
			}
			words := strings.Fields(line)
			if len(words) < 2 {
				continue
			}
			if i, ok := parseID(words[0]); ok {
				if int64(len(list)) == s.limits.Refs {
					return s.tooManyRefs()
				}
				list = append(list, ref{words[1], i})
			}
		}
	})
	return list, err
}

// get fetches an object and what belongs to it; alone means without the
// commits before, where the server can do that. With several it fetches all
// of their history.
func (s *smart) get(ctx context.Context, wants []id) (objects, error) {
	f, err := os.CreateTemp(s.tempDir, "fruix-git-")
	if err != nil {
		return nil, err
	}
	os.Remove(f.Name())
	s.temporary = append(s.temporary, f)
	alone := len(wants) == 1 && s.shallow
	var body []byte
	if s.version2 {
		r := s.command("fetch")
		for _, w := range wants {
			r.line("want %v", w)
		}
		r.line("ofs-delta")
		r.line("no-progress")
		if alone {
			r.line("deepen 1")
		}
		r.line("done")
		r.WriteString(flushPacket)
		body = r.Bytes()
	} else {
		body = s.oldRequest(wants, alone)
	}
	var size int64
	err = s.post(ctx, body, func(p *packets) error {
		if err := f.Truncate(0); err != nil {
			return err
		}
		p.allow(s.limits.Text + s.limits.Pack) // with what is said beside the pack
		if err := s.toPack(p, alone); err != nil {
			return err
		}
		size = 0
		b := &band{p: p}
		buf := make([]byte, 64<<10)
		for {
			n, err := b.Read(buf)
			if _, werr := f.WriteAt(buf[:n], size); werr != nil {
				return werr
			}
			if size += int64(n); size > s.limits.Pack {
				return &LimitError{"the server sends more than is taken", fmt.Sprintf("%d bytes", s.limits.Pack)}
			}
			s.progress(size)
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return indexPack(f, size, s.idSize, s.limits.Object, func() error { return context.Cause(ctx) })
}

// oldRequest is a request for a pack in version 0 of the protocol.
func (s *smart) oldRequest(wants []id, alone bool) []byte {
	r := new(request)
	for i, w := range wants {
		words := ""
		if i == 0 {
			words = " side-band-64k ofs-delta no-progress " + agent
			if s.shallow {
				words += " shallow"
			}
			if s.formats {
				words += " object-format=" + map[int]string{20: "sha1", 32: "sha256"}[s.idSize]
			}
		}
		r.line("want %v%s", w, words)
	}
	if alone {
		r.line("deepen 1")
	}
	r.WriteString(flushPacket)
	r.line("done")
	return r.Bytes()
}

// toPack reads what comes before the pack.
func (s *smart) toPack(p *packets, alone bool) error {
	for {
		line, special, err := p.text()
		if err != nil {
			return err
		}
		switch {
		case s.version2 && line == "packfile":
			return nil
		case !s.version2 && line == "NAK":
			return nil
		case s.version2 && special == flushPacket, special == responseEnd:
			return errors.New("the server sent no pack")
		}
	}
}

// heads are the objects that branches and tags name, each once.
func heads(refs []ref) []id {
	var list []id
	for _, r := range refs {
		if strings.HasPrefix(r.name, "refs/heads/") || strings.HasPrefix(r.name, "refs/tags/") {
			list = append(list, r.id)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}
