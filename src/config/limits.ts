/** The limits of the engine and the transports as the options set them. */

import type { AllLimits } from '../engine/channels/contradictions.js';
import type { OptionValues } from './options.js';

/** Every limit of the engine is an option; a test looks after that. */
export function limitsOf(values: OptionValues): AllLimits {
  return {
    maxFrameBytes: values['limits.maxFrameBytes'],
    pollWaitMs: values['limits.pollWait'],
    pollGraceMs: values['limits.pollGrace'],
    pollSpacingMs: values['limits.pollSpacing'],
    signOfLifeMs: values['limits.signOfLife'],
    maxMessageBytes: values['limits.maxMessageBytes'],
    maxQueueBytes: values['limits.maxQueueBytes'],
    maxChannelsPerConnection: values['limits.maxChannelsPerConnection'],
    maxPendingCommands: values['limits.maxPendingCommands'],
    commandsPerSec: values['limits.commandsPerSec'],
    commandBurst: values['limits.commandBurst'],
    publicationsPerSec: values['limits.publicationsPerSec'],
    subscribesPerSec: values['limits.subscribesPerSec'],
    commandsPerSecPerUser: values['limits.commandsPerSecPerUser'],
    publicationsPerSecPerUser: values['limits.publicationsPerSecPerUser'],
    subscribesPerSecPerUser: values['limits.subscribesPerSecPerUser'],
    maxConnections: values['limits.maxConnections'],
    maxConnectionsPerAddress: values['limits.maxConnectionsPerAddress'],
    maxConnectionsPerUser: values['limits.maxConnectionsPerUser'],
    connectsPerSec: values['limits.connectsPerSec'],
    connectBurst: values['limits.connectBurst'],
    maxHistoryPublications: values['limits.maxHistoryPublications'],
    maxRecoveredPublications: values['limits.maxRecoveredPublications'],
    maxPresenceClients: values['limits.maxPresenceClients'],
    pingIntervalMs: values['limits.pingInterval'],
    pongTimeoutMs: values['limits.pongTimeout'],
    connectTimeoutMs: values['limits.connectTimeout'],
    presenceTtlMs: values['limits.presenceTtl'],
    expiredGraceMs: values['limits.expiredGrace'],
    brokerLingerMs: values['limits.brokerLinger'],
  };
}
