package main

import (
	"errors"
	"fmt"
	"os/user"
	"strconv"
	"syscall"

	"fruix/cmd/internal/report"
)

// account is a user that this process can become.
type account struct {
	name     string
	uid, gid int
	groups   []int
}

// servingAccount looks up the user that a server is to run as, which only root may
// choose.
func (s *session) servingAccount(name string) (*account, error) {
	if s.env.uid != 0 {
		return nil, s.flags.usage("only root may choose with --user who serves")
	}
	u, err := user.Lookup(name)
	if _, nerr := strconv.Atoi(name); err != nil && nerr == nil {
		u, err = user.LookupId(name)
	}
	if err != nil {
		return nil, &report.AdvisedError{Err: fmt.Errorf("--user: %w", err), Hint: "name an account of this machine"}
	}
	a := &account{name: name}
	ids, gerr := u.GroupIds()
	if a.uid, err = strconv.Atoi(u.Uid); err == nil {
		a.gid, err = strconv.Atoi(u.Gid)
	}
	if err = errors.Join(err, gerr); err != nil {
		return nil, fmt.Errorf("--user=%s: %w", name, err)
	}
	for _, id := range ids {
		if g, err := strconv.Atoi(id); err == nil {
			a.groups = append(a.groups, g)
		}
	}
	return a, nil
}

// become makes this process that user's, for good. On Linux the calls are made for all
// threads, as the runtime sees to.
func (a *account) become() error {
	groups := a.groups
	if len(groups) == 0 {
		groups = []int{a.gid}
	}
	err := syscall.Setgroups(groups)
	if err == nil {
		err = syscall.Setgid(a.gid)
	}
	if err == nil {
		err = syscall.Setuid(a.uid)
	}
	if err == nil && a.uid != 0 && syscall.Setuid(0) == nil {
		err = errors.New("the way back to root is open")
	}
	if err != nil {
		return fmt.Errorf("cannot become the user %s: %w", a.name, err)
	}
	return nil
}
