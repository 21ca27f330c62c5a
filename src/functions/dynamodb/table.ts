/** One table of DynamoDB: single items, conditions, ranges. No scans. */

import type {
  AttributeValue,
  DeleteItemCommandInput,
  PutItemCommandInput,
  QueryCommandInput,
  TransactWriteItem,
  UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { FanfareError } from '../../model/fanfare-error.js';
import type { DynamoDbOptions } from './options.js';

type Library = typeof import('@aws-sdk/client-dynamodb');
type Client = InstanceType<Library['DynamoDBClient']>;

export type Item = Record<string, AttributeValue>;
type Without<Input> = Omit<Input, 'TableName'>;

/** An item as it was where a condition did not hold; `undefined`: there was none. */
export type Conditional<Outcome> =
  | { readonly holds: true; readonly outcome: Outcome }
  | { readonly holds: false; readonly item: Item | undefined };

/** An answer that takes longer is an error. */
const timeoutMs = 4_000;

export const text = (value: string): AttributeValue => ({ S: value });
export const number = (value: number): AttributeValue => ({ N: String(value) });

export function textOf(item: Item | undefined, name: string): string | undefined {
  return item?.[name]?.S;
}

export function numberOf(item: Item | undefined, name: string): number | undefined {
  const value = item?.[name]?.N;
  return value === undefined ? undefined : Number(value);
}

/** When DynamoDB may remove an item, in whole seconds. It takes up to two days, so readers look, too. */
export function goneAt(ms: number): AttributeValue {
  return number(Math.ceil(ms / 1_000));
}

export class Table {
  readonly #options: DynamoDbOptions;
  #opened: Promise<{ readonly library: Library; readonly client: Client }> | undefined;

  constructor(options: DynamoDbOptions) {
    this.#options = options;
  }

  /** @throws FanfareError `ERR_CONFIG` without the package or the table, `ERR_BROKER` when DynamoDB cannot be reached */
  async start(): Promise<void> {
    const { table } = this.#options;
    await this.#call(async ({ DescribeTableCommand }, client) => {
      const { Table: described } = await client.send(new DescribeTableCommand({ TableName: table }));
      const keys = described?.KeySchema?.map(({ AttributeName, KeyType }) => `${AttributeName} ${KeyType}`).join();
      const hasIndex = described?.GlobalSecondaryIndexes?.some(({ IndexName }) => IndexName === 'due') === true;
      if (keys === 'pk HASH,sk RANGE' && hasIndex) return;
      throw new FanfareError(
        'ERR_CONFIG',
        `dynamodb: the table "${table}" needs the keys pk and sk, and the index due`,
      );
    });
  }

  async close(): Promise<void> {
    const opened = await this.#opened?.catch(() => undefined);
    opened?.client.destroy();
    this.#opened = undefined;
  }

  get(pk: string, sk: string): Promise<Item | undefined> {
    return this.#call(async ({ GetItemCommand }, client) => {
      const input = { TableName: this.#options.table, Key: key(pk, sk), ConsistentRead: true };
      return (await client.send(new GetItemCommand(input))).Item;
    });
  }

  put(item: Item, condition: Partial<Without<PutItemCommandInput>> = {}): Promise<Conditional<undefined>> {
    return this.#conditionally(async ({ PutItemCommand }, client) => {
      const input = { TableName: this.#options.table, Item: item, ...returnsOld, ...condition };
      await client.send(new PutItemCommand(input));
      return undefined;
    });
  }

  /** The outcome is what the input asks to be returned. */
  update(
    pk: string,
    sk: string,
    change: Partial<Without<UpdateItemCommandInput>>,
  ): Promise<Conditional<Item | undefined>> {
    return this.#conditionally(async ({ UpdateItemCommand }, client) => {
      const input = { TableName: this.#options.table, Key: key(pk, sk), ...returnsOld, ...change };
      return (await client.send(new UpdateItemCommand(input))).Attributes;
    });
  }

  delete(
    pk: string,
    sk: string,
    condition: Partial<Without<DeleteItemCommandInput>> = {},
  ): Promise<Conditional<undefined>> {
    return this.#conditionally(async ({ DeleteItemCommand }, client) => {
      await client.send(new DeleteItemCommand({ TableName: this.#options.table, Key: key(pk, sk), ...condition }));
      return undefined;
    });
  }

  /** Pages, until there are so many items or no more. */
  query(input: Without<QueryCommandInput>, most = Number.POSITIVE_INFINITY): Promise<Item[]> {
    return this.#call(async ({ QueryCommand }, client) => {
      const items: Item[] = [];
      let ExclusiveStartKey: Item | undefined;
      do {
        const limit =
          Number.isFinite(most) && input.FilterExpression === undefined ? { Limit: most - items.length } : {};
        const page = await client.send(
          new QueryCommand({ TableName: this.#options.table, ...input, ...limit, ExclusiveStartKey }),
        );
        items.push(...(page.Items ?? []));
        ExclusiveStartKey = page.LastEvaluatedKey;
      } while (ExclusiveStartKey !== undefined && items.length < most);
      return Number.isFinite(most) ? items.slice(0, most) : items;
    });
  }

  /** All or nothing. False if a condition does not hold, or somebody else writes the same items. */
  writeTogether(puts: readonly Omit<NonNullable<TransactWriteItem['Put']>, 'TableName'>[]): Promise<boolean> {
    return this.#call(async ({ TransactWriteItemsCommand, TransactionCanceledException }, client) => {
      try {
        const items = puts.map((put) => ({ Put: { TableName: this.#options.table, ...put } }));
        await client.send(new TransactWriteItemsCommand({ TransactItems: items }));
        return true;
      } catch (error) {
        if (!(error instanceof TransactionCanceledException)) throw error;
        const codes = error.CancellationReasons?.map(({ Code }) => Code) ?? [];
        if (codes.every((code) => code === undefined || expectedCodes.includes(code))) return false;
        throw error;
      }
    });
  }

  async #conditionally<Outcome>(
    work: (library: Library, client: Client) => Promise<Outcome>,
  ): Promise<Conditional<Outcome>> {
    return this.#call(async (library, client) => {
      try {
        return { holds: true, outcome: await work(library, client) } as const;
      } catch (error) {
        if (error instanceof library.ConditionalCheckFailedException)
          return { holds: false, item: error.Item } as const;
        throw error;
      }
    });
  }

  async #call<Answer>(work: (library: Library, client: Client) => Promise<Answer>): Promise<Answer> {
    try {
      const { library, client } = await this.#open();
      return await work(library, client);
    } catch (error) {
      if (error instanceof FanfareError) throw error;
      const message = error instanceof Error ? error.message : String(error);
      const isConfig = error instanceof Error && error.name === 'ResourceNotFoundException';
      throw new FanfareError(isConfig ? 'ERR_CONFIG' : 'ERR_BROKER', `dynamodb has failed: ${message}`, {
        cause: error,
      });
    }
  }

  #open() {
    this.#opened ??= this.#load().catch((error: unknown) => {
      this.#opened = undefined;
      throw error;
    });
    return this.#opened;
  }

  async #load() {
    const { region, endpoint } = this.#options;
    const library = await import('@aws-sdk/client-dynamodb').catch((cause: unknown) => {
      throw new FanfareError('ERR_CONFIG', 'dynamoDbStore() needs a package: npm install @aws-sdk/client-dynamodb', {
        cause,
      });
    });
    const client = new library.DynamoDBClient({
      ...(region !== undefined && { region }),
      ...(endpoint !== undefined && { endpoint }),
      requestHandler: { connectionTimeout: timeoutMs / 2, requestTimeout: timeoutMs },
    });
    return { library, client };
  }
}

const returnsOld = { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' } as const;
/** Of a transaction that may be tried again, with what has been written meanwhile. */
const expectedCodes: readonly string[] = ['None', 'ConditionalCheckFailed', 'TransactionConflict'];

function key(pk: string, sk: string): Item {
  return { pk: text(pk), sk: text(sk) };
}
