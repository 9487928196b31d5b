package mjproxy

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	pb "github.com/mjproxy/mjproxy/clients/go/mjproxy/v1"
)

const (
	// The server sends a bookmark every 15 seconds while nothing happens: three missed ones mean that the stream is
	// dead, whatever the connection below it says.
	longestSilence = 45 * time.Second

	longestList = 10 * time.Second
)

// Position is a place in the server's log of changes.
type Position struct {
	// Revision is that of the last change before the place.
	Revision int64
	// HistoryID is the log that the revision belongs to; empty if that is not known.
	HistoryID string
}

// Event is what a watch brings: [Changes], [Reset] or [Interrupted].
type Event interface{ event() }

// Changes follow without a gap on the position of the event before.
type Changes struct {
	// Changes are in the order of their revisions; none in a bookmark, which only moves the position.
	Changes []*pb.TaskChange
	// Position is where to resume after them.
	Position Position
}

// Reset says that the watch begins here, or begins anew because the history before is gone: what was known may be
// stale. Read again what matters, with the position's revision as MinRevision; each later change follows.
type Reset struct {
	// Position is where the watch begins.
	Position Position
}

// Interrupted says that the stream broke. The watch goes on by itself, RetryIn from now at the earliest.
type Interrupted struct {
	// Err is what it broke of.
	Err *Error
	// RetryIn is the delay before the next try.
	RetryIn time.Duration
}

func (Changes) event()     {}
func (Reset) event()       {}
func (Interrupted) event() {}

// Watch brings every change of the tasks that pass the filter, each once and in the order of the revisions, whatever
// happens to the connection. It begins behind a position, or from now on if there is none; nil filters nothing.
//
// It goes on until the loop is left, ctx ends, or the server will not serve it; in the last two cases the last event is
// nil and comes with an [*Error].
func (c *Client) Watch(ctx context.Context, filter *pb.WatchFilter, after *Position) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		watch := &watch{tasks: c.Tasks, filter: filter, position: after, delays: newBackoff()}
		defer func() { watch.hangUp() }()
		for {
			event, err := watch.next(ctx)
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(event, nil) {
				return
			}
		}
	}
}

// watch is a stream that is opened again, behind the position of the last message, whenever it breaks.
type watch struct {
	tasks       pb.TaskServiceClient
	filter      *pb.WatchFilter
	position    *Position
	delays      *backoff
	delay       time.Duration
	historyGone bool

	stream grpc.ServerStreamingClient[pb.WatchTasksResponse]
	cancel context.CancelFunc
}

func (w *watch) next(ctx context.Context) (Event, error) {
	event, err := w.attempt(ctx)
	if err == nil {
		return event, nil
	}
	w.hangUp()
	if ctx.Err() != nil {
		return nil, FromError(ctx.Err())
	}
	return w.interrupted(FromError(err))
}

func (w *watch) attempt(ctx context.Context) (Event, error) {
	if err := sleep(ctx, w.delay); err != nil {
		return nil, err
	}
	w.delay = 0
	if w.historyGone {
		return w.relist(ctx)
	}
	message, err := w.receive(ctx)
	if err != nil {
		return nil, err
	}
	return w.accept(message), nil
}

// relist learns the present position. What the tasks became in between is the reader's to ask.
func (w *watch) relist(ctx context.Context) (Event, error) {
	ctx, cancel := context.WithTimeout(ctx, longestList)
	defer cancel()
	page, err := w.tasks.ListTasks(ctx, &pb.ListTasksRequest{PageSize: 1})
	if err != nil {
		return nil, err
	}
	w.historyGone = false
	w.position = &Position{Revision: page.GetRevision(), HistoryID: page.GetHistoryId()}
	return Reset{Position: *w.position}, nil
}

func (w *watch) receive(ctx context.Context) (*pb.WatchTasksResponse, error) {
	if w.stream == nil {
		if err := w.open(ctx); err != nil {
			return nil, err
		}
	}
	silence := time.AfterFunc(longestSilence, w.cancel)
	message, err := w.stream.Recv()
	if !silence.Stop() {
		return nil, &Error{Code: codes.DeadlineExceeded, Message: "the watch was silent for " + longestSilence.String()}
	}
	if errors.Is(err, io.EOF) {
		return nil, &Error{Code: codes.Unavailable, Message: "the server ended the watch"}
	}
	return message, err
}

func (w *watch) open(ctx context.Context) error {
	request := &pb.WatchTasksRequest{Filter: w.filter}
	if w.position != nil {
		request.AfterRevision, request.HistoryId = &w.position.Revision, w.position.HistoryID
	}
	ctx, w.cancel = context.WithCancel(ctx)
	var err error
	w.stream, err = w.tasks.WatchTasks(ctx, request)
	return err
}

func (w *watch) accept(message *pb.WatchTasksResponse) Event {
	w.delays.reset()
	begins := w.position == nil
	w.position = &Position{Revision: message.GetRevision(), HistoryID: message.GetHistoryId()}
	if begins {
		return Reset{Position: *w.position}
	}
	return Changes{Changes: message.GetChanges(), Position: *w.position}
}

func (w *watch) interrupted(err *Error) (Event, error) {
	if hopeless(err.Code) {
		return nil, err
	}
	w.historyGone = w.historyGone || err.Code == codes.OutOfRange
	w.delay = max(w.delays.next(), err.RetryAfter)
	return Interrupted{Err: err, RetryIn: w.delay}, nil
}

func (w *watch) hangUp() {
	if w.cancel != nil {
		w.cancel()
	}
	w.stream, w.cancel = nil, nil
}

// hopeless says whether a stream that ended with a status would end so again. INTERNAL, UNKNOWN and CANCELLED would
// not: a reset stream, a dying proxy or an overloaded server ends in them.
func hopeless(code codes.Code) bool {
	switch code {
	case codes.AlreadyExists, codes.FailedPrecondition, codes.InvalidArgument, codes.NotFound,
		codes.PermissionDenied, codes.Unauthenticated, codes.Unimplemented:
		return true
	default:
		return false
	}
}
