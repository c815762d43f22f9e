// Package risk holds the desk's policy: the limits an operator sets and the
// rules that hold an order against them.
//
// Check is a pure function of the policy and of facts the desk gathered; nothing
// a caller says about itself is a fact. Every breach names the rule, its limit
// and the value that broke it. What a policy leaves out is limited by Default,
// never unlimited.
//
//	breaches := risk.Check(policy, risk.Facts{...})
package risk
