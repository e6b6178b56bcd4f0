package main

import (
	"errors"

	"ablyrooms.example/lifecycle"
)

// forbidden is a word that the server's moderation rejects.
const forbidden = "darn"

// code is the part of an error that both libraries have in common.
type code struct {
	Code, Status int
}

// codeOf returns the code of an error of either library.
func codeOf(t *trial, err error) code {
	info, ok := errors.AsType[*lifecycle.ErrorInfo](err)
	if !ok {
		t.fail(err)
	}
	return code{int(info.Code), info.StatusCode}
}

// refused checks that each call is refused with a code.
func (t *trial) refused(what string, want code, calls ...func()) {
	for _, call := range calls {
		t.same(what, want, codeOf(t, t.refusal(what, call)))
	}
}
