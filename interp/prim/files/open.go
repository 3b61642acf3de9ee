package files

import (
	"regexp"
	"strings"

	"golang.org/x/sys/unix"

	"fruix/interp/datum"
	"fruix/interp/port"
	"fruix/interp/prim/arg"
	"fruix/interp/prim/ports"
	"fruix/interp/prim/state"
)

// opening lists the natives that open files.
func opening() []*datum.Primitive {
	return []*datum.Primitive{
		arg.FN("open-file", 1, -1, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			mode, rest := "r", args[1:]
			if len(rest) > 0 && !rest[0].Is(datum.KKeyword) {
				var err error
				if mode, err = arg.Text("open-file", 2, rest[0]); err != nil {
					return datum.Unset, err
				}
				rest = rest[1:]
			}
			return openFile(c, args, mode, rest)
		}),
		openWith("open-input-file", "r"), openWith("open-output-file", "w"),
		openWith("open-binary-input-file", "rb"), openWith("open-binary-output-file", "wb"),
		opener("open-fdes", 0, false), opener("open", 0, true),
		opener("open-fdes-at", 1, false), opener("openat", 1, true),
		arg.F1("mkstemp!", func(c datum.Caller, v datum.Value) (datum.Value, error) { return mkstemp(c, []datum.Value{v}, true) }),
		arg.FN("mkstemp", 1, 2, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			return mkstemp(c, args, false)
		}),
		arg.F0("tmpfile", func(c datum.Caller) (datum.Value, error) {
			s := state.Of(c)
			if err := s.CheckFiles("tmpfile"); err != nil {
				return datum.Unset, err
			}
			fd, name, err := createTemp(tempDir(s)+"/fruix", unix.O_RDWR)
			if err == nil {
				err = unix.Unlink(name)
			}
			if err != nil {
				return datum.Unset, fault("tmpfile", err, "")
			}
			return s.OpenPort(c, port.NewFD(fd), "", true, true).Value(), nil
		}),
		arg.F0("tmpnam", func(c datum.Caller) (datum.Value, error) {
			s := state.Of(c)
			if err := s.CheckFiles("tmpnam"); err != nil {
				return datum.Unset, err
			}
			fd, name, err := createTemp(tempDir(s)+"/file", unix.O_RDWR)
			if err != nil {
				return datum.Unset, fault("tmpnam", err, "")
			}
			unix.Close(fd)
			return datum.NewString(name), fault("tmpnam", unix.Unlink(name), name)
		}),
	}
}

func tempDir(s *state.State) string {
	if d, ok := s.Getenv("TMPDIR"); ok && d != "" {
		return s.Path(d)
	}
	return "/tmp"
}

// openWith makes a native of a file name and keywords that opens in a mode.
func openWith(name, mode string) *datum.Primitive {
	return arg.FN(name, 1, -1, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
		return openFile(c, args, mode, args[1:])
	})
}

// flagsOf turns a mode of fopen(3) into flags of open(2).
func flagsOf(mode string) (int, bool) {
	if mode == "" {
		return 0, false
	}
	plus := strings.Contains(mode, "+")
	flags := 0
	switch mode[0] {
	case 'r':
	case 'w':
		flags = unix.O_CREAT | unix.O_TRUNC
	case 'a':
		flags = unix.O_CREAT | unix.O_APPEND
	default:
		return 0, false
	}
	for _, c := range mode[1:] {
		switch c {
		case 'e':
			flags |= unix.O_CLOEXEC
		case '+', 'b', '0', 'l', 'n':
		default:
			return 0, false
		}
	}
	switch {
	case plus:
		flags |= unix.O_RDWR
	case mode[0] != 'r':
		flags |= unix.O_WRONLY
	}
	return flags, true
}

// openFile opens with a mode and Guile's keywords.
func openFile(c datum.Caller, args []datum.Value, mode string, keys []datum.Value) (datum.Value, error) {
	const who = "open-file"
	full, name, err := path(c, who, args, 0)
	if err != nil {
		return datum.Unset, err
	}
	how, err := fileOptions(who, keys)
	if err != nil {
		return datum.Unset, err
	}
	if how.binary && !strings.Contains(mode, "b") {
		mode += "b"
	}
	flags, ok := flagsOf(mode)
	if !ok {
		return datum.Unset, datum.ValueOutOfRange(who, datum.NewString(mode))
	}
	fd, err := create(state.Of(c), unix.AT_FDCWD, full, flags, 0o666)
	if err != nil {
		return datum.Unset, fault(who, err, name)
	}
	p := filePort(c, fd, portName(c, full, name), flags)
	ports.ApplyMode(p, mode)
	if how.guess && p.Input() {
		if found := codingComment(p); found != "" {
			how.encoding = found
		}
	}
	if how.encoding != "" {
		p.Unknown = !p.SetEncoding(how.encoding)
	}
	if p.Unknown && !p.Binary {
		if how.encoding == "" {
			how.encoding = c.FluidRef(state.Of(c).DefaultEncoding).Str().Go()
		}
		_ = p.Close() // nothing was written
		return datum.Unset, datum.Misc(who, "unknown character encoding ~S", datum.NewString(how.encoding))
	}
	return p.Value(), nil
}

type fileOption struct {
	binary, guess bool
	encoding      string
}

// fileOptions reads #:encoding, #:guess-encoding and #:binary.
func fileOptions(who string, keys []datum.Value) (o fileOption, err error) {
	for ; len(keys) > 0; keys = keys[2:] {
		if message := keywordFault(keys); message != "" {
			return o, &datum.Error{Key: "keyword-argument-error", Who: who, Message: message, Rest: datum.List(keys[0]), Payload: datum.Unset}
		}
		switch keys[0].Keyword().Name.Name {
		case "encoding":
			if keys[1] != datum.False {
				if o.encoding, err = arg.Text(who, 0, keys[1]); err != nil {
					return o, err
				}
			}
		case "guess-encoding":
			o.guess = keys[1].Truthy()
		case "binary":
			o.binary = keys[1].Truthy()
		default:
			return o, &datum.Error{Key: "keyword-argument-error", Who: who, Message: "Unrecognized keyword", Rest: datum.List(keys[0]), Payload: datum.Unset}
		}
	}
	return o, nil
}

// keywordFault says what is wrong with keyword arguments at their start, ""
// when nothing is.
func keywordFault(keys []datum.Value) string {
	switch {
	case !keys[0].Is(datum.KKeyword):
		return "Invalid keyword"
	case len(keys) < 2:
		return "Keyword argument has no value"
	}
	return ""
}

var codingPattern = regexp.MustCompile(`coding[:=][ \t]*([A-Za-z0-9_.-]+)`)

// codingComment finds the declaration of an encoding, as Emacs and Guile read
// it, in the comments among the first 500 bytes of a file.
func codingComment(p *port.Port) string {
	b, err := p.PeekBytes(500)
	if err != nil {
		return ""
	}
	m := codingPattern.FindSubmatchIndex(b)
	if m == nil {
		return ""
	}
	line := b[strings.LastIndexByte(string(b[:m[0]]), '\n')+1 : m[0]]
	if !strings.ContainsRune(string(line), ';') && !strings.Contains(string(b[:m[0]]), "#!") {
		return ""
	}
	name := strings.ToUpper(strings.TrimSuffix(strings.TrimSuffix(string(b[m[2]:m[3]]), "-unix"), "-dos"))
	if !port.Known(name) {
		return ""
	}
	return name
}

// create opens a file; files that are made get permissions by the engine's own
// umask.
func create(s *state.State, dir int, full string, flags int, perm uint32) (int, error) {
	mask, own := s.Umask()
	fresh := false
	if own && flags&unix.O_CREAT != 0 {
		var st unix.Stat_t
		fresh = unix.Fstatat(dir, full, &st, 0) == unix.ENOENT
	}
	for {
		fd, err := unix.Openat(dir, full, flags|unix.O_CLOEXEC, perm&^uint32(mask))
		if err == unix.EINTR {
			continue
		}
		if err == nil && fresh {
			err = unix.Fchmod(fd, perm&^uint32(mask))
		}
		return fd, err
	}
}

// filePort makes the port of a descriptor that was opened with flags.
func filePort(c datum.Caller, fd int, name string, flags int) *port.Port {
	access := flags & unix.O_ACCMODE
	p := state.Of(c).OpenPort(c, port.NewFD(fd), name, access != unix.O_WRONLY, access != unix.O_RDONLY)
	p.Append = flags&unix.O_APPEND != 0
	return p
}

// opener makes open, open-fdes and their forms that start at a directory: (name
// [dir] file flags [mode]).
func opener(name string, at int, asPort bool) *datum.Primitive {
	return arg.FN(name, 2+at, 3+at, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
		dir, full, file, err := place(c, name, args, at)
		if err != nil {
			return datum.Unset, err
		}
		flags, err := arg.Int(name, at+2, args[at+1])
		if err != nil {
			return datum.Unset, err
		}
		perm := 0o666
		if v, ok := arg.Given(args, at+2); ok {
			if perm, err = arg.Int(name, at+3, v); err != nil {
				return datum.Unset, err
			}
		}
		fd, err := create(state.Of(c), dir, full, flags, uint32(perm))
		if err != nil {
			return datum.Unset, fault(name, err, file)
		}
		if !asPort {
			return datum.Fix(int64(fd)), nil
		}
		return filePort(c, fd, file, flags).Value(), nil
	})
}

// place finds where the file name args[at] lies: with at 1, relative to the
// directory whose port is args[0].
func place(c datum.Caller, who string, args []datum.Value, at int) (dir int, full, name string, err error) {
	full, name, err = path(c, who, args, at)
	if err != nil || at == 0 {
		return unix.AT_FDCWD, full, name, err
	}
	dir, err = directoryFD(who, 1, args[0])
	return dir, name, name, err
}

// directoryFD is the descriptor of a port on a directory.
func directoryFD(who string, pos int, v datum.Value) (int, error) {
	if !v.Is(datum.KPort) || port.Of(v).File == nil || port.Of(v).Closed() {
		return 0, datum.WrongTypeExpecting(who, pos, v, "file port")
	}
	return port.Of(v).File.Fd(), nil
}

// createTemp makes a file with a name that no other has.
func createTemp(prefix string, flags int) (fd int, name string, err error) {
	for range 100 {
		name = prefix + randomLetters()
		fd, err = unix.Open(name, flags|unix.O_CREAT|unix.O_EXCL|unix.O_CLOEXEC, 0o600)
		if err != unix.EEXIST && err != unix.EINTR {
			return fd, name, err
		}
	}
	return -1, "", err
}

// randomLetters stand for the Xs of a template.
func randomLetters() string { return strings.ToLower(randomText(6)) }

// mkstemp makes a file from a template that ends in XXXXXX, and opens it in a
// mode; fill writes the name back into the template.
func mkstemp(c datum.Caller, args []datum.Value, fill bool) (datum.Value, error) {
	const who = "mkstemp"
	full, name, err := path(c, who, args, 0)
	if err != nil {
		return datum.Unset, err
	}
	flags := unix.O_RDWR
	mode := "w+"
	if v, ok := arg.Given(args, 1); ok {
		if mode, err = arg.Text(who, 2, v); err != nil {
			return datum.Unset, err
		}
		f, ok := flagsOf(mode)
		if !ok {
			return datum.Unset, datum.ValueOutOfRange(who, v)
		}
		flags = f
	}
	if !strings.HasSuffix(name, "XXXXXX") {
		return datum.Unset, fault(who, unix.EINVAL, name)
	}
	if fill && args[0].Str().Literal {
		return datum.Unset, datum.Misc(who, "string is read-only: ~s", args[0])
	}
	fd, made, err := createTemp(strings.TrimSuffix(full, "XXXXXX"), flags)
	if err != nil {
		return datum.Unset, fault(who, err, name)
	}
	got := strings.TrimSuffix(name, "XXXXXX") + made[len(made)-6:]
	if fill {
		args[0].Str().Replace([]rune(got))
	}
	p := filePort(c, fd, got, flags)
	ports.ApplyMode(p, mode)
	return p.Value(), nil
}

// mkdtemp makes a directory from a template that ends in XXXXXX, and gives its
// name.
func mkdtemp(full string, args []datum.Value) (datum.Value, error) {
	prefix, ok := strings.CutSuffix(full, "XXXXXX")
	if !ok {
		return datum.Unset, unix.EINVAL
	}
	var err error
	for range 100 {
		letters := randomLetters()
		if err = unix.Mkdir(prefix+letters, 0o700); err == nil {
			return datum.NewString(strings.TrimSuffix(args[0].Str().Go(), "XXXXXX") + letters), nil
		}
		if err != unix.EEXIST {
			break
		}
	}
	return datum.Unset, err
}
