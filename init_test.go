package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"gatewatch/poller/demo"
	"gatewatch/poller/gateway"
)

func TestInitFindsEveryDialect(t *testing.T) {
	for _, dialect := range demo.Dialects() {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			s := &demo.Server{Dialect: dialect, Rate: 0.01}
			h := httptest.NewServer(s)
			t.Cleanup(h.Close)
			g := GatewayConfig{
				Name: "x", URL: h.URL, UserID: fmt.Sprint(s.UserID()), AccessToken: credential{secret: gateway.NewSecret(s.AccessToken())},
			}
			found, err := tryGateway(t.Context(), g)
			if err != nil || !strings.Contains(found, "answers as "+dialect) || strings.Contains(found, "$") == (dialect == "opencatd") {
				t.Errorf("%q %v", found, err)
			}
		})
	}
}

// TestInitPrintsForeignText has a gateway that counts in yuan and whose user's
// name tries to change the terminal.
func TestInitPrintsForeignText(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/api/status", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"success":true,"data":{"version":"v1.0.0-rc.21","quota_display_type":"CNY","usd_exchange_rate":7.3,"quota_per_unit":500000,"checkin_enabled":false}}`)
	})
	mux.HandleFunc("/api/user/self", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"success":true,"data":{"id":2,"username":"al\u001b]0;PWNED\u0007\u001b[31mice","status":1,"role":1,"quota":50000000,"used_quota":10}}`)
	})
	h := httptest.NewServer(mux)
	t.Cleanup(h.Close)
	g := GatewayConfig{Name: "x", URL: h.URL + "/v1#x", AccessToken: credential{secret: gateway.NewSecret("fake")}}
	found, err := tryGateway(t.Context(), g)
	if want := h.URL + " answers as new-api; alice has ¥730.00 left."; err != nil || found != want {
		t.Errorf("%q %v, want %q", found, err, want)
	}
}

func TestAnAPIKeyIsWrittenAsOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.toml")
	g := GatewayConfig{Name: "x", URL: "https://gw.example", APIKey: credential{secret: gateway.NewSecret("sk-fake")}}
	if err := writeConfig(path, g); err != nil {
		t.Fatal(err)
	}
	cfg, err := loadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := cfg.Gateways[0]; got.APIKey.secret.Reveal() != "sk-fake" || got.AccessToken.set() {
		t.Errorf("%+v", got)
	}
}
