package ablychat

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/internal/ctxerr"
	"ablyrooms.example/lifecycle"
)

// chatPath is where the Chat REST API is (CHA-RST).
const chatPath = "/chat/v4/"

// call is one request to the Chat REST API.
type call struct {
	method string
	path   []string // below chatPath, not escaped: any text (CHA-RST6)
	query  url.Values
	body   any // nil for none
}

// restAPI makes requests to the Chat REST API by way of ably-go's REST client (CHA-RST1), which knows the hosts, the fallbacks, the
// authentication and the format.
//
// ably-go escapes the path that it is given once more, follows links to further pages by paths that
// are not escaped, and keeps an error's body to itself. So the request is put right, and the answer
// read, in the transport below ably-go (resttransport.go).
type restAPI struct{ client *ably.REST }

// answer is what came back.
type answer struct {
	body any        // as encoding/json makes it of JSON
	next url.Values // the query of the next page; nil when this is the last
}

// do makes a request and returns the answer. operation is what to call it in errors.
//
// Errors: the service's, with its code, status, message and detail (CHA-M3e); the context's;
// [ErrInvalidArgument] for a body that JSON has no form for.
func (r restAPI) do(ctx context.Context, operation string, c call) (answer, error) {
	if ctx.Err() != nil {
		return answer{}, ctxerr.Of(ctx)
	}
	x := &exchange{path: chatPath + strings.Join(c.path, "/"), escaped: chatPath + escape(c.path)}
	ctx = context.WithValue(ctx, exchangeKey{}, x)
	var options []ably.RequestOption
	if c.query != nil {
		options = append(options, ably.RequestWithParams(c.query))
	}
	if c.body != nil {
		body, err := inJSON(operation, c.body)
		if err != nil {
			return answer{}, err
		}
		options = append(options, ably.RequestWithBody(body))
	}
	pages, err := r.client.Request(c.method, chatPath+"request", options...).Pages(ctx)
	switch {
	case x.failed != nil:
		return answer{}, named(operation, x.failed)
	case err != nil:
		return answer{}, failed(ctx, operation, err)
	case !pages.Success():
		return answer{}, named(operation, serviceError(pages.StatusCode(), int(pages.ErrorCode()), pages.ErrorMessage()))
	}
	return answer{body: x.body, next: nextPage(pages.Headers())}, nil
}

// named says in an error's message what could not be done.
func named(operation string, e *lifecycle.ErrorInfo) error {
	return &lifecycle.ErrorInfo{Code: e.Code, StatusCode: e.StatusCode, Message: "unable to " + operation + "; " + e.Message, Cause: e.Cause}
}

func escape(path []string) string {
	escaped := make([]string, len(path))
	for i, segment := range path {
		escaped[i] = url.PathEscape(segment)
	}
	return strings.Join(escaped, "/")
}

// nextPage returns the query of the link to the next page. The rest of the link is the request's own path, however it is written there.
func nextPage(header http.Header) url.Values {
	for _, value := range header.Values("Link") {
		for link := range strings.SplitSeq(value, ",") {
			target, params, ok := strings.Cut(link, ";")
			target = strings.TrimSpace(target)
			if !ok || !strings.Contains(params, `rel="next"`) && !strings.Contains(params, "rel=next") || len(target) < 2 {
				continue
			}
			if _, query, ok := strings.Cut(target[1:len(target)-1], "?"); ok {
				if q, err := url.ParseQuery(query); err == nil {
					return q
				}
			}
		}
	}
	return nil
}
