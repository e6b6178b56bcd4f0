package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// scope.txt can be read, and each row has a reason.
func TestScope(t *testing.T) {
	for _, s := range suites {
		scope, err := readScope(s.name)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range scope.rows {
			if r.reason == "" || r.test.MatchString("") {
				t.Errorf("%s: the row %s matches every test, or has no reason", s.name, r.test)
			}
		}
	}
}

// The command fails if a test in scope fails, or if no test in scope passes. A failed test that is
// out of scope doesn't count.
func TestReport(t *testing.T) {
	const inScope, outOfScope = "TestSomething", "TestStats_Unit"
	for name, tt := range map[string]struct {
		results []result
		says    string
		fails   bool
	}{
		"all pass":             {[]result{{inScope, "", passed}}, "passed=1 failed=0", false},
		"a failure":            {[]result{{inScope, "why", failed}, {"x", "", passed}}, "FAIL TestSomething\n    why", true},
		"one out of scope":     {[]result{{outOfScope, "", failed}, {"x", "", passed}}, "out-of-scope=1", false},
		"out of scope, passes": {[]result{{outOfScope, "", passed}, {"x", "", passed}}, "out of scope, but passes: TestStats_Unit", false},
		"skipped":              {[]result{{inScope, "", skipped}, {"x", "", passed}}, "skipped=1", false},
		"nothing":              {nil, "passed=0", true},
	} {
		scope, err := readScope("ably-go")
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := scope.report(&out, "ably-go", tt.results); (err != nil) != tt.fails || !strings.Contains(out.String(), tt.says) {
			t.Errorf("%s: report returned %v and printed\n%s", name, err, out.String())
		}
	}
}

// The reports of all runners can be read: the tests that passed, failed and were skipped.
func TestResultsOfRunners(t *testing.T) {
	write := func(text string) string {
		file := filepath.Join(t.TempDir(), "report")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	vitest, err1 := vitestResults(write(`{"testResults":[{"name":"/d/a.test.ts","status":"failed","message":"","assertionResults":[
		{"fullName":" a one","status":"passed"},{"fullName":"a two","status":"failed","failureMessages":["why"]},
		{"fullName":"a three","status":"pending"}]},{"name":"/d/b.test.ts","status":"failed","message":"no import","assertionResults":[]}]}`))
	mocha, err2 := mochaResults(write("noise {\n" + `{
  "stats": {},
  "tests": [], "pending": [{"fullTitle":"p","file":"/d/x.js"}], "failures": [{"fullTitle":"f","file":"/d/x.js","err":{"message":"why"}}],
  "passes": [{"fullTitle":"ok","file":"/d/x.js"}]
}`))
	golang, err3 := goResults(strings.NewReader(`{"Action":"output","Test":"TestA/x","Output":"why"}
{"Action":"fail","Test":"TestA/x"}
{"Action":"fail","Test":"TestA"}
not JSON
{"Action":"pass","Test":"TestB"}
{"Action":"skip","Test":"TestC"}`))
	for what, c := range map[string]struct {
		got  []result
		err  error
		want string
	}{
		"vitest": {vitest, err1, "[{a.test.ts: a one  0} {a.test.ts: a two why 1} {a.test.ts: a three  2} {b.test.ts no import 1}]"},
		"mocha":  {mocha, err2, "[{x.js: ok \n 0} {x.js: f why\n 1} {x.js: p \n 2}]"},
		"go":     {golang, err3, "[{TestA/x why 1} {TestB  0} {TestC  2}]"},
	} {
		if c.err != nil || fmt.Sprint(c.got) != c.want {
			t.Errorf("the report of %s was read as %v, %v", what, c.got, c.err)
		}
	}
	if _, err := mochaResults(write("it crashed")); err == nil {
		t.Error("mochaResults returned no error for an output without a report")
	}
	if _, err := suiteOf(t.TempDir()); err == nil {
		t.Error("suiteOf returned no error for a folder without a suite")
	}
}

// An application has the keys and the members that were requested, and ends when it is deleted.
func TestProvisioner(t *testing.T) {
	p, err := startProvisioner()
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	rs, err := client.Post(p.url()+"/apps", "application/json", strings.NewReader(`{"keys":[{},{"capability":"{\"a\":[\"subscribe\"]}"}],
		"namespaces":[{"id":"persisted","persisted":true}],"channels":[{"name":"persisted:x","presence":[{"clientId":"ann","data":"1"}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	defer rs.Body.Close()
	var made struct {
		AppID, Endpoint string
		Port            int
		Keys            []struct{ KeyStr string }
	}
	if err := json.NewDecoder(rs.Body).Decode(&made); err != nil || len(made.Keys) != 2 {
		t.Fatal(made, err)
	}
	url := fmt.Sprintf("http://%s:%d/channels/persisted:x/presence?key=", made.Endpoint, made.Port)
	for i, want := range []int{200, 401} {
		rs, err := client.Get(url + made.Keys[i].KeyStr)
		if err != nil {
			t.Fatal(err)
		}
		rs.Body.Close()
		if rs.StatusCode != want {
			t.Errorf("a request with key %d has the status %d, want %d", i, rs.StatusCode, want)
		}
	}
	rq, _ := http.NewRequest(http.MethodDelete, p.url()+"/apps/"+made.AppID, nil)
	if rs, err := client.Do(rq); err != nil || rs.StatusCode != http.StatusNoContent {
		t.Fatal(rs, err)
	}
	if _, err := client.Get(url + made.Keys[0].KeyStr); err == nil {
		t.Error("the application still answers after it was deleted")
	}
}
