// Package schedules replays the state graph of the Rooms machine through the goroutine layer: every
// edge of a small configuration, and every order of calls and ends of works of a small number of
// calls, compared with the core step for step.
package schedules
