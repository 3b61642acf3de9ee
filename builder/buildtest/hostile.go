package buildtest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// hostile carries out the commands of builders that mean no good:
//
//	smuggle VAR       make the file $VAR, and offer a descriptor of it everywhere
//	receive           take descriptors, wherever they are offered, and write to them
//	spy SECONDS       take descriptors from other processes of the machine, and write
//	linger VAR TEXT…  make the file $VAR, and leave processes behind that change it
//	flood             print without end
//	eat N             use N MiB of memory
//	bomb              start processes without end
//	die N             end by signal N
//	symlink TO PATH   make a link; link FROM PATH, fifo PATH, chmod MODE PATH,
//	remove PATH       likewise. In PATH, $NAME stands for a variable
//	enter PATH        change the working directory
//	deep N            make N directories inside each other
func hostile(cmd string, a []string) error {
	for i := range a {
		a[i] = os.ExpandEnv(a[i])
	}
	switch cmd {
	case "smuggle":
		return smuggle(os.Getenv(a[0]))
	case "receive":
		return receive(time.Second)
	case "spy":
		n, err := strconv.Atoi(a[0])
		if err != nil {
			return err
		}
		return spy(time.Duration(n) * time.Second)
	case "linger":
		return linger(os.Getenv(a[0]), strings.Join(a[1:], " "))
	case "change":
		return change(a[0])
	case "flood":
		line := []byte(strings.Repeat("flood ", 100) + "\n")
		for {
			if _, err := os.Stdout.Write(line); err != nil {
				return err
			}
		}
	case "eat":
		n, err := strconv.Atoi(a[0])
		if err != nil {
			return err
		}
		eaten := make([]byte, n<<20)
		for i := 0; i < len(eaten); i += 4096 {
			eaten[i] = 1
		}
		runtime.KeepAlive(eaten)
	case "bomb":
		for {
			if _, err := again("bomb"); err != nil {
				return err
			}
		}
	case "die":
		n, err := strconv.Atoi(a[0])
		if err != nil {
			return err
		}
		syscall.Kill(os.Getpid(), syscall.Signal(n))
		time.Sleep(time.Minute)
	case "symlink":
		return os.Symlink(a[0], a[1])
	case "link":
		return os.Link(a[0], a[1])
	case "fifo":
		return unix.Mkfifo(a[0], 0o666)
	case "chmod":
		mode, err := strconv.ParseUint(a[0], 8, 32)
		if err != nil {
			return err
		}
		return unix.Chmod(a[1], uint32(mode))
	case "remove":
		return os.RemoveAll(a[0])
	case "enter":
		return os.Chdir(a[0])
	case "deep":
		n, err := strconv.Atoi(a[0])
		for i := 0; i < n && err == nil; i++ {
			if err = os.Mkdir("d", 0o755); err == nil {
				err = os.Chdir("d")
			}
		}
		return err
	default:
		return fmt.Errorf("unknown command %q", cmd)
	}
	return nil
}

// again starts this program with other commands, in a session of its own.
func again(args ...string) (*exec.Cmd, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := exec.Command(exe)
	c.Args = append([]string{HelperName}, args...)
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return c, c.Start()
}

// channels are the places where hostile builders and their helpers meet.
func channels() []string {
	return []string{"@" + ChannelName, "/tmp/" + ChannelName, os.Getenv("NIX_BUILD_TOP") + "/" + ChannelName,
		"/dev/shm/" + ChannelName, os.Getenv("NIX_STORE") + "/" + ChannelName}
}

// ChannelName is what the sockets of hostile builders are called.
const ChannelName = "fruix-smuggle"

// Evil is what they write.
const Evil = "evil"

// smuggle offers a descriptor of a new file for a while.
func smuggle(name string) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return err
	}
	if _, err := f.WriteString("good"); err != nil {
		return err
	}
	for start := time.Now(); time.Since(start) < time.Second; time.Sleep(5 * time.Millisecond) {
		for _, at := range channels() {
			c, err := net.Dial("unix", at)
			if err != nil {
				continue
			}
			u := c.(*net.UnixConn)
			if _, _, err := u.WriteMsgUnix([]byte{0}, syscall.UnixRights(int(f.Fd())), nil); err == nil {
				fmt.Println("gave a descriptor through", at)
			}
			c.Close()
		}
	}
	return nil
}

// receive takes descriptors that are offered, and writes to them.
func receive(wait time.Duration) error {
	for _, at := range channels() {
		l, err := net.Listen("unix", at)
		if err != nil {
			continue
		}
		go Receive(l, func() { fmt.Println("got a descriptor through", at) })
	}
	time.Sleep(wait)
	return nil
}

// Receive takes descriptors from those who connect to l, writes to them again and
// again, and calls got.
func Receive(l net.Listener, got func()) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		oob := make([]byte, 128)
		_, n, _, _, err := c.(*net.UnixConn).ReadMsgUnix(make([]byte, 1), oob)
		if err != nil {
			continue
		}
		msgs, err := syscall.ParseSocketControlMessage(oob[:n])
		if err != nil || len(msgs) == 0 {
			continue
		}
		fds, err := syscall.ParseUnixRights(&msgs[0])
		if err != nil || len(fds) == 0 {
			continue
		}
		got()
		go corrupt(fds[0])
	}
}

// corrupt writes to a descriptor for a while.
func corrupt(fd int) {
	for range 400 {
		syscall.Pwrite(fd, []byte(Evil), 0)
		time.Sleep(5 * time.Millisecond)
	}
}

// spy looks for other processes of this program and takes their files, by way of
// /proc.
func spy(wait time.Duration) error {
	seen := map[string]bool{}
	for start := time.Now(); time.Since(start) < wait; time.Sleep(time.Millisecond) {
		procs, _ := filepath.Glob("/proc/[0-9]*")
		for _, p := range procs {
			if b, err := os.ReadFile(p + "/cmdline"); err != nil || !strings.Contains(string(b), HelperName) || !strings.Contains(string(b), "\x00smuggle\x00") {
				continue
			}
			fds, _ := filepath.Glob(p + "/fd/*")
			for _, f := range fds {
				to, _ := os.Readlink(f)
				if seen[f] || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "/dev/") {
					continue
				}
				fd, err := syscall.Open(f, syscall.O_RDWR, 0)
				if err != nil {
					continue
				}
				seen[f] = true
				fmt.Println("took", to)
				go corrupt(fd)
			}
		}
	}
	return nil
}

// linger makes a file and leaves processes behind that change it: one with an open
// descriptor, one with a mapping, one that puts another file in its place.
func linger(name, text string) error {
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		return err
	}
	for range 3 {
		c, err := again("change", name)
		if err != nil {
			return err
		}
		if err := c.Process.Release(); err != nil {
			return err
		}
	}
	// Until they are at work.
	for start := time.Now(); time.Since(start) < 10*time.Second; time.Sleep(time.Millisecond) {
		if b, err := os.ReadFile(name); err == nil && strings.HasPrefix(string(b), Evil) {
			return nil
		}
	}
	return errors.New("nobody changes the file")
}

// change changes the beginning of a file, again and again.
func change(name string) error {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	m, err := unix.Mmap(int(f.Fd()), 0, len(Evil), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return err
	}
	for i := 0; ; i++ {
		copy(m, Evil)
		m[len(Evil)-1] = byte('0' + i%10)
		f.WriteAt([]byte(Evil), 0)
		other := fmt.Sprintf("%s.%d", name, os.Getpid())
		if os.WriteFile(other, []byte(Evil+"er"), 0o666) == nil && i%100 == 99 {
			os.Rename(other, name)
		}
		os.Remove(other)
	}
}
