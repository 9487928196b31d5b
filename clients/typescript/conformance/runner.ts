/**
 * The runner of the TypeScript client: it does what the lines on its input tell it to, and tells on its output what came
 * of it. tests/conformance/README.md says how.
 */
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { DescMessage, JsonObject, JsonValue, MessageShape } from "@bufbuild/protobuf";
import { fromJson, toJson } from "@bufbuild/protobuf";
import type { Client, Position, WatchEvent } from "mjproxy/node";
import {
  CancelTaskRequestSchema,
  CancelTaskResponseSchema,
  Code,
  connect,
  DeleteAccountRequestSchema,
  errorOf,
  GetTaskRequestSchema,
  GetTaskResponseSchema,
  ListTasksRequestSchema,
  ListTasksResponseSchema,
  MjproxyError,
  SubmitRefusalSchema,
  SubmitTaskRequestSchema,
  SubmitTaskResponseSchema,
  TaskChangeSchema,
  TaskFailedError,
  TaskSchema,
  WatchFilterSchema,
} from "mjproxy/node";

interface Command {
  do: string;
  client: string;
  target: string;
  key: string;
  /** A file of certificates to trust; null for plain text. */
  authority: string | null;
  method: string;
  task_id: string;
  seconds: number;
  request: JsonObject;
  filter: JsonObject;
  after: { revision: string; history_id?: string } | null;
}

/** A client that was opened, and its watch. */
class Caller {
  readonly #client: Client;
  readonly #closed = new AbortController();
  #events: AsyncIterator<WatchEvent> | undefined;

  constructor({ target, key, authority }: Command) {
    this.#client = connect(target, { key, tls: authority !== null && { ca: readFileSync(authority) } });
  }

  close(): JsonValue {
    this.#closed.abort();
    this.#client.close();
    return {};
  }

  async submit({ request, seconds }: Command): Promise<JsonValue> {
    const submission = fromJson(SubmitTaskRequestSchema, request);
    return form(SubmitTaskResponseSchema, await this.#client.submit(submission, limits(seconds)));
  }

  async submit_and_wait({ request, seconds }: Command): Promise<JsonValue> {
    const submission = fromJson(SubmitTaskRequestSchema, request);
    return form(TaskSchema, await this.#client.submitAndWait(submission, limits(seconds)));
  }

  async wait({ task_id, seconds }: Command): Promise<JsonValue> {
    return form(TaskSchema, await this.#client.wait(task_id, limits(seconds)));
  }

  async call({ method, request, seconds }: Command): Promise<JsonValue> {
    const { tasks, accounts } = this.#client;
    const limit = { timeoutMs: seconds * 1000 };
    switch (method) {
      case "GetTask":
        return form(GetTaskResponseSchema, await tasks.getTask(fromJson(GetTaskRequestSchema, request), limit));
      case "ListTasks":
        return form(ListTasksResponseSchema, await tasks.listTasks(fromJson(ListTasksRequestSchema, request), limit));
      case "CancelTask":
        return form(CancelTaskResponseSchema, await tasks.cancelTask(fromJson(CancelTaskRequestSchema, request), limit));
      case "DeleteAccount":
        await accounts.deleteAccount(fromJson(DeleteAccountRequestSchema, request), limit);
        return {};
      default:
        throw new Error(`unknown method ${method}`);
    }
  }

  watch({ filter, after }: Command): JsonValue {
    const options = { signal: this.#closed.signal, ...(after && { after: positionOf(after) }) };
    this.#events = this.#client.watch(fromJson(WatchFilterSchema, filter), options)[Symbol.asyncIterator]();
    return {};
  }

  async next(): Promise<JsonValue> {
    const step = await this.#events?.next();
    return eventForm(step?.value);
  }
}

function limits(seconds: number): { timeoutMs: number } {
  return { timeoutMs: seconds * 1000 };
}

function positionOf(after: { revision: string; history_id?: string }): Position {
  return { revision: BigInt(after.revision), historyId: after.history_id ?? "" };
}

function form<D extends DescMessage>(schema: D, message: MessageShape<D>): JsonValue {
  return toJson(schema, message, { useProtoFieldName: true });
}

function eventForm(event: WatchEvent): JsonValue {
  if (event.kind === "interrupted") {
    return { kind: event.kind, error: errorForm(event.error) };
  }
  const position = { revision: String(event.position.revision), history_id: event.position.historyId };
  const changes = event.kind === "changes" ? event.changes.map((change) => form(TaskChangeSchema, change)) : [];
  return { kind: event.kind, changes, position };
}

function errorForm(error: MjproxyError): JsonValue {
  const { reason, metadata, field, retryAfterMs, refusal } = error.details;
  return {
    code: codeName(error.code),
    reason,
    message: error.message,
    field,
    metadata,
    retry_after: retryAfterMs / 1000,
    remedy: error.remedy,
    refusal: refusal ? form(SubmitRefusalSchema, refusal) : null,
  };
}

/** The name of a code as the specification of gRPC has it. */
function codeName(code: Code): string {
  return code === Code.Canceled ? "CANCELLED" : (Code[code] ?? "").replace(/(?<=.)([A-Z])/g, "_$1").toUpperCase();
}

function outcomeOf(error: unknown): JsonValue {
  if (error instanceof TaskFailedError) {
    return { error: { reason: error.reason, message: error.message, task: form(TaskSchema, error.task) } };
  }
  return { error: errorForm(errorOf(error)) };
}

const callers = new Map<string, Caller>();

async function perform(command: Command): Promise<JsonValue> {
  if (command.do === "open") {
    callers.set(command.client, new Caller(command));
    return {};
  }
  const caller = callers.get(command.client) as Caller;
  return await caller[command.do as Exclude<keyof Caller, symbol>](command);
}

for await (const line of createInterface({ input: process.stdin })) {
  const outcome = await perform(JSON.parse(line)).then((answer) => ({ answer }), outcomeOf);
  console.log(JSON.stringify(outcome));
}
