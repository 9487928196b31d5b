import type { ServiceImpl } from "@connectrpc/connect";
import { createRouterTransport } from "@connectrpc/connect";
import { Client } from "../src/client.js";
import { TaskService } from "../src/gen/mjproxy/v1/task_service_pb.js";

/** A client of a server that does as it is told, without a socket between them. */
export function clientOf(server: Partial<ServiceImpl<typeof TaskService>>): Client {
  return new Client(createRouterTransport(({ service }) => service(TaskService, server)));
}
