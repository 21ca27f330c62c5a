/** The rate that a `subscribe` asks for, in its data. */

import { errorCodes } from '../../../model/codes.js';
import { toMaxRateWish } from '../../../model/max-rate-wish.js';
import { type JsonPayload, payloadValue } from '../../../model/payload.js';
import { rateUnder } from '../../channels/max-rate.js';
import { rateNotGiven, wrongRate } from '../../channels/refusal-lines.js';
import { type Decision, refuse } from '../../ports/decision.js';
import type { Session } from '../session.js';
import type { Target } from './target.js';

const noneAsked = { ok: true, maxRate: undefined } as const;

/** 107 if it is no rate. More than the rule allows is cut to that, which the log and the reply tell. */
export function rateAsked(
  session: Session,
  target: Pick<Target, 'channel' | 'rule'>,
  data: JsonPayload | undefined,
): Decision<{ readonly maxRate: number | undefined }> {
  const { maxRate: terms } = target.rule;
  if (terms === undefined || data === undefined) return noneAsked;
  const asked = toMaxRateWish(payloadValue(data));
  if (asked === undefined) return noneAsked;
  if (asked === 'wrong') return refuse(errorCodes.badRequest, wrongRate(target));
  if (rateUnder(terms, asked) !== asked) session.explain(rateNotGiven(target, asked));
  return { ok: true, maxRate: asked };
}
