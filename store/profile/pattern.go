package profile

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Pattern chooses generations.
type Pattern func(list []Generation, now time.Time) []Generation

// All chooses every generation.
func All(list []Generation, _ time.Time) []Generation { return list }

// OlderThan chooses the generations that were made longer ago than age.
func OlderThan(age time.Duration) Pattern {
	return func(list []Generation, now time.Time) []Generation {
		return keep(list, func(g Generation) bool { return now.Sub(g.Time) > age })
	}
}

// youngerThan chooses the generations that were made within the last age.
func youngerThan(age time.Duration) Pattern {
	return func(list []Generation, now time.Time) []Generation {
		return keep(list, func(g Generation) bool { return now.Sub(g.Time) <= age })
	}
}

func keep(list []Generation, choose func(Generation) bool) []Generation {
	return slices.DeleteFunc(slices.Clone(list), func(g Generation) bool { return !choose(g) })
}

// duration matches the notation of Guix.
var duration = regexp.MustCompile(`^([0-9]{1,6})([shdwm])$`)

// ParseDuration reads a duration in Guix's notation: a number with s, h, d, w or m
// for seconds, hours, days, weeks and months of 30 days (Guix manual, "Invoking
// guix package", --list-generations).
func ParseDuration(text string) (time.Duration, error) {
	m := duration.FindStringSubmatch(text)
	if m == nil {
		return 0, fmt.Errorf("%q is no duration such as 12h, 10d, 2w or 1m", text)
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return 0, err
	}
	const day = 24 * time.Hour
	unit := map[string]time.Duration{"s": time.Second, "h": time.Hour, "d": day, "w": 7 * day, "m": 30 * day}[m[2]]
	if time.Duration(n) > math.MaxInt64/unit {
		return 0, fmt.Errorf("%q is too long", text)
	}
	return time.Duration(n) * unit, nil
}

// ParsePattern reads which generations are meant, in Guix's notation: numbers with
// commas between ("1,8,2"), ranges ("2..9", "2..", "..9"), or a duration, which
// means the generations of the last so long, or, when old is set, as for deleting,
// those that are older.
func ParsePattern(text string, old bool) (Pattern, error) {
	if age, err := ParseDuration(text); err == nil {
		if old {
			return OlderThan(age), nil
		}
		return youngerThan(age), nil
	}
	wrong := fmt.Errorf("%q names no generations: numbers such as 1,8,2, a range such as 2..9, 2.. or ..9, and a duration such as 10d, 2w or 1m do", text)
	if from, to, ok := strings.Cut(text, ".."); ok {
		low, high := 0, math.MaxInt
		var err1, err2 error
		if from != "" {
			low, err1 = number(from)
		}
		if to != "" {
			high, err2 = number(to)
		}
		if err1 != nil || err2 != nil || from == "" && to == "" || low > high {
			return nil, wrong
		}
		return func(list []Generation, _ time.Time) []Generation {
			return keep(list, func(g Generation) bool { return low <= g.Number && g.Number <= high })
		}, nil
	}
	wanted := map[int]bool{}
	for word := range strings.SplitSeq(text, ",") {
		n, err := number(word)
		if err != nil {
			return nil, wrong
		}
		wanted[n] = true
	}
	return func(list []Generation, _ time.Time) []Generation {
		return keep(list, func(g Generation) bool { return wanted[g.Number] })
	}, nil
}

// number reads the number of a generation.
func number(text string) (int, error) {
	n, err := strconv.ParseUint(text, 10, 31)
	return int(n), err
}
