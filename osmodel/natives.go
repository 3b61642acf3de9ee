// Package osmodel gives Scheme the model of a target system: natives that turn
// plain data (alists, lists, strings) into the text of the system's files, and
// check it on the way. They look at nothing but their arguments.
//
// The packages below hold the model in Go: account, fs, boot, and etc with the
// renderers of each target.
package osmodel

import (
	"fmt"

	"fruix/interp/datum"
	"fruix/interp/prim/arg"
	"fruix/osmodel/account"
	"fruix/osmodel/etc"
	"fruix/osmodel/etc/freebsd"
	"fruix/osmodel/etc/freebsd/pwdb"
	"fruix/osmodel/etc/linux"
)

// Module is the name of the Scheme module that holds the natives.
const Module = "(fruix native osmodel)"

// Registry is what the natives are registered with; *interp.Engine has it.
type Registry interface {
	Register(module string, prims ...*datum.Primitive)
}

// Register defines the natives of [Module]:
//
//	(%resolve-accounts TARGET ACCOUNTS GROUPS)  an alist: files, homes, ids
//	(%render-fstab TARGET FILE-SYSTEMS SWAP)
//	(%check-host-name NAME)                     NAME, or an error
//	(%render-hosts NAME LINES)
//	(%render-motd TEXT)
//	(%render-shells LIST)
//	(%render-rc-conf ALIST) (%render-loader-conf ALIST)
//	(%render-ttys LIST)                         of (NAME COMMAND TYPE STATUS)
//	(%render-login-conf ALIST)                  see renderLoginConf
//	(%password-databases TEXT)                  an alist: pwd.db, spwd.db
//	(%render-boot-entry TITLE LINUX INITRD OPTIONS)
//	(%render-loader-efi-conf TIMEOUT [DEFAULT [ALIST]])
//	(%json VALUE)                               see JSON
//	(%derive-uuid PART ...)                     see DeriveUUID
//
// Except as said they return strings.
func Register(r Registry) {
	r.Register(Module,
		arg.F3("%resolve-accounts", native3("%resolve-accounts", resolveAccounts)),
		arg.F3("%render-fstab", native3("%render-fstab", renderFstab)),
		text1("%check-host-name", func(s string) (string, error) { return s, etc.CheckHostName(s) }),
		arg.F2("%render-hosts", renderHosts),
		text1("%render-motd", etc.Motd),
		native1("%render-shells", func(v datum.Value) (string, error) {
			list, err := texts(v)
			if err != nil {
				return "", fmt.Errorf("shells: %w", err)
			}
			return etc.Shells(list)
		}),
		native1("%render-rc-conf", func(v datum.Value) (string, error) {
			list, err := settings("rc.conf", v)
			if err != nil {
				return "", err
			}
			return freebsd.RCConf(list)
		}),
		native1("%render-loader-conf", func(v datum.Value) (string, error) {
			list, err := settings("loader.conf", v)
			if err != nil {
				return "", err
			}
			return freebsd.LoaderConf(list)
		}),
		native1("%render-ttys", renderTTYs),
		native1("%render-login-conf", renderLoginConf),
		arg.F1("%password-databases", passwordDatabases),
		arg.FN("%render-boot-entry", 4, 4, renderBootEntry),
		arg.FN("%render-loader-efi-conf", 1, 3, renderLoaderEFIConf),
		native1("%json", JSON),
		arg.FN("%derive-uuid", 0, -1, deriveUUID),
	)
}

// native1 makes a native of one argument and a string as value.
func native1(name string, f func(datum.Value) (string, error)) *datum.Primitive {
	return arg.F1(name, func(_ datum.Caller, v datum.Value) (datum.Value, error) {
		s, err := f(v)
		if err != nil {
			return datum.Unset, datum.AsError(name, err)
		}
		return str(s), nil
	})
}

// text1 makes a native of one string.
func text1(name string, f func(string) (string, error)) *datum.Primitive {
	return arg.F1(name, func(_ datum.Caller, v datum.Value) (datum.Value, error) {
		s, err := arg.Text(name, 1, v)
		if err != nil {
			return datum.Unset, err
		}
		if s, err = f(s); err != nil {
			return datum.Unset, datum.AsError(name, err)
		}
		return str(s), nil
	})
}

// native3 makes a native whose first argument is a target.
func native3(name string, f func(t account.Target, a, b datum.Value) (datum.Value, error)) func(_ datum.Caller, t, a, b datum.Value) (datum.Value, error) {
	return func(_ datum.Caller, target, a, b datum.Value) (datum.Value, error) {
		s, ok := nameOf(target)
		if !ok {
			return datum.Unset, datum.WrongTypeExpecting(name, 1, target, "string or symbol")
		}
		t, err := account.ParseTarget(s)
		if err != nil {
			return datum.Unset, datum.AsError(name, err)
		}
		v, err := f(t, a, b)
		if err != nil {
			return datum.Unset, datum.AsError(name, err)
		}
		return v, nil
	}
}

// resolveAccounts is (%resolve-accounts TARGET ACCOUNTS GROUPS). The result is
// an alist: files ((NAME . TEXT) ...), names below /etc; homes ((DIR UID GID
// MODE) ...); ids ((accounts (NAME . UID) ...) (groups (NAME . GID) ...)).
func resolveAccounts(t account.Target, accounts, groups datum.Value) (datum.Value, error) {
	var as []account.Account
	err := each(accounts, "account", "name", func(f *fields) error {
		_, hasPassword := f.values["password"]
		as = append(as, account.Account{
			Name: f.text("name", ""), Password: f.text("password", ""),
			Locked: !hasPassword || f.values["password"] == datum.False,
			UID:    f.number("uid"), Group: f.text("group", ""), Supplementary: f.texts("supplementary-groups"),
			Comment: f.text("comment", ""), Home: f.text("home-directory", ""),
			CreateHome: f.boolean("create-home-directory?", true), Shell: f.text("shell", ""),
			System: f.boolean("system?", false), Class: f.text("class", ""),
		})
		return nil
	})
	if err != nil {
		return datum.Unset, err
	}
	var gs []account.Group
	err = each(groups, "group", "name", func(f *fields) error {
		gs = append(gs, account.Group{Name: f.text("name", ""), Password: f.text("password", ""), ID: f.number("id"), System: f.boolean("system?", false)})
		return nil
	})
	if err != nil {
		return datum.Unset, err
	}
	d, err := account.Resolve(t, as, gs)
	if err != nil {
		return datum.Unset, err
	}
	files, err := accountFiles(t, d)
	if err != nil {
		return datum.Unset, err
	}
	return list(entry("files", files), entry("homes", homes(d)), entry("ids", ids(d))), nil
}

// entry makes an element of an alist.
func entry(key string, v datum.Value) datum.Value { return cons(datum.Intern(key).Value(), v) }

func accountFiles(t account.Target, d *account.Database) (datum.Value, error) {
	shells, err := etc.Shells(d.Shells())
	if err != nil {
		return datum.Unset, err
	}
	file := func(name, text string) datum.Value { return cons(str(name), str(text)) }
	if t == account.FreeBSD {
		return list(file("passwd", freebsd.Passwd(d)), file("master.passwd", freebsd.MasterPasswd(d)),
			file("group", freebsd.Group(d)), file("shells", shells)), nil
	}
	return list(file("passwd", linux.Passwd(d)), file("shadow", linux.Shadow(d)),
		file("group", linux.Group(d)), file("shells", shells)), nil
}

func homes(d *account.Database) datum.Value {
	var out []datum.Value
	for _, h := range d.Homes() {
		out = append(out, list(str(h.Dir), datum.Fix(h.UID), datum.Fix(h.GID), datum.Fix(int64(h.Mode))))
	}
	return list(out...)
}

func ids(d *account.Database) datum.Value {
	var accounts, groups []datum.Value
	for _, a := range d.Accounts {
		accounts = append(accounts, cons(str(a.Name), datum.Fix(a.UID)))
	}
	for _, g := range d.Groups {
		groups = append(groups, cons(str(g.Name), datum.Fix(g.ID)))
	}
	return list(entry("accounts", list(accounts...)), entry("groups", list(groups...)))
}

// passwordDatabases is (%password-databases TEXT), TEXT being a master.passwd:
// the databases of FreeBSD's C library, as bytevectors, by their names below
// /etc.
func passwordDatabases(_ datum.Caller, text datum.Value) (datum.Value, error) {
	const who = "%password-databases"
	s, err := arg.Text(who, 1, text)
	if err != nil {
		return datum.Unset, err
	}
	public, secret, err := pwdb.Make(s)
	if err != nil {
		return datum.Unset, datum.AsError(who, err)
	}
	return list(cons(str(pwdb.PublicName), datum.NewBytevector(public)), cons(str(pwdb.SecretName), datum.NewBytevector(secret))), nil
}
