package osmodel

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"fruix/interp/datum"
	"fruix/interp/prim/arg"
	"fruix/osmodel/account"
	"fruix/osmodel/boot"
	"fruix/osmodel/etc"
	"fruix/osmodel/etc/freebsd"
	"fruix/osmodel/fs"
)

// renderFstab is (%render-fstab TARGET FILE-SYSTEMS SWAP), with alists as
// file-system->alist and swap-space->alist make them.
func renderFstab(t account.Target, systems, swap datum.Value) (datum.Value, error) {
	var list []fs.FileSystem
	err := each(systems, "file system", "mount-point", func(f *fields) error {
		list = append(list, fs.FileSystem{
			Device: f.text("device", ""), MountPoint: f.text("mount-point", ""), Type: f.text("type", ""),
			Flags: f.texts("flags"), Options: f.text("options", ""), Mount: f.boolean("mount?", true),
			MayFail: f.boolean("may-fail?", false), Check: f.boolean("check?", true), Pseudo: f.boolean("pseudo?", false),
		})
		return nil
	})
	if err != nil {
		return datum.Unset, err
	}
	var spaces []fs.Swap
	err = each(swap, "swap space", "device", func(f *fields) error {
		spaces = append(spaces, fs.Swap{Device: f.text("device", ""), Priority: f.number("priority"), Discard: f.boolean("discard?", false)})
		return nil
	})
	if err != nil {
		return datum.Unset, err
	}
	text, err := fs.Fstab(t, list, spaces)
	return str(text), err
}

// renderHosts is (%render-hosts NAME LINES).
func renderHosts(_ datum.Caller, name, lines datum.Value) (datum.Value, error) {
	const who = "%render-hosts"
	n, err := arg.Text(who, 1, name)
	if err != nil {
		return datum.Unset, err
	}
	extra, err := texts(lines)
	if err != nil {
		return datum.Unset, datum.AsError(who, fmt.Errorf("hosts: %w", err))
	}
	text, err := etc.Hosts(n, extra)
	if err != nil {
		return datum.Unset, datum.AsError(who, err)
	}
	return str(text), nil
}

// settings reads an alist of variables of a file of FreeBSD's.
func settings(file string, v datum.Value) ([]freebsd.Setting, error) {
	pairs, err := alist(v)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	list := make([]freebsd.Setting, len(pairs))
	for i, p := range pairs {
		value, err := setting(p.value, "YES", "NO")
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", file, p.key, err)
		}
		list[i] = freebsd.Setting{Name: p.key, Value: value}
	}
	return list, nil
}

// renderTTYs is (%render-ttys LIST), LIST being of (NAME COMMAND TYPE STATUS).
func renderTTYs(v datum.Value) (string, error) {
	if arg.Length(v) < 0 {
		return "", fmt.Errorf("ttys: must be a list, not %s", kind(v))
	}
	var list []freebsd.TTY
	for ; v.IsPair(); v = v.Pair().Cdr {
		words, err := texts(v.Pair().Car)
		if err != nil {
			return "", fmt.Errorf("ttys: %w", err)
		}
		if len(words) != 4 {
			return "", fmt.Errorf("ttys: a line must have a name, a command, a type and a status, not %d words", len(words))
		}
		list = append(list, freebsd.TTY{Name: words[0], Command: words[1], Type: words[2], Status: words[3]})
	}
	return freebsd.TTYs(list)
}

// renderLoginConf is (%render-login-conf ALIST). ALIST has capabilities of the
// class default, (NAME . VALUE), or classes, (NAME . ALIST). A value is a
// string, a number, #t or #f.
func renderLoginConf(v datum.Value) (string, error) {
	pairs, err := alist(v)
	if err != nil {
		return "", fmt.Errorf("login.conf: %w", err)
	}
	var classes []freebsd.Class
	for _, p := range pairs {
		if !p.value.IsPair() && !p.value.IsNull() {
			c, err := capability(p)
			if err != nil {
				return "", fmt.Errorf("login.conf: %w", err)
			}
			classes = append(classes, freebsd.Class{Name: "default", Capabilities: []freebsd.Capability{c}})
			continue
		}
		class := freebsd.Class{Name: p.key}
		list, err := alist(p.value)
		if err != nil {
			return "", fmt.Errorf("login.conf: class %q: %w", p.key, err)
		}
		for _, q := range list {
			c, err := capability(q)
			if err != nil {
				return "", fmt.Errorf("login.conf: class %q: %w", p.key, err)
			}
			class.Capabilities = append(class.Capabilities, c)
		}
		classes = append(classes, class)
	}
	return freebsd.LoginConf(classes)
}

func capability(p pair) (freebsd.Capability, error) {
	c := freebsd.Capability{Name: p.key}
	switch {
	case p.value == datum.True:
		c.Kind = freebsd.TrueCapability
	case p.value == datum.False:
		c.Kind = freebsd.FalseCapability
	case p.value.IsFix():
		c.Kind = freebsd.NumberCapability
		c.Value = fmt.Sprint(p.value.Fix())
	default:
		s, ok := nameOf(p.value)
		if !ok {
			return c, fmt.Errorf("%s: must be a string, a number, #t or #f, not %s", p.key, kind(p.value))
		}
		c.Value = s
	}
	return c, nil
}

// renderBootEntry is (%render-boot-entry TITLE LINUX INITRD OPTIONS); INITRD
// is a path, a list of paths, or #f.
func renderBootEntry(_ datum.Caller, args []datum.Value) (datum.Value, error) {
	const who = "%render-boot-entry"
	var e boot.Entry
	var err error
	if e.Title, err = arg.Text(who, 1, args[0]); err != nil {
		return datum.Unset, err
	}
	if e.Linux, err = arg.Text(who, 2, args[1]); err != nil {
		return datum.Unset, err
	}
	switch initrd := args[2]; {
	case initrd == datum.False:
	case initrd.IsString():
		e.Initrds = []string{initrd.Str().Go()}
	default:
		if e.Initrds, err = texts(initrd); err != nil {
			return datum.Unset, datum.AsError(who, fmt.Errorf("initrd: %w", err))
		}
	}
	if e.Options, err = texts(args[3]); err != nil {
		return datum.Unset, datum.AsError(who, fmt.Errorf("options: %w", err))
	}
	text, err := e.Text()
	if err != nil {
		return datum.Unset, datum.AsError(who, err)
	}
	return str(text), nil
}

// renderLoaderEFIConf is (%render-loader-efi-conf TIMEOUT [DEFAULT [ALIST]]).
// TIMEOUT is in seconds, #f to wait for ever; DEFAULT is the name of an entry,
// or #f; ALIST has further settings.
func renderLoaderEFIConf(_ datum.Caller, args []datum.Value) (datum.Value, error) {
	const who = "%render-loader-efi-conf"
	timeout, def := int64(-1), ""
	if args[0] != datum.False {
		n, err := arg.Count(who, 1, args[0])
		if err != nil {
			return datum.Unset, err
		}
		timeout = int64(n)
	}
	if v, ok := arg.Given(args, 1); ok && v != datum.False {
		var err error
		if def, err = arg.Text(who, 2, v); err != nil {
			return datum.Unset, err
		}
	}
	var more []boot.Setting
	if v, ok := arg.Given(args, 2); ok {
		pairs, err := alist(v)
		if err != nil {
			return datum.Unset, datum.AsError(who, fmt.Errorf("loader.conf: %w", err))
		}
		for _, p := range pairs {
			value, err := setting(p.value, "yes", "no")
			if err != nil {
				return datum.Unset, datum.AsError(who, fmt.Errorf("loader.conf: %s: %w", p.key, err))
			}
			more = append(more, boot.Setting{Name: p.key, Value: value})
		}
	}
	text, err := boot.LoaderConf(timeout, def, more)
	if err != nil {
		return datum.Unset, datum.AsError(who, err)
	}
	return str(text), nil
}

// deriveUUID is (%derive-uuid PART ...).
func deriveUUID(_ datum.Caller, args []datum.Value) (datum.Value, error) {
	parts := make([]string, len(args))
	for i, v := range args {
		s, err := arg.Text("%derive-uuid", i+1, v)
		if err != nil {
			return datum.Unset, err
		}
		parts[i] = s
	}
	return str(DeriveUUID(parts...)), nil
}

// DeriveUUID makes a UUID of what it identifies, the one that image plans get
// for identifiers that they do not give: of ("partition" SEED NAME), say. It
// is of version 8 (RFC 9562) and made of a SHA-256 over the parts, each behind
// its length as 8 bytes, the least significant first.
func DeriveUUID(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		var n [8]byte
		binary.LittleEndian.PutUint64(n[:], uint64(len(p)))
		h.Write(n[:])
		h.Write([]byte(p))
	}
	u := h.Sum(nil)[:16]
	u[6] = u[6]&0x0f | 0x80
	u[8] = u[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}
