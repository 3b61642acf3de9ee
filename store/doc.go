// Package store keeps immutable file trees under names made of their hashes,
// as Nix and Guix do.
//
// What goes in: texts, files and trees of the host, archives, derivations, and
// the outputs of builds. What comes out: logical paths such as
// "/frx/store/<hash>-<name>", what is known of them (hash of the archive,
// references, deriver), and where they lie on this machine.
//
// Where the store is and what it is called are two things. [Config.StoreDir] is
// the name that goes into hashes; [Config.Root] is the directory of this
// machine that the name is looked up under.
//
// Many processes may share a store. An object comes to be in three steps, each
// of which a crash may follow without harm: its tree is made in a temporary
// place of the same file system and synced; it is renamed to its final path;
// one database transaction makes it valid. What is not valid does not exist
// for anyone, and is replaced when it is made again. Whoever makes an object
// holds a lock on its path meanwhile.
//
// Callers are lang (texts, sources, derivations), builder (outputs) and cmd.
package store
