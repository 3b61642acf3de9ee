// Package jail describes how one program is run apart from everything else.
//
// What enters is a [Spec]: plain data that names the program, its complete
// environment, and every file that it may see. What leaves is a [Result]: how
// the program ended. A back end (packages jail/linux and jail/freebsd; package
// jail/native picks the one of this machine) implements [Jail] with the means
// of its kernel. The builder is the caller; nothing here knows of stores or
// derivations.
//
// Every back end promises the same, and jail/jailtest checks it:
//
//   - only the mounts, files and directories of the Spec exist inside, plus a
//     minimal /dev and, on Linux, a /proc that shows the jail's own processes;
//   - there is no network;
//   - the program runs without any privilege, cannot gain one, and cannot
//     change or undo a mount;
//   - host name, user and group are those of the Spec;
//   - when the program ends, or the context is cancelled, or the caller dies,
//     every process inside is killed.
package jail
