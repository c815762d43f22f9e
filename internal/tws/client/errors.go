package client

import (
	"errors"
	"fmt"
)

// Error is what TWS says of a request or an order, with its own number.
type Error struct {
	// Code is IBKR's; ID the request's or order's, -1 for the connection.
	Code int64
	ID   int64
	Text string
}

// Error is the number and the words.
func (e *Error) Error() string { return fmt.Sprintf("TWS error %d: %s", e.Code, e.Text) }

// InUse is the number of a client id that another connection has.
const InUse = 326

// The kinds of error that a caller may want to tell apart; errors.Is finds them.
var (
	// ErrConnect: there is no connection, and none could be made.
	ErrConnect = errors.New("no connection to TWS")
	// ErrContract: no contract matches, or several do.
	ErrContract = errors.New("the contract is not known")
	// ErrPacing: too much was asked in too short a time.
	ErrPacing = errors.New("too many requests")
	// ErrData: the login has no such data.
	ErrData = errors.New("no market data")
	// ErrRejected: the order was refused.
	ErrRejected = errors.New("the order was refused")
	// ErrRequest: TWS cannot do what was asked.
	ErrRequest = errors.New("the request was refused")
)

// kinds groups IBKR's numbers.
var kinds = map[int64]error{
	100: ErrPacing, 101: ErrPacing, 162: ErrData, 200: ErrContract, 354: ErrData, 10089: ErrData, 10090: ErrData, 10168: ErrData, 10186: ErrData, 10197: ErrData, 430: ErrData,
	103: ErrRejected, 104: ErrRejected, 105: ErrRejected, 106: ErrRejected, 107: ErrRejected, 110: ErrRejected, 111: ErrRejected, 135: ErrRejected, 161: ErrRejected,
	201: ErrRejected, 203: ErrRejected, 387: ErrRejected, 388: ErrRejected, 391: ErrRejected, 413: ErrRejected, 434: ErrRejected,
	10147: ErrRejected, 10148: ErrRejected, 10268: ErrRejected, 10269: ErrRejected, 10270: ErrRejected,
	502: ErrConnect, 504: ErrConnect, InUse: ErrConnect, 1100: ErrConnect,
}

// Is tells the kind.
func (e *Error) Is(target error) bool {
	if k, ok := kinds[e.Code]; ok {
		return k == target
	}
	return target == ErrRequest
}

// notice tells a number that ends nothing: it warns, or says that something is
// well.
func notice(code int64) bool {
	switch code {
	case 165, 202, 399, 404, 2109, 2137, 10167, 10091, 1101, 1102, 317:
		return true
	}
	return code >= 2100 && code < 2200
}

// ConnectError is why there is no connection, and what to do.
type ConnectError struct {
	Addr string
	Why  string
	Hint string
	Err  error
}

// Error is what is wrong.
func (e *ConnectError) Error() string { return e.Why }

// Unwrap gives the cause; every one is an ErrConnect.
func (e *ConnectError) Unwrap() []error {
	if e.Err == nil {
		return []error{ErrConnect}
	}
	return []error{ErrConnect, e.Err}
}
