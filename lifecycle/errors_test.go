package lifecycle

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// The codes and HTTP statuses of the Chat specification, and the one that this library adds for
// channels.
var codes = map[ErrorCode]struct {
	name   string
	number int
	status int
}{
	ErrBadRequest:                           {"BadRequest", 40000, 400},
	ErrInvalidArgument:                      {"InvalidArgument", 40003, 400},
	ErrInvalidClientID:                      {"InvalidClientID", 40012, 400},
	ErrResourceDisposed:                     {"ResourceDisposed", 40014, 400},
	ErrMessageRejectedByBeforePublishRule:   {"MessageRejectedByBeforePublishRule", 42211, 422},
	ErrMessageRejectedByModeration:          {"MessageRejectedByModeration", 42213, 422},
	ErrDisconnected:                         {"Disconnected", 80003, 400},
	ErrChannelOperationFailed:               {"ChannelOperationFailed", 90000, 400},
	ErrPresenceAutoReentryFailed:            {"PresenceAutoReentryFailed", 91004, 400},
	ErrRoomDiscontinuity:                    {"RoomDiscontinuity", 102100, 500},
	ErrRoomReleasedBeforeOperationCompleted: {"RoomReleasedBeforeOperationCompleted", 102106, 400},
	ErrRoomExistsWithDifferentOptions:       {"RoomExistsWithDifferentOptions", 102107, 400},
	ErrFeatureNotEnabledInRoom:              {"FeatureNotEnabledInRoom", 102108, 400},
	ErrRoomInInvalidState:                   {"RoomInInvalidState", 102112, 400},
	ErrOperationSerializationFailed:         {"OperationSerializationFailed", 102113, 500},
}

func TestErrorCodes(t *testing.T) {
	for code, want := range codes {
		if code.String() != want.name || int(code) != want.number || code.StatusCode() != want.status {
			t.Errorf("%v is %d with the status %d, expected %+v", code, int(code), code.StatusCode(), want)
		}
		if got, text := code.Error(), fmt.Sprintf("%s (%d)", want.name, want.number); got != text {
			t.Errorf("got %q, expected %q", got, text)
		}
		if info := NewErrorInfo(code, "m", nil); info.Code != code || info.StatusCode != want.status || info.Message != "m" || info.Cause != nil {
			t.Errorf("NewErrorInfo(%v): %+v", code, info)
		}
	}
	if !maps.Equal(errorCodeNames, func() map[ErrorCode]string {
		m := map[ErrorCode]string{}
		for code, want := range codes {
			m[code] = want.name
		}
		return m
	}()) {
		t.Error("the names are not those of the table")
	}
	if got := ErrorCode(12345).String(); got != "ErrorCode(12345)" {
		t.Errorf("an unknown code prints as %s", got)
	}
}

// The status of a code without a name here is an HTTP error status too.
func TestStatusCodeOfOtherCodes(t *testing.T) {
	for code, want := range map[ErrorCode]int{40140: 401, 40400: 404, 50003: 500, 59999: 599, 60000: 400, 80014: 400, 90001: 400, 39999: 400,
		102999: 400, 104000: 400, 0: 400, -40003: 400} {
		if got := code.StatusCode(); got != want {
			t.Errorf("%d: status %d, expected %d", int(code), got, want)
		}
	}
}

func TestErrorsAreFoundThroughWrapping(t *testing.T) {
	cause := errors.New("the cause")
	info := NewErrorInfo(ErrRoomInInvalidState, "unable to attach room; because", cause)
	for name, err := range map[string]error{
		"plain":   info,
		"wrapped": fmt.Errorf("outer: %w", fmt.Errorf("inner: %w", info)),
		"joined":  errors.Join(errors.New("another"), fmt.Errorf("inner: %w", info)),
		"cause":   NewErrorInfo(ErrRoomDiscontinuity, "m", info),
		"panic":   &PanicError{Operation: "x", Value: info},
	} {
		if !errors.Is(err, ErrRoomInInvalidState) || !errors.Is(err, cause) || !errors.Is(err, info) {
			t.Errorf("%s: the code, the cause or the error itself is not found", name)
		}
		if errors.Is(err, ErrRoomExistsWithDifferentOptions) || errors.Is(err, ErrBadRequest) {
			t.Errorf("%s: another code is found", name)
		}
		found := (*ErrorInfo)(nil)
		if !errors.As(err, &found) || name != "cause" && found != info {
			t.Errorf("%s: the error is not found: %v", name, found)
		}
	}
	if errors.Is(NewErrorInfo(ErrRoomInInvalidState, "same", nil), NewErrorInfo(ErrRoomInInvalidState, "same", nil)) {
		t.Error("two errors are one: only codes are compared")
	}
}

func TestErrorInfoPrints(t *testing.T) {
	info := NewErrorInfo(ErrRoomInInvalidState, "unable to x; y", errors.New("z"))
	if got := info.Error(); got != "unable to x; y (code 102112, status 400): z" {
		t.Errorf("got %q", got)
	}
	if got := NewErrorInfo(ErrRoomDiscontinuity, "m", nil).Error(); got != "m (code 102100, status 500)" {
		t.Errorf("got %q", got)
	}
}

func TestNilErrorInfoIsSafe(t *testing.T) {
	var info *ErrorInfo
	if info.Error() != "<nil>" || info.Unwrap() != nil || info.Is(ErrRoomInInvalidState) || errors.Is(info, ErrRoomInInvalidState) {
		t.Error("a nil *ErrorInfo is taken for an error")
	}
}

func TestAsErrorInfo(t *testing.T) {
	info := NewErrorInfo(ErrRoomInInvalidState, "m", nil)
	var none *ErrorInfo
	for name, c := range map[string]struct {
		err  error
		want *ErrorInfo
	}{
		"nil":       {nil, nil},
		"typed nil": {none, nil},
		"itself":    {info, info},
		"wrapped":   {fmt.Errorf("outer: %w", info), info},
		"joined":    {errors.Join(errors.New("another"), info), info},
	} {
		if got := AsErrorInfo(c.err); got != c.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
	for name, err := range map[string]error{"another": errors.New("x"), "around nil": fmt.Errorf("x: %w", none)} {
		got := AsErrorInfo(err)
		if got == nil || got.Code != ErrChannelOperationFailed || got.StatusCode != 400 || got.Cause != err || !strings.HasPrefix(got.Message, "unable to ") {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

func TestPanicError(t *testing.T) {
	cause := errors.New("the cause")
	for want, err := range map[string]*PanicError{
		"Backend.Open panicked: the cause": {Operation: "Backend.Open", Value: cause},
		"Backend.Open panicked: 7":         {Operation: "Backend.Open", Value: 7},
		"Backend.Open ended its goroutine": {Operation: "Backend.Open"},
	} {
		if err.Error() != want {
			t.Errorf("got %q, expected %q", err.Error(), want)
		}
		if errors.Is(err, cause) != (err.Value == error(cause)) {
			t.Errorf("%v: the cause is found or not, wrongly", err)
		}
	}
}

// CHA-GP5: no error has one of the generic codes 40000 and 50000. This package's code uses
// ErrBadRequest only to declare and name it, and 50000 nowhere.
func TestNoGenericCodeIsRaised(t *testing.T) {
	for name, file := range sources(t) {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BasicLit:
				if n.Value == "50000" || n.Value == "40000" && name != "errors.go" {
					t.Errorf("%s has %s", name, n.Value)
				}
			case *ast.CallExpr:
				for _, arg := range n.Args {
					if id, ok := arg.(*ast.Ident); ok && id.Name == "BadRequest" {
						t.Errorf("%s raises BadRequest", name)
					}
				}
			}
			return true
		})
	}
}

// CHA-GP6: messages have the form "unable to <operation>; <reason>". A discontinuity names no
// operation.
func TestMessagesHaveTheForm(t *testing.T) {
	checked := 0
	for name, file := range sources(t) {
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			message := -1
			switch id, _ := call.Fun.(*ast.Ident); {
			case id == nil:
			case id.Name == "NewErrorInfo":
				message = 1
			case id.Name == "invalidArgument":
				message = 0
			}
			if message < 0 {
				return true
			}
			var first string
			ast.Inspect(call.Args[message], func(n ast.Node) bool {
				if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && first == "" {
					first = strings.Trim(lit.Value, "`\"")
				}
				return first == ""
			})
			if first == "" { // handed through
				return true
			}
			checked++
			code, _ := call.Args[0].(*ast.Ident)
			if discontinuity := code != nil && code.Name == "ErrRoomDiscontinuity"; !discontinuity && !strings.HasPrefix(first, "unable to ") {
				t.Errorf("%s: %q", name, first)
			}
			return true
		})
	}
	if checked < 8 {
		t.Errorf("only %d messages were looked at", checked)
	}
}

func sources(t *testing.T) map[string]*ast.File {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]*ast.File{}
	for _, e := range entries {
		if name := e.Name(); strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
			if files[name], err = parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !slices.Contains(slices.Collect(maps.Keys(files)), "rooms.go") {
		t.Fatal("the sources were not found")
	}
	return files
}
