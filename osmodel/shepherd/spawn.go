package shepherd

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"fruix/interp/datum"
	"fruix/interp/prim/arg"
	"fruix/osmodel/shepherd/supervise"
)

// resources are the limits that every system has, by the names that Guile's
// setrlimit has for them.
var resources = map[string]int{
	"as": unix.RLIMIT_AS, "core": unix.RLIMIT_CORE, "cpu": unix.RLIMIT_CPU, "data": unix.RLIMIT_DATA,
	"fsize": unix.RLIMIT_FSIZE, "memlock": unix.RLIMIT_MEMLOCK, "nofile": unix.RLIMIT_NOFILE,
	"nproc": unix.RLIMIT_NPROC, "rss": unix.RLIMIT_RSS, "stack": unix.RLIMIT_STACK,
}

// spawn is (%spawn OPTIONS): it starts a process and returns its number, or,
// with a PID file, a value that only the start procedure of a service may
// return. OPTIONS: command, user, group, supplementary-groups,
// directory, file-creation-mask, new-session?, environment-variables,
// log-file, pid-file, pid-file-timeout, resource-limits, input-file,
// controlling-terminal.
func (s *Shepherd) spawn(_ datum.Caller, options datum.Value) (datum.Value, error) {
	o := &alist{"%spawn", 1, options, nil}
	c := supervise.Command{
		Args: o.names("command"), Env: o.names("environment-variables"), Dir: o.text("directory"),
		NewSession: o.flag("new-session?"), Umask: -1,
	}
	if o.get("file-creation-mask") != datum.False {
		c.Umask = o.count("file-creation-mask")
	}
	c.Limits = limits(o)
	logFile, pidFile := o.text("log-file"), o.text("pid-file")
	timeout := o.seconds("pid-file-timeout")
	if o.err != nil {
		return datum.Unset, o.err
	}
	if err := credential(o, &c); err != nil {
		return datum.Unset, datum.AsError("", err)
	}
	p, err := s.launch(c, o, s.current, logFile, pidFile)
	if err != nil {
		return datum.Unset, datum.AsError("", err)
	}
	if pidFile != "" {
		if timeout == 0 {
			timeout = 5 * time.Second
		}
		user := -1
		if c.Credential && c.UID != 0 {
			user = int(c.UID)
		}
		return datum.NewOpaque(pendingType, &pending{p, pidFile, user, timeout}), nil
	}
	return datum.Fix(int64(p.PID)), nil
}

// launch opens the files of the command and starts it.
func (s *Shepherd) launch(c supervise.Command, o *alist, service, logFile, pidFile string) (*supervise.Process, error) {
	if service == "" && len(c.Args) > 0 { // no service is being started
		service = c.Args[0][strings.LastIndexByte(c.Args[0], '/')+1:]
	}
	out, err := s.log.Pipe(service, logFile)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	c.Stdout, c.Stderr = out, out
	if tty := o.text("controlling-terminal"); tty != "" {
		f, err := os.OpenFile(tty, os.O_RDWR|unix.O_NOCTTY, 0)
		if err != nil {
			return nil, fmt.Errorf("the terminal cannot be used: %w", err)
		}
		defer f.Close()
		c.Stdin, c.Stdout, c.Stderr, c.NewSession, c.ControlTerm = f, f, f, true, true
	} else if in := o.text("input-file"); in != "" {
		f, err := os.Open(in)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		c.Stdin = f
	}
	if o.err != nil {
		return nil, o.err
	}
	if pidFile != "" {
		// One of an earlier run would be taken for the new one.
		if err := os.Remove(pidFile); err != nil && !os.IsNotExist(err) {
			return nil, err
		}
	}
	p, err := s.sup.Start(c)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for pid, q := range s.spawned {
		if !q.Alive() && len(s.spawned) > 64 {
			delete(s.spawned, pid)
		}
	}
	s.spawned[p.PID] = p
	return p, nil
}

// limits reads resource limits: lists (NAME SOFT HARD), #f for no limit.
func limits(o *alist) []supervise.Limit {
	list := o.get("resource-limits")
	if list == datum.False {
		return nil
	}
	const who = "#:resource-limits"
	items, err := arg.List(who, 1, list)
	o.note("resource-limits", err)
	var out []supervise.Limit
	for _, item := range items {
		f, err := arg.List(who, 1, item)
		if err != nil || len(f) != 3 || !f[0].IsSymbol() {
			o.note("resource-limits", datum.WrongTypeExpecting(who, 1, item, "list of name, soft and hard limit"))
			return nil
		}
		res, ok := resources[f[0].Symbol().Name]
		if !ok {
			o.note("resource-limits", datum.WrongTypeExpecting(who, 1, f[0], "name of a resource, such as nofile or core"))
			return nil
		}
		l := supervise.Limit{Resource: res}
		for i, to := range []*uint64{&l.Soft, &l.Hard} {
			if f[i+1] == datum.False {
				*to = math.MaxUint64
				continue
			}
			n, err := arg.Count(who, i+2, f[i+1])
			o.note("resource-limits", err)
			*to = uint64(n)
		}
		out = append(out, l)
	}
	return out
}

// credential finds the user and the groups of the command in /etc/passwd and
// /etc/group.
func credential(o *alist, c *supervise.Command) error {
	user, group := nameOrNumber(o, "user"), nameOrNumber(o, "group")
	extra := o.names("supplementary-groups")
	if o.err != nil {
		return o.err
	}
	if user == "" && group == "" && len(extra) == 0 {
		return nil
	}
	c.Credential = true
	c.UID, c.GID = uint32(os.Geteuid()), uint32(os.Getegid())
	if user != "" {
		line, err := account("/etc/passwd", "user", user)
		if err != nil {
			return err
		}
		if len(line) < 4 {
			return fmt.Errorf("the line of user %s in /etc/passwd is broken", user)
		}
		if c.UID, err = id(line[2]); err != nil {
			return err
		}
		if c.GID, err = id(line[3]); err != nil {
			return err
		}
	}
	if group != "" {
		g, err := groupID(group)
		if err != nil {
			return err
		}
		c.GID = g
	}
	c.Groups = []uint32{c.GID}
	for _, name := range extra {
		g, err := groupID(name)
		if err != nil {
			return err
		}
		c.Groups = append(c.Groups, g)
	}
	if os.Geteuid() != 0 && c.UID == uint32(os.Geteuid()) && c.GID == uint32(os.Getegid()) && len(extra) == 0 {
		c.Credential = false // it is so already
	}
	return nil
}

// nameOrNumber gives an option that is a name or a number, "" for #f.
func nameOrNumber(o *alist, key string) string {
	v := o.get(key)
	if v.IsFix() && v.Fix() >= 0 {
		return strconv.FormatInt(v.Fix(), 10)
	}
	return o.text(key)
}

func groupID(name string) (uint32, error) {
	line, err := account("/etc/group", "group", name)
	if err != nil {
		return 0, err
	}
	return id(line[2])
}

func id(s string) (uint32, error) {
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("%q is not the number of a user or group", s)
	}
	return uint32(n), nil
}

// account finds the line of a name, or of a number in third place, in a file
// of lines with colons (passwd(5), group(5)).
func account(file, what, key string) ([]string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	for _, line := range strings.Split(string(text), "\n") {
		f := strings.Split(line, ":")
		if len(f) >= 3 && (f[0] == key || f[2] == key) {
			return f, nil
		}
	}
	return nil, fmt.Errorf("there is no %s %s in %s", what, key, file)
}
