package account_test

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"fruix/osmodel/account"
	"fruix/osmodel/etc/freebsd"
	"fruix/osmodel/etc/linux"
)

func person(name string, uid int64) account.Account {
	return account.Account{Name: name, UID: uid, Group: "users", Home: "/home/" + name, Shell: "/bin/sh", Locked: true}
}

var users = account.Group{Name: "users", ID: 100}

func TestIDs(t *testing.T) {
	daemon := person("daemon", -1)
	daemon.System = true
	other := daemon
	other.Name = "other"
	d, err := account.Resolve(account.Linux, []account.Account{
		person("a", -1), person("b", 1001), daemon, person("c", -1), person("d", 999), other,
	}, []account.Group{users, {Name: "s", ID: -1, System: true}, {Name: "p", ID: -1}, {Name: "q", ID: -1}})
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, a := range d.Accounts {
		got += fmt.Sprintf("%s=%d ", a.Name, a.UID)
	}
	for _, g := range d.Groups {
		got += fmt.Sprintf("%s=%d ", g.Name, g.ID)
	}
	if want := "a=1000 b=1001 daemon=998 c=1002 d=999 other=997 users=100 s=999 p=1000 q=1001 "; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestSystemIDsRunOut(t *testing.T) {
	var list []account.Account
	for i := range 1000 {
		a := person(fmt.Sprintf("s%d", i), -1)
		a.System = true
		list = append(list, a)
	}
	if _, err := account.Resolve(account.Linux, list[:999], []account.Group{users}); err != nil {
		t.Error(err)
	}
	_, err := account.Resolve(account.Linux, list, []account.Group{users})
	if want := `account "s999": uid: no number below 1000 is free`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestHomes(t *testing.T) {
	root := person("root", 0)
	root.System, root.Home = true, "/root"
	www := person("www", 80)
	www.System, www.Home = true, "/srv/www"
	twin := person("twin", 2000)
	twin.Home = "/root"
	list := []account.Account{root, www, twin, person("a", 1000), person("none", 1001)}
	for i := range list {
		list[i].CreateHome = list[i].Name != "none"
	}
	d, err := account.Resolve(account.Linux, list, []account.Group{users})
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintf("%+v", d.Homes())
	if want := "[{Dir:/root UID:0 GID:100 Mode:448} {Dir:/srv/www UID:80 GID:100 Mode:493} {Dir:/home/a UID:1000 GID:100 Mode:448}]"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// Hashes that common tools make are taken.
func TestHashesOfTools(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("needs openssl")
	}
	for _, method := range []string{"-1", "-5", "-6"} {
		hash, err := exec.Command("openssl", "passwd", method, "secret").Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, target := range []account.Target{account.Linux, account.FreeBSD} {
			a := person("a", 1)
			a.Password, a.Locked = strings.TrimSpace(string(hash)), false
			if _, err := account.Resolve(target, []account.Account{a}, []account.Group{users}); err != nil {
				t.Errorf("openssl passwd %s: %v", method, err)
			}
		}
	}
}

func TestPasswords(t *testing.T) {
	const x43 = "0123456789012345678901234567890123456789012"
	for _, c := range []struct {
		password       string
		linux, freebsd bool
	}{
		{"*", true, true},
		{"!", true, true},
		{"!*", true, true},
		{"!$5$salt$" + x43, true, true},
		{"$5$rounds=10000$salt$" + x43, true, true},
		{"$y$j9T$salt$" + x43, true, false},
		{"$2b$12$" + x43 + "0123456789", true, true},
		{"$2b$12$short", false, false},
		{"abcdefghijklm", false, false}, // DES, or a word
		{"secret", false, false},
		{"$6$", false, false},
		{"$6$sa:lt$x", false, false},
		{"$", false, false},
	} {
		for target, want := range map[account.Target]bool{account.Linux: c.linux, account.FreeBSD: c.freebsd} {
			a := person("a", 1)
			a.Password, a.Locked = c.password, false
			_, err := account.Resolve(target, []account.Account{a}, []account.Group{users})
			if (err == nil) != want {
				t.Errorf("%s: %q: %v", target, c.password, err)
			}
			if err != nil && len(c.password) > 4 && strings.Contains(err.Error(), c.password) {
				t.Errorf("the message tells the password: %v", err)
			}
		}
	}
}

// Nothing that is taken can add a line or a field to the files.
func FuzzInjection(f *testing.F) {
	f.Add("alice", "users", "Alice", "/home/alice", "/bin/sh", "$5$salt$0123456789012345678901234567890123456789012", "staff", int64(7))
	f.Add("a\nroot", "users:", "x:0:0", "/\n", "/bin/sh ", "", ":", int64(-1))
	f.Fuzz(func(t *testing.T, name, group, comment, home, shell, password, class string, id int64) {
		a := account.Account{Name: name, Group: group, Comment: comment, Home: home, Shell: shell, Password: password, Class: class, UID: id,
			Supplementary: []string{group}, CreateHome: true}
		d, err := account.Resolve(account.FreeBSD, []account.Account{a}, []account.Group{{Name: group, ID: id, Password: password}})
		if err != nil {
			return
		}
		for _, c := range []struct {
			text   string
			fields int
		}{
			{linux.Passwd(d), 7}, {linux.Shadow(d), 9}, {linux.Group(d), 4},
			{freebsd.Passwd(d), 7}, {freebsd.MasterPasswd(d), 10}, {freebsd.Group(d), 4},
		} {
			if strings.Count(c.text, "\n") != 1 || !strings.HasSuffix(c.text, "\n") || strings.Count(c.text, ":") != c.fields-1 {
				t.Errorf("%q", c.text)
			}
		}
	})
}
