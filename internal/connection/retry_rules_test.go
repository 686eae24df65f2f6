package connection

import (
	"os"
	"strings"
	"testing"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

func TestRetryRules_OneForEachRPC(t *testing.T) {
	for _, m := range mlmdpb.MetadataStoreService_ServiceDesc.Methods {
		n := 0
		for _, r := range retryRules {
			if r.covers(m.MethodName) {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%s has %d rules, want 1", m.MethodName, n)
		}
	}
	if n := len(mlmdpb.MetadataStoreService_ServiceDesc.Streams); n != 0 {
		t.Errorf("the service has %d streams, which no rule covers", n)
	}
	if MayRetry("/ml_metadata.MetadataStoreService/DeleteEverything", nil) {
		t.Error("an unknown call is repeated")
	}
}

func TestRetryRules_Documented(t *testing.T) {
	var table strings.Builder
	table.WriteString("| call | repeated on UNAVAILABLE | why that is safe |\n|---|---|---|\n")
	for _, r := range retryRules {
		table.WriteString("| " + strings.ReplaceAll(r.calls, " ", ", ") + " | " + r.condition + " | " + r.why + " |\n")
	}
	text, err := os.ReadFile("../../docs/connections.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), table.String()) {
		t.Errorf("docs/connections.md does not have this table:\n%s", table.String())
	}
}
