package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Apt fetches from Debian with the host's package manager, as any user:
//
//	debian://SUITE/COMPONENT/PACKAGE?version=V&arch=A     a binary package
//	debian-source://PACKAGE?version=V&file=NAME           a file of a source package
//
// It changes nothing on the host: packages go to a temporary folder. Where the
// host's lists do not help (a suite that it does not use, sources, no lists at
// all), lists are fetched to a temporary folder too, from the host's mirrors.
type Apt struct {
	// Command is the program; "" means "apt-get", looked up in $PATH.
	Command string
	// Etc is apt's folder of configuration; "" means /etc/apt.
	Etc string
	// TempDir is where temporary folders are made; "" means the default.
	TempDir string
	// Env is the environment of the program; nil means that of the process.
	// LC_ALL is always set.
	Env []string
}

// Words that go to apt's command line are checked first, as a derivation could
// hold anything. See deb-version(7) and Debian's policy, section 5.6.
var (
	debPackage = regexp.MustCompile(`^[a-z0-9][a-z0-9+.-]+$`)
	debVersion = regexp.MustCompile(`^[0-9][A-Za-z0-9.+~:-]*$`)
	debWord    = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`)
	debFile    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.+~_-]*$`)
)

func check(re *regexp.Regexp, what, s string) error {
	if !re.MatchString(s) {
		return fmt.Errorf("%q is no %s", s, what)
	}
	return nil
}

// query reads the query of a location. Unlike in a web form, "+" stands for
// itself, as it does in versions of packages.
func query(u *url.URL) url.Values {
	v := url.Values{}
	for _, part := range strings.Split(u.RawQuery, "&") {
		key, value, _ := strings.Cut(part, "=")
		if plain, err := url.PathUnescape(value); err == nil {
			v.Add(key, plain)
		}
	}
	return v
}

// debNames are the file names that a binary package may have in a folder: with
// the epoch escaped, as apt names it; without, as archives do; as given.
func debNames(u *url.URL) []string {
	q := query(u)
	arch := q.Get("arch")
	_, bare, ok := strings.Cut(q.Get("version"), ":")
	if !ok {
		bare = q.Get("version")
	}
	var names []string
	for _, v := range []string{strings.ReplaceAll(q.Get("version"), ":", "%3a"), bare} {
		for _, a := range []string{arch, "all"} {
			names = append(names, filepath.Base(u.Path)+"_"+v+"_"+a+".deb")
		}
	}
	return names
}

// Fetch implements Fetcher.
func (a *Apt) Fetch(ctx context.Context, u *url.URL, dst *os.File, progress func(done, total int64)) error {
	if _, err := exec.LookPath(a.command()); err != nil {
		return fmt.Errorf("this host has no %s", a.command())
	}
	dir, err := os.MkdirTemp(a.TempDir, "fruix-apt-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	defer watchSize(filepath.Join(dir, "out"), progress)()
	var file string
	switch u.Scheme {
	case "debian":
		file, err = a.binary(ctx, u, dir)
	case "debian-source":
		file, err = a.source(ctx, u, dir)
	default:
		err = fmt.Errorf("%s:// is not a Debian location", u.Scheme)
	}
	if err != nil {
		return err
	}
	return copyFrom(OpenPlain, file, dst)
}

// watchSize tells now and then how much lies in a folder that apt downloads to, until
// stop is called.
func watchSize(dir string, progress func(done, total int64)) (stop func()) {
	if progress == nil {
		return func() {}
	}
	over := make(chan struct{})
	var ended sync.WaitGroup
	ended.Go(func() {
		t := time.NewTicker(200 * time.Millisecond)
		defer t.Stop()
		for told := int64(0); ; {
			select {
			case <-over:
				return
			case <-t.C:
			}
			size := int64(0)
			// What is renamed meanwhile is counted the next time.
			_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
				if err == nil && d.Type().IsRegular() {
					if fi, err := d.Info(); err == nil {
						size += fi.Size()
					}
				}
				return nil
			})
			if size != told {
				told = size
				progress(size, -1)
			}
		}
	})
	return func() { close(over); ended.Wait() }
}

func (a *Apt) command() string {
	if a.Command != "" {
		return a.Command
	}
	return "apt-get"
}

func (a *Apt) etc() string {
	if a.Etc != "" {
		return a.Etc
	}
	return "/etc/apt"
}

// binary fetches a binary package into dir and returns the file.
func (a *Apt) binary(ctx context.Context, u *url.URL, dir string) (string, error) {
	q := query(u)
	component, pkg, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	arch := q.Get("arch")
	for _, err := range []error{
		check(debWord, "suite", u.Host), check(debWord, "component", component), check(debPackage, "package name", pkg),
		check(debVersion, "package version", q.Get("version")), check(debWord, "architecture", arch),
	} {
		if err != nil {
			return "", err
		}
	}
	out := filepath.Join(dir, "out")
	if err := os.Mkdir(out, 0o755); err != nil {
		return "", err
	}
	what := pkg + ":" + arch + "=" + q.Get("version")
	first := a.run(ctx, out, nil, "download", what)
	if file, err := onlyFile(out, ".deb"); err == nil {
		return file, nil
	}
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	// The host's lists do not have it: look into the suite's own.
	opts, err := a.private(ctx, dir, u.Host, component, arch, "deb")
	if err == nil {
		err = a.run(ctx, out, opts, "download", what)
	}
	if err != nil {
		return "", fmt.Errorf("%w; with lists of its own: %w", first, err)
	}
	return onlyFile(out, ".deb")
}

// source fetches one file of a source package into dir and returns it.
func (a *Apt) source(ctx context.Context, u *url.URL, dir string) (string, error) {
	q := query(u)
	pkg, file := u.Host, q.Get("file")
	for _, err := range []error{
		check(debPackage, "package name", pkg), check(debVersion, "package version", q.Get("version")), check(debFile, "file name", file),
	} {
		if err != nil {
			return "", err
		}
	}
	suite, component := q.Get("suite"), q.Get("component")
	if component == "" {
		component = "main"
	}
	for _, err := range []error{check(debWord, "component", component), checkOptional(debWord, "suite", suite)} {
		if err != nil {
			return "", err
		}
	}
	opts, err := a.private(ctx, dir, suite, component, "", "deb-src")
	if err != nil {
		return "", err
	}
	out := filepath.Join(dir, "out")
	if err := os.Mkdir(out, 0o755); err != nil {
		return "", err
	}
	if err := a.run(ctx, out, append(opts, "--download-only"), "source", pkg+"="+q.Get("version")); err != nil {
		return "", err
	}
	found := filepath.Join(out, file)
	if _, err := os.Stat(found); err != nil {
		entries, _ := os.ReadDir(out)
		var names []string
		for _, e := range entries {
			names = append(names, e.Name())
		}
		return "", fmt.Errorf("the source package %s %s has no file %s; it has: %s", pkg, q.Get("version"), file, strings.Join(names, ", "))
	}
	return found, nil
}

func checkOptional(re *regexp.Regexp, what, s string) error {
	if s == "" {
		return nil
	}
	return check(re, what, s)
}

// private fetches lists into dir, for a suite (that of the host's own sources
// when empty), from the host's mirrors, and returns options that make apt use
// them.
func (a *Apt) private(ctx context.Context, dir, suite, component, arch, kind string) ([]string, error) {
	sources, err := readSources(a.etc())
	if err != nil {
		return nil, err
	}
	list := sourceList(sources, suite, component, kind)
	if list == "" {
		return nil, fmt.Errorf("the host's apt has no Debian mirror in %s", a.etc())
	}
	file := filepath.Join(dir, "sources.list")
	if err := os.WriteFile(file, []byte(list), 0o644); err != nil {
		return nil, err
	}
	for _, d := range []string{"lists/partial", "cache/archives/partial"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			return nil, err
		}
	}
	opts := []string{
		"-o", "Dir::Etc::SourceList=" + file, "-o", "Dir::Etc::SourceParts=/dev/null",
		"-o", "Dir::State::Lists=" + filepath.Join(dir, "lists"), "-o", "Dir::Cache=" + filepath.Join(dir, "cache"),
		"-o", "Acquire::Languages=none",
	}
	if arch != "" {
		opts = append(opts, "-o", "APT::Architectures="+arch)
	}
	return opts, a.run(ctx, dir, opts, "update")
}

// run runs the program in dir.
func (a *Apt) run(ctx context.Context, dir string, opts []string, args ...string) error {
	argv := append([]string{
		"-q", "-y",
		"-o", "Debug::NoLocking=1", // an ordinary user may not lock
		"-o", "APT::Sandbox::User=", // nor change user; and _apt could not write to dir
		"-o", "Acquire::Retries=3",
	}, opts...)
	cmd := exec.CommandContext(ctx, a.command(), append(argv, args...)...)
	cmd.Dir = dir
	env := a.Env
	if env == nil {
		env = os.Environ()
	}
	cmd.Env = append(append([]string{}, env...), "LC_ALL=C")
	// apt has helpers; all of them end when ctx does.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 100 * time.Millisecond
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if err == nil {
		return nil
	}
	// apt marks what matters with "E:".
	var lines []string
	for _, l := range strings.Split(out.String(), "\n") {
		if m, ok := strings.CutPrefix(l, "E: "); ok {
			lines = append(lines, m)
		}
	}
	if len(lines) == 0 {
		return fmt.Errorf("apt-get %s: %w", args[0], err)
	}
	return fmt.Errorf("apt-get %s: %s", args[0], strings.Join(lines, "; "))
}

// onlyFile returns the one file in dir whose name ends so.
func onlyFile(dir, suffix string) (string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*"+suffix))
	if err != nil {
		return "", err
	}
	if len(files) != 1 {
		return "", errors.New("apt-get did not leave the one file that was asked for")
	}
	return files[0], nil
}
