package python

import "errors"

const (
	microsDay = 86_400_000_000
	// The years 1 to 9999, as datetime has them.
	microsMin = -62_135_596_800_000_000
	microsMax = 253_402_300_799_999_999
)

// NewDateTime makes a datetime of microseconds since 1970-01-01, naive or in
// UTC. What datetime cannot hold is taken to its nearest end.
func (p *Interp) NewDateTime(micros int64, naive bool) Object {
	micros = min(max(micros, microsMin), microsMax)
	days, rest := floorDiv(micros, microsDay)
	y, m, d := civil(days)
	zone := lib.utc
	if naive {
		zone = lib.none
	}
	return Object(call9(lib.datetimeFrom, [9]uintptr{
		uintptr(y), uintptr(m), uintptr(d), uintptr(rest / 3_600_000_000), uintptr(rest / 60_000_000 % 60),
		uintptr(rest / 1_000_000 % 60), uintptr(rest % 1_000_000), uintptr(zone), uintptr(lib.datetimeType),
	}))
}

// NewDate makes a date of days since 1970-01-01.
func (p *Interp) NewDate(days int64) Object {
	y, m, d := civil(min(max(days, microsMin/microsDay), microsMax/microsDay))
	return Object(call(lib.dateFrom, uintptr(y), uintptr(m), uintptr(d), uintptr(lib.dateType), 0, 0))
}

// NewTimeDelta makes a timedelta of microseconds.
func (p *Interp) NewTimeDelta(micros int64) Object {
	days, rest := floorDiv(micros, microsDay)
	return Object(call(lib.deltaFrom, uintptr(days), uintptr(rest/1_000_000), uintptr(rest%1_000_000), 0, uintptr(lib.deltaType), 0))
}

// DateTime reads a datetime, or a date as its midnight: microseconds since
// 1970-01-01 by its own clock. aware tells whether it carries a zone; the zone
// is not applied, see Instant.
func (o Object) DateTime() (micros int64, aware, ok bool) {
	if t := o.Type(); t != lib.datetimeType && t != lib.dateType && !o.derives(lib.dateType) {
		return 0, false, false
	}
	b := bytesAt(uintptr(o)+offDate, 10)
	micros = daysOf(int64(b[0])<<8|int64(b[1]), int64(b[2]), int64(b[3])) * microsDay
	if o.Type() == lib.datetimeType || o.derives(lib.datetimeType) {
		micros += (int64(b[4])*3600+int64(b[5])*60+int64(b[6]))*1_000_000 + int64(b[7])<<16 + int64(b[8])<<8 + int64(b[9])
		aware = *byteAt(uintptr(o) + offHasZone) != 0
	}
	return micros, aware, true
}

// TimeDelta reads a timedelta in microseconds.
func (o Object) TimeDelta() (micros int64, ok bool) {
	if o.Type() != lib.deltaType && !o.derives(lib.deltaType) {
		return 0, false
	}
	a := uintptr(o) + offDays
	return int64(*int32At(a))*microsDay + int64(*int32At(a + 4))*1_000_000 + int64(*int32At(a + 8)), true
}

// Instant reads a datetime as microseconds since 1970-01-01 UTC, with its zone
// applied; a naive one is taken as UTC.
func (p *Interp) Instant(o Object) (int64, error) {
	micros, aware, ok := o.DateTime()
	if !ok {
		return 0, &Raise{Type: "TypeError", Message: "a datetime is needed, not " + o.TypeName()}
	}
	if !aware || Object(word(o, offZone)) == lib.utc {
		return micros, nil
	}
	off, err := p.CallMethod(o, "utcoffset")
	if err != nil {
		return 0, err
	}
	defer off.DecRef()
	if off.IsNone() {
		return micros, nil
	}
	d, ok := off.TimeDelta()
	if !ok {
		return 0, errors.New("utcoffset gave no timedelta")
	}
	return micros - d, nil
}

func floorDiv(a, b int64) (q, r int64) {
	q, r = a/b, a%b
	if r < 0 {
		q, r = q-1, r+b
	}
	return q, r
}

// civil is the proleptic Gregorian date of a day number (Hinnant 2013,
// chrono-compatible low-level date algorithms, civil_from_days).
func civil(days int64) (y, m, d int64) {
	era, doe := floorDiv(days+719468, 146097)
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	d = doy - (153*mp+2)/5 + 1
	m = mp + 3
	if m > 12 {
		m -= 12
	}
	y = yoe + era*400
	if m <= 2 {
		y++
	}
	return y, m, d
}

// daysOf is the day number of a date (days_from_civil, same source).
func daysOf(y, m, d int64) int64 {
	if m <= 2 {
		y--
	}
	era, yoe := floorDiv(y, 400)
	mp := (m + 9) % 12
	doy := (153*mp+2)/5 + d - 1
	return era*146097 + yoe*365 + yoe/4 - yoe/100 + doy - 719468
}
