package archive

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// The outer archive of a Debian package, deb(5) and ar(5): a magic, and members
// with a header of 60 bytes, each padded to an even size.
const (
	arMagic      = "!<arch>\n"
	arHeaderSize = 60
	arHeaderEnd  = "`\n"
)

// deb unpacks the data member of a Debian package.
func (u *unpacker) deb(r io.Reader) error {
	if err := skip(r, int64(len(arMagic))); err != nil {
		return err
	}
	for {
		name, size, err := readAr(r)
		if errors.Is(err, io.EOF) {
			return errors.New("the package has no data member")
		}
		if err != nil {
			return err
		}
		if !strings.HasPrefix(name, "data.tar") {
			if err := skip(r, size+size&1); err != nil {
				return err
			}
			continue
		}
		data := &io.LimitedReader{R: r, N: size}
		if err := u.stream(bufio.NewReaderSize(data, 64<<10)); err != nil {
			return err
		}
		// The package may be cut where the tar inside it is already complete.
		if _, err := io.Copy(io.Discard, data); err != nil {
			return err
		}
		if data.N > 0 {
			return io.ErrUnexpectedEOF
		}
		return nil
	}
}

// readAr reads the header of a member; io.EOF when there is none.
func readAr(r io.Reader) (name string, size int64, err error) {
	var b [arHeaderSize]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return "", 0, err
	}
	if string(b[58:]) != arHeaderEnd {
		return "", 0, errors.New("the package is damaged: a member has no proper header")
	}
	size, err = strconv.ParseInt(strings.TrimSpace(string(b[48:58])), 10, 64)
	if err != nil || size < 0 {
		return "", 0, fmt.Errorf("the package is damaged: a member has the size %q", b[48:58])
	}
	return strings.TrimRight(string(b[:16]), " /"), size, nil
}
