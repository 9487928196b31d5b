/**
 * Draws with an mjproxy server. This entry runs wherever Connect does; `mjproxy/node` opens the connection in Node.
 *
 * @module
 */
export * from "./client.js";
export * from "./errors.js";
export * from "./watch.js";
export * from "./gen/mjproxy/v1/account_pb.js";
export * from "./gen/mjproxy/v1/account_service_pb.js";
export * from "./gen/mjproxy/v1/error_reason_pb.js";
export * from "./gen/mjproxy/v1/task_pb.js";
export * from "./gen/mjproxy/v1/task_service_pb.js";
