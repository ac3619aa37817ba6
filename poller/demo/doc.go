// Package demo is an LLM gateway of the one-api family without the gateway: one
// simulated site, spoken for in the words of several programs. It is what the
// demonstration shows and what the project's tests talk to.
//
// The world is a pure function of a seed and the second, so a window of the log
// is made when somebody asks for it, six days back, and made the same again. The
// dialects, one or a few files each, write that world as real gateways were
// recorded to; the recordings are in testdata, and a test holds every answer
// against them. "(090)" in a comment is the recording of that number. Of
// shell-api, v-api and aihubmix there are only documents, and the comments say
// what those leave open; "gateways.md" in a comment is the project's summary of
// sources and documents.
//
// The package shares no type with the clients of gateways. If it did, both could
// be wrong together.
//
// What the real ones do and this one does not:
//   - Nothing is consumed beforehand: while a call is under way the balance does
//     not move. The checks before a call are made, though.
//   - There is one user, who cannot log in with a password. With Server.Admin the
//     user may read what administrators may: the site's log and sums, channels,
//     users. Nothing can be changed there, and no path that acts exists.
//   - Messages of new-api are English whatever Accept-Language says.
//   - new-api's list of models in Anthropic's form, its filters by group and
//     request id, /api/data/flow/self and /v1/embeddings are missing.
//   - No model is asked: what a chat answers is written in replies, and chosen by
//     the question.
//   - The upstream never fails by itself in a chat; a Fault makes it.
//   - No upstream breaks off in the middle of a stream, so one-hub's "unexpected
//     EOF" never comes, and heartbeats of one-hub's keys are stored, not sent.
//   - In Shell-API's log no call has failed, Veloera has no check-ins, and
//     opencatd's calls are all at the prices of one-api.
package demo
