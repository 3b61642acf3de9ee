package fetch

// DefaultMirrors returns the places that "mirror://NAME/…" stands for, by
// name. The names are those that Guix and Nixpkgs use.
func DefaultMirrors() map[string][]string {
	return map[string][]string{
		"gnu":           {"https://ftpmirror.gnu.org/gnu/", "https://ftp.gnu.org/gnu/"},
		"savannah":      {"https://download.savannah.gnu.org/releases/", "https://download-mirror.savannah.gnu.org/releases/"},
		"gcc":           {"https://gcc.gnu.org/pub/gcc/", "https://ftp.gnu.org/gnu/gcc/"},
		"kernel.org":    {"https://cdn.kernel.org/pub/", "https://mirrors.edge.kernel.org/pub/"},
		"sourceforge":   {"https://downloads.sourceforge.net/"},
		"apache":        {"https://dlcdn.apache.org/", "https://archive.apache.org/dist/"},
		"gnupg":         {"https://gnupg.org/ftp/gcrypt/", "https://www.mirrorservice.org/sites/ftp.gnupg.org/gcrypt/"},
		"gnome":         {"https://download.gnome.org/"},
		"netfilter.org": {"https://www.netfilter.org/projects/"},
		"debian":        {"https://deb.debian.org/debian/", "https://archive.debian.org/debian/"},
		"alsa":          {"https://www.alsa-project.org/files/pub/"},
		"qt":            {"https://download.qt.io/"},
		"mate":          {"https://pub.mate-desktop.org/releases/"},
		"imagemagick":   {"https://imagemagick.org/archive/releases/", "https://imagemagick.org/archive/"},
		"kde":           {"https://download.kde.org/"},
		"xorg":          {"https://www.x.org/releases/", "https://xorg.freedesktop.org/releases/"},
		"openbsd":       {"https://cdn.openbsd.org/pub/OpenBSD/", "https://ftp.openbsd.org/pub/OpenBSD/"},
		"freebsd":       {"https://download.freebsd.org/", "https://ftp.freebsd.org/pub/FreeBSD/"},
	}
}

// DefaultArchives returns templates for Client.Archives: those that keep sources
// for Guix and for Nixpkgs, and Software Heritage.
func DefaultArchives() []string {
	return []string{
		"https://bordeaux.guix.gnu.org/file/{name}/{algo}/{base32}",
		"https://ci.guix.gnu.org/file/{name}/{algo}/{base32}",
		"https://tarballs.nixos.org/{algo}/{base32}",
		"https://archive.softwareheritage.org/api/1/content/{algo}:{hex}/raw/",
	}
}
