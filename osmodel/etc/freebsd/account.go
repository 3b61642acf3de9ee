// Package freebsd makes files below /etc and /boot as FreeBSD has them.
package freebsd

import (
	"fmt"
	"strings"

	"fruix/osmodel/account"
)

// Passwd makes the passwd(5) that everybody may read.
func Passwd(d *account.Database) string {
	var b strings.Builder
	for _, a := range d.Accounts {
		fmt.Fprintf(&b, "%s:*:%d:%d:%s:%s:%s\n", a.Name, a.UID, d.GID(a.Group), a.Comment, a.Home, a.Shell)
	}
	return b.String()
}

// MasterPasswd makes master.passwd(5), from which pwd_mkdb(8) makes the
// databases. Passwords and accounts do not expire.
func MasterPasswd(d *account.Database) string {
	var b strings.Builder
	for _, a := range d.Accounts {
		password := a.Password
		if a.Locked {
			password = "*"
		}
		fmt.Fprintf(&b, "%s:%s:%d:%d:%s:0:0:%s:%s:%s\n", a.Name, password, a.UID, d.GID(a.Group), a.Class, a.Comment, a.Home, a.Shell)
	}
	return b.String()
}

// Group makes group(5).
func Group(d *account.Database) string {
	var b strings.Builder
	for _, g := range d.Groups {
		password := g.Password
		if password == "" {
			password = "*"
		}
		fmt.Fprintf(&b, "%s:%s:%d:%s\n", g.Name, password, g.ID, strings.Join(g.Members, ","))
	}
	return b.String()
}
