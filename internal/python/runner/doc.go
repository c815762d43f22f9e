// Package runner runs and checks users' algorithms, each in a confined child of
// the same binary: engine and interpreter run there, and nothing of the user's
// code is ever loaded by the process that asks. A Runner is what a
// project.Runner is asked to be.
//
//	runner.Register(open)      // before python.RunStage, in every process
//	python.RunStage(os.Args)
//	r := runner.New(runner.Config{Cache: cache, Data: folder})
//	result, err := r.Backtest(ctx, run, progress)
package runner
