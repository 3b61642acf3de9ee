package fetch

// DefaultMirrors returns the places that "mirror://NAME/…" stands for, by
// name. The names are those that Guix and Nixpkgs use.
func DefaultMirrors() map[string][]string {
	return map[string][]string{
		"gnu":         {"https://ftpmirror.gnu.org/gnu/", "https://ftp.gnu.org/gnu/"},
		"savannah":    {"https://download.savannah.gnu.org/releases/", "https://download-mirror.savannah.gnu.org/releases/"},
		"gcc":         {"https://gcc.gnu.org/pub/gcc/", "https://ftp.gnu.org/gnu/gcc/"},
		"kernel.org":  {"https://cdn.kernel.org/pub/", "https://mirrors.edge.kernel.org/pub/"},
		"sourceforge": {"https://downloads.sourceforge.net/"},
		"apache":      {"https://dlcdn.apache.org/", "https://archive.apache.org/dist/"},
		"gnome":       {"https://download.gnome.org/"},
		"kde":         {"https://download.kde.org/"},
		"xorg":        {"https://www.x.org/releases/", "https://xorg.freedesktop.org/releases/"},
		"openbsd":     {"https://cdn.openbsd.org/pub/OpenBSD/", "https://ftp.openbsd.org/pub/OpenBSD/"},
		"freebsd":     {"https://download.freebsd.org/", "https://ftp.freebsd.org/pub/FreeBSD/"},
	}
}
