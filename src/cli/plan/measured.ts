/** What bench/results/ has measured, written by `node bench/render.mjs`: edit nothing here. */

import type { Measured } from './measured-types.js';

export const measured: Measured = {
  /** brokers.json */
  machine: 'AMD EPYC, Node 20.20.2',
  /** capacity.json: processBytes */
  processBytes: 111_000_000,
  /** capacity.json: idleCores */
  idleCores: 0.00514,
  /** latest.json: idle, lastingBytesPerConnection */
  connectionBytes: 5_170,
  /** capacity.json: socketBytes */
  socketBytes: 6_710,
  /** latest.json: idle, connectCpuUs */
  connectUs: 484,
  /** capacity.json: pingUs */
  pingUs: 25.7,
  /** latest.json: single, cpuUsPerDelivery */
  deliveryUs: 6.27,
  /** latest.json: the plan */
  payloadBytes: 128,
  /** capacity.json: largeDeliveryUs, deliveryUs */
  deliveryUsPerKib: 0,
  /** brokers.json: growth of socketio-redis, serviceCpuUs */
  brokerReachShare: 0.167,
  /** brokers.json: publisherCpuUs; nodesCpuUs without it; serviceCpuUs. single: load single; many: load spread */
  brokers: {
    memory: {
      publishUs: { single: 158, many: 18.2 },
      arriveUs: { single: 0, many: 0 },
      brokerUs: { single: 0, many: 0 },
    },
    local: {
      publishUs: { single: 292, many: 11.7 },
      arriveUs: { single: 282, many: 12.5 },
      brokerUs: { single: 202, many: 7.5 },
    },
    redis: {
      publishUs: { single: 290, many: 10.9 },
      arriveUs: { single: 247, many: 18.5 },
      brokerUs: { single: 39.1, many: 2.5 },
      kept: {
        publishUs: { single: 383, many: 19.3 },
        arriveUs: { single: 330, many: 23.2 },
        brokerUs: { single: 130, many: 15.4 },
      },
    },
    nats: {
      publishUs: { single: 340, many: 17.5 },
      arriveUs: { single: 290, many: 23.4 },
      brokerUs: { single: 163, many: 3.75 },
      kept: {
        publishUs: { single: 473, many: 64.3 },
        arriveUs: { single: 374, many: 47.2 },
        brokerUs: { single: 169, many: 28.3 },
      },
    },
    rabbitmq: {
      publishUs: { single: 286, many: 35.4 },
      arriveUs: { single: 359, many: 32.5 },
      brokerUs: { single: 228, many: 42.1 },
    },
  },
};
