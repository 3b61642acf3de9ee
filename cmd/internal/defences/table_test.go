package defences

// defences is the one table. Names say what is defended against.
var defences = []defence{
	// Work on trees that somebody changes meanwhile.
	{
		name: "links in the place of directories and files",
		file: "store/tree/tree.go",
		with: "flags|unix.O_NOFOLLOW|unix.O_CLOEXEC", without: "flags|unix.O_CLOEXEC",
		pkg: "store/tree", tests: "Race",
	},
	{
		name: "deletion led astray",
		file: "store/tree/remove.go",
		with: "r.remove(fd, n, full+\"/\"+n, depth+1)", without: "r.remove(unix.AT_FDCWD, full+\"/\"+n, full+\"/\"+n, depth+1)",
		pkg: "store/tree", tests: "TestRemoveRace",
	},
	{
		name: "change of mode led astray",
		file: "store/tree/chmod_linux.go",
		with: "openat(dir, name, unix.O_PATH, 0)", without: "unix.Openat(dir, name, unix.O_PATH, 0)",
		pkg: "store/tree", tests: "TestChmodRace",
	},
	{
		name: "planted names of temporary files",
		file: "store/tree/file.go",
		with: "fd, err = openat(dir, temp, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL, 0o600)", without: "fd, err = unix.Openat(dir, temp, unix.O_RDWR|unix.O_CREAT, 0o600)",
		pkg: "store/tree", tests: "TestPlantedNames",
	},
	{
		name: "files with names elsewhere",
		file: "store/tree/file.go",
		with: "shared := st.Nlink > 1", without: "shared := false",
		pkg: "store/tree", tests: "TestPlantedNames",
	},
	{
		name: "files that somebody can still write",
		file: "store/tree/file.go",
		with: "err = checkUnwritten(fd)", without: "err = nil",
		pkg: "store/tree", tests: "TestStillWritten",
	},
	{
		name: "trees deeper than descriptors reach",
		file: "store/tree/remove.go",
		with: "if depth > liftDepth {", without: "if false {",
		pkg: "store/tree", tests: "TestDeep",
	},
}
