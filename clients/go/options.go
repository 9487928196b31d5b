package mjproxy

import (
	"context"
	"time"

	"google.golang.org/grpc"
	grpcbackoff "google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
)

// Both directions carry pictures by value: the server takes submissions of up to 64 MiB.
const maxMessageBytes = 64 << 20

// An Option says how a [Client] connects.
type Option func(*settings)

type settings struct {
	key         string
	credentials credentials.TransportCredentials
	dial        []grpc.DialOption
}

// WithKey sends a key with every call, where the server has keys.
func WithKey(key string) Option { return func(s *settings) { s.key = key } }

// WithCredentials encrypts the connection, for instance with credentials.NewTLS.
func WithCredentials(credentials credentials.TransportCredentials) Option {
	return func(s *settings) { s.credentials = credentials }
}

// WithDialOptions adds options of gRPC itself; they win over those of this package.
func WithDialOptions(options ...grpc.DialOption) Option {
	return func(s *settings) { s.dial = append(s.dial, options...) }
}

func dialOptions(options []Option) []grpc.DialOption {
	chosen := settings{credentials: insecure.NewCredentials()}
	for _, option := range options {
		option(&chosen)
	}
	return append([]grpc.DialOption{
		grpc.WithTransportCredentials(chosen.credentials),
		grpc.WithDefaultCallOptions(
			grpc.MaxCallSendMsgSize(maxMessageBytes), grpc.MaxCallRecvMsgSize(maxMessageBytes)),
		// A half-open connection (the peer's machine is gone) is noticed after 30 + 10 seconds. A healthy watch never
		// pings: it brings a bookmark every 15 seconds.
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 30 * time.Second, Timeout: 10 * time.Second}),
		// By default a connection that lost its server waits up to two minutes before it knocks again.
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff: grpcbackoff.Config{
				BaseDelay: 200 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 5 * time.Second,
			},
			MinConnectTimeout: 5 * time.Second,
		}),
		grpc.WithChainUnaryInterceptor(authorizeCall(chosen.key), typeErrors),
		grpc.WithChainStreamInterceptor(authorizeStream(chosen.key)),
	}, chosen.dial...)
}

func authorizeCall(key string) grpc.UnaryClientInterceptor {
	return func(
		ctx context.Context, method string, request, response any,
		conn *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption,
	) error {
		return invoke(authorized(ctx, key), method, request, response, conn, options...)
	}
}

func authorizeStream(key string) grpc.StreamClientInterceptor {
	return func(
		ctx context.Context, description *grpc.StreamDesc, conn *grpc.ClientConn, method string,
		open grpc.Streamer, options ...grpc.CallOption,
	) (grpc.ClientStream, error) {
		return open(authorized(ctx, key), description, conn, method, options...)
	}
}

// authorized adds the key to what goes with a call. It does not use gRPC's per-call credentials, which refuse to go
// over an unencrypted connection, the loopback included.
func authorized(ctx context.Context, key string) context.Context {
	if key == "" {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+key)
}

// typeErrors gives the callers of the generated clients the same errors as those of [Client].
func typeErrors(
	ctx context.Context, method string, request, response any,
	conn *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption,
) error {
	if err := invoke(ctx, method, request, response, conn, options...); err != nil {
		return FromError(err)
	}
	return nil
}
