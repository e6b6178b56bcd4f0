package ablychat

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/lifecycle"
)

// secrets finds the query of an address: ably-go's errors of a connection that can't be opened hold its key or token there.
var secrets = regexp.MustCompile(`(://[^\s"'?]*)\?[^\s"']*`)

// fromAbly makes an error of ours from one of ably-go's; nil from nil. The message says what could not be done, and holds no secret.
func fromAbly(operation string, err error) *lifecycle.ErrorInfo {
	if err == nil {
		return nil
	}
	if own := (*lifecycle.ErrorInfo)(nil); errors.As(err, &own) {
		return &lifecycle.ErrorInfo{Code: own.Code, StatusCode: own.StatusCode, Message: "unable to " + operation + "; " + own.Message, Cause: own.Cause}
	}
	code, status, message := ErrChannelOperationFailed, 0, err.Error()
	if theirs := (*ably.ErrorInfo)(nil); errors.As(err, &theirs) && theirs != nil {
		status, message = theirs.StatusCode, theirs.Message()
		if theirs.Code != 0 {
			code = lifecycle.ErrorCode(theirs.Code)
		}
	}
	if status == 0 {
		status = code.StatusCode()
	}
	cause := err
	if text := err.Error(); secrets.MatchString(text) {
		cause = errors.New(secrets.ReplaceAllString(text, "$1"))
	}
	message = secrets.ReplaceAllString(message, "$1")
	return &lifecycle.ErrorInfo{Code: code, StatusCode: status, Message: fmt.Sprintf("unable to %s; %s", operation, message), Cause: cause}
}
