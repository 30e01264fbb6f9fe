/** What goes wrong between a client and the API. `code` is the machine name, whatever the class. */

export class TrunklineError extends Error {
  readonly status: number;
  readonly code: string;
  /** The short human phrase. */
  readonly phrase: string;
  /** One per offending field, such as `llm_config.temperature: …`. */
  readonly details: readonly string[];
  /** Seconds after which the API wants to be asked again. */
  readonly retryAfter: number | undefined;

  constructor(status: number, body: ErrorBody = {}, retryAfter?: number, options?: ErrorOptions) {
    const phrase = body.error ?? `HTTP ${status}`;
    const details = body.details ?? [];
    super([body.message ?? phrase, details.join('; ')].filter(Boolean).join(': '), options);
    this.name = new.target.name;
    this.status = status;
    this.code = body.code ?? '';
    this.phrase = phrase;
    this.details = details;
    this.retryAfter = retryAfter;
  }
}

export interface ErrorBody {
  error?: string;
  message?: string;
  details?: string[] | null;
  code?: string;
}

/** 400: what was sent is not valid; `details` name the fields. */
export class BadRequest extends TrunklineError {}
/** 401: no key, or none that is known. */
export class Unauthorized extends TrunklineError {}
/** 402: the organization has no minutes left. */
export class PaymentRequired extends TrunklineError {}
/** 403: the key's scopes, or the dialing policy, do not allow it. */
export class Forbidden extends TrunklineError {}
/** 404: nothing with this id in this organization. */
export class NotFound extends TrunklineError {}
/** 409: something stands in the way; `code` says what. */
export class Conflict extends TrunklineError {}
/** 429: after the repeats that were allowed. */
export class TooManyRequests extends TrunklineError {}
/** 5xx: after the repeats that were allowed. */
export class ServerFailed extends TrunklineError {}

/** No answer at all, or none that is Trunkline's. */
export class NotReached extends TrunklineError {
  constructor(why: string, options?: ErrorOptions) {
    super(0, { error: 'Trunkline was not reached', message: why, code: 'not_reached' }, undefined, options);
  }
}

const BY_STATUS: Record<number, typeof TrunklineError> = {
  400: BadRequest,
  401: Unauthorized,
  402: PaymentRequired,
  403: Forbidden,
  404: NotFound,
  409: Conflict,
  429: TooManyRequests,
};

/** The error of an answer. `body` is what the answer held, whatever it was. */
export function errorOf(status: number, body: unknown, retryAfter?: number): TrunklineError {
  const kind = BY_STATUS[status] ?? (status >= 500 ? ServerFailed : TrunklineError);
  return new kind(status, typeof body === 'object' && body !== null ? body : {}, retryAfter);
}
