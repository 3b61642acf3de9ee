package process

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"fruix/interp/datum"
	"fruix/interp/prim/arg"
	"fruix/interp/prim/state"
)

// database is one of the system's text files of accounts. next counts the
// entries that getpwent and its like have given.
type database struct {
	who, file string
	fields    int
	pack      func(f []string) datum.Value
	missing   func(who string) error
	next      int
}

// users lists the natives that read the databases of users and groups. Other
// sources that a system may have for them are not asked.
func users() []*datum.Primitive {
	pw := &database{who: "getpw", file: "/etc/passwd", fields: 7, pack: packUser, missing: func(who string) error {
		return datum.Misc(who, "entry not found")
	}}
	gr := &database{who: "getgr", file: "/etc/group", fields: 4, pack: packGroup, missing: func(who string) error {
		return &datum.Error{Key: "system-error", Who: who, Message: "~A", Irritants: []datum.Value{datum.NewString("entry not found")},
			Rest: datum.List(datum.Fix(0)), Payload: datum.Unset}
	}}
	t := append(pw.natives("setpw", "getpwnam", "getpwuid"), gr.natives("setgr", "getgrnam", "getgrgid")...)
	for i, f := range []string{"name", "passwd", "uid", "gid", "gecos", "dir", "shell"} {
		t = append(t, part("passwd:"+f, i, 7))
	}
	for i, f := range []string{"name", "passwd", "gid", "mem"} {
		t = append(t, part("group:"+f, i, 4))
	}
	return append(t, arg.F0("getlogin", func(c datum.Caller) (datum.Value, error) {
		if name, ok := state.Of(c).Getenv("LOGNAME"); ok && name != "" {
			return datum.NewString(name), nil
		}
		return datum.False, nil
	}))
}

func (d *database) natives(set, byName, byID string) []*datum.Primitive {
	return []*datum.Primitive{
		arg.FN(d.who, 0, 1, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			if v, ok := arg.Given(args, 0); ok {
				return d.find(c, v)
			}
			return d.step(c)
		}),
		arg.F1(byName, func(c datum.Caller, v datum.Value) (datum.Value, error) {
			if _, err := arg.Text(byName, 1, v); err != nil {
				return datum.Unset, err
			}
			return d.find(c, v)
		}),
		arg.F1(byID, func(c datum.Caller, v datum.Value) (datum.Value, error) {
			if _, err := arg.Int(byID, 1, v); err != nil {
				return datum.Unset, err
			}
			return d.find(c, v)
		}),
		// #f or nothing ends a pass through the entries, anything else begins
		// one.
		arg.FN(set, 0, 1, func(datum.Caller, []datum.Value) (datum.Value, error) {
			d.next = 0
			return datum.Unspecified, nil
		}),
	}
}

// entries reads the file.
func (d *database) entries(c datum.Caller) ([][]string, error) {
	if err := state.Of(c).CheckFiles(d.who); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(d.file)
	if err != nil {
		return nil, state.SystemError(d.who, err, d.file)
	}
	var out [][]string
	for _, line := range strings.Split(string(text), "\n") {
		if f := strings.Split(line, ":"); len(f) >= d.fields && !strings.HasPrefix(line, "#") {
			out = append(out, f)
		}
	}
	return out, nil
}

func (d *database) find(c datum.Caller, key datum.Value) (datum.Value, error) {
	want, column := "", 0
	switch {
	case key.IsString():
		want = key.Str().Go()
	case key.IsFix():
		want, column = strconv.FormatInt(key.Fix(), 10), 2
	default:
		return datum.Unset, datum.WrongType(d.who, 1, key)
	}
	all, err := d.entries(c)
	if err != nil {
		return datum.Unset, err
	}
	for _, f := range all {
		if f[column] == want {
			return d.pack(f), nil
		}
	}
	return datum.Unset, d.missing(d.who)
}

// step gives the next entry, #f after the last.
func (d *database) step(c datum.Caller) (datum.Value, error) {
	all, err := d.entries(c)
	if err != nil || d.next >= len(all) {
		return datum.False, err
	}
	d.next++
	return d.pack(all[d.next-1]), nil
}

func numberOrFalse(s string) datum.Value {
	i, err := strconv.ParseInt(s, 10, 61)
	if err != nil {
		return datum.False
	}
	return datum.Fix(i)
}

func packUser(f []string) datum.Value {
	s, n := datum.NewString, numberOrFalse
	return datum.NewVector([]datum.Value{s(f[0]), s(f[1]), n(f[2]), n(f[3]), s(f[4]), s(f[5]), s(f[6])})
}

func packGroup(f []string) datum.Value {
	var members []datum.Value
	for _, m := range strings.Split(f[3], ",") {
		if m != "" {
			members = append(members, datum.NewString(m))
		}
	}
	return datum.NewVector([]datum.Value{datum.NewString(f[0]), datum.NewString(f[1]), numberOrFalse(f[2]), datum.List(members...)})
}

// part makes the accessor of one place of a vector of that size.
func part(who string, i, size int) *datum.Primitive {
	return arg.F1(who, func(_ datum.Caller, v datum.Value) (datum.Value, error) {
		if !v.Is(datum.KVector) || len(v.Vector().Items) != size {
			return datum.Unset, datum.WrongType(who, 1, v)
		}
		return v.Vector().Items[i], nil
	})
}

// identity lists the natives that ask and change who the process is.
func identity() []*datum.Primitive {
	t := []*datum.Primitive{
		arg.F0("getgroups", func(c datum.Caller) (datum.Value, error) {
			gs, err := unix.Getgroups()
			if err != nil {
				return datum.Unset, fault("getgroups", err)
			}
			out := make([]datum.Value, len(gs))
			for i, g := range gs {
				out[i] = datum.Fix(int64(g))
			}
			return datum.NewVector(out), nil
		}),
		arg.F1("setgroups", func(c datum.Caller, v datum.Value) (datum.Value, error) {
			vec, err := arg.Vec("setgroups", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			gs := make([]int, len(vec.Items))
			for i, x := range vec.Items {
				if gs[i], err = arg.Int("setgroups", 1, x); err != nil {
					return datum.Unset, err
				}
			}
			if err := state.Of(c).CheckOwner("setgroups"); err != nil {
				return datum.Unset, err
			}
			return datum.Unspecified, fault("setgroups", setGroups(gs))
		}),
		arg.F0("getpgrp", func(datum.Caller) (datum.Value, error) { return datum.Fix(int64(unix.Getpgrp())), nil }),
		arg.F1("getsid", func(_ datum.Caller, v datum.Value) (datum.Value, error) {
			pid, err := arg.Int("getsid", 1, v)
			if err != nil {
				return datum.Unset, err
			}
			n, err := unix.Getsid(pid)
			return datum.Fix(int64(n)), fault("getsid", err)
		}),
		arg.F0("setsid", func(c datum.Caller) (datum.Value, error) {
			if err := state.Of(c).CheckOwner("setsid"); err != nil {
				return datum.Unset, err
			}
			n, err := unix.Setsid()
			return datum.Fix(int64(n)), fault("setsid", err)
		}),
		arg.F2("setpgid", func(c datum.Caller, p, g datum.Value) (datum.Value, error) {
			pid, err := arg.Int("setpgid", 1, p)
			if err != nil {
				return datum.Unset, err
			}
			group, err := arg.Int("setpgid", 2, g)
			if err != nil {
				return datum.Unset, err
			}
			s := state.Of(c)
			if pid == 0 || pid == os.Getpid() {
				err = s.CheckOwner("setpgid")
			} else {
				err = s.CheckProcesses("setpgid")
			}
			if err != nil {
				return datum.Unset, err
			}
			return datum.Unspecified, fault("setpgid", unix.Setpgid(pid, group))
		}),
	}
	for _, x := range []struct {
		name string
		set  func(int) error
	}{{"setuid", setUID}, {"setgid", setGID}, {"seteuid", setEUID}, {"setegid", setEGID}} {
		t = append(t, arg.F1(x.name, func(c datum.Caller, v datum.Value) (datum.Value, error) {
			id, err := arg.Int(x.name, 1, v)
			if err != nil {
				return datum.Unset, err
			}
			if err := state.Of(c).CheckOwner(x.name); err != nil {
				return datum.Unset, err
			}
			return datum.Unspecified, fault(x.name, x.set(id))
		}))
	}
	return t
}
