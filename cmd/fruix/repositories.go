package main

import (
	"context"
	"io"
	"strings"

	"fruix/builder/fetch/git"
	"fruix/builder/remote"
)

// repositories fetches from git repositories for the user of this program.
func (e *environment) repositories() *git.Fetcher {
	_, r := standardFetchers(e.getenv, false)
	r.SSH = e.dialGit
	return r
}

// dialGit lets a command of git's answer on another machine. Nobody is asked for a
// password.
func (e *environment) dialGit(ctx context.Context, user, host string, port int, command []string) (io.ReadWriteCloser, error) {
	ssh := remote.SSH{
		Program: strings.Fields(e.getenv("FRUIX_SSH")), User: user, Host: host, Port: port, Command: command, Batch: true,
		Options: []string{"-o", "SetEnv=GIT_PROTOCOL=version=2"}, // servers may know it, or not
	}
	return ssh.Dial(ctx)
}
