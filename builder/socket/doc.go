// Package socket is how daemons and their clients find each other: addresses, Unix
// sockets with safe permissions, sockets that a process was started with, and who
// is at the other end. It knows nothing of what is said.
package socket
