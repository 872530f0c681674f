package upstream

import (
	"fmt"
	"time"
)

// Unavailable: no answer, or one that may be better later.
type Unavailable struct {
	Upstream   string
	Message    string
	RetryAfter time.Duration // when the upstream said so
	Timeout    bool          // no answer in time; what was asked for may have happened
	Err        error
}

func (e *Unavailable) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("%s: %s", e.Upstream, e.Message)
	}
	return fmt.Sprintf("%s: %s: %v", e.Upstream, e.Message, e.Err)
}

// Unwrap gives what the library said.
func (e *Unavailable) Unwrap() error { return e.Err }

// Rejected: the upstream refused the request; the same request would be refused again.
type Rejected struct {
	Upstream string
	Status   int
	Body     string
}

func (e *Rejected) Error() string {
	return fmt.Sprintf("%s: answered %d", e.Upstream, e.Status)
}

// ContractBroken: the answer is not what the contract says.
type ContractBroken struct {
	Upstream string
	Message  string
	Err      error
}

func (e *ContractBroken) Error() string {
	return fmt.Sprintf("%s: %s: %v", e.Upstream, e.Message, e.Err)
}

// Unwrap gives what the decoder said.
func (e *ContractBroken) Unwrap() error { return e.Err }
