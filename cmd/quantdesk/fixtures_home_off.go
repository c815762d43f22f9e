//go:build !fixtures

package main

import "context"

// fixtureHome furnishes the homes of tests: not in this build.
var fixtureHome func(context.Context, *app) error
