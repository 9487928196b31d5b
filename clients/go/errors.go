package mjproxy

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "github.com/mjproxy/mjproxy/clients/go/mjproxy/v1"
)

// Remedy is what a program can do about an [Error].
type Remedy string

const (
	// RemedyCorrect: the server will not do this; the same request will be refused again. Error.Field says what is wrong.
	RemedyCorrect Remedy = "correct"
	// RemedyRetry: try again, with the same request id, after Error.RetryAfter.
	RemedyRetry Remedy = "retry"
	// RemedyRelist: the history that a watch asked for is gone; list, then watch from the list's revision.
	RemedyRelist Remedy = "relist"
	// RemedyCheckKey: there is no key, it is unknown, or its role does not allow this.
	RemedyCheckKey Remedy = "check_key"
	// RemedyReport: a fault of the server.
	RemedyReport Remedy = "report"
)

// Error is a call that ended with an error status.
type Error struct {
	// Code is the gRPC status code.
	Code codes.Code
	// Reason is the ErrorReason without its prefix, for instance "QUEUE_FULL"; empty if it was not mjproxy that answered.
	Reason string
	// Message says what is wrong and what to do about it, in English.
	Message string
	// Field is the field of the request that is wrong; empty if none is.
	Field string
	// Metadata is what varies in the message, for programs.
	Metadata map[string]string
	// RetryAfter is when a repeat may succeed; 0 if the server did not say.
	RetryAfter time.Duration
	// Refusal is what the server told of a refused submission; nil if the call was none.
	Refusal *pb.SubmitRefusal

	cause error
}

// Error returns the message, and the reason for those who only see it in a log.
func (e *Error) Error() string {
	if e.Reason == "" {
		return fmt.Sprintf("%s: %s", e.Code, e.Message)
	}
	return fmt.Sprintf("%s: %s", e.Reason, e.Message)
}

// Unwrap returns what [FromError] was given.
func (e *Error) Unwrap() error { return e.cause }

// GRPCStatus lets the status package read the error.
func (e *Error) GRPCStatus() *status.Status {
	if received, ok := status.FromError(e.cause); ok && received != nil {
		return received
	}
	return status.New(e.Code, e.Message)
}

// Remedy says what a program can do about the error.
func (e *Error) Remedy() Remedy {
	switch e.Code {
	case codes.OutOfRange:
		return RemedyRelist
	case codes.Unauthenticated, codes.PermissionDenied:
		return RemedyCheckKey
	case codes.Internal, codes.Unknown, codes.DataLoss:
		return RemedyReport
	case codes.Unavailable, codes.DeadlineExceeded, codes.Canceled, codes.Aborted:
		return RemedyRetry
	}
	if e.Reason == "QUEUE_FULL" {
		return RemedyRetry
	}
	return RemedyCorrect
}

// FromError makes the typed error of a failed call; nil of nil.
func FromError(err error) *Error {
	var known *Error
	if err == nil || errors.As(err, &known) {
		return known
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return &Error{Code: status.FromContextError(err).Code(), Message: err.Error(), cause: err}
	}
	made := &Error{Code: status.Code(err), Message: status.Convert(err).Message(), cause: err}
	for _, detail := range status.Convert(err).Details() {
		made.take(detail)
	}
	return made
}

func (e *Error) take(detail any) {
	switch detail := detail.(type) {
	case *errdetails.ErrorInfo:
		e.Reason, e.Metadata = detail.GetReason(), detail.GetMetadata()
	case *errdetails.RetryInfo:
		e.RetryAfter = detail.GetRetryDelay().AsDuration()
	case *errdetails.BadRequest:
		for _, violation := range detail.GetFieldViolations() {
			e.Field = violation.GetField()
		}
	case *pb.SubmitRefusal:
		e.Refusal = detail
	}
}

// TaskFailedError is a task that was accepted, and failed or was cancelled later.
type TaskFailedError struct {
	// Task is the task at its end; its failure says why.
	Task *pb.Task
}

// Error returns what the bot, or the server, said about it.
func (e *TaskFailedError) Error() string {
	failure := e.Task.GetFailure()
	if failure == nil {
		return "the task was cancelled"
	}
	return fmt.Sprintf("%s: %s", failure.GetTitle(), failure.GetDescription())
}

// Reason is the ErrorReason without its prefix, for instance "MODERATED"; empty for a cancelled task.
func (e *TaskFailedError) Reason() string {
	if e.Task.GetFailure() == nil {
		return ""
	}
	return strings.TrimPrefix(e.Task.GetFailure().GetReason().String(), "ERROR_REASON_")
}
