import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "./gen/google/rpc/error_details_pb.js";
import { ErrorReason } from "./gen/mjproxy/v1/error_reason_pb.js";
import type { Task } from "./gen/mjproxy/v1/task_pb.js";
import type { SubmitRefusal } from "./gen/mjproxy/v1/task_service_pb.js";
import { SubmitRefusalSchema } from "./gen/mjproxy/v1/task_service_pb.js";

export { Code };

/**
 * What a program can do about an error.
 *
 * - `correct`: the server will not do this; the same request will be refused again. `field` says what is wrong.
 * - `retry`: try again, with the same request id, after `retryAfterMs`.
 * - `relist`: the history that a watch asked for is gone; list, then watch from the list's revision.
 * - `check_key`: there is no key, it is unknown, or its role does not allow this.
 * - `report`: a fault of the server.
 */
export type Remedy = "correct" | "retry" | "relist" | "check_key" | "report";

/** What a status says beyond its code and its message. */
export interface ErrorDetails {
  /** The `ErrorReason` without its prefix, for instance "QUEUE_FULL"; empty if it was not mjproxy that answered. */
  reason: string;
  /** What varies in the message, for programs. */
  metadata: Record<string, string>;
  /** The field of the request that is wrong; empty if none is. */
  field: string;
  /** When a repeat may succeed; 0 if the server did not say. */
  retryAfterMs: number;
  /** What the server told of a refused submission; undefined if the call was none. */
  refusal: SubmitRefusal | undefined;
}

const NO_DETAILS: ErrorDetails = { reason: "", metadata: {}, field: "", retryAfterMs: 0, refusal: undefined };

/** A call that ended with an error status. The message says what is wrong and what to do about it, in English. */
export class MjproxyError extends Error {
  override readonly name = "MjproxyError";

  constructor(
    message: string,
    /** The gRPC status code. */
    readonly code: Code,
    readonly details: ErrorDetails = NO_DETAILS,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** The `ErrorReason` without its prefix, for instance "QUEUE_FULL"; empty if it was not mjproxy that answered. */
  get reason(): string {
    return this.details.reason;
  }

  /** What a program can do about it. */
  get remedy(): Remedy {
    return this.reason === "QUEUE_FULL" ? "retry" : (REMEDIES.get(this.code) ?? "correct");
  }
}

const REMEDIES = new Map<Code, Remedy>([
  [Code.Aborted, "retry"],
  [Code.Canceled, "retry"],
  [Code.DataLoss, "report"],
  [Code.DeadlineExceeded, "retry"],
  [Code.Internal, "report"],
  [Code.OutOfRange, "relist"],
  [Code.PermissionDenied, "check_key"],
  [Code.Unauthenticated, "check_key"],
  [Code.Unavailable, "retry"],
  [Code.Unknown, "report"],
]);

/** A task that was accepted, and failed or was cancelled later. */
export class TaskFailedError extends Error {
  override readonly name = "TaskFailedError";

  constructor(
    /** The task at its end; its `failure` says why. */
    readonly task: Task,
  ) {
    super(task.failure ? `${task.failure.title}: ${task.failure.description}` : "the task was cancelled");
  }

  /** The `ErrorReason` without its prefix, for instance "MODERATED"; empty for a cancelled task. */
  get reason(): string {
    return this.task.failure ? (ErrorReason[this.task.failure.reason] ?? "UNKNOWN") : "";
  }
}

/**
 * Makes the typed error of a failed call.
 *
 * @param cause What the call threw.
 * @param signal The caller's own signal: when it has ended the call, the error says so.
 */
export function errorOf(cause: unknown, signal?: AbortSignal): MjproxyError {
  if (cause instanceof MjproxyError) {
    return cause;
  }
  if (signal?.aborted) {
    return endedBy(signal);
  }
  const status = ConnectError.from(cause);
  return new MjproxyError(status.rawMessage, codeOf(status), detailsOf(status), { cause });
}

/** The error of a call that its caller has ended. */
export function endedBy(signal: AbortSignal): MjproxyError {
  const timedOut = signal.reason instanceof Error && signal.reason.name === "TimeoutError";
  return timedOut
    ? new MjproxyError("the time to wait is over", Code.DeadlineExceeded, NO_DETAILS, { cause: signal.reason })
    : new MjproxyError("the caller has ended this", Code.Canceled, NO_DETAILS, { cause: signal.reason });
}

/**
 * Connect says ABORTED, or CANCELED without a cause, of a connection that broke, and INTERNAL of one that Node could not make,
 * for instance since it does not trust the certificate; mjproxy answers none of these. It is UNAVAILABLE everywhere else.
 */
function codeOf(status: ConnectError): Code {
  const broke =
    status.code === Code.Aborted ||
    (status.code === Code.Canceled && status.cause === undefined) ||
    (status.code === Code.Internal && isOfNode(status.cause));
  return broke ? Code.Unavailable : status.code;
}

/** Whether Node itself threw this: its errors have names as codes, for instance "EHOSTUNREACH". */
function isOfNode(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && typeof cause.code === "string";
}

function detailsOf(status: ConnectError): ErrorDetails {
  const [info] = status.findDetails(ErrorInfoSchema);
  const [retry] = status.findDetails(RetryInfoSchema);
  const [badRequest] = status.findDetails(BadRequestSchema);
  const [refusal] = status.findDetails(SubmitRefusalSchema);
  return {
    reason: info?.reason ?? "",
    metadata: info?.metadata ?? {},
    field: badRequest?.fieldViolations[0]?.field ?? "",
    retryAfterMs: Number(retry?.retryDelay?.seconds ?? 0) * 1000 + (retry?.retryDelay?.nanos ?? 0) / 1e6,
    refusal,
  };
}
