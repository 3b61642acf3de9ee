//go:build !linux && !freebsd

package builtin

import "errors"

// There are no processes apart here.
func openDescriptors() ([]int, error) { return nil, errors.ErrUnsupported }
func setLimit(ApartLimit) error       { return errors.ErrUnsupported }
