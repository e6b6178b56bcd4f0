// Command register keeps account of what make check has run, and holds it to the register in tests/README.md.
//
//	register record NAME -- command [arguments]
//
// runs a command, shows what it prints, and keeps its exit code and its lines that begin with EVIDENCE in .cache/check/NAME.json. Of a
// command that prints the events of go test -json it shows what go test shows, and keeps which tests passed and which were skipped.
//
//	register clear
//
// forgets what was kept, so that nothing old counts.
//
//	register check
//
// compares what was kept with the register. It fails when a step of the register did not run or did not pass, when its evidence is
// missing, empty or below what the register says, when evidence was printed that the register doesn't know, when a test that the
// register names did not run and pass, and when a test was skipped without standing in the list of skips.
package main
