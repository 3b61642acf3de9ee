//go:build !freebsd

package tree

// Unlock does nothing here: only root can set flags that keep root from working on a
// file.
func Unlock(string) error { return nil }

// unlock is Unlock for name in dir itself; it says whether there was anything to take.
func unlock(int, string) (bool, error) { return false, nil }
