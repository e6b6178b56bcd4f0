package ablychat

import (
	"errors"
	"regexp"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/lifecycle"
)

// secrets matches the query of a URL. When a connection can't be opened, the query in ably-go's
// error contains the key or the token.
var secrets = regexp.MustCompile(`(://[^\s"'?]*)\?[^\s"']*`)

func withoutSecrets(text string) string { return secrets.ReplaceAllString(text, "$1") }

// clean returns an error whose text contains no secret: err itself, or an error with the cleaned
// text.
func clean(err error) error {
	if err != nil && secrets.MatchString(err.Error()) {
		return errors.New(withoutSecrets(err.Error()))
	}
	return err
}

// fromAbly converts an error of ably-go; nil stays nil. The message says which operation failed,
// and contains no secret.
func fromAbly(operation string, err error) *lifecycle.ErrorInfo {
	if err == nil {
		return nil
	}
	prefix := "unable to " + operation + "; "
	if own := (*lifecycle.ErrorInfo)(nil); errors.As(err, &own) {
		return &lifecycle.ErrorInfo{Code: own.Code, StatusCode: own.StatusCode, Message: prefix + own.Message, Cause: own.Cause}
	}
	info := lifecycle.NewErrorInfo(ErrChannelOperationFailed,
		"unable to "+operation+"; "+withoutSecrets(err.Error()), clean(err))
	if theirs := (*ably.ErrorInfo)(nil); errors.As(err, &theirs) && theirs != nil {
		if theirs.Code != 0 {
			info.Code = lifecycle.ErrorCode(theirs.Code)
			info.StatusCode = info.Code.StatusCode()
		}
		if theirs.StatusCode != 0 {
			info.StatusCode = theirs.StatusCode
		}
		reason := "the service gave no reason"
		info.Cause = nil // err only repeats the message, and adds the URL of a help page
		if inner := theirs.Unwrap(); inner != nil && inner.Error() != "" {
			reason, info.Cause = withoutSecrets(inner.Error()), clean(inner)
		}
		info.Message = prefix + reason
	}
	return info
}
