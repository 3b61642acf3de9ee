package defences

// Files that hold several defences.
const (
	program   = "jail/linux/program.go"
	jailRun   = "jail/linux/run.go"
	jailRoot  = "jail/linux/root.go"
	limits    = "jail/linux/limits.go"
	lockdown  = "jail/linux/lockdown.go"
	seccomp   = "jail/linux/seccomp.go"
	treeFile  = "store/tree/file.go"
	treeTree  = "store/tree/tree.go"
	treeChmod = "store/tree/chmod_linux.go"
	treeGo    = "store/tree/remove.go"
	treeKeep  = "store/tree/keep.go"
)

// defences is the one table. Names say what is defended against.
var defences = []defence{
	// Work on trees that somebody changes meanwhile.
	{
		name:  "links in the place of directories and files",
		edits: []edit{{treeTree, "flags|unix.O_NOFOLLOW|unix.O_CLOEXEC", "flags|unix.O_CLOEXEC"}},
		pkg:   "store/tree", tests: "Race",
	},
	{
		name:  "deletion led astray",
		edits: []edit{{treeGo, "r.remove(fd, n, full+\"/\"+n, depth+1)", "r.remove(unix.AT_FDCWD, full+\"/\"+n, full+\"/\"+n, depth+1)"}},
		pkg:   "store/tree", tests: "TestRemoveRace",
	},
	{
		name:  "change of mode led astray",
		edits: []edit{{treeChmod, "openat(dir, name, unix.O_PATH, 0)", "unix.Openat(dir, name, unix.O_PATH, 0)"}},
		pkg:   "store/tree", tests: "TestChmodRace",
	},
	{
		name:  "planted names of temporary files",
		edits: []edit{{treeFile, "fd, err = openat(dir, temp, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL, 0o600)", "fd, err = unix.Openat(dir, temp, unix.O_RDWR|unix.O_CREAT, 0o600)"}},
		pkg:   "store/tree", tests: "TestPlantedNames",
	},
	{
		name:  "files with names elsewhere",
		edits: []edit{{treeFile, "shared := st.Nlink > 1", "shared := false"}},
		pkg:   "store/tree", tests: "TestPlantedNames",
	},
	{
		name:  "files that somebody can still write",
		edits: []edit{{treeFile, "err = checkUnwritten(fd)", "err = nil"}},
		pkg:   "store/tree", tests: "TestStillWritten",
	},
	{
		name:  "files that come in while a directory is read",
		edits: []edit{{"store/tree/dump.go", "if p.o.Seal && p.o.Owner != nil {", "if false {"}},
		pkg:   "store/tree", tests: "TestNothingComesIn", root: true,
	},
	{
		name:  "set-id files in outputs",
		edits: []edit{{treeFile, "p.o.Seal && mode&(unix.S_ISUID|unix.S_ISGID) != 0", "false"}},
		pkg:   "store/tree", tests: "TestForbidden",
	},
	{
		name:  "trees deeper than descriptors reach",
		edits: []edit{{treeGo, "if depth > liftDepth {", "if false {"}},
		pkg:   "store/tree", tests: "TestDeep",
	},

	// Stores and databases.
	{
		name:  "another store's database",
		edits: []edit{{"store/store.go", "if err = s.checkIdentity(ctx, d); err != nil {", "if false {"}},
		pkg:   "store", tests: "TestForeignDatabase",
	},
	{
		name:  "somebody else's store",
		edits: []edit{{"store/identity.go", "if os.Geteuid() == 0 && int(st.Uid) != want {", "if false {"}, {"store/identity.go", "if int(st.Uid) != owner {", "if false {"}},
		pkg:   "store", tests: "TestOwners", root: true,
	},
	{
		name:  "locks that everybody can hold",
		edits: []edit{{"store/lock.go", "_ = f.Chmod(0o600)", "_ = f.Chmod(0o644)"}},
		pkg:   "store", tests: "TestClosedLocks",
	},
	{
		name:  "databases that everybody can lock",
		edits: []edit{{"store/store.go", "if err := closeDir(s.StatePath(\"db\")); err != nil {", "if err := error(nil); err != nil {"}},
		pkg:   "store", tests: "TestClosedLocks",
	},

	// Builds.
	{
		name:  "strangers who run as a build user",
		edits: []edit{{"builder/local/users.go", "err == nil && !p.taken(uid, fresh)", "err == nil"}},
		pkg:   "builder", tests: "TestStrangersUser", root: true,
	},
	{
		name:  "a build user's lock that ends with Fruix",
		edits: []edit{{"builder/local/local.go", "s.Hold = []*os.File{b.user.lock}", ""}},
		pkg:   "builder/local", tests: "TestTakenBack", root: true,
	},
	{
		name:  "outputs in folders that are the builder's",
		edits: []edit{{"builder/local/local.go", "if terr := b.takeBack(); err == nil {", "if terr := error(nil); err == nil {"}},
		pkg:   "builder/local", tests: "TestTakenBack",
	},
	{
		name:  "kept folders that are open",
		edits: []edit{{treeKeep, "if err := t.tame(unix.AT_FDCWD, from, from, 0); err != nil {", "if _, err := t, error(nil); err != nil {"}},
		pkg:   "builder", tests: "TestNothingOpenAfterFailure",
	},
	{
		name: "kept folders that are exchanged",
		edits: []edit{{treeKeep, "if err := put(from, added); err != nil {", "if err := error(nil); err != nil {"},
			{treeKeep, "if err != unix.EXDEV {", "if err == nil {\n\t\treturn os.WriteFile(to+\"/\"+added[0].Name, added[0].Content, 0o644)\n\t}\n\tif err != unix.EXDEV {"}},
		pkg: "store/tree", tests: "TestKeepRace",
	},
	{
		name:  "planted names in kept folders",
		edits: []edit{{treeKeep, "openat(int(dir.Fd()), f.Name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL, 0o644)", "unix.Openat(int(dir.Fd()), f.Name, unix.O_WRONLY|unix.O_CREAT|unix.O_NONBLOCK, 0o644)"}},
		pkg:   "store/tree", tests: "TestKeepPlanted",
	},
	{
		name:  "somebody else's files in kept folders",
		edits: []edit{{treeKeep, "case t.foreign(&st):", "case false:"}},
		pkg:   "store/tree", tests: "TestKeepForeign", root: true,
	},
	{
		name:  "outputs with a descriptor outside",
		edits: []edit{{program, " | unix.CLONE_NEWNET\n", "\n"}, {program, "c.add(s, record{Number: unix.SYS_IOCTL, OnSaved: true}, nil", "c.add(s, record{Number: unix.SYS_IOCTL, OnSaved: true, Tolerate: stub.AnyError}, nil"}},
		pkg:   "builder", tests: "TestDescriptorsStay",
	},
	{
		name: "outputs that are changed after they were hashed",
		edits: []edit{{program, " | unix.CLONE_NEWNET\n", "\n"}, {program, "c.add(s, record{Number: unix.SYS_IOCTL, OnSaved: true}, nil", "c.add(s, record{Number: unix.SYS_IOCTL, OnSaved: true, Tolerate: stub.AnyError}, nil"},
			{treeFile, "err = checkUnwritten(fd)", "err = nil"}},
		pkg: "builder", tests: "TestDescriptorsStay",
	},
	{
		name:  "folders of builds that others enter",
		edits: []edit{{"store/store.go", "mkdir(filepath.Join(phys, tempDir), 0o700)", "mkdir(filepath.Join(phys, tempDir), 0o755)"}},
		pkg:   "builder", tests: "TestClosedAfterDeath",
	},
	{
		name:  "logs without end",
		edits: []edit{{"builder/plan/limits.go", "if c.MaxLog > 0 {", "if false {"}},
		pkg:   "builder", tests: "TestNothingOpenAfterFailure/flood",
	},

	// What root does in folders of others.
	{
		name:  "planted locks of sockets",
		edits: []edit{{"builder/socket/listen.go", "if err := checkOwn(f); err != nil {", "if err := error(nil); err != nil {"}},
		pkg:   "builder/socket", tests: "TestPlantedSocket",
	},
	{
		name:  "homes behind somebody's links",
		edits: []edit{{"stdlib/gnu/build/activation.scm", "(if (root-only? above) 0 O_NOFOLLOW)", "0"}},
		pkg:   "osmodel", tests: "TestHomesWithin", root: true,
	},
	{
		name:  "logs behind somebody's links",
		edits: []edit{{"osmodel/shepherd/folder/folder.go", "f.Alone = st.Uid == 0 && st.Mode&0o022 == 0", "f.Alone = true"}},
		pkg:   "osmodel/shepherd/logs", tests: "TestPlantedLogs", root: true,
	},
	{
		name:  "mount points behind somebody's links",
		edits: []edit{{"osmodel/shepherd/folder/folder.go", "f.Alone = st.Uid == 0 && st.Mode&0o022 == 0", "f.Alone = true"}},
		pkg:   "osmodel/shepherd/target", tests: "TestMountPoints", root: true,
	},
	{
		name:  "PID files that name others' processes",
		edits: []edit{{"osmodel/shepherd/pidfile.go", "return err == nil && owner == user", "return err == nil && owner >= 0"}},
		pkg:   "osmodel/shepherd", tests: "TestPIDFileOfOthers", root: true,
	},

	// The jail on Linux.
	{
		name:  "the host's files",
		edits: []edit{{jailRoot, `c.call(step{"unmount the host's root", ""}, unix.SYS_UMOUNT2, c.String("."), number(unix.MNT_DETACH))`, ""}},
		pkg:   "jail/linux", tests: "TestConformance/escapes/mounts",
	},
	{
		name:  "writing inputs",
		edits: []edit{{jailRoot, "attrs |= unix.MOUNT_ATTR_RDONLY", "attrs |= 0"}},
		pkg:   "jail/linux", tests: "TestConformance/(files|escapes/mounts)",
	},
	{
		name:  "writing the root",
		edits: []edit{{jailRoot, `c.restrict(step{"make read-only", "/"}, "/", unix.MOUNT_ATTR_RDONLY|unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV, false)`, ""}},
		pkg:   "jail/linux", tests: "TestConformance/(files|escapes/mounts)",
	},
	{
		name:  "devices in the program's own folders",
		edits: []edit{{jailRoot, "attrs := uint64(unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV)", "attrs := uint64(unix.MOUNT_ATTR_NOSUID)"}},
		pkg:   "jail/linux", tests: "TestConformance/escapes/devices", root: true,
	},
	{
		name:  "the network and abstract sockets",
		edits: []edit{{program, " | unix.CLONE_NEWNET\n", "\n"}, {program, "c.add(s, record{Number: unix.SYS_IOCTL, OnSaved: true}, nil", "c.add(s, record{Number: unix.SYS_IOCTL, OnSaved: true, Tolerate: stub.AnyError}, nil"}},
		pkg:   "jail/linux", tests: "TestConformance/(network|escapes/channels)",
	},
	{
		name:  "shared memory of System V",
		edits: []edit{{program, " | unix.CLONE_NEWIPC", ""}},
		pkg:   "jail/linux", tests: "TestConformance/escapes/channels",
	},
	{
		name: "processes outside",
		edits: []edit{{program, " | unix.CLONE_NEWPID", ""},
			{jailRoot, `c.mount(step{stepProc, "/proc"}, "proc", newRoot+"/proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "")`,
				`c.call(step{stepProc, "/proc"}, unix.SYS_MOUNT, c.String(oldRoot+"/proc"), c.String(newRoot+"/proc"), number(0), number(unix.MS_BIND|unix.MS_REC), number(0))`}},
		pkg: "jail/linux", tests: "TestConformance/escapes/host_processes",
	},
	{
		name:  "tracing the first process",
		edits: []edit{{lockdown, `unix.PR_SET_DUMPABLE, number(0)`, `unix.PR_SET_DUMPABLE, number(1)`}},
		pkg:   "jail/linux", tests: "TestConformance/escapes/the_first_process",
	},
	{
		name:  "programs that outlive the keeper",
		edits: []edit{{program, "c.call(s, unix.SYS_PRCTL, number(unix.PR_SET_PDEATHSIG), number(unix.SIGKILL))", ""}},
		pkg:   "jail/linux", tests: "TestKeeperKilled",
	},
	{
		name: "programs of root's that outlive the keeper",
		edits: []edit{{program, "\tc.closeHeld(p)\n\tif p.BuildUser", "\tc.closeHeld(p)\n\tc.dieWithKeeper(keeperFD)\n\tif p.BuildUser"},
			{program, "\t}\n\tc.dieWithKeeper(keeperFD)\n", "\t}\n"}},
		pkg: "jail/linux", tests: "TestKeeperKilled", root: true,
	},
	{
		name:  "a build user that is given to two builds",
		edits: []edit{{program, "c.call(s, unix.SYS_CLOSE_RANGE, held+number(p.Held), child-1, number(0))", "c.call(s, unix.SYS_CLOSE_RANGE, held, child-1, number(0))"}},
		pkg:   "jail/linux", tests: "TestHold",
	},
	{
		name:  "core dumps for a program of the host",
		edits: []edit{{limits, "unix.RLIMIT_CORE, 1, true", "unix.RLIMIT_CORE, 0, true"}},
		pkg:   "jail/linux", tests: "TestConformance/escapes/proc_and_sys",
	},
	{
		name:  "names of control groups",
		edits: []edit{{program, "number(unix.CLONE_NEWCGROUP)", "number(0)"}},
		pkg:   "jail/linux", tests: "TestConformance/escapes/proc_and_sys",
	},
	{
		name:  "what no archive keeps of a file",
		edits: []edit{{seccomp, "{n.ioctl, 1, keeping, 0, unasked},", ""}},
		pkg:   "jail/linux", tests: "TestConformance/kernel|TestFilter",
	},
	{
		name: "user namespaces inside",
		edits: []edit{{lockdown, `c.String("0"), number(1)`, `c.String("9"), number(1)`},
			{seccomp, "{n.unshare, 0, anyBits, unix.CLONE_NEWUSER, refuse},", ""},
			{seccomp, "{n.clone, 0, anyBits, unix.CLONE_NEWUSER, refuse},", ""},
			{seccomp, "{n.clone3, -1, always, 0, missing},", ""}},
		pkg: "jail/linux", tests: "TestConformance/escapes/namespaces",
	},
	{
		name:  "parts of the kernel that builds do not need",
		edits: []edit{{lockdown, "\tc.confine()\n", ""}},
		pkg:   "jail/linux", tests: "TestConformance/(kernel|escapes/set-id_files|escapes/channels)",
	},
	{
		name: "capabilities",
		edits: []edit{{lockdown, "unix.SYS_CAPSET,", "unix.SYS_GETPID,"},
			{lockdown, `prctl("clear ambient capabilities", unix.PR_CAP_AMBIENT, number(unix.PR_CAP_AMBIENT_CLEAR_ALL))`, ""},
			{lockdown, `prctl("lock the capability modes", unix.PR_SET_SECUREBITS, number(secureBits))`, ""},
			{lockdown, "number(unix.PR_CAPBSET_DROP), number(n)", "number(unix.PR_CAPBSET_READ), number(n)"}},
		pkg: "jail/linux", tests: "TestConformance/(surroundings|privileges|escapes)",
	},
	{
		name: "new privileges",
		edits: []edit{{lockdown, `prctl("forbid new privileges", unix.PR_SET_NO_NEW_PRIVS, number(1))`, ""},
			{lockdown, `c.add(step{"filter system calls", ""}, record{Number: unix.SYS_PRCTL, Tolerate: int(unix.EINVAL)}`, `c.add(step{"filter system calls", ""}, record{Number: unix.SYS_PRCTL, Tolerate: stub.AnyError}`}},
		pkg: "jail/linux", tests: "TestConformance/surroundings",
	},
	{
		name:  "descriptors of the caller",
		edits: []edit{{program, "number(math.MaxUint32), number(unix.CLOSE_RANGE_CLOEXEC)", "number(4), number(unix.CLOSE_RANGE_CLOEXEC)"}},
		pkg:   "jail/linux", tests: "TestLeakedDescriptor",
	},
	{
		name:  "programs that outlive their caller",
		edits: []edit{{program, "[2]poll{{fd: callerFD}, {fd: int32(child), events: unix.POLLIN}}", "[2]poll{{fd: -1}, {fd: int32(child), events: unix.POLLIN}}"}},
		pkg:   "jail/linux", tests: "TestCallerKilled",
	},
	{
		name:  "processes without end",
		edits: []edit{{limits, "l.Processes, l.Processes != 0", "l.Processes, false"}},
		pkg:   "jail/linux", tests: "TestConformance/kernel",
	},
	{
		name:  "builds that outlive others when memory runs out",
		edits: []edit{{jailRun, "endFirst(keeper)\n", "\n"}},
		pkg:   "jail/linux", tests: "TestConformance/escapes/proc",
	},
	{
		name:  "memory without end",
		edits: []edit{{jailRun, "if p.Spec.Limits.Memory != 0 {", "if false {"}},
		pkg:   "jail/linux", tests: "TestConformance/escapes/memory_bomb",
	},
	{
		name:  "memory without end, where there is no control group",
		edits: []edit{{jailRun, "if g, err = groupFor(p.Spec.Limits); err == nil {", "if false {"}, {limits, "l.Memory != 0 && p.MemoryEach", "false"}},
		pkg:   "jail/linux", tests: "TestConformance/escapes/memory_bomb",
	},

	// FreeBSD's jail.
	{
		name:  "mounts that stay, or go before what runs on them",
		edits: []edit{{"jail/freebsd/carry.go", "slices.Backward(done)", "slices.All(done)"}},
		pkg:   "jail/freebsd", tests: "TestUndo|TestEnd",
	},

	// The daemon.
	{
		name:  "clients who say who they are",
		edits: []edit{{"builder/daemon/server.go", "p.UID == 0 || p.UID == s.c.EUID || s.c.Trusted(p)", "true"}},
		pkg:   "builder/daemon", tests: "TestPrivileges",
	},
	{
		name:  "unsigned imports",
		edits: []edit{{"builder/daemon/exchange.go", "if c.unsigned {", "if true {"}},
		pkg:   "builder/daemon", tests: "TestPrivileges",
	},
	{
		name:  "secrets read for others",
		edits: []edit{{"builder/fetch/public.go", "unix.S_IFREG && st.Mode&0o004 != 0", "unix.S_IFREG"}},
		pkg:   "builder/fetch", tests: "TestPublic", root: true,
	},
	{
		name:  "closed folders entered for others",
		edits: []edit{{"builder/fetch/public.go", "st.Mode&0o001 == 0", "false"}},
		pkg:   "builder/fetch", tests: "TestPublic", root: true,
	},
	{
		name:  "downloads with root's rights",
		edits: []edit{{"builder/local/apart.go", "Credential: &syscall.Credential{Uid: uint32(b.user.UID), Gid: uint32(b.user.UID)},", ""}},
		pkg:   "builder", tests: "TestApart", root: true,
	},
	{
		name: "a download whose folder is moved away",
		edits: []edit{
			{"builder/local/apart.go", "if err := b.acquireUser(ctx); err != nil {\n\t\treturn err", "if err := errors.Join(b.acquireUser(ctx), b.giveAll()); err != nil {\n\t\treturn err"},
			{"builder/local/apart.go", "unix.Renameat(int(dir.Fd()), builtin.ApartOutput, unix.AT_FDCWD, out)", "unix.Renameat(unix.AT_FDCWD, filepath.Join(b.dir, builtin.ApartOutput), unix.AT_FDCWD, out)"},
		},
		pkg: "builder", tests: "TestApart", root: true,
	},
	{
		name:  "a download that takes all of the machine",
		edits: []edit{{"builder/builtin/apart.go", "range r.Limits {", "range r.Limits[:0] {"}},
		pkg:   "builder", tests: "TestApart", root: true,
	},
	{
		name:  "set-user-id programs in a download",
		edits: []edit{{"jail/linux/fence.go", "unix.PR_SET_NO_NEW_PRIVS, 1, 0", "unix.PR_GET_NO_NEW_PRIVS, 0, 0"}},
		pkg:   "builder", tests: "TestApart", root: true,
	},
	{
		name:  "set-user-id programs that a download leaves",
		edits: []edit{{"jail/linux/fence.go", "if len(tables) == 0 {", "if true {"}},
		pkg:   "builder", tests: "TestApart", root: true,
	},
	{
		name:  "shared memory that a download leaves",
		edits: []edit{{"jail/linux/fence.go", " | syscall.CLONE_NEWIPC", ""}},
		pkg:   "builder", tests: "TestApart", root: true,
	},
	{
		name:  "descriptors of the caller in a download",
		edits: []edit{{"builder/builtin/apart.go", "flags&unix.FD_CLOEXEC == 0", "flags&unix.FD_CLOEXEC == 2"}},
		pkg:   "builder", tests: "TestApart", root: true,
	},
	{
		name:  "a download that unlocks its user",
		edits: []edit{{"builder/local/users_linux.go", "_, err := unix.Getpriority(unix.PRIO_USER, uid); err == nil", "false"}, {"builder/local/users_linux.go", "\t\"golang.org/x/sys/unix\"\n", ""}},
		pkg:   "builder/local", tests: "TestUnlockedUser", root: true,
	},
	{
		name:  "downloads in the build users' group",
		edits: []edit{{"builder/local/apart.go", "Gid: uint32(b.user.UID)}", "Gid: uint32(b.user.GID)}"}},
		pkg:   "builder", tests: "TestApart", root: true,
	},
	{
		name:  "programs that outlive a download",
		edits: []edit{{"jail/linux/fence.go", "syscall.CLONE_NEWPID |", "syscall.CLONE_NEWNS |"}},
		pkg:   "builder", tests: "TestApart", root: true,
	},
	{
		name:  "folders of profiles that hold too much",
		edits: []edit{{"store/roots.go", "in.entries > maxUserEntries || in.links > maxUserLinks", "false"}},
		pkg:   "store", tests: "TestUsersFolder",
	},
	{
		name:  "builds of one user before all others'",
		edits: []edit{{"builder/turns/turns.go", "cmp.Or(cmp.Compare(u.taken, v.taken), cmp.Compare(u.last, v.last), cmp.Compare(u.came, v.came))", "cmp.Compare(u.came, v.came)"}},
		pkg:   "builder/turns", tests: "TestTurns|TestLines",
	},
	{
		name:  "builds without number",
		edits: []edit{{"builder/turns/turns.go", "t.taken < c.size:", "true:"}},
		pkg:   "builder/turns", tests: "TestTurnsLeave|TestLines",
	},
	{
		name:  "roots without number",
		edits: []edit{{"store/roots.go", "if n >= most {\n\t\t\treturn", "if false {\n\t\t\treturn"}},
		pkg:   "builder/daemon", tests: "TestCounts",
	},
}
