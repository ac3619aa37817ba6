package demo

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// openCatd is the dialect of opencatd, which is none of the family: users with
// one token each, provider keys, and a sum per user. It has no balance, no log
// and no limits. What the other dialects have as the user's keys are its users
// here, so its sums are those of the same calls.
//
// Every fact in the opencatd files is from the recordings of opencatd,
// testdata/opencatd, unless another source is named.
func openCatd() *dialect {
	return &dialect{
		bill:      billOneAPI, // its own prices were not looked at
		firstKey:  2,
		bareKeys:  true,
		chats:     chatStyle{plain: true},
		secret:    func(id int64) string { return catToken(id, 0) },
		unlimited: func(*key) {},
		dress: func(k *key) {
			k.unlimited, k.remain, k.expires, k.status, k.limits = true, 0, never, statusEnabled, new(string)
		},
		ownKeys: func(birth int64) []*key {
			return []*key{{
				id: rootID, secret: catToken(rootID, 0), status: statusEnabled, created: birth - 500*86400, expires: never,
				unlimited: true, limits: new(string), names: []naming{{name: rootName}},
			}}
		},
		// The root token of the moment the program started (gateways.md §1).
		accessToken: func(int) string { return catToken(rootID, 0) },
		requestID:   func(time.Time, uint64) string { return "" },
		header:      func(http.Header, *exchange) {},
		notFound:    catNotFound,
		routes:      catRoutes(),
		keyProblem: func(s *Server, x *exchange) *answer {
			x.key = s.keyBySecret(strings.TrimPrefix(x.r.Header.Get("Authorization"), "Bearer "))
			return nil
		},
	}
}

const rootID = 1

// catToken is a user's token after so many resets.
func catToken(id int64, resets int) string {
	return fmt.Sprintf("d3300000-%04d-4000-8000-%012d", resets, id)
}

func catRoutes() []route {
	root := func(serve func(*Server, *exchange) answer) func(*Server, *exchange) answer {
		return catUser(serve, true)
	}
	anyone := func(serve func(*Server, *exchange) answer) func(*Server, *exchange) answer {
		return catUser(serve, false)
	}
	return []route{
		{pattern: "GET /", serve: func(*Server, *exchange) answer { return front("opencatd") }},
		{pattern: "POST /1/users/init", serve: catInit},
		{pattern: "GET /1/me", serve: anyone(catMe)},
		// It looks for a user whose token begins with "Bearer " (032–034).
		{pattern: "GET /1/me/usages", serve: anyone(func(*Server, *exchange) answer { return answer{status: http.StatusForbidden} })},
		{pattern: "GET /1/users", serve: root(catUsers)},
		{pattern: "POST /1/users", serve: root(catAddUser)},
		{pattern: "DELETE /1/users/:", serve: root(catDeleteUser)},
		{pattern: "POST /1/users/:/reset", serve: root(catReset)},
		{pattern: "GET /1/keys", serve: root(catKeys)},
		{pattern: "POST /1/keys", serve: root(catAddKey)},
		{pattern: "DELETE /1/keys/:", serve: root(catDeleteKey)},
		{pattern: "GET /1/usages", serve: root(catUsages)},
		{pattern: "GET /v1/models", serve: catModels},
		{pattern: "POST /v1/chat/completions", stream: relay(catChat)},
	}
}

// catError is the usual error, often with HTTP 200.
func catError(status int, message string) answer {
	return says(status, map[string]string{"error": message})
}

func catOK() answer { return ok(map[string]string{"message": "ok"}) }

// catUser lets a user's token pass, or only the root's (012–020). An
// Authorization that is too short makes the program panic (017).
func catUser(serve func(*Server, *exchange) answer, rootOnly bool) func(*Server, *exchange) answer {
	return func(s *Server, x *exchange) answer {
		header := x.r.Header.Get("Authorization")
		if header != "" && len(header) < len("Bearer ") {
			return answer{status: http.StatusInternalServerError}
		}
		token, bearer := strings.CutPrefix(header, "Bearer ")
		if bearer {
			x.key = s.keyBySecret(token)
			if token == s.dialect.accessToken(0) {
				x.key = s.catRoot()
			} else if rootOnly {
				x.key = nil
			}
		}
		if x.key == nil {
			return catError(http.StatusUnauthorized, "Unauthorized")
		}
		return serve(s, x)
	}
}

// catRoot is the user who may do everything, nil before there is one.
func (s *Server) catRoot() *key {
	for _, k := range s.keys {
		if k.id == rootID {
			return k
		}
	}
	return nil
}

// catMine is a user in the words of /1/me (012): whole seconds.
type catMine struct {
	ID      int64     `json:"id"`
	Updated time.Time `json:"updatedAt"`
	Name    string    `json:"name"`
	Token   string    `json:"token"`
	Created time.Time `json:"createdAt"`
}

func newCatMine(k *key) catMine {
	return catMine{k.id, k.changed().Truncate(time.Second), k.name(), k.secret, time.Unix(k.created, 0).UTC()}
}

// changed is when an opencatd user was changed for the last time.
func (k *key) changed() time.Time {
	if k.updated != 0 {
		return time.Unix(0, k.updated).UTC()
	}
	return k.born()
}

// born is created with the fraction of a second that opencatd shows.
func (k *key) born() time.Time { return time.Unix(k.created, 25_469_213+k.id*7_001).UTC() }

// catRow is a user in a list (006, 019), with the fields of an embedded struct
// that nothing ever sets.
type catRow struct {
	NoID      int        `json:"ID"`
	NoCreated time.Time  `json:"CreatedAt"`
	NoUpdated time.Time  `json:"UpdatedAt"`
	NoDeleted *time.Time `json:"DeletedAt"`
	Deleted   bool       `json:"IsDelete"`
	ID        int64      `json:"id"`
	Name      string     `json:"name"`
	Token     string     `json:"token"`
	Created   time.Time  `json:"createdAt"`
	Updated   time.Time  `json:"updatedAt"`
}

func newCatRow(k *key) catRow {
	return catRow{ID: k.id, Name: k.name(), Token: k.secret, Created: k.born(), Updated: k.changed()}
}

// catInit makes the root user. It needs no token, and works once (002, 003).
func catInit(s *Server, x *exchange) answer {
	if s.catRoot() != nil {
		return catError(http.StatusForbidden, "super user already exists, use cli to reset password")
	}
	return ok(newCatMine(s.create(x, tokenFields{name: rootName, expires: never, unlimited: true})))
}

func catMe(_ *Server, x *exchange) answer { return ok(newCatMine(x.key)) }

func catUsers(s *Server, _ *exchange) answer {
	rows := []catRow{}
	for _, k := range newestFirst(s.listed()) { // the oldest, then
		rows = append(rows, newCatRow(k))
	}
	return ok(rows)
}

// catAddUser makes a user (006–008, 042). What is wrong is said with HTTP 200.
func catAddUser(s *Server, x *exchange) answer {
	var q struct {
		Name string `json:"name"`
	}
	if err := json.Unmarshal(x.raw, &q); err != nil {
		return catError(http.StatusOK, err.Error())
	}
	if q.Name == "" {
		return catError(http.StatusOK, "invalid user name")
	}
	for _, k := range s.listed() {
		if k.name() == q.Name {
			return catError(http.StatusOK, "constraint failed: UNIQUE constraint failed: users.name (2067)")
		}
	}
	return ok(newCatRow(s.create(x, tokenFields{name: q.Name, expires: never, unlimited: true})))
}

// catDeleteUser says ok to whoever does not exist, and no to the root (038, 039,
// 044).
func catDeleteUser(s *Server, x *exchange) answer {
	if id, err := strconv.Atoi(x.args[0]); err != nil || id <= rootID {
		return catError(http.StatusOK, "invalid user id")
	}
	if k, problem := s.keyByID(x.args[0]); problem == "" {
		k.deleted = true
		k.review(x.now.UnixNano(), true)
	}
	return catOK()
}

// catReset gives a user a new token, the one in the query if there is one (043).
// Whoever used the old one is supposed to have been told.
func catReset(s *Server, x *exchange) answer {
	k, problem := s.keyByID(x.args[0])
	if problem != "" {
		return catError(http.StatusOK, problem) // not recorded
	}
	s.tokens++
	k.secret, k.updated = catToken(k.id, s.tokens), x.now.UnixNano()
	if token := x.r.URL.Query().Get("token"); token != "" {
		k.secret = token
	}
	return ok(newCatRow(k))
}

// catKey is a provider's key, in clear, with the field names as they are (010,
// 021).
type catKey struct {
	ID         int64     `json:"id"`
	Key        string    `json:"key"`
	Name       string    `json:"name"`
	Type       string    `json:"ApiType"`
	Endpoint   string    `json:"EndPoint"`
	Resource   string    `json:"ResourceNmae"`
	Deployment string    `json:"DeploymentName"`
	Created    time.Time `json:"createdAt"`
	Updated    time.Time `json:"updatedAt"`
}

// catProviders are the provider keys that the site begins with.
func catProviders(birth int64) []catKey {
	at := time.Unix(birth-500*86400, 58_855_609).UTC()
	return []catKey{
		{ID: 1, Key: "sk-demo-upstream-000000000001", Name: "openai main", Type: "openai", Created: at, Updated: at},
		{ID: 2, Key: "sk-ant-demo-upstream-00000002", Name: "claude.team", Type: "claude", Created: at, Updated: at},
		{ID: 3, Key: "demo-upstream-google-00000003", Name: "google.eu", Type: "google", Created: at, Updated: at},
	}
}

func catKeys(s *Server, _ *exchange) answer { return ok(append([]catKey{}, s.providers...)) }

// catAddKey adds a provider's key. Names become lower case; some beginnings
// choose the type (010, 011, 040, 041; gateways.md §9.4).
func catAddKey(s *Server, x *exchange) answer {
	problem := func(status int, message string) answer {
		return says(status, map[string]any{"error": map[string]string{"message": message}})
	}
	var q struct {
		Key      string `json:"key"`
		Name     string `json:"name"`
		Type     string `json:"api_type"`
		Endpoint string `json:"endpoint"`
	}
	if err := json.Unmarshal(x.raw, &q); err != nil {
		a := problem(http.StatusBadRequest, err.Error())
		a.kind = catText
		return a
	}
	k := catKey{Key: q.Key, Name: strings.ToLower(q.Name), Type: q.Type, Endpoint: q.Endpoint, Created: x.now, Updated: x.now}
	kind, rest, dotted := strings.Cut(k.Name, ".")
	switch {
	case dotted && (kind == "azure" || kind == "claude" || kind == "google"):
		k.Type = kind
		if kind == "azure" {
			k.Resource, k.Deployment, _ = strings.Cut(rest, ".")
		}
	case k.Type == "":
		k.Type = "openai"
	}
	for _, other := range s.providers {
		if other.Name == k.Name {
			return problem(http.StatusInternalServerError, "constraint failed: UNIQUE constraint failed: keys.name (2067)")
		}
		k.ID = max(k.ID, other.ID)
	}
	k.ID++
	s.providers = append(s.providers, k)
	return ok(k)
}

// catDeleteKey says ok to what does not exist (036, 037).
func catDeleteKey(s *Server, x *exchange) answer {
	id, err := strconv.ParseInt(x.args[0], 10, 64)
	if err != nil {
		return catError(http.StatusOK, "invalid key id")
	}
	kept := s.providers[:0:0]
	for _, k := range s.providers {
		if k.ID != id {
			kept = append(kept, k)
		}
	}
	s.providers = kept
	return catOK()
}
