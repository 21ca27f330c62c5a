/** The options of the store in DynamoDB. */

export interface DynamoDbOptions {
  /** Name of the table: keys `pk` and `sk`, both strings; time to live in `gone`; the index `due` by `dq` (string) and `due` (number). */
  readonly table: string;
  /** Default: that of the function. */
  readonly region?: string;
  /** Default: that of the region. */
  readonly endpoint?: string;
  /** How long a stream without publications keeps its position, in milliseconds. Default: 24 hours. */
  readonly streamIdleMs?: number;
}
