import type { MessageInitShape } from "@bufbuild/protobuf";
import { clone, create } from "@bufbuild/protobuf";
import type { Client as ServiceClient, Transport } from "@connectrpc/connect";
import { Code, createClient } from "@connectrpc/connect";
import { Backoff, sleep } from "./backoff.js";
import { errorOf, TaskFailedError } from "./errors.js";
import { AccountService } from "./gen/mjproxy/v1/account_service_pb.js";
import type { Task } from "./gen/mjproxy/v1/task_pb.js";
import { Action, TaskStatus } from "./gen/mjproxy/v1/task_pb.js";
import type { GetTaskResponse, SubmitTaskRequest, SubmitTaskResponse } from "./gen/mjproxy/v1/task_service_pb.js";
import { SubmitOptionsSchema, SubmitTaskRequestSchema, TaskService } from "./gen/mjproxy/v1/task_service_pb.js";
import type { Position, WatchEvent, WatchFilterInit } from "./watch.js";
import { Watch } from "./watch.js";

/** A submission; what is left out has its default value. */
export type Submission = MessageInitShape<typeof SubmitTaskRequestSchema>;

/** How long something may take: until the signal ends, or so many milliseconds. */
export interface Limits {
  signal?: AbortSignal | undefined;
  timeoutMs?: number | undefined;
}

/**
 * How often a call is made that does not reach a working server. With the back-off between them the last try comes two to
 * three seconds after the first.
 */
const MAX_TRIES = 5;

const CALL_TIMEOUT_MS = 30_000;

/**
 * Draws with an mjproxy server.
 *
 * ```ts
 * const client = connect("127.0.0.1:50051");
 * const task = await client.submitAndWait(imagine("a lighthouse in fog"));
 * console.log(task.imageUrl);
 * client.close();
 * ```
 */
export class Client {
  /** All calls about tasks as the contract has them; they are not repeated by themselves. `errorOf` reads their errors. */
  readonly tasks: ServiceClient<typeof TaskService>;
  /** All calls about the Discord accounts of the server. */
  readonly accounts: ServiceClient<typeof AccountService>;

  /**
   * @param transport Carries the calls; `connect` of `mjproxy/node` makes one.
   * @param close Ends the connection and whatever still uses it.
   */
  constructor(
    transport: Transport,
    readonly close: () => void = () => {},
  ) {
    this.tasks = createClient(TaskService, transport);
    this.accounts = createClient(AccountService, transport);
  }

  /**
   * Hands in a command and returns when the server has stored it.
   *
   * While the server cannot be reached it is repeated for a few seconds, always with the same request id, so that nothing
   * is drawn twice.
   *
   * @throws {MjproxyError} The server refused, or could not be reached.
   */
  async submit(submission: Submission, limits: Limits = {}): Promise<SubmitTaskResponse> {
    const request = identified(submission);
    const signal = ending({ signal: limits.signal, timeoutMs: limits.timeoutMs ?? CALL_TIMEOUT_MS });
    return await repeated(() => this.tasks.submitTask(request, { signal }), signal);
  }

  /**
   * Submits, and waits as `wait` does for the (first) task that it made.
   *
   * @throws {MjproxyError} The server refused, or could not be reached.
   * @throws {TaskFailedError} The task failed or was cancelled.
   */
  async submitAndWait(submission: Submission, limits: Limits = {}): Promise<Task> {
    const signal = ending(limits);
    const { tasks } = await this.submit(submission, { signal });
    return await this.wait(tasks[0]?.id ?? "", { signal });
  }

  /**
   * Waits until a task has ended, whatever happens to the connection meanwhile.
   *
   * @throws {TaskFailedError} The task failed or was cancelled.
   * @throws {MjproxyError} There is no such task, or the limits are over (DEADLINE_EXCEEDED, CANCELLED); it goes on then.
   */
  async wait(taskId: string, limits: Limits = {}): Promise<Task> {
    const signal = ending(limits);
    const read = await this.#read(taskId, 0n, signal);
    let task = read.task;
    if (!hasEnded(task)) {
      const after = { revision: read.revision, historyId: "" };
      for await (const event of this.watch({ ids: [taskId] }, { after, signal })) {
        task = await this.#told(event, taskId, task, signal);
        if (hasEnded(task)) {
          break;
        }
      }
    }
    return succeeded(task);
  }

  /**
   * Brings every change of the tasks that pass the filter, each once and in the order of the revisions, whatever happens
   * to the connection.
   *
   * It goes on until the loop is left, the limits are over, or the server will not serve it; the last two throw.
   *
   * @param filter Which tasks; all by default.
   * @param options.after Where to begin, exclusive; by default now.
   * @throws {MjproxyError}
   */
  watch(
    filter: WatchFilterInit = {},
    options: Limits & { after?: Position } = {},
  ): AsyncGenerator<WatchEvent, never, undefined> {
    return new Watch(this.tasks, filter, options.after, ending(options)).events();
  }

  /** The task as it is after an event. */
  async #told(event: WatchEvent, taskId: string, task: Task, signal: AbortSignal): Promise<Task> {
    if (event.kind === "reset") {
      return (await this.#read(taskId, event.position.revision, signal)).task;
    }
    for (const { revision, change } of event.kind === "changes" ? event.changes : []) {
      task = change.case === "task" ? change.value : (await this.#read(taskId, revision, signal)).task;
    }
    return task;
  }

  async #read(id: string, minRevision: bigint, signal: AbortSignal): Promise<GetTaskResponse & { task: Task }> {
    const response = await repeated(() => this.tasks.getTask({ id, minRevision }, { signal }), signal);
    return response as GetTaskResponse & { task: Task };
  }
}

/**
 * The command that draws a prompt, with Midjourney's parameters in it. Options stand beside it:
 * `{ ...imagine("a cat"), options: { state: "mine" } }`.
 */
export function imagine(prompt: string) {
  return { command: { case: "imagine", value: { prompt } } } as const satisfies Submission;
}

/** The command that takes picture `index`, 1 to 4, out of a finished grid. */
export function upscale(taskId: string, index: number) {
  return { command: { case: "change", value: { taskId, action: Action.UPSCALE, index } } } as const satisfies Submission;
}

/** Whether a task has ended, which never changes. */
export function hasEnded(task: Task): boolean {
  return [TaskStatus.SUCCESS, TaskStatus.FAILURE, TaskStatus.CANCELLED].includes(task.status);
}

function succeeded(task: Task): Task {
  if (task.status !== TaskStatus.SUCCESS) {
    throw new TaskFailedError(task);
  }
  return task;
}

/** The request with a request id; the caller's own stays as it is, and what it was given is not touched. */
function identified(submission: Submission): SubmitTaskRequest {
  const request = create(SubmitTaskRequestSchema, submission);
  const options = clone(SubmitOptionsSchema, request.options ?? create(SubmitOptionsSchema));
  options.requestId ||= crypto.randomUUID();
  return { ...request, options };
}

function ending({ signal, timeoutMs }: Limits): AbortSignal {
  const signals = [...(signal ? [signal] : []), ...(timeoutMs === undefined ? [] : [AbortSignal.timeout(timeoutMs)])];
  return AbortSignal.any(signals);
}

/** Makes a call, and makes it again while it does not reach a working server. */
async function repeated<R>(call: () => Promise<R>, signal: AbortSignal): Promise<R> {
  const delays = new Backoff();
  for (let tries = 1; ; tries++) {
    try {
      return await call();
    } catch (cause) {
      const error = errorOf(cause, signal);
      if (error.code !== Code.Unavailable || tries === MAX_TRIES) {
        throw error;
      }
    }
    await sleep(delays.next(), signal).catch((cause: unknown) => Promise.reject(errorOf(cause, signal)));
  }
}
