/** DynamoDB, as moto's server is one, and tables in it as deploy/aws makes them. */

import { fileURLToPath } from 'node:url';
import { CreateTableCommand, DeleteItemCommand, DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import './emulated-functions.js';
import { freePort } from '../programs/free-port.js';
import { skipLoudly } from '../programs/missing.js';
import { pythonIsMissing, pythonProgram } from '../programs/python.js';
import { type Launch, started, TestServer } from '../programs/test-server.js';

const program = fileURLToPath(new URL('./moto-server.py', import.meta.url));

/** Whether tests with it have to be left out. */
export function dynamoDbIsMissing(): boolean {
  return pythonIsMissing() && skipLoudly('tests with DynamoDB', 'they need moto');
}

export class DynamoDbServer extends TestServer {
  #client: DynamoDBClient | undefined;

  private constructor(readonly port: number) {
    super();
  }

  static start(): Promise<DynamoDbServer> {
    return started(async () => new DynamoDbServer(await freePort()));
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async createTable(table: string): Promise<void> {
    await this.#own().send(
      new CreateTableCommand({
        TableName: table,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [
          { AttributeName: 'pk', AttributeType: 'S' },
          { AttributeName: 'sk', AttributeType: 'S' },
          { AttributeName: 'dq', AttributeType: 'S' },
          { AttributeName: 'due', AttributeType: 'N' },
        ],
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
        GlobalSecondaryIndexes: [
          {
            IndexName: 'due',
            KeySchema: [
              { AttributeName: 'dq', KeyType: 'HASH' },
              { AttributeName: 'due', KeyType: 'RANGE' },
            ],
            Projection: { ProjectionType: 'KEYS_ONLY' },
          },
        ],
      }),
    );
  }

  /** Removes all items whose keys begin so. */
  async removeItems(table: string, prefixes: readonly string[]): Promise<void> {
    const { Items = [] } = await this.#own().send(new ScanCommand({ TableName: table }));
    for (const { pk, sk } of Items) {
      if (pk === undefined || sk === undefined || !prefixes.some((prefix) => pk.S?.startsWith(prefix))) continue;
      await this.#own().send(new DeleteItemCommand({ TableName: table, Key: { pk, sk } }));
    }
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    this.#client?.destroy();
    await super[Symbol.asyncDispose]();
  }

  protected override async launch(): Promise<Launch> {
    return {
      path: pythonProgram('python'),
      args: [program, String(this.port)],
      isReady: async (signal) => (await fetch(`${this.endpoint}/moto-api/`, { signal })).status < 500,
    };
  }

  #own(): DynamoDBClient {
    this.#client ??= new DynamoDBClient({ endpoint: this.endpoint });
    return this.#client;
  }
}
