package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"fruix/cmd/internal/qemu"
)

// TestBoot boots the Linux example under UEFI, uses it, boots it again and
// powers it off; its file systems must be clean then.
func TestBoot(t *testing.T) {
	if testing.Short() {
		t.Skip("boots a machine; not with -short")
	}
	tools, err := qemu.Find()
	if err != nil {
		t.Skipf("needs QEMU with UEFI firmware: %v", err)
	}
	l := linuxImage(t)
	image := filepath.Join(newDir(t), "disk.img")
	if err := qemu.CopyImage(image, l.results["disk_image"]); err != nil {
		t.Fatal(err)
	}
	m, err := tools.Start(context.Background(), qemu.Config{Image: image})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("qemu: %s\nconsole:\n%s", m.Messages(), m.Tail(80))
		}
		_ = m.Close()
	})
	g := guest{t, m}
	g.ready(l.results["closure_path"])
	g.use(l.results["closure_path"])
	g.send("herd reboot\n")
	g.ready(l.results["closure_path"])
	if got := g.sh("cat /root/kept"); got != "kept" {
		t.Errorf("a file from before the reboot holds %q", got)
	}
	g.send("herd power-off\n")
	if err := m.Wait(time.Minute); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"Kernel panic", "Oops", "segfault", "EXT4-fs error"} {
		if strings.Contains(m.Text(), bad) {
			t.Errorf("the console shows %q", bad)
		}
	}
	checkClean(t, image, filepath.Join(filepath.Dir(l.results["disk_image"]), "image.json"))
}

// guest is the machine in a test.
type guest struct {
	t *testing.T
	m *qemu.Machine
}

func (g guest) send(text string) {
	g.t.Helper()
	if err := g.m.Send(text); err != nil {
		g.t.Fatal(err)
	}
}

// sh runs a command that must work.
func (g guest) sh(command string) string {
	g.t.Helper()
	out, status, err := g.m.Run(command, time.Minute)
	if err != nil {
		g.t.Fatal(err)
	}
	if status != 0 {
		g.t.Errorf("%s: exit status %d: %s", command, status, out)
	}
	return out
}

// ready waits until the machine is up and logs in as root.
func (g guest) ready(system string) {
	g.t.Helper()
	if _, err := g.m.Expect(`fruix-ready host=minimal system=`+regexp.QuoteMeta(system)+`\s`, 3*time.Minute); err != nil {
		g.t.Fatal(err)
	}
	g.send("\n") // for another prompt, below the kernel's lines
	if err := g.m.Login("minimal", "root", "fruix", time.Minute); err != nil {
		g.t.Fatal(err)
	}
}

// use looks at the machine from within.
func (g guest) use(system string) {
	t := g.t
	for command, want := range map[string]string{
		"id -un":                         "root",
		"hostname":                       "minimal",
		"readlink /run/current-system":   system,
		"readlink /run/booted-system":    system,
		"tr '\\0' ' ' < /proc/1/cmdline": "shepherd",
		"cat /var/lib/fruix/ready":       "host=minimal\nsystem=" + system,
		"su alice -c 'id -un; pwd'":      "alice",
		"stat -c '%a %u:%g' /home/alice": "700 1000:100",
		"stat -c '%a %u:%g' /frx/store":  "1775 0:35000",
		"stat -c %a /etc/shadow /tmp":    "600\n1777",
		"awk '$2 == \"/\" {print $3, substr($4, 1, 2)}' /proc/mounts": "ext4 rw",
		"ip addr show lo":                      "127.0.0.1/8",
		"TZ= date -d @0 +%H; date -d @0 +%H%Z": "00\n01CET",
		"echo $LANG":                           "en_US.UTF-8",
		"echo kept > /root/kept; sync":         "",
	} {
		if got := g.sh(command); !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q", command, got, want)
		}
	}
	status := g.sh("herd status")
	if strings.Contains(status, "Failed") || strings.Contains(status, "Stopped") {
		t.Errorf("not all services are up:\n%s", status)
	}
	for _, name := range []string{"root-file-system", "file-systems", "user-processes", "syslogd", "networking", "term-ttyS0", "host-name", "loopback"} {
		if !regexp.MustCompile(`(?m)^ [+*] ` + name + `$`).MatchString(status) {
			t.Errorf("%s is not up:\n%s", name, status)
		}
	}
	// busybox's processes go by the name of busybox.
	g.sh("udhcpc() { ps | awk '/[u]dhcpc -f/ {print $1}'; }; [ \"$(udhcpc)\" ]")
	g.sh("herd stop networking")
	if got := g.sh("herd status networking"); !strings.Contains(got, "It is stopped") {
		t.Errorf("after \"herd stop\": %s", got)
	}
	if got := g.sh("udhcpc"); got != "" {
		t.Errorf("udhcpc lives on as process %s", got)
	}
	g.sh("herd start networking")
	if got := g.sh("herd status networking"); !strings.Contains(got, "It is running") {
		t.Errorf("after \"herd start\": %s", got)
	}
	// What dies is started again.
	g.sh("old=$(udhcpc); kill -9 $old; for i in 1 2 3 4 5 6 7 8 9 10; do new=$(udhcpc); [ \"$new\" ] && [ \"$new\" != $old ] && break; sleep 1; done; [ \"$new\" ] && [ \"$new\" != $old ]")
	if _, code, err := g.m.Run("herd start no-such-service", time.Minute); err != nil || code == 0 {
		t.Errorf("starting what is not there: exit status %d, %v", code, err)
	}
}

// checkClean runs the file systems' own checkers on the partitions.
func checkClean(t *testing.T, image, facts string) {
	t.Helper()
	text, err := os.ReadFile(facts)
	if err != nil {
		t.Fatal(err)
	}
	var table struct {
		Partitions []struct {
			Name        string
			Start, Size int64
		}
	}
	if err := json.Unmarshal(text, &table); err != nil || len(table.Partitions) < 2 {
		t.Fatalf("%s: %v: %s", facts, err, text)
	}
	for _, p := range table.Partitions {
		var checker []string
		switch p.Name {
		case "ESP":
			checker = []string{"fsck.fat", "-n", "-v"}
		case "root":
			checker = []string{"e2fsck", "-f", "-n"}
		default:
			continue
		}
		program, err := exec.LookPath(checker[0])
		if err != nil {
			if program, err = exec.LookPath("/usr/sbin/" + checker[0]); err != nil {
				t.Logf("%s is not installed; %s is not checked", checker[0], p.Name)
				continue
			}
		}
		name := filepath.Join(t.TempDir(), p.Name)
		if err := extract(name, image, p.Start, p.Size); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(program, append(checker[1:], name)...).CombinedOutput()
		if err != nil {
			t.Errorf("%s of %s: %v\n%s", checker[0], p.Name, err, out)
		}
		if strings.Contains(string(out), "recovering journal") {
			t.Errorf("%s was not unmounted:\n%s", p.Name, out)
		}
	}
}

// extract copies a part of an image.
func extract(to, image string, start, size int64) error {
	in, err := os.Open(image)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, io.NewSectionReader(in, start, size)); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}
