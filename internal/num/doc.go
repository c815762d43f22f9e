// Package num holds the desk's exact decimal, Decimal, and an amount with its
// currency, Money.
//
// Decimal behaves as .NET's System.Decimal does: a 96-bit unsigned
// coefficient, a scale of 0 to 28 and a sign, so that an engine compatible
// with LEAN arrives at the same digits, trailing zeros included. The invariant
// is that no operation silently wraps or leaves that range: a result is either
// exact, or rounded half-even to the most digits that fit, or refused with
// ErrOverflow or ErrDivideByZero. The checked forms (AddErr, MulErr, QuoErr)
// return the refusal; the plain forms panic with it, so whoever takes numbers
// from outside validates their magnitude first.
//
// One deviation from .NET: zero never has a sign, so -0.00 is 0.00. Its scale
// is kept.
//
// The package does no I/O and reads no clock.
//
//	price := num.MustParse("187.50")
//	cost := price.Mul(num.FromInt(100)) // 18750.00
package num
