// Package fault describes what a sandbox does wrong on purpose, and does it.
//
// A [Rule] says which requests it is about, how often it fires, and what then happens. Rules are written as
// one line, for flags:
//
//	request_sms: latency=200ms±50ms, every=3
//	/onetouch/*: status=503, retry_after=2s, probability=0.1
//	verify_token: code=60017, user=12345678, first=2
//	callback: duplicate=2, delay=5s
//
// or as the same names and values in JSON or YAML:
//
//   - on: request_sms
//     latency: 200ms±50ms
//     every: 3
//
// # Which requests
//
// On is the name of an operation of [authy.Operations]; a path that begins with "/", in which "*" stands for
// any characters; "callback" or "webhook" for what the sandbox sends; or "*", which is also what leaving it
// out means, for every request to the API. App (name or number), key and user (Authy id, or phone with
// country code) narrow it.
//
// # How often
//
//	nth=3            the third such request only
//	every=3          each third
//	first=3          the first three
//	probability=0.1  a tenth, at random
//	times=3          at most three times in all
//
// Conditions that are given together must all hold; without any a rule always fires.
//
// # What happens
//
//	latency=200ms±50ms   the answer waits, the same time always or within a spread
//	slow_headers=100ms   each line of the header waits
//	drip=100ms           each sixteenth of the body waits
//	status=503           the answer has this status, and nothing is done
//	code=60017           the answer is this error of the API, and nothing is done
//	body=text            the answer has this body; with neither status nor code the request is carried out
//	retry_after=5s       the answer has Retry-After; without status or code it is the API's 429, code 60003
//	reset=request        the connection is reset and nothing is done
//	reset=before         the request is carried out, then the connection is reset before its answer
//	reset=after          the connection is reset after the body, before its end is told
//	json=truncated       the body ends in its middle
//	json=wrong           the body is JSON of another shape
//	json=html            the body is a gateway's page
//	skew=5m              the Date header, or the nonce of a callback, is off by this
//	duplicate=2          a callback or webhook is delivered so many times more
//	delay=5s             a callback or webhook is late
//	drop=true            a callback or webhook is never sent
//
// A scenario, the value of the header that forces a fault for one request, is what stands behind the colon;
// a number alone is a code.
package fault
