package connection

import (
	"errors"

	"google.golang.org/grpc/status"
)

// A Failure explains the error of a call better than its status does.
type Failure struct {
	Cause Cause
	Why   string // with what to do about it, where that is known
	err   error  // of the call, with its status
	root  error  // of the connection, or nil
}

// A Cause says what a call failed for.
type Cause uint8

// The causes of failures.
const (
	Unavailable Cause = iota // the server or its store is unavailable
	Unreachable              // no server answered
	TLS                      // client and server do not agree on TLS
)

// NewFailure returns the Failure of a call that failed with err. root may be nil.
func NewFailure(cause Cause, why string, err, root error) *Failure {
	return &Failure{Cause: cause, Why: why, err: err, root: root}
}

// FailureIn returns the Failure in err, or nil.
func FailureIn(err error) *Failure {
	var f *Failure
	errors.As(err, &f)
	return f
}

func (f *Failure) Error() string              { return f.Why }
func (f *Failure) GRPCStatus() *status.Status { return status.Convert(f.err) }

func (f *Failure) Unwrap() []error {
	if f.root == nil {
		return []error{f.err}
	}
	return []error{f.err, f.root}
}
