/** What DynamoDB keeps of channels. It carries nothing between nodes: functions need nothing of the kind. */

import type { BrokerPorts } from '../../brokers/ports.js';
import type { Broker, Published, PublishOptions } from '../../engine/ports/broker.js';
import type { ChannelName } from '../../model/channel-name.js';
import type { NewPublication } from '../../model/publication.js';
import { DynamoDbPresence } from './presence.js';
import { DynamoDbStreams } from './streams.js';
import type { Table } from './table.js';

export class DynamoDbBroker implements Broker {
  readonly name = 'dynamodb';
  readonly carriesBytes = true;
  readonly comparesVersions = true;
  readonly history: DynamoDbStreams;
  readonly presence: DynamoDbPresence;

  constructor(
    private readonly table: Table,
    ports: BrokerPorts,
    streamIdleMs: number,
  ) {
    this.history = new DynamoDbStreams(table, ports, streamIdleMs);
    this.presence = new DynamoDbPresence(table, ports.clock);
  }

  start(): Promise<void> {
    return this.table.start();
  }

  close(): Promise<void> {
    return this.table.close();
  }

  async subscribe(): Promise<void> {
    // Nobody is called back.
  }

  async unsubscribe(): Promise<void> {
    // As above.
  }

  publish(channel: ChannelName, publication: NewPublication, options: PublishOptions): Promise<Published> {
    return this.history.publish(channel, publication, options);
  }

  async announce(): Promise<void> {
    // As above.
  }
}
