/**
 * Connects in Node, by gRPC over HTTP/2.
 *
 * @module
 */
import type { SecureClientSessionOptions } from "node:http2";
import type { Socket } from "node:net";
import { connect as connectPlain, isIP } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Interceptor } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { Client } from "./client.js";

export * from "./index.js";

/** Both directions carry pictures by value: the server takes submissions of up to 64 MiB. */
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

/** How long an attempt to connect may take, as in the other clients. */
const CONNECT_TIMEOUT_MS = 5_000;

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
  const createConnection = (authority: URL) => limited(socketTo(authority, nodeOptions), authority.host);
  // A half-open connection (the peer's machine is gone) is noticed after 30 + 10 seconds.
  const pings = { pingIntervalMs: 30_000, pingTimeoutMs: 10_000 };
  const sessionManager = new Http2SessionManager(baseUrl, pings, { createConnection, ...nodeOptions });
  const transport = createGrpcTransport({
    baseUrl,
    sessionManager,
    interceptors: options.key ? [authorization(options.key)] : [],
    readMaxBytes: MAX_MESSAGE_BYTES,
    writeMaxBytes: MAX_MESSAGE_BYTES,
  });
  return new Client(transport, () => sessionManager.abort());
}

/** Connects as http2 itself does with these options. */
function socketTo(authority: URL, options: SecureClientSessionOptions): Socket {
  const host = authority.hostname.replace(/^\[(.*)\]$/, "$1");
  if (authority.protocol === "http:") {
    return connectPlain({ host, port: Number(authority.port || 80) });
  }
  const servername = options.servername || (isIP(host) ? undefined : host);
  return connectTls({ host, port: Number(authority.port || 443), ...options, servername, ALPNProtocols: ["h2"] });
}

/**
 * Gives up a socket that does not connect in time. Connect itself has no limit: all calls would wait for one attempt, for as
 * long as the kernel repeats it.
 */
function limited(socket: Socket, name: string): Socket {
  const giveUp = () => {
    const message = `${name} has not answered within ${CONNECT_TIMEOUT_MS / 1000} seconds`;
    socket.destroy(Object.assign(new Error(message), { code: "ETIMEDOUT" })); // Connect makes UNAVAILABLE of this code.
  };
  const timer = setTimeout(giveUp, CONNECT_TIMEOUT_MS);
  for (const end of ["encrypted" in socket ? "secureConnect" : "connect", "close"]) {
    socket.once(end, () => clearTimeout(timer));
  }
  return socket;
}

function authorization(key: string): Interceptor {
  return (next) => (request) => {
    request.header.set("authorization", `Bearer ${key}`);
    return next(request);
  };
}
