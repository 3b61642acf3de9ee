// Package times holds the natives for time (Guile manual, "Time").
package times

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"fruix/interp/datum"
	"fruix/interp/num"
	"fruix/interp/prim/arg"
	"fruix/interp/prim/state"
)

// Table lists the natives.
func Table() []*datum.Primitive {
	t := append(usage(), []*datum.Primitive{
		arg.F0("current-time", func(c datum.Caller) (datum.Value, error) { return num.Int(state.Of(c).Now().Unix()), nil }),
		arg.F0("gettimeofday", func(c datum.Caller) (datum.Value, error) {
			n := state.Of(c).Now()
			return datum.Cons(num.Int(n.Unix()), datum.Fix(int64(n.Nanosecond()/1000))), nil
		}),
		arg.F0("get-internal-real-time", func(c datum.Caller) (datum.Value, error) {
			return num.Int(int64(time.Since(state.Of(c).Started))), nil
		}),
		arg.F0("current-jiffy", func(c datum.Caller) (datum.Value, error) {
			return num.Int(int64(time.Since(state.Of(c).Started))), nil
		}),
		arg.F0("%current-nanoseconds", func(c datum.Caller) (datum.Value, error) { return num.Int(state.Of(c).Now().UnixNano()), nil }),
		arg.FN("localtime", 1, 2, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			loc, err := zone(c, "localtime", args, 1)
			if err != nil {
				return datum.Unset, err
			}
			return broken("localtime", args[0], loc)
		}),
		arg.FN("gmtime", 1, 1, func(_ datum.Caller, args []datum.Value) (datum.Value, error) {
			return broken("gmtime", args[0], time.UTC)
		}),
		arg.FN("mktime", 1, 2, func(c datum.Caller, args []datum.Value) (datum.Value, error) {
			loc, err := zone(c, "mktime", args, 1)
			if err != nil {
				return datum.Unset, err
			}
			t, err := fromTM("mktime", args[0], loc)
			if err != nil {
				return datum.Unset, err
			}
			return datum.Cons(num.Int(t.Unix()), tm(t)), nil
		}),
		arg.F2("strftime", func(_ datum.Caller, f, v datum.Value) (datum.Value, error) {
			format, err := arg.Text("strftime", 1, f)
			if err != nil {
				return datum.Unset, err
			}
			t, err := fromTM("strftime", v, nil)
			if err != nil {
				return datum.Unset, err
			}
			return datum.NewString(Strftime(format, t)), nil
		}),
		arg.F2("strptime", func(c datum.Caller, f, s datum.Value) (datum.Value, error) {
			format, err := arg.Text("strptime", 1, f)
			if err != nil {
				return datum.Unset, err
			}
			text, err := arg.Text("strptime", 2, s)
			if err != nil {
				return datum.Unset, err
			}
			loc, err := zone(c, "strptime", nil, 0)
			if err != nil {
				return datum.Unset, err
			}
			return strptime(format, text, loc)
		}),
	}...)
	for i, f := range []string{"sec", "min", "hour", "mday", "mon", "year", "wday", "yday", "isdst", "gmtoff", "zone"} {
		get, set := "tm:"+f, "set-tm:"+f
		t = append(t,
			arg.F1(get, func(_ datum.Caller, v datum.Value) (datum.Value, error) {
				if !isTM(v) {
					return datum.Unset, datum.WrongType(get, 1, v)
				}
				return v.Vector().Items[i], nil
			}),
			arg.F2(set, func(_ datum.Caller, v, x datum.Value) (datum.Value, error) {
				if !isTM(v) {
					return datum.Unset, datum.WrongType(set, 1, v)
				}
				v.Vector().Items[i] = x
				return datum.Unspecified, nil
			}))
	}
	return append(t, tzset())
}

func isTM(v datum.Value) bool { return v.Is(datum.KVector) && len(v.Vector().Items) == 11 }

// zone is the time zone argument at args[i], TZ of the engine's environment
// when not given.
func zone(c datum.Caller, who string, args []datum.Value, i int) (*time.Location, error) {
	name, set := state.Of(c).Getenv("TZ")
	if v, ok := arg.Given(args, i); ok {
		var err error
		if name, err = arg.Text(who, i+1, v); err != nil {
			return nil, err
		}
		set = true
	}
	name = strings.TrimPrefix(name, ":")
	switch {
	case name == "" && !set:
		return localZone(), nil
	case name == "":
		return time.UTC, nil
	}
	if loc, err := time.LoadLocation(name); err == nil {
		return loc, nil
	}
	// POSIX TZ strings with a fixed offset: EST5, UTC-2, <+03>-3.
	j := strings.IndexAny(name, "0123456789+-")
	if strings.HasPrefix(name, "<") {
		j = strings.IndexByte(name, '>') + 1
	}
	if j > 0 && j < len(name) {
		h, m, _ := strings.Cut(name[j:], ":")
		hours, err1 := strconv.Atoi(h)
		mins, _ := strconv.Atoi(m)
		if err1 == nil {
			off := hours*3600 + mins*60
			if hours < 0 {
				off = hours*3600 - mins*60
			}
			return time.FixedZone(strings.Trim(name[:j], "<>"), -off), nil
		}
	}
	return time.UTC, nil
}

func broken(who string, v datum.Value, loc *time.Location) (datum.Value, error) {
	n, ok := num.Int64(v)
	if !ok {
		if f, isReal := num.Float64(v); isReal && f > -1e17 && f < 1e17 {
			n = int64(f)
		} else {
			return datum.Unset, datum.WrongType(who, 1, v)
		}
	}
	return tm(time.Unix(n, 0).In(loc)), nil
}

func tm(t time.Time) datum.Value {
	name, off := t.Zone()
	if t.Location() == time.UTC {
		name = "GMT"
	}
	dst := int64(0)
	if t.IsDST() {
		dst = 1
	}
	n := func(i int) datum.Value { return datum.Fix(int64(i)) }
	return datum.NewVector([]datum.Value{n(t.Second()), n(t.Minute()), n(t.Hour()), n(t.Day()), n(int(t.Month()) - 1), n(t.Year() - 1900),
		n(int(t.Weekday())), n(t.YearDay() - 1), datum.Fix(dst), n(-off), datum.NewString(name)})
}

// fromTM makes a time of a tm vector; without loc its own offset and zone
// name count.
func fromTM(who string, v datum.Value, loc *time.Location) (time.Time, error) {
	if !isTM(v) {
		return time.Time{}, datum.WrongType(who, 1, v)
	}
	items := v.Vector().Items
	var n [6]int
	for i := range n {
		var err error
		if n[i], err = arg.Int(who, 1, items[i]); err != nil || n[i] > 1<<31 || n[i] < -1<<31 {
			return time.Time{}, datum.WrongType(who, 1, v)
		}
	}
	if loc == nil {
		name, off := "GMT", 0
		if items[10].IsString() {
			name = items[10].Str().Go()
		}
		if items[9].IsFix() {
			off = -int(items[9].Fix())
		}
		loc = time.FixedZone(name, off)
	}
	return time.Date(n[5]+1900, time.Month(n[4]+1), n[3], n[2], n[1], n[0], 0, loc), nil
}

// Strftime formats a time as strftime(3) in the C locale.
func Strftime(format string, t time.Time) string {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		i++
		pad, width := byte(0), 0
		for i+1 < len(format) && strings.IndexByte("-_0EO^#", format[i]) >= 0 {
			pad = format[i]
			i++
		}
		for i+1 < len(format) && format[i] >= '0' && format[i] <= '9' && width < 1000 {
			width = 10*width + int(format[i]-'0')
			i++
		}
		for i+1 < len(format) && (format[i] == 'E' || format[i] == 'O') {
			i++
		}
		text := directive(format[i], pad, t)
		if n := width - len([]rune(text)); n > 0 {
			fill := " "
			if text != "" && text[0] >= '0' && text[0] <= '9' && pad != '_' {
				fill = "0"
			}
			text = strings.Repeat(fill, n) + text
		}
		b.WriteString(text)
	}
	return b.String()
}

func directive(c, pad byte, t time.Time) string {
	num := func(n, width int, fill byte) string {
		switch pad {
		case '-':
			return strconv.Itoa(n)
		case '_':
			fill = ' '
		case '0':
			fill = '0'
		}
		s := strconv.Itoa(n)
		if len(s) < width {
			s = strings.Repeat(string(fill), width-len(s)) + s
		}
		return s
	}
	hour12 := (t.Hour()+11)%12 + 1
	text := ""
	switch c {
	case 'a':
		text = t.Format("Mon")
	case 'A':
		text = t.Format("Monday")
	case 'b', 'h':
		text = t.Format("Jan")
	case 'B':
		text = t.Format("January")
	case 'c':
		text = Strftime("%a %b %e %H:%M:%S %Y", t)
	case 'C':
		return num(t.Year()/100, 2, '0')
	case 'd':
		return num(t.Day(), 2, '0')
	case 'D', 'x':
		return Strftime("%m/%d/%y", t)
	case 'e':
		return num(t.Day(), 2, ' ')
	case 'F':
		return Strftime("%Y-%m-%d", t)
	case 'g':
		y, _ := t.ISOWeek()
		return num(y%100, 2, '0')
	case 'G':
		y, _ := t.ISOWeek()
		return num(y, 4, '0')
	case 'H':
		return num(t.Hour(), 2, '0')
	case 'I':
		return num(hour12, 2, '0')
	case 'j':
		return num(t.YearDay(), 3, '0')
	case 'k':
		return num(t.Hour(), 2, ' ')
	case 'l':
		return num(hour12, 2, ' ')
	case 'm':
		return num(int(t.Month()), 2, '0')
	case 'M':
		return num(t.Minute(), 2, '0')
	case 'n':
		return "\n"
	case 'N':
		return num(t.Nanosecond(), 9, '0')
	case 'p':
		text = t.Format("PM")
	case 'P':
		text = strings.ToLower(t.Format("PM"))
	case 'r':
		return Strftime("%I:%M:%S %p", t)
	case 'R':
		return Strftime("%H:%M", t)
	case 's':
		return strconv.FormatInt(t.Unix(), 10)
	case 'S':
		return num(t.Second(), 2, '0')
	case 't':
		return "\t"
	case 'T', 'X':
		return Strftime("%H:%M:%S", t)
	case 'u':
		return num((int(t.Weekday())+6)%7+1, 1, '0')
	case 'U':
		return num((t.YearDay()+6-int(t.Weekday()))/7, 2, '0')
	case 'V':
		_, w := t.ISOWeek()
		return num(w, 2, '0')
	case 'w':
		return num(int(t.Weekday()), 1, '0')
	case 'W':
		return num((t.YearDay()+6-(int(t.Weekday())+6)%7)/7, 2, '0')
	case 'y':
		return num(t.Year()%100, 2, '0')
	case 'Y':
		return strconv.Itoa(t.Year())
	case 'z':
		return t.Format("-0700")
	case 'Z':
		name, _ := t.Zone()
		return name
	case '%':
		return "%"
	default:
		return "%" + string(c)
	}
	if pad == '^' {
		return strings.ToUpper(text)
	}
	return text
}

// layouts maps the directives of strptime to how many digits they take and
// to the field of the tm vector they set.
var layouts = map[byte]struct{ digits, field, offset int }{
	'd': {2, 3, 0}, 'e': {2, 3, 0}, 'H': {2, 2, 0}, 'I': {2, 2, 0}, 'm': {2, 4, -1}, 'M': {2, 1, 0}, 'S': {2, 0, 0}, 'Y': {4, 5, -1900}, 'j': {3, 7, -1},
}

// strptime parses text; the result is (tm . characters used). Seconds since
// 1970 are a time in loc.
func strptime(format, text string, loc *time.Location) (datum.Value, error) {
	bad := func() (datum.Value, error) {
		return datum.Unset, &datum.Error{Key: "system-error", Who: "strptime", Message: "~A",
			Irritants: []datum.Value{datum.NewString("Invalid argument")}, Rest: datum.List(datum.Fix(22)), Payload: datum.Unset}
	}
	format = strings.NewReplacer("%F", "%Y-%m-%d", "%T", "%H:%M:%S", "%R", "%H:%M", "%D", "%m/%d/%y").Replace(format)
	fields := [9]int{3: 0}
	fields[8] = -1
	off := 0
	pos := 0
	months := []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}
	days := []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
	name := func(full []string, layout func(int) string) int {
		for i, short := range full {
			rest := strings.ToLower(text[pos:])
			if long := strings.ToLower(layout(i)); strings.HasPrefix(rest, long) {
				pos += len(long)
				return i
			}
			if strings.HasPrefix(rest, short) {
				pos += len(short)
				return i
			}
		}
		return -1
	}
	digits := func(max int) (int, bool) {
		start := pos
		for pos < len(text) && pos-start < max && text[pos] >= '0' && text[pos] <= '9' {
			pos++
		}
		n, err := strconv.Atoi(text[start:pos])
		return n, err == nil
	}
	for i := 0; i < len(format); i++ {
		c := format[i]
		if c == ' ' {
			for pos < len(text) && text[pos] == ' ' {
				pos++
			}
			continue
		}
		if c != '%' || i+1 == len(format) {
			if pos >= len(text) || text[pos] != c {
				return bad()
			}
			pos++
			continue
		}
		i++
		switch c = format[i]; c {
		case 'b', 'B', 'h':
			if fields[4] = name(months, func(i int) string { return time.Month(i + 1).String() }); fields[4] < 0 {
				return bad()
			}
		case 'a', 'A':
			if fields[6] = name(days, func(i int) string { return time.Weekday(i).String() }); fields[6] < 0 {
				return bad()
			}
		case 'y':
			n, ok := digits(2)
			if !ok {
				return bad()
			}
			if n < 69 {
				n += 100
			}
			fields[5] = n
		case 's':
			n, ok := digits(18)
			if !ok {
				return bad()
			}
			u := time.Unix(int64(n), 0).In(loc)
			_, off = u.Zone()
			fields = [9]int{u.Second(), u.Minute(), u.Hour(), u.Day(), int(u.Month()) - 1, u.Year() - 1900, int(u.Weekday()), u.YearDay() - 1, 0}
		case 'p':
			rest := strings.ToUpper(text[pos:])
			if !strings.HasPrefix(rest, "AM") && !strings.HasPrefix(rest, "PM") {
				return bad()
			}
			fields[2] %= 12
			if rest[0] == 'P' {
				fields[2] += 12
			}
			pos += 2
		case 'z':
			var sign byte
			var h, m int
			if pos < len(text) && text[pos] == 'Z' {
				pos++
				continue
			}
			if n, err := fmt.Sscanf(text[pos:], "%c%2d%2d", &sign, &h, &m); n < 3 || err != nil {
				return bad()
			}
			pos += 5
			off = h*3600 + m*60
			if sign == '-' {
				off = -off
			}
		case '%':
			if pos >= len(text) || text[pos] != '%' {
				return bad()
			}
			pos++
		default:
			l, ok := layouts[c]
			if !ok {
				return bad()
			}
			if c == 'e' && pos < len(text) && text[pos] == ' ' {
				pos++
			}
			n, ok := digits(l.digits)
			if !ok {
				return bad()
			}
			fields[l.field] = n + l.offset
		}
	}
	items := make([]datum.Value, 11)
	for i, n := range fields {
		items[i] = datum.Fix(int64(n))
	}
	if fields[3] > 0 {
		t := time.Date(fields[5]+1900, time.Month(fields[4]+1), fields[3], 0, 0, 0, 0, time.UTC)
		items[6], items[7] = datum.Fix(int64(t.Weekday())), datum.Fix(int64(t.YearDay()-1))
	}
	items[8], items[9], items[10] = datum.Fix(0), datum.Fix(int64(-off)), datum.NewString("GMT")
	return datum.Cons(datum.NewVector(items), datum.Fix(int64(pos))), nil
}
