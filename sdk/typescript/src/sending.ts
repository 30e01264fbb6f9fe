/** One request on its way to its answer: its idempotency key, its time limit, and when it is sent again. */

import { NotReached } from './errors.js';

export interface Sending {
  /** How often a request is sent again: 2. */
  retries: number;
  /** How long one attempt may take; longer than the longest `wait`: 35 000. */
  timeoutMs: number;
  fetch: (request: Request) => Promise<Response>;
  /** A number in [0, 1) that spreads clients out. */
  chance: () => number;
  sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
}

const FIRST_PAUSE_MS = 500;
/** An API that wants to be left alone for longer is not asked again. */
const LONGEST_PAUSE_MS = 30_000;
const TOO_MANY = 429;
const SERVER_ERROR = 500;
const ALWAYS_SAFE = new Set(['GET', 'HEAD', 'DELETE']);
const KEY = 'Idempotency-Key';

/** A `fetch` that sends a request until it has an answer worth having. Every POST carries one key, the same on its repeats. */
export function sending(how: Sending): (request: Request) => Promise<Response> {
  return async (request) => {
    if (request.method === 'POST' && !request.headers.has(KEY)) {
      request.headers.set(KEY, newKey());
    }
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await tried(request, how);
      const pause = attempt > how.retries ? undefined : pauseMs(request, outcome, attempt, how.chance());
      if (pause === undefined) {
        if (outcome instanceof NotReached) throw outcome;
        return outcome;
      }
      await how.sleep(pause, request.signal);
    }
  };
}

/** Unlike any other; it guards nothing, so it need not be secret where there is no `crypto` (Node 18, pages without TLS). */
function newKey(): string {
  const random = () => Math.random().toString(36).slice(2);
  return globalThis.crypto?.randomUUID?.() ?? `${Date.now().toString(36)}-${random()}-${random()}`;
}

/** How long to wait before the next attempt; undefined: there is none. */
function pauseMs(request: Request, outcome: Response | NotReached, attempt: number, chance: number): number | undefined {
  if (!mayBeRepeated(request, outcome)) return undefined;
  const told = outcome instanceof NotReached ? undefined : retryAfter(outcome.headers);
  if (told !== undefined) return told * 1000 <= LONGEST_PAUSE_MS ? told * 1000 : undefined;
  return FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.75 + chance / 2);
}

function mayBeRepeated(request: Request, outcome: Response | NotReached): boolean {
  if (!(outcome instanceof NotReached)) {
    if (outcome.status === TOO_MANY) return true; // whatever it was, it was not done
    if (outcome.status < SERVER_ERROR) return false;
  }
  return ALWAYS_SAFE.has(request.method) || request.headers.has(KEY);
}

/** In seconds; the other form of the header, a date, is not one that Trunkline sends. */
export function retryAfter(headers: Headers): number | undefined {
  const told = headers.get('Retry-After') ?? '';
  return /^\d+$/.test(told) ? Number(told) : undefined;
}

/** One attempt. Only who asked may abort it; whatever else keeps the answer away is NotReached. */
async function tried(request: Request, how: Sending): Promise<Response | NotReached> {
  const attempt = new AbortController();
  const abort = () => attempt.abort(request.signal.reason);
  const timer = setTimeout(() => attempt.abort(), how.timeoutMs);
  request.signal.addEventListener('abort', abort);
  try {
    request.signal.throwIfAborted();
    const answer = await how.fetch(new Request(request.clone(), { signal: attempt.signal }));
    return isJson(answer) ? await whole(answer) : answer;
  } catch (error) {
    if (request.signal.aborted) throw error;
    const why = attempt.signal.aborted ? `no answer within ${how.timeoutMs} ms` : String(error);
    return new NotReached(`cannot reach ${new URL(request.url).origin}: ${why}`, { cause: error });
  } finally {
    clearTimeout(timer);
    request.signal.removeEventListener('abort', abort);
  }
}

function isJson(answer: Response): boolean {
  return (answer.headers.get('Content-Type') ?? '').startsWith('application/json');
}

/** The answer with its body read, within the attempt's time. */
async function whole(answer: Response): Promise<Response> {
  const { status, statusText, headers } = answer;
  return new Response(await answer.arrayBuffer(), { status, statusText, headers });
}

/** Resolves after `ms`, or rejects as soon as whoever asked has had enough. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const abort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', abort, { once: true });
  });
}
