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
  brokerReachShare: 0.195,
  /** brokers.json: publisherCpuUs; nodesCpuUs without it; serviceCpuUs. single: load single; many: load spread */
  brokers: {
    memory: {
      publishUs: { single: 109, many: 14.3 },
      arriveUs: { single: 0, many: 0 },
      brokerUs: { single: 0, many: 0 },
    },
    local: {
      publishUs: { single: 128, many: 9.02 },
      arriveUs: { single: 117, many: 4.79 },
      brokerUs: { single: 69.4, many: 6.17 },
    },
    redis: {
      publishUs: { single: 141, many: 7.15 },
      arriveUs: { single: 136, many: 9.73 },
      brokerUs: { single: 39.7, many: 2.08 },
      kept: {
        publishUs: { single: 156, many: 17 },
        arriveUs: { single: 138, many: 15.9 },
        brokerUs: { single: 89.3, many: 15.4 },
      },
    },
    nats: {
      publishUs: { single: 181, many: 10.3 },
      arriveUs: { single: 152, many: 12.7 },
      brokerUs: { single: 103, many: 2.75 },
      kept: {
        publishUs: { single: 260, many: 22.3 },
        arriveUs: { single: 182, many: 14.2 },
        brokerUs: { single: 152, many: 11.3 },
      },
    },
    rabbitmq: {
      publishUs: { single: 202, many: 21.3 },
      arriveUs: { single: 202, many: 21.8 },
      brokerUs: { single: 222, many: 35.8 },
    },
  },
};
