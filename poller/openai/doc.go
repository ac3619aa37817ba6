// Package openai talks to a language model through a gateway, in OpenAI's
// protocol as the gateways of the one-api family really speak it: streams that
// ping, that break, that turn into an error in the middle, that are no streams
// at all. It asks with an sk- key and knows nothing of the management API.
package openai
