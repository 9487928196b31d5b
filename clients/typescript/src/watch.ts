import type { MessageInitShape } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import type { Client as ServiceClient } from "@connectrpc/connect";
import { Code } from "@connectrpc/connect";
import { Backoff, sleep } from "./backoff.js";
import { errorOf, MjproxyError } from "./errors.js";
import type { TaskChange, TaskService, WatchTasksRequest, WatchTasksResponse } from "./gen/mjproxy/v1/task_service_pb.js";
import { WatchFilterSchema, WatchTasksRequestSchema } from "./gen/mjproxy/v1/task_service_pb.js";

/** Which tasks to follow; everything may be left out. */
export type WatchFilterInit = MessageInitShape<typeof WatchFilterSchema>;

/** A place in the server's log of changes. */
export interface Position {
  /** The revision of the last change before the place. */
  revision: bigint;
  /** The log that the revision belongs to; empty if that is not known. */
  historyId: string;
}

/**
 * What a watch brings.
 *
 * - `changes` follow without a gap on the position of the event before, in the order of their revisions; there are none in
 *   a bookmark, which only moves the position.
 * - `reset`: the watch begins here, or begins anew because the history before is gone, and what was known may be stale.
 *   Read again what matters, with the position's revision as `minRevision`; each later change follows.
 * - `interrupted`: the stream broke. The watch goes on by itself, `retryInMs` from now at the earliest.
 */
export type WatchEvent =
  | { kind: "changes"; changes: TaskChange[]; position: Position }
  | { kind: "reset"; position: Position }
  | { kind: "interrupted"; error: MjproxyError; retryInMs: number };

/**
 * The server sends a bookmark every 15 seconds while nothing happens: three missed ones mean that the stream is dead,
 * whatever the connection below it says.
 */
const LONGEST_SILENCE_MS = 45_000;
const SILENT = new MjproxyError(`the watch was silent for ${LONGEST_SILENCE_MS / 1000} s`, Code.DeadlineExceeded);

const LONGEST_LIST_MS = 10_000;

/**
 * The statuses of a stream that would end in the same way again. INTERNAL, UNKNOWN and CANCELLED are not among them: a
 * reset stream, a dying proxy or an overloaded server ends in those.
 */
const HOPELESS = new Set([
  Code.AlreadyExists,
  Code.FailedPrecondition,
  Code.InvalidArgument,
  Code.NotFound,
  Code.PermissionDenied,
  Code.Unauthenticated,
  Code.Unimplemented,
]);

/** A stream that is opened again, behind the position of the last message, whenever it breaks. */
export class Watch {
  readonly #delays = new Backoff();
  #delayMs = 0;
  #historyGone = false;
  #stream: AsyncIterator<WatchTasksResponse> | undefined;
  #streamEnd = new AbortController();

  constructor(
    private readonly tasks: ServiceClient<typeof TaskService>,
    private readonly filter: WatchFilterInit,
    private position: Position | undefined,
    private readonly signal: AbortSignal,
  ) {}

  /** The events, until the loop is left, the signal ends, or the server will not serve this; both latter ones throw. */
  async *events(): AsyncGenerator<WatchEvent, never, undefined> {
    try {
      while (true) {
        yield await this.#next();
      }
    } finally {
      this.#hangUp();
    }
  }

  async #next(): Promise<WatchEvent> {
    try {
      await sleep(this.#delayMs, this.signal);
      this.#delayMs = 0;
      return this.#historyGone ? await this.#relist() : this.#accept(await this.#receive());
    } catch (cause) {
      this.#hangUp();
      return this.#interrupted(errorOf(cause, this.signal));
    }
  }

  /** Learns the present position. What the tasks became in between is the reader's to ask. */
  async #relist(): Promise<WatchEvent> {
    const page = await this.tasks.listTasks({ pageSize: 1 }, { timeoutMs: LONGEST_LIST_MS, signal: this.signal });
    this.#historyGone = false;
    this.position = { revision: page.revision, historyId: page.historyId };
    return { kind: "reset", position: this.position };
  }

  async #receive(): Promise<WatchTasksResponse> {
    this.#stream ??= this.#open();
    const end = this.#streamEnd;
    const silence = setTimeout(() => end.abort(SILENT), LONGEST_SILENCE_MS);
    try {
      const { done, value } = await this.#stream.next();
      if (done) {
        throw new MjproxyError("the server ended the watch", Code.Unavailable);
      }
      return value;
    } catch (cause) {
      throw end.signal.reason === SILENT ? SILENT : cause;
    } finally {
      clearTimeout(silence);
    }
  }

  #open(): AsyncIterator<WatchTasksResponse> {
    this.#streamEnd = new AbortController();
    const signal = AbortSignal.any([this.signal, this.#streamEnd.signal]);
    return this.tasks.watchTasks(this.#request(), { signal })[Symbol.asyncIterator]();
  }

  #request(): WatchTasksRequest {
    const request = create(WatchTasksRequestSchema, { filter: create(WatchFilterSchema, this.filter) });
    if (this.position) {
      request.afterRevision = this.position.revision;
      request.historyId = this.position.historyId;
    }
    return request;
  }

  #accept(message: WatchTasksResponse): WatchEvent {
    this.#delays.reset();
    const begins = this.position === undefined;
    const position = { revision: message.revision, historyId: message.historyId };
    this.position = position;
    return begins ? { kind: "reset", position } : { kind: "changes", changes: message.changes, position };
  }

  #interrupted(error: MjproxyError): WatchEvent {
    if (this.signal.aborted || HOPELESS.has(error.code)) {
      throw error;
    }
    this.#historyGone ||= error.code === Code.OutOfRange;
    this.#delayMs = Math.max(this.#delays.next(), error.details.retryAfterMs);
    return { kind: "interrupted", error, retryInMs: this.#delayMs };
  }

  #hangUp(): void {
    this.#stream = undefined;
    this.#streamEnd.abort();
  }
}
