package fetch

import (
	"encoding/json"
	"errors"

	"fruix/store/hash"
)

// packed is an error of a client as it goes from one process to another.
type packed struct {
	Message  string          `json:"message"`
	Fetch    bool            `json:"fetch,omitempty"` // it is an *Error
	Name     string          `json:"name,omitempty"`
	Attempts []packedAttempt `json:"attempts,omitempty"`
}

type packedAttempt struct {
	Place   string `json:"place"`
	Message string `json:"message"`
	Archive bool   `json:"archive,omitempty"`
	// The hashes of a file with another content than was wanted.
	Want string `json:"want,omitempty"`
	Got  string `json:"got,omitempty"`
}

// Pack makes bytes of an error, for Unpack in another process.
func Pack(err error) []byte {
	p := packed{Message: err.Error()}
	var e *Error
	if errors.As(err, &e) {
		p.Fetch, p.Name = true, e.Name
		for _, a := range e.Attempts {
			x := packedAttempt{Place: a.Place, Message: a.Err.Error(), Archive: a.Archive}
			var m *MismatchError
			if errors.As(a.Err, &m) {
				x.Want, x.Got = m.Want.String(), m.Got.String()
			}
			p.Attempts = append(p.Attempts, x)
		}
	}
	b, _ := json.Marshal(p) // it is made of strings
	return b
}

// Unpack makes an error of what Pack made, which may come from a process that is not to
// be trusted: an *Error when it was one.
func Unpack(b []byte) error {
	var p packed
	if json.Unmarshal(b, &p) != nil || p.Message == "" && !p.Fetch {
		return errors.New("it is not told why")
	}
	if !p.Fetch {
		return errors.New(p.Message)
	}
	e := &Error{Name: p.Name}
	for _, x := range p.Attempts {
		a := Attempt{Place: x.Place, Err: errors.New(x.Message), Archive: x.Archive}
		want, err := hash.Parse(x.Want, 0)
		got, gerr := hash.Parse(x.Got, 0)
		if err == nil && gerr == nil {
			a.Err = &MismatchError{Want: want, Got: got}
		}
		e.Attempts = append(e.Attempts, a)
	}
	return e
}
