package ablychat

import (
	"errors"
	"fmt"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/lifecycle"
)

// fromAbly makes an error of ours from one of ably-go's; nil from nil. The message says what could not be done.
func fromAbly(operation string, err error) *lifecycle.ErrorInfo {
	if err == nil {
		return nil
	}
	if own := (*lifecycle.ErrorInfo)(nil); errors.As(err, &own) {
		return own
	}
	info := lifecycle.NewErrorInfo(lifecycle.ChannelOperationFailed, fmt.Sprintf("unable to %s; %v", operation, err), err)
	if theirs := (*ably.ErrorInfo)(nil); errors.As(err, &theirs) && theirs != nil {
		info.Code, info.StatusCode = lifecycle.ErrorCode(theirs.Code), theirs.StatusCode
		info.Message = fmt.Sprintf("unable to %s; %s", operation, theirs.Message())
		if info.StatusCode == 0 {
			info.StatusCode = info.Code.StatusCode()
		}
	}
	return info
}

// reason makes an error of ours from the reason of an event; nil from nil.
func reason(of string, err *ably.ErrorInfo) *lifecycle.ErrorInfo {
	if err == nil {
		return nil
	}
	info := fromAbly("keep "+of, err)
	return info
}

// connectionError says that an operation can't be done in the connection's state (RTL4b).
func connectionError(operation string, state ably.ConnectionState) *lifecycle.ErrorInfo {
	codes := map[ably.ConnectionState]lifecycle.ErrorCode{
		ably.ConnectionStateSuspended: 80002,
		ably.ConnectionStateFailed:    80000,
		ably.ConnectionStateClosing:   80017,
		ably.ConnectionStateClosed:    80017,
	}
	code, ok := codes[state]
	if !ok {
		code = lifecycle.Disconnected
	}
	info := lifecycle.NewErrorInfo(code, fmt.Sprintf("unable to %s; the connection is %v", operation, state), nil)
	info.StatusCode = 400
	return info
}
