/**
 * Connects in Node, by gRPC over HTTP/2.
 *
 * @module
 */
import type { SecureClientSessionOptions } from "node:http2";
import type { Interceptor } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { Client } from "./client.js";

export * from "./index.js";

/** Both directions carry pictures by value: the server takes submissions of up to 64 MiB. */
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

export interface ConnectOptions {
  /** The key to send with every call, where the server has keys. */
  key?: string | undefined;
  /** Encrypts the connection: true to trust what Node trusts, or what to trust. Plain text by default. */
  tls?: boolean | SecureClientSessionOptions | undefined;
}

/**
 * Prepares a client; it connects with the first call. Close it when it is no longer needed.
 *
 * @param target The server's "host:port".
 */
export function connect(target: string, options: ConnectOptions = {}): Client {
  const baseUrl = `${options.tls ? "https" : "http"}://${target}`;
  const nodeOptions = typeof options.tls === "object" ? options.tls : {};
  // A half-open connection (the peer's machine is gone) is noticed after 30 + 10 seconds.
  const sessionManager = new Http2SessionManager(baseUrl, { pingIntervalMs: 30_000, pingTimeoutMs: 10_000 }, nodeOptions);
  const transport = createGrpcTransport({
    baseUrl,
    sessionManager,
    interceptors: options.key ? [authorization(options.key)] : [],
    readMaxBytes: MAX_MESSAGE_BYTES,
    writeMaxBytes: MAX_MESSAGE_BYTES,
  });
  return new Client(transport, () => sessionManager.abort());
}

function authorization(key: string): Interceptor {
  return (next) => (request) => {
    request.header.set("authorization", `Bearer ${key}`);
    return next(request);
  };
}
