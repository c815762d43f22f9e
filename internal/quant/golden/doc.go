// Package golden holds the test that runs every kernel of quant against reference
// values from independent implementations.
package golden
