// Package native picks the jail back end of the machine that it runs on.
package native
