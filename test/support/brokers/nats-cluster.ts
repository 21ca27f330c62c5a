/** Three real NATS servers of the test that are one cluster with JetStream. */

import { randomUUID } from 'node:crypto';
import { jetstreamManager } from '@nats-io/jetstream';
import { freePort } from '../programs/free-port.js';
import { NatsServer } from './nats-server.js';

/** Disposing of it ends all three. */
export class NatsCluster implements AsyncDisposable {
  private constructor(readonly servers: readonly NatsServer[]) {}

  /** Resolves when streams with three replicas can be made. */
  static async start(): Promise<NatsCluster> {
    const routes = [await freePort(), await freePort(), await freePort()];
    const name = `cluster-${randomUUID()}`;
    const servers = await Promise.all(
      routes.map((port, n) =>
        NatsServer.start({
          config: [
            `server_name: "server-${n}"`,
            `cluster { name: "${name}", listen: "127.0.0.1:${port}", routes: [`,
            ...routes.map((route) => `"nats-route://127.0.0.1:${route}"`),
            '] }',
          ],
        }),
      ),
    );
    const cluster = new NatsCluster(servers);
    await cluster.isReady();
    return cluster;
  }

  get url(): string {
    return this.servers.map(({ url }) => url).join(',');
  }

  /** Resolves when all that is kept is on all three and each stream has a leader. */
  async isReady(): Promise<void> {
    for (const server of this.servers) {
      const connection = await server.connection();
      const { streams } = await jetstreamManager(connection, { checkAPI: false });
      const name = `ready-${randomUUID()}`;
      for (;;) {
        try {
          await streams.add({ name, subjects: [name], num_replicas: 3 });
          await streams.delete(name);
          let isCurrent = true;
          for await (const { cluster } of streams.list()) {
            const replicas = cluster?.replicas ?? [];
            isCurrent &&= cluster?.leader !== undefined && replicas.length === 2;
            isCurrent &&= replicas.every(({ current, offline }) => current && offline !== true);
          }
          if (isCurrent) break;
        } catch {
          // There is no leader yet, or it does not know of all servers.
        }
        await connection.flush();
      }
      await connection.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.servers.map((server) => server[Symbol.asyncDispose]()));
  }
}
