package qemu

import (
	"fmt"
	"strings"
	"time"
)

// Login waits for the login prompt of the machine host and logs user in.
func (c *Console) Login(host, user, password string, limit time.Duration) error {
	if _, err := c.Expect(`(?m)^`+host+` login: `, limit); err != nil {
		return err
	}
	if err := c.Send(user + "\n"); err != nil {
		return err
	}
	if _, err := c.Expect(`Password: `, limit); err != nil {
		return err
	}
	if err := c.Send(password + "\n"); err != nil {
		return err
	}
	_, err := c.Expect(`(?m)[$#] $`, limit)
	return err
}

// Run runs a command in the shell that Login has started and returns what it
// printed and its exit status.
func (c *Console) Run(command string, limit time.Duration) (output string, status int, err error) {
	// The marks are typed in two pieces, so that the echo of the line does
	// not look like them.
	if err := c.Send("echo 'fruix-''begin'; " + command + "; echo \"fruix-\"\"end $?\"\n"); err != nil {
		return "", 0, err
	}
	if _, err := c.Expect(`fruix-begin\n`, limit); err != nil {
		return "", 0, fmt.Errorf("%s: %w", command, err)
	}
	got, err := c.Expect(`(?s)(.*?)fruix-end (\d+)\n`, limit)
	if err != nil {
		return "", 0, fmt.Errorf("%s: %w", command, err)
	}
	_, err = fmt.Sscan(got[2], &status)
	return strings.TrimRight(got[1], "\n"), status, err
}
