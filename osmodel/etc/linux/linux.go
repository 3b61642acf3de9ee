// Package linux makes files below /etc as Linux systems have them.
package linux

import (
	"fmt"
	"strings"

	"fruix/osmodel/account"
)

// Passwd makes passwd(5).
func Passwd(d *account.Database) string {
	var b strings.Builder
	for _, a := range d.Accounts {
		fmt.Fprintf(&b, "%s:x:%d:%d:%s:%s:%s\n", a.Name, a.UID, d.GID(a.Group), a.Comment, a.Home, a.Shell)
	}
	return b.String()
}

// Shadow makes shadow(5). The fields about ageing are empty, which turns it
// off: a date of the last change would make the file depend on the day.
func Shadow(d *account.Database) string {
	var b strings.Builder
	for _, a := range d.Accounts {
		password := a.Password
		if a.Locked {
			password = "!"
		}
		fmt.Fprintf(&b, "%s:%s:::::::\n", a.Name, password)
	}
	return b.String()
}

// Group makes group(5).
func Group(d *account.Database) string {
	var b strings.Builder
	for _, g := range d.Groups {
		password := g.Password
		if password == "" {
			password = "x"
		}
		fmt.Fprintf(&b, "%s:%s:%d:%s\n", g.Name, password, g.ID, strings.Join(g.Members, ","))
	}
	return b.String()
}
