package stub

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"syscall"
	"time"
)

// What a report says: its first four bytes.
const (
	ReportedFailure = 1
	ReportedExit    = 2
	ReportedReady   = 3
)

// The header of a program, in which the code makes its reports, and the sizes of
// what follows.
const (
	header     = 256
	recordSize = 64

	failureSize = 16 // kind, error number, address of the record
	exitReport  = 16 // where the report of an exit lies in the header
	exitSize    = 8 + rusageSize
	rusageSize  = 144 // struct rusage, getrusage(2)
)

// A Report is what a program writes to [StatusFD]: that a call failed, that
// all went well so far, or how the child ended.
type Report struct {
	Kind int // one of the kinds above
	// Record is the index of the record that failed, and Errno why: 0 when the
	// result was not what was expected.
	Record int
	Errno  syscall.Errno

	Status       syscall.WaitStatus
	User, System time.Duration
	MaxRSS       int64 // bytes
}

// ReadReport reads one report. It returns io.EOF when there is none.
func ReadReport(r io.Reader) (Report, error) {
	var b [exitSize]byte
	le := binary.LittleEndian
	if _, err := io.ReadFull(r, b[:failureSize]); err != nil {
		return Report{}, err
	}
	switch le.Uint32(b[:]) {
	case ReportedFailure:
		at := le.Uint64(b[8:])
		return Report{Kind: ReportedFailure, Errno: syscall.Errno(le.Uint32(b[4:])), Record: int(at-dataBase-header) / recordSize}, nil
	case ReportedReady:
		return Report{Kind: ReportedReady}, nil
	case ReportedExit:
	default:
		return Report{}, fmt.Errorf("a report of an unknown kind %d", le.Uint32(b[:]))
	}
	if _, err := io.ReadFull(r, b[failureSize:]); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return Report{}, err
	}
	usage := b[8:]
	timeval := func(at int) time.Duration {
		return time.Duration(le.Uint64(usage[at:]))*time.Second + time.Duration(le.Uint64(usage[at+8:]))*time.Microsecond
	}
	return Report{
		Kind: ReportedExit, Status: syscall.WaitStatus(le.Uint32(b[4:])),
		User: timeval(0), System: timeval(16), MaxRSS: int64(le.Uint64(usage[32:])) << 10,
	}, nil
}
