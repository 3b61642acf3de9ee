package files

import "golang.org/x/sys/unix"

const getTermios = unix.TCGETS

func mknod(path string, mode uint32, dev int) error { return unix.Mknod(path, mode, dev) }

// clone makes to share the contents of from.
func clone(to, from int) error { return unix.IoctlFileClone(to, from) }

// systemConstants are flags that other systems lack.
func systemConstants() map[string]int {
	return map[string]int{
		"O_PATH": unix.O_PATH, "O_DIRECT": unix.O_DIRECT, "O_DSYNC": unix.O_DSYNC, "O_RSYNC": unix.O_RSYNC, "O_TMPFILE": unix.O_TMPFILE,
		"O_NOATIME": unix.O_NOATIME, "O_LARGEFILE": unix.O_LARGEFILE, "O_ASYNC": unix.O_ASYNC,
		"AT_NO_AUTOMOUNT": unix.AT_NO_AUTOMOUNT, "AT_EMPTY_PATH": unix.AT_EMPTY_PATH,
		"SEEK_DATA": unix.SEEK_DATA, "SEEK_HOLE": unix.SEEK_HOLE,
		"F_GETOWN": unix.F_GETOWN, "F_SETOWN": unix.F_SETOWN,
		"EADV": int(unix.EADV), "EBADE": int(unix.EBADE), "EBADFD": int(unix.EBADFD), "EBADR": int(unix.EBADR), "EBADRQC": int(unix.EBADRQC),
		"EBADSLT": int(unix.EBADSLT), "EBFONT": int(unix.EBFONT), "ECHRNG": int(unix.ECHRNG), "ECOMM": int(unix.ECOMM), "EDEADLOCK": int(unix.EDEADLOCK),
		"EDOTDOT": int(unix.EDOTDOT), "EISNAM": int(unix.EISNAM), "EKEYEXPIRED": int(unix.EKEYEXPIRED), "EKEYREJECTED": int(unix.EKEYREJECTED),
		"EKEYREVOKED": int(unix.EKEYREVOKED), "EL2HLT": int(unix.EL2HLT), "EL2NSYNC": int(unix.EL2NSYNC), "EL3HLT": int(unix.EL3HLT),
		"EL3RST": int(unix.EL3RST), "ELIBACC": int(unix.ELIBACC), "ELIBBAD": int(unix.ELIBBAD), "ELIBEXEC": int(unix.ELIBEXEC),
		"ELIBMAX": int(unix.ELIBMAX), "ELIBSCN": int(unix.ELIBSCN), "ELNRNG": int(unix.ELNRNG), "EMEDIUMTYPE": int(unix.EMEDIUMTYPE),
		"ENAVAIL": int(unix.ENAVAIL), "ENOANO": int(unix.ENOANO), "ENOCSI": int(unix.ENOCSI), "ENODATA": int(unix.ENODATA), "ENOKEY": int(unix.ENOKEY),
		"ENOMEDIUM": int(unix.ENOMEDIUM), "ENONET": int(unix.ENONET), "ENOPKG": int(unix.ENOPKG), "ENOSR": int(unix.ENOSR), "ENOSTR": int(unix.ENOSTR),
		"ENOTNAM": int(unix.ENOTNAM), "ENOTRECOVERABLE": int(unix.ENOTRECOVERABLE), "ENOTUNIQ": int(unix.ENOTUNIQ), "EOWNERDEAD": int(unix.EOWNERDEAD),
		"EREMCHG": int(unix.EREMCHG), "EREMOTEIO": int(unix.EREMOTEIO), "ERESTART": int(unix.ERESTART), "ERFKILL": int(unix.ERFKILL),
		"ESRMNT": int(unix.ESRMNT), "ESTRPIPE": int(unix.ESTRPIPE), "ETIME": int(unix.ETIME), "EUCLEAN": int(unix.EUCLEAN), "EUNATCH": int(unix.EUNATCH),
		"EXFULL": int(unix.EXFULL),
	}
}
