package osmodel

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fruix/interp"
	"fruix/interp/datum"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func engine(t testing.TB) *interp.Engine {
	t.Helper()
	e, err := interp.New(interp.Options{})
	if err != nil {
		t.Fatal(err)
	}
	Register(e)
	return e
}

// call evaluates (NATIVE ARGUMENTS), where the arguments are program text, and
// returns the string that comes out, or another value as it is written.
func call(t testing.TB, e *interp.Engine, native, args string) (string, error) {
	t.Helper()
	v, err := e.Eval(context.Background(), "((@ (fruix native osmodel) "+native+") "+args+")", "test.scm")
	if err != nil {
		return "", err
	}
	if v.IsString() {
		return v.Str().Go(), nil
	}
	return e.Write(v), nil
}

// message is what an error says, without the place and the native's name.
func message(err error) string {
	if err == nil {
		return ""
	}
	var e *datum.Error
	if errors.As(err, &e) && e.Cause != nil {
		return e.Cause.Error()
	}
	return err.Error()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", file, got, want)
	}
}

const accounts = `(list
  '((name . "root") (password . #f) (uid . 0) (group . "wheel") (supplementary-groups . ()) (comment . "Charlie &")
    (home-directory . "/root") (create-home-directory? . #t) (shell . "/bin/sh") (system? . #t) (class . ""))
  '((name . "alice") (password . "$6$salt$` + hash86 + `") (uid . #f) (group . "users") (supplementary-groups . ("wheel" "video" "wheel")) (comment . "Alice Liddell")
    (home-directory . "/home/alice") (create-home-directory? . #t) (shell . "/bin/csh") (system? . #f) (class . "staff"))
  '((name . "bob") (password . "") (uid . #f) (group . "users") (supplementary-groups . ("video")) (comment . "")
    (home-directory . "/home/bob") (create-home-directory? . #t) (shell . "/bin/sh") (system? . #f) (class . ""))
  '((name . "daemon") (password . #f) (uid . #f) (group . "daemon") (supplementary-groups . ()) (comment . "")
    (home-directory . "/var/daemon") (create-home-directory? . #t) (shell . "/usr/sbin/nologin") (system? . #t) (class . ""))
  '((name . "carol") (password . "*") (uid . 1001) (group . "carol") (supplementary-groups . ()) (comment . "")
    (home-directory . "/nonexistent") (create-home-directory? . #f) (shell . "/bin/sh") (system? . #f) (class . "")))
 (list '((name . "wheel") (password . #f) (id . 0) (system? . #t))
       '((name . "daemon") (password . #f) (id . #f) (system? . #t))
       '((name . "video") (password . #f) (id . 999) (system? . #t))
       '((name . "users") (password . #f) (id . #f) (system? . #f))
       '((name . "carol") (password . #f) (id . #f) (system? . #f)))`

const hash86 = "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLM."

func TestAccounts(t *testing.T) {
	e := engine(t)
	for _, target := range []string{"linux", "freebsd"} {
		got, err := call(t, e, "%resolve-accounts", `"`+target+`" `+accounts)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "accounts-"+target, strings.ReplaceAll(got, `\n`, "\n")+"\n")
	}
}

// Every string that goes in is used as text, so goldens show each renderer.
func TestRenderers(t *testing.T) {
	e := engine(t)
	for _, c := range []struct{ file, native, args string }{
		{"fstab-linux", "%render-fstab", `"linux" ` + fileSystems},
		{"fstab-freebsd", "%render-fstab", `"freebsd" (list
		  '((device . "LABEL=root") (mount-point . "/") (type . "ufs"))
		  '((device . "LABEL=efi") (mount-point . "/boot/efi") (type . "msdosfs") (flags . ("no-suid" "no-dev" "read-only")) (may-fail? . #t))
		  '((device . "UUID=0123456789ABCDEF") (mount-point . "/data") (type . "ufs") (options . "late") (mount? . #f))
		  '((device . "PARTUUID=A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11") (mount-point . "/other") (type . "ufs") (check? . #f))
		  '((device . "fdesc") (mount-point . "/dev/fd") (type . "fdescfs") (pseudo? . #t)))
		 (list '((device . "LABEL=swap") (priority . 5) (discard? . #t)) '((device . "/dev/ada0p3") (priority . #f) (discard? . #f)))`},
		{"hosts", "%render-hosts", `"host.example.org" '("192.0.2.1 server www" "# a comment" "" "2001:db8::1\tsix")`},
		{"hosts-plain", "%render-hosts", `"host" '()`},
		{"rc.conf", "%render-rc-conf", `'(("hostname" . "host") (sshd_enable . #t) ("dumpdev" . #f) ("count" . 3) ("odd" . "a \"b\" $c \\ ` + "`d`" + `") ("hostname" . "host"))`},
		{"loader.conf", "%render-loader-conf", `'(("vfs.root.mountfrom" . "ufs:/dev/ufs/root") ("boot_serial" . #t) ("if_re-kmod_load" . "YES") ("autoboot_delay" . 1))`},
		{"ttys", "%render-ttys", `'(("ttyv0" "/usr/libexec/getty Pc" "xterm" "onifexists secure") ("ttyu0" "/usr/libexec/getty 3wire" "vt100" "onifconsole secure") ("console" "none" "unknown" "off secure"))`},
		{"login.conf", "%render-login-conf", `'()`},
		{"login.conf-changed", "%render-login-conf", `'(("lang" . "de_DE.UTF-8") ("staff" ("setenv" . "A=b:c^d\\e") ("requirehome" . #t) ("ignorenologin" . #f) ("sessionlimit" . 3)) (root ("umask" . "077")))`},
		{"motd", "%render-motd", `"Welcome"`},
		{"shells", "%render-shells", `'("/bin/sh" "/bin/csh" "/bin/sh")`},
		{"boot-entry", "%render-boot-entry", `"Fruix" "/fruix/vmlinuz" "/fruix/initrd" '("root=PARTUUID=x" "dyndbg=\"file a.c +p\"" "quiet")`},
		{"boot-entry-plain", "%render-boot-entry", `"Fruix" "/fruix/vmlinuz" #f '()`},
		{"loader-efi.conf", "%render-loader-efi-conf", `3 "fruix.conf" '((console-mode . "keep") (editor . #f))`},
		{"loader-efi.conf-wait", "%render-loader-efi-conf", `#f`},
	} {
		got, err := call(t, e, c.native, c.args)
		if err != nil {
			t.Errorf("%s: %v", c.file, err)
			continue
		}
		golden(t, c.file, got)
	}
}

const fileSystems = `(list
  '((device . "none") (mount-point . "/dev/shm") (type . "tmpfs") (flags . ("no-suid" "no-dev")) (options . "mode=1777") (pseudo? . #t))
  '((device . "UUID=a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11") (mount-point . "/home") (type . "ext4") (flags . ("no-atime")) (options . ""))
  '((device . "LABEL=my root") (mount-point . "/") (type . "ext4") (flags . ()) (options . "") (check? . #t))
  '((device . "/srv") (mount-point . "/mnt/with # blank") (type . "none") (flags . ("bind-mount" "read-only")) (pseudo? . #t))
  '((device . "server:/x") (mount-point . "/nfs") (type . "nfs4") (mount? . #f) (may-fail? . #t)))
 (list '((device . "UUID=b") (priority . 5) (discard? . #t)) '((device . "/dev/vda3") (priority . #f) (discard? . #f)))`

func oneAccount(changes string) string {
	return `"linux" (list '(` + changes + ` (name . "alice") (group . "users") (home-directory . "/home/alice") (shell . "/bin/sh"))) (list '((name . "users") (system? . #f)))`
}

func TestErrors(t *testing.T) {
	e := engine(t)
	for _, c := range []struct{ native, args, want string }{
		{"%resolve-accounts", `"windows" '() '()`, `"windows" is no kind of system; there are linux and freebsd`},
		{"%resolve-accounts", `"linux" '(1) '()`, `account 1: must be an alist, not the number 1`},
		{"%resolve-accounts", `"linux" '(((name . 7))) '()`, `account "": name: must be a string, not the number 7`},
		{"%resolve-accounts", oneAccount(`(name . "9a")`), `account "9a": name: must be letters, digits, "-", "_" and ".", a letter or "_" first; '9' cannot stand at place 1`},
		{"%resolve-accounts", oneAccount(`(name . "a b")`), `account "a b": name: must be letters, digits, "-", "_" and ".", a letter or "_" first; ' ' cannot stand at place 2`},
		{"%resolve-accounts", oneAccount(`(name . "abcdefghijklmnopqrstuvwxyzabcdefg")`), `account "abcdefghijklmnopqrstuvwxyzabcdefg": name: is 33 bytes long; the most is 32`},
		{"%resolve-accounts", oneAccount(`(group . "user")`), `account "alice": group: there is no group "user"; did you mean "users"?`},
		{"%resolve-accounts", oneAccount(`(supplementary-groups . ("xyzzy"))`), `account "alice": supplementary-groups: there is no group "xyzzy"; declare it among the groups`},
		{"%resolve-accounts", oneAccount(`(comment . "a:b")`), `account "alice": comment: "a:b" contains a colon, which separates fields`},
		{"%resolve-accounts", oneAccount(`(comment . "a\nb")`), `account "alice": comment: "a\nb" contains a newline`},
		{"%resolve-accounts", oneAccount(`(home-directory . "home")`), `account "alice": home-directory: "home" is not an absolute file name`},
		{"%resolve-accounts", oneAccount(`(shell . "sh")`), `account "alice": shell: "sh" is not an absolute file name`},
		{"%resolve-accounts", oneAccount(`(shell . "/bin/sh -l")`), `account "alice": shell: "/bin/sh -l" contains a blank; it must be the name of a program, without arguments`},
		{"%resolve-accounts", oneAccount(`(password . "secret")`), `account "alice": password: is not a hash of crypt(3); make one with "openssl passwd -6" or "mkpasswd"`},
		{"%resolve-accounts", oneAccount(`(password . "$9$a$b")`), `account "alice": password: begins with $9$, a method that crypt(3) does not know; make one with "openssl passwd -6" or "mkpasswd"`},
		{"%resolve-accounts", oneAccount(`(password . "$6$salt$abc")`), `account "alice": password: is a hash of SHA-512 whose last part has 3 characters instead of 86; was it cut off?`},
		{"%resolve-accounts", strings.Replace(oneAccount(`(password . "$y$j9T$salt$`+hash86[:43]+`")`), "linux", "freebsd", 1), `account "alice": password: is a hash of yescrypt, which FreeBSD's crypt(3) does not know; make one with "openssl passwd -6"`},
		{"%resolve-accounts", oneAccount(`(uid . -1)`), `account "alice": uid: must be a number from 0 to 4294967294, not the number -1`},
		{"%resolve-accounts", oneAccount(`(uid . 4294967295)`), `account "alice": uid: must be a number from 0 to 4294967294, not the number 4294967295`},
		{"%resolve-accounts", `"linux" '() '(((name . "a") (id . 1)) ((name . "a")))`, `group "a": is declared twice`},
		{"%resolve-accounts", `"linux" '() '(((name . "a") (id . 1)) ((name . "b") (id . 1)))`, `group "b": id: 1 is that of the group "a" already`},
		{"%render-fstab", `"linux" '(((mount-point . "/") (type . "ext4"))) '()`, `file system "/": device: must not be empty`},
		{"%render-fstab", `"linux" '(((device . "a") (mount-point . "x") (type . "ext4"))) '()`, `file system "x": mount-point: is not an absolute file name in its shortest form`},
		{"%render-fstab", `"linux" '(((device . "a") (mount-point . "/") (type . "ext4") (flags . ("read-onyl")))) '()`, `file system "/": flags: "read-onyl" is unknown; did you mean "read-only"?`},
		{"%render-fstab", `"linux" '(((device . "a") (mount-point . "/") (type . "ext4") (options . "a b"))) '()`, `file system "/": options: "a b" contains a blank, "#", "\" or a control character`},
		{"%render-fstab", `"linux" '(((device . "a") (mount-point . "/x") (type . "ext4")) ((device . "b") (mount-point . "/x") (type . "ext4"))) '()`, `file system "/x": two are mounted there`},
		{"%render-fstab", `"freebsd" '(((device . "LABEL=a") (mount-point . "/") (type . "zfs"))) '()`, `file system "/": device: FreeBSD cannot find file systems of type zfs by their label; name the device`},
		{"%password-databases", `"a:b"`, `master.passwd: line 1: has 2 fields instead of 10`},
		{"%check-host-name", `""`, `host name: must not be empty`},
		{"%check-host-name", `"a_b"`, `host name "a_b": '_' is no letter, digit or hyphen`},
		{"%check-host-name", `"-a"`, `host name "-a": the part "-a" begins or ends with a hyphen`},
		{"%check-host-name", `"a..b"`, `host name "a..b": has an empty part; dots stand between parts`},
		{"%check-host-name", `"1.2.3.4"`, `host name "1.2.3.4": is an address`},
		{"%check-host-name", `(make-string 65 #\a)`, `host name "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": is 65 bytes long; the most is 64`},
		{"%render-hosts", `"a" '("nowhere name")`, `hosts: "nowhere name": "nowhere" is no address`},
		{"%render-hosts", `"a" '("192.0.2.1")`, `hosts: "192.0.2.1": the address has no name`},
		{"%render-rc-conf", `'(("a-b" . "c"))`, `rc.conf: "a-b" cannot be the name of a variable`},
		{"%render-rc-conf", `'(("a" . "b") ("a" . "c"))`, `rc.conf: a is set to "b" and to "c"`},
		{"%render-rc-conf", `'(("a" . "b\nc"))`, `rc.conf: a: "b\nc" contains a newline or another control character`},
		{"%render-rc-conf", `'(("a" . #(1)))`, `rc.conf: a: must be a string, a number, #t or #f, not something else`},
		{"%render-rc-conf", `7`, `rc.conf: must be an alist, not the number 7`},
		{"%render-loader-conf", `'(("a" . "say \"b\""))`, `loader.conf: a: "say \"b\"" contains '"', which the loader cannot read`},
		{"%render-ttys", `'(("a" "b" "c"))`, `ttys: a line must have a name, a command, a type and a status, not 3 words`},
		{"%render-ttys", `'(("a" "b" "c" "of"))`, `ttys: "a": status: "of" is unknown; known are on, off, onifconsole, onifexists, secure, insecure, network, dialup, window= and group=`},
		{"%render-login-conf", `'(("a b" . "c"))`, `login.conf: class "default": "a b" cannot be the name of a capability`},
		{"%render-shells", `'("sh")`, `shells: "sh" is not an absolute file name without blanks`},
		{"%render-boot-entry", `"" "/l" #f '()`, `boot entry: title: must not be empty`},
		{"%render-boot-entry", `"t" "l" #f '()`, `boot entry "t": linux: "l" does not begin with a slash, at the top of the EFI system partition`},
		{"%render-boot-entry", `"t" "/l" #f '("a b")`, `boot entry "t": options: the argument "a b" contains a blank outside of double quotes`},
		{"%render-loader-efi-conf", `1 #f '((timeout . "2"))`, `loader.conf: timeout is set twice`},
		{"%json", `(list 1 car)`, `json: element 1: there is a value that JSON has no word for`},
		{"%json", `'((a . 1) ("a" . 2))`, `json: two members are named "a"`},
		{"%json", `'((a . (1 . 2)))`, `json: a: there is a list that does not end in ()`},
		{"%json", `(/ 1 3)`, `json: there is a value that JSON has no word for`},
		{"%json", `(let ((l (list 1))) (set-car! l l) l)`, `json: nested deeper than 512 levels`},
	} {
		got, err := call(t, e, c.native, c.args)
		if !strings.Contains(message(err), c.want) {
			t.Errorf("(%s %s)\ngot  %q, %v\nwant %s", c.native, c.args, got, message(err), c.want)
		}
	}
}

func TestJSON(t *testing.T) {
	e := engine(t)
	for _, c := range []struct{ in, want string }{
		{`'((b . 1) ("a" . #t))`, `{"a":true,"b":1}`},
		{`'()`, `[]`},
		{`(vector)`, `[]`},
		{`(make-hash-table)`, `{}`},
		{`'(1 2.5 -3 100000000000000000000000 1e21)`, `[1,2.5,-3,100000000000000000000000,1e+21]`},
		{`'(("a" "b") ("c"))`, `{"a":["b"],"c":[]}`},
		{`#(#("a" "b"))`, `[["a","b"]]`},
		{`'((x . #(((y . null)))) (s . "q\"\\\n\t<é>"))`, `{"s":"q\"\\\n\t<é>","x":[{"y":null}]}`},
		{`'(sym #f)`, `["sym",false]`},
	} {
		got, err := call(t, e, "%json", c.in)
		if err != nil || got != c.want {
			t.Errorf("%s: got %s, %v; want %s", c.in, got, err, c.want)
		}
	}
}

func TestPasswordDatabases(t *testing.T) {
	v, err := engine(t).Eval(t.Context(), `((@ (fruix native osmodel) %password-databases) "root:*:0:0::0:0::/root:/bin/sh\n")`, "test.scm")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"pwd.db", "spwd.db"} {
		file := v.Pair().Car.Pair()
		if name := file.Car.Str().Go(); name != want || len(file.Cdr.Bytevector().B) != 10*4096 {
			t.Errorf("%s has %d bytes", name, len(file.Cdr.Bytevector().B))
		}
		v = v.Pair().Cdr
	}
}

// What Scheme derives is what image plans derive: the value is in a test of
// builder/builtin/tree too.
func TestDeriveUUID(t *testing.T) {
	got, err := call(t, engine(t), "%derive-uuid", `"partition" "seed" "root"`)
	if want := "a52eb605-f922-875e-8683-b4135ca6edba"; err != nil || got != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
}
