package io.mjproxy;

import io.grpc.ChannelCredentials;
import io.grpc.ClientInterceptor;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.stub.MetadataUtils;
import io.mjproxy.v1.AccountServiceGrpc;
import io.mjproxy.v1.AccountServiceGrpc.AccountServiceBlockingStub;
import io.mjproxy.v1.TaskServiceGrpc;
import io.mjproxy.v1.TaskServiceGrpc.TaskServiceBlockingStub;
import io.mjproxy.v1.TaskServiceGrpc.TaskServiceStub;
import java.util.concurrent.TimeUnit;

/** A channel, and the key that goes with each of its calls. */
final class Connection implements AutoCloseable {
    /** Answers carry pictures by value. */
    private static final int MAX_MESSAGE_BYTES = 64 << 20;

    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    private final ManagedChannel channel;
    private final ClientInterceptor authorization;

    /**
     * Prepares a connection; it is made with the first call.
     *
     * @param key empty for none
     */
    Connection(String target, ChannelCredentials credentials, String key) {
        // A half-open connection (the peer's machine is gone) is noticed after 30 + 10 seconds. A healthy watch never pings:
        // it brings a bookmark every 15 seconds.
        channel = Grpc.newChannelBuilder(target, credentials)
                .maxInboundMessageSize(MAX_MESSAGE_BYTES)
                .keepAliveTime(30, TimeUnit.SECONDS)
                .keepAliveTimeout(10, TimeUnit.SECONDS)
                .build();
        Metadata headers = new Metadata();
        if (!key.isEmpty()) {
            headers.put(AUTHORIZATION, "Bearer " + key);
        }
        authorization = MetadataUtils.newAttachHeadersInterceptor(headers);
    }

    TaskServiceBlockingStub tasks() {
        return TaskServiceGrpc.newBlockingStub(channel).withInterceptors(authorization);
    }

    AccountServiceBlockingStub accounts() {
        return AccountServiceGrpc.newBlockingStub(channel).withInterceptors(authorization);
    }

    TaskServiceStub streams() {
        return TaskServiceGrpc.newStub(channel).withInterceptors(authorization);
    }

    /**
     * Has the next call connect at once. By itself a channel that lost its server waits up to two minutes before it knocks
     * again; whoever calls this has a back-off of its own.
     */
    void knockAgain() {
        channel.resetConnectBackoff();
    }

    @Override
    public void close() {
        channel.shutdownNow();
    }
}
