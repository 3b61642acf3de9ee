// Command shepherd is the program of the systems that Fruix makes: what runs
// depends on the name it is called by, or else on its first argument.
//
//	shepherd      the service manager, process 1 on Linux
//	herd          asks Shepherd to do something; so do halt, reboot, shutdown,
//	              poweroff and power-off
//	fruix-scheme  runs a Scheme script
//	fruix-init    the first program of a Linux machine, /init of the initrd
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"fruix/osmodel/shepherd"
	"fruix/osmodel/shepherd/control"
	"fruix/osmodel/shepherd/herd"
	"fruix/osmodel/shepherd/initrd"
	"fruix/osmodel/shepherd/script"
	"fruix/osmodel/shepherd/supervise"
	"fruix/osmodel/shepherd/target"
	"fruix/stdlib"
)

// trampoline is the argument that makes this program prepare a process of a
// service.
const trampoline = "__exec"

func main() {
	name := filepath.Base(os.Args[0])
	args := os.Args[1:]
	if status, known := dispatch(name, args); known {
		os.Exit(status)
	}
	if len(args) > 0 {
		if status, known := dispatch(args[0], args[1:]); known {
			os.Exit(status)
		}
	}
	fmt.Fprintf(os.Stderr, "%s: call this program as shepherd, herd, fruix-scheme or fruix-init, or give one of these as first argument\n", name)
	os.Exit(2)
}

// dispatch runs the program of that name.
func dispatch(name string, args []string) (status int, known bool) {
	env := herd.Environment{Stdout: os.Stdout, Stderr: os.Stderr, Now: time.Now}
	switch name {
	case "shepherd":
		if len(args) == 2 && args[0] == trampoline {
			supervise.Trampoline(args[1])
		}
		if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
			// The binary itself is called shepherd: shepherd herd status.
			if status, known := dispatch(args[0], args[1:]); known {
				return status, true
			}
		}
		return runShepherd(args), true
	case "herd":
		return herd.Main(args, env), true
	case "halt", "reboot", "shutdown", "poweroff", "power-off":
		return powerCommand(name, args, env), true
	case "fruix-scheme":
		return script.Main(args, script.Standard(stdlib.FS)), true
	case "fruix-init", "init":
		return initrd.Main(stdlib.FS), true
	}
	return 0, false
}

// powerCommand is herd under the names that people know. shutdown takes -r,
// -h and -p like others of its name, and a time, which must be "now".
func powerCommand(name string, args []string, env herd.Environment) int {
	action := map[string]string{"halt": "halt", "reboot": "reboot"}[name]
	if action == "" {
		action = "power-off"
	}
	var rest []string
	for i := 0; i < len(args); i++ {
		switch a := args[i]; {
		case a == "-s" || strings.HasPrefix(a, "--socket"):
			rest = append(rest, a)
			if !strings.Contains(a, "=") && i+1 < len(args) {
				i++
				rest = append(rest, args[i])
			}
		case a == "--help":
			fmt.Fprintf(env.Stdout, "usage: %s [--socket FILE]\n", name)
			return 0
		case name == "shutdown" && a == "-r":
			action = "reboot"
		case name == "shutdown" && (a == "-h" || a == "-p" || a == "-P" || a == "now" || a == "+0"):
		default:
			fmt.Fprintf(env.Stderr, "%s: %q is not understood; only \"now\" is possible\n", name, a)
			return 2
		}
	}
	return herd.Main(append(rest, action, "root"), env)
}

func runShepherd(args []string) int {
	flags := pflag.NewFlagSet("shepherd", pflag.ContinueOnError)
	config := flags.StringP("config", "c", "", "load the configuration `FILE`")
	socket := flags.StringP("socket", "s", control.DefaultSocket, "listen for herd on `FILE`")
	logFile := flags.StringP("logfile", "l", "", "write the log to `FILE` (default /var/log/shepherd.log for root)")
	pidFile := flags.String("pid", "", "write the process number to `FILE` once ready")
	silent := flags.BoolP("silent", "S", false, "do not write messages to standard output")
	flags.Usage = func() {
		fmt.Fprintf(os.Stderr, "usage: shepherd --config FILE [OPTION]...\n\nStart and supervise the services that FILE declares.\n\n%s", flags.FlagUsages())
	}
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, pflag.ErrHelp) {
			return 0
		}
		fmt.Fprintln(os.Stderr, "shepherd:", err)
		return 2
	}
	if flags.NArg() > 0 || *config == "" {
		fmt.Fprintln(os.Stderr, "shepherd: give a configuration with --config FILE, and nothing else but options")
		return 2
	}
	o := shepherd.Options{
		Config: *config, Socket: *socket, LogFile: *logFile, PIDFile: *pidFile,
		Init: os.Getpid() == 1, Engine: script.Engine(script.Standard(stdlib.FS), []string{"shepherd"}, nil),
	}
	if !*silent {
		o.Console = os.Stdout
	}
	if self, err := os.Executable(); err == nil {
		// /proc/self/exe is followed: the file may have been replaced since.
		o.Trampoline = []string{self, "shepherd", trampoline}
	}
	if o.LogFile == "" && os.Geteuid() == 0 {
		o.LogFile = "/var/log/shepherd.log"
	}
	switch {
	case o.Init:
		o.Finish = shepherd.FinishMachine
	case os.Geteuid() == 0 && *socket == control.DefaultSocket:
		// This is the machine's Shepherd: it speaks for the machine.
		o.Machine = target.Stop
	}
	if err := ensurePath(); err != nil {
		fmt.Fprintln(os.Stderr, "shepherd:", err)
	}
	o.Engine.Environ = os.Environ()
	s, err := shepherd.New(o)
	if err == nil {
		err = s.Run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "shepherd:", err)
		if o.Init {
			// The end of process 1 is a kernel panic; say why for a while.
			time.Sleep(30 * time.Second)
		}
		return 1
	}
	return 0
}

// ensurePath gives services a PATH where the kernel gave none.
func ensurePath() error {
	if os.Getenv("PATH") != "" && os.Getpid() != 1 {
		return nil
	}
	return os.Setenv("PATH", "/run/current-system/profile/bin:/run/current-system/profile/sbin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
}
