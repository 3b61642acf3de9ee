// Package git checks out one revision of a git repository: what enters is the
// address of a repository and the name of a tag, a branch or a commit; what
// leaves is the folder that "git checkout" would make, without ".git".
//
// Repositories are reached by the smart HTTP protocol, from git daemons and, by
// connections that the caller makes, by ssh; or read where they lie, on this
// machine or on a web server. Only the commit that is wanted is asked for, where
// the server lets one; this package starts no program. Objects are known by
// their hashes, as far as SHA-1 goes; whoever calls compares the hash of the
// whole folder.
//
// The sources of the formats are git's own documents: gitprotocol-http(5),
// gitprotocol-v2(5), gitprotocol-pack(5), gitformat-pack(5), gitattributes(5),
// gitmodules(5) and gitrepository-layout(5).
//
// A repository is taken to be hostile: names that would lead out of the folder
// or into a ".git" are refused, and sizes are bounded; see [Limits].
package git
