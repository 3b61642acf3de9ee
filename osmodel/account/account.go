// Package account models who may use a machine: accounts and groups.
//
// Declarations go in; [Resolve] checks them as a whole, chooses the ids that
// are not given and returns a [Database], from which the packages below
// osmodel/etc make the files of a system.
package account

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"fruix/interp/module"
)

// A Target is the kind of system that the accounts are for.
type Target string

// The targets.
const (
	Linux   Target = "linux"
	FreeBSD Target = "freebsd"
)

// ParseTarget reads the name of a target.
func ParseTarget(s string) (Target, error) {
	switch t := Target(s); t {
	case Linux, FreeBSD:
		return t, nil
	}
	return "", fmt.Errorf("%q is no kind of system; there are linux and freebsd", s)
}

// An Account is somebody, or a program, that files and processes belong to.
type Account struct {
	Name     string
	Password string // a crypt(3) hash; "" lets anybody in
	Locked   bool   // there is no password; Password is not used
	UID      int64  // below 0: to be chosen
	Group    string // the name of the first group
	// Supplementary names the groups besides Group.
	Supplementary []string
	Comment       string // full name
	Home          string
	CreateHome    bool
	Shell         string
	System        bool   // not a person
	Class         string // FreeBSD's login class
}

// A Group is a set of accounts.
type Group struct {
	Name     string
	Password string // a crypt(3) hash, or "" for none
	ID       int64  // below 0: to be chosen
	System   bool
	// Members are the accounts that have the group as a supplementary one, in
	// the order of their declaration. Resolve sets it.
	Members []string
}

// A Home is a home directory to be made.
type Home struct {
	Dir      string
	UID, GID int64
	Mode     uint32
}

// A Database is a checked set of accounts and groups. All ids are set.
type Database struct {
	Accounts []Account
	Groups   []Group
	gids     map[string]int64
}

// GID returns the id of a group.
func (d *Database) GID(group string) int64 { return d.gids[group] }

// Where ids are chosen: for people and their groups upwards from firstPerson,
// for others downwards from lastSystem.
const (
	firstPerson = 1000
	lastSystem  = 999
	maxID       = 1<<32 - 2 // -1 means "no id" to chown(2)
)

// Resolve checks accounts and groups and chooses missing ids, in the order of
// the declarations. The arguments are not changed.
func Resolve(t Target, accounts []Account, groups []Group) (*Database, error) {
	d := &Database{Accounts: slices.Clone(accounts), Groups: slices.Clone(groups), gids: make(map[string]int64)}
	if err := d.resolveGroups(t); err != nil {
		return nil, err
	}
	if err := d.resolveAccounts(t); err != nil {
		return nil, err
	}
	return d, nil
}

func (d *Database) resolveGroups(t Target) error {
	names := make(map[string]bool)
	ids := newIDs("group")
	for i := range d.Groups {
		g := &d.Groups[i]
		g.Members = nil
		if err := checkName(g.Name); err != nil {
			return fmt.Errorf("group %q: name: %w", g.Name, err)
		}
		if names[g.Name] {
			return fmt.Errorf("group %q: is declared twice", g.Name)
		}
		names[g.Name] = true
		if g.Password != "" {
			if err := checkHash(t, g.Password); err != nil {
				return fmt.Errorf("group %q: password: %w", g.Name, err)
			}
		}
		if err := ids.reserve(g.ID, g.Name); err != nil {
			return fmt.Errorf("group %q: id: %w", g.Name, err)
		}
	}
	for i := range d.Groups {
		g := &d.Groups[i]
		var err error
		if g.ID, err = ids.choose(g.ID, g.System, g.Name); err != nil {
			return fmt.Errorf("group %q: id: %w", g.Name, err)
		}
		d.gids[g.Name] = g.ID
	}
	return nil
}

func (d *Database) resolveAccounts(t Target) error {
	names := make(map[string]bool)
	ids := newIDs("account")
	place := make(map[string]int)
	for i, g := range d.Groups {
		place[g.Name] = i
	}
	for i := range d.Accounts {
		a := &d.Accounts[i]
		if err := a.check(t); err != nil {
			return fmt.Errorf("account %q: %w", a.Name, err)
		}
		if names[a.Name] {
			return fmt.Errorf("account %q: is declared twice", a.Name)
		}
		names[a.Name] = true
		if _, ok := place[a.Group]; !ok {
			return fmt.Errorf("account %q: group: %w", a.Name, d.unknownGroup(a.Group))
		}
		var done []string
		for _, s := range a.Supplementary {
			j, ok := place[s]
			if !ok {
				return fmt.Errorf("account %q: supplementary-groups: %w", a.Name, d.unknownGroup(s))
			}
			if !slices.Contains(done, s) {
				done = append(done, s)
				d.Groups[j].Members = append(d.Groups[j].Members, a.Name)
			}
		}
		if err := ids.reserve(a.UID, a.Name); err != nil {
			return fmt.Errorf("account %q: uid: %w", a.Name, err)
		}
	}
	for i := range d.Accounts {
		a := &d.Accounts[i]
		var err error
		if a.UID, err = ids.choose(a.UID, a.System, a.Name); err != nil {
			return fmt.Errorf("account %q: uid: %w", a.Name, err)
		}
	}
	return nil
}

func (d *Database) unknownGroup(name string) error {
	known := slices.Collect(maps.Keys(d.gids))
	if near := module.Nearest(name, known); len(near) > 0 {
		return fmt.Errorf("there is no group %q; did you mean %q?", name, near[0])
	}
	return fmt.Errorf("there is no group %q; declare it among the groups", name)
}

// Homes returns the home directories to be made, in the order of the accounts.
// Those of people are nobody else's to read.
func (d *Database) Homes() []Home {
	var list []Home
	seen := map[string]bool{"/": true}
	for _, a := range d.Accounts {
		if !a.CreateHome || seen[a.Home] {
			continue
		}
		seen[a.Home] = true
		h := Home{Dir: a.Home, UID: a.UID, GID: d.gids[a.Group], Mode: 0o700}
		if a.System && a.UID != 0 {
			h.Mode = 0o755
		}
		list = append(list, h)
	}
	return list
}

// Shells returns the programs that people log in with, each once, in the order
// of the accounts. Programs that only refuse are not among them.
func (d *Database) Shells() []string {
	var list []string
	for _, a := range d.Accounts {
		base := path.Base(a.Shell)
		if base == "nologin" || base == "false" || slices.Contains(list, a.Shell) {
			continue
		}
		list = append(list, a.Shell)
	}
	return list
}

// ids hands out numbers.
type ids struct {
	what     string
	owner    map[int64]string
	up, down int64
}

func newIDs(what string) *ids {
	return &ids{what: what, owner: make(map[int64]string), up: firstPerson, down: lastSystem}
}

// reserve takes a number that is given.
func (s *ids) reserve(id int64, name string) error {
	switch {
	case id < 0:
		return nil
	case id > maxID:
		return fmt.Errorf("%d is above %d, the largest that there is", id, int64(maxID))
	}
	if other, taken := s.owner[id]; taken {
		return fmt.Errorf("%d is that of the %s %q already", id, s.what, other)
	}
	s.owner[id] = name
	return nil
}

// choose returns the number that is given, or a free one.
func (s *ids) choose(id int64, system bool, name string) (int64, error) {
	if id >= 0 {
		return id, nil
	}
	next, step := &s.up, int64(1)
	if system {
		next, step = &s.down, -1
	}
	for s.owner[*next] != "" {
		*next += step
	}
	if *next <= 0 {
		return 0, fmt.Errorf("no number below %d is free", lastSystem+1)
	}
	s.owner[*next] = name
	return *next, nil
}

// check tells whether the fields of an account can stand in passwd(5) of the
// target.
func (a *Account) check(t Target) error {
	if err := checkName(a.Name); err != nil {
		return fmt.Errorf("name: %w", err)
	}
	if !a.Locked && a.Password != "" {
		if err := checkHash(t, a.Password); err != nil {
			return fmt.Errorf("password: %w", err)
		}
	}
	if err := checkField(a.Comment); err != nil {
		return fmt.Errorf("comment: %w", err)
	}
	if err := checkFileName(a.Home); err != nil {
		return fmt.Errorf("home-directory: %w", err)
	}
	if err := checkFileName(a.Shell); err != nil {
		return fmt.Errorf("shell: %w", err)
	}
	if strings.ContainsAny(a.Shell, " \t") {
		return fmt.Errorf("shell: %q contains a blank; it must be the name of a program, without arguments", a.Shell)
	}
	if a.Class != "" {
		if err := checkName(a.Class); err != nil {
			return fmt.Errorf("class: %w", err)
		}
	}
	return nil
}
