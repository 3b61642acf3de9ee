// Package buildtest has what tests of builds need: a builder program that
// needs nothing else, and stores to build in.
package buildtest

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// HelperName is the name of the program in the store; a process whose name
// ends so is the helper.
const HelperName = "build-helper"

// HelperMain runs the helper when args (os.Args) ask for it, and then does not
// return. Commands are separated by ";":
//
//	echo TEXT…        print a line
//	err TEXT…         print a line to standard error
//	write VAR TEXT…   make a file at $VAR
//	refer VAR VAR2    make a file at $VAR that holds $VAR2
//	called VAR        make a file at $VAR that holds the name the helper was called by
//	values VAR NAME…  make a file at $VAR that holds these variables, with commas
//	mkdir VAR         make a directory at $VAR
//	add VAR NAME TEXT make a file NAME in the directory $VAR
//	append PATH TEXT  append to any file
//	cat PATH VAR      copy a file to $VAR
//	env VAR           write environment and directory, as JSON, to $VAR
//	list DIR VAR      write the names in a folder to $VAR
//	look VAR          write all about every file in sight and the environment to $VAR/…
//	exists PATH       fail unless PATH exists
//	absent PATH       fail if PATH exists
//	dial ADDR         connect to a TCP address
//	wait PATH         wait until PATH exists
//	fill VAR N        write N MiB to $VAR
//	chance VAR        write something else each time to $VAR
//	sleep MS          sleep
//	exit N            exit
//
// Those of hostile builders are told of in hostile.go.
func HelperMain(args []string) {
	if len(args) == 0 || !strings.HasSuffix(filepath.Base(args[0]), HelperName) {
		return
	}
	var cmd []string
	for _, a := range append(args[1:], ";") {
		if a != ";" {
			cmd = append(cmd, a)
			continue
		}
		if len(cmd) > 0 {
			if err := step(cmd[0], cmd[1:]); err != nil {
				fmt.Fprintln(os.Stderr, "helper:", err)
				os.Exit(1)
			}
		}
		cmd = nil
	}
	os.Exit(0)
}

// look writes what a builder can see: names, modes and owners of all files,
// and its environment.
func look(dir string) error {
	var files strings.Builder
	err := filepath.WalkDir("/", func(p string, d fs.DirEntry, err error) error {
		if err != nil || p == "/" || p == dir {
			return nil
		}
		if p == "/proc" {
			return fs.SkipDir
		}
		fi, err := d.Info()
		if err != nil {
			return err
		}
		st := fi.Sys().(*syscall.Stat_t)
		fmt.Fprintf(&files, "%s %v %d:%d\n", p, fi.Mode(), st.Uid, st.Gid)
		if p == "/dev" {
			return fs.SkipDir
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "files"), []byte(files.String()), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "env"), []byte(strings.Join(os.Environ(), "\n")), 0o644)
}

func step(cmd string, a []string) error {
	text := strings.Join(a, " ")
	switch cmd {
	case "echo":
		fmt.Println(text)
	case "err":
		fmt.Fprintln(os.Stderr, text)
	case "write":
		return os.WriteFile(os.Getenv(a[0]), []byte(strings.Join(a[1:], " ")), 0o644)
	case "refer":
		return os.WriteFile(os.Getenv(a[0]), []byte(os.Getenv(a[1])), 0o644)
	case "called":
		return os.WriteFile(os.Getenv(a[0]), []byte(os.Args[0]), 0o644)
	case "values":
		var list []string
		for _, name := range a[1:] {
			list = append(list, os.Getenv(name))
		}
		return os.WriteFile(os.Getenv(a[0]), []byte(strings.Join(list, ",")), 0o644)
	case "chance":
		b := make([]byte, 16)
		rand.Read(b)
		return os.WriteFile(os.Getenv(a[0]), b, 0o644)
	case "mkdir":
		return os.Mkdir(os.Getenv(a[0]), 0o755)
	case "add":
		return os.WriteFile(filepath.Join(os.Getenv(a[0]), a[1]), []byte(strings.Join(a[2:], " ")), 0o644)
	case "append":
		f, err := os.OpenFile(a[0], os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = f.WriteString(strings.Join(a[1:], " "))
		return err
	case "cat":
		b, err := os.ReadFile(a[0])
		if err != nil {
			return err
		}
		return os.WriteFile(os.Getenv(a[1]), b, 0o644)
	case "env":
		env := map[string]string{}
		for _, e := range os.Environ() {
			k, v, _ := strings.Cut(e, "=")
			env[k] = v
		}
		env["getwd"], _ = os.Getwd()
		env["uid"] = fmt.Sprint(os.Getuid(), ":", os.Getgid())
		b, err := json.Marshal(env)
		if err != nil {
			return err
		}
		return os.WriteFile(os.Getenv(a[0]), b, 0o644)
	case "list":
		entries, err := os.ReadDir(a[0])
		if err != nil {
			return err
		}
		var names []string
		for _, e := range entries {
			names = append(names, e.Name())
		}
		return os.WriteFile(os.Getenv(a[1]), []byte(strings.Join(names, "\n")), 0o644)
	case "look":
		return look(os.Getenv(a[0]))
	case "exists":
		_, err := os.Lstat(a[0])
		return err
	case "absent":
		if _, err := os.Lstat(a[0]); err == nil {
			return fmt.Errorf("%s is in sight", a[0])
		}
	case "dial":
		c, err := net.DialTimeout("tcp", a[0], 2*time.Second)
		if err == nil {
			c.Close()
		}
		return err
	case "wait":
		for {
			if _, err := os.Lstat(a[0]); err == nil {
				return nil
			}
			time.Sleep(2 * time.Millisecond)
		}
	case "fill":
		n, err := strconv.Atoi(a[1])
		if err != nil {
			return err
		}
		f, err := os.Create(os.Getenv(a[0]))
		if err != nil {
			return err
		}
		defer f.Close()
		block := make([]byte, 1<<20)
		for i := range block {
			block[i] = byte(i) | 1
		}
		for range n {
			if _, err := f.Write(block); err != nil {
				return err
			}
		}
	case "sleep":
		n, err := strconv.Atoi(a[0])
		if err != nil {
			return err
		}
		time.Sleep(time.Duration(n) * time.Millisecond)
	case "exit":
		n, err := strconv.Atoi(a[0])
		if err != nil {
			return err
		}
		os.Exit(n)
	default:
		return hostile(cmd, a)
	}
	return nil
}
