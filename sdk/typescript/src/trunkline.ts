import { errorOf } from './errors.js';
import { createClient } from './generated/client/index.js';
import { Operations } from './generated/sdk.gen.js';
import type {
  CallsControlData,
  CallsControlResponse,
  CallsGetResponse,
  CallsListEventsResponse,
  CallsPlaceData,
  CallsPlaceResponse,
} from './generated/types.gen.js';
import { retryAfter, sending, sleep, type Sending } from './sending.js';

export interface Settings {
  /** An API key of the organization, `tl_live_…`. */
  apiKey: string;
  /** Where Trunkline is: `http://127.0.0.1:8080`. */
  baseUrl?: string;
  /** How often a request is sent again, where that is safe: 2. */
  retries?: number;
  /** How long one attempt may take: 35 000. */
  timeoutMs?: number;
  /** Instead of the global `fetch`. */
  fetch?: (request: Request) => Promise<Response>;
}

export type Command = CallsControlData['body'];
export type Wait = NonNullable<NonNullable<CallsControlData['query']>['wait']>;

export interface CommandOptions {
  /** Come back when the command is accepted (the default), started or finished. */
  wait?: Wait;
  idempotencyKey?: string;
}

type Page<Name extends string, Item> = { [name in Name]: Item[] } & { pagination: { total: number } };

const BASE = '/api/v1';
const WAIT_POLL_MS = 200;
const FOLLOW_POLL_MS = 300;
const EVENTS_AT_ONCE = 1000;
const ITEMS_AT_ONCE = 100;

/** The client: every operation by its room (`trunkline.calls.list()`), and what most programs do with them in one line. */
export class Trunkline extends Operations {
  constructor({ apiKey, baseUrl = 'http://127.0.0.1:8080', ...how }: Settings, pauses: Partial<Sending> = {}) {
    const client = createClient({
      baseUrl: baseUrl.replace(/\/+$/, '').replace(/\/api\/v1$/, ''),
      headers: { Authorization: `Bearer ${apiKey}` },
      throwOnError: true,
      fetch: sending({
        retries: how.retries ?? 2,
        timeoutMs: how.timeoutMs ?? 35_000,
        fetch: how.fetch ?? ((request) => globalThis.fetch(request)),
        chance: Math.random,
        sleep,
        ...pauses,
      }) as typeof fetch,
    });
    client.interceptors.error.use((error, response) =>
      response === undefined || response.ok ? error : errorOf(response.status, error, retryAfter(response.headers)),
    );
    super({ client });
  }

  /** Place a call. Give a key of your own to be able to ask again after a crash. */
  place(body: CallsPlaceData['body'], idempotencyKey?: string): Promise<CallsPlaceResponse> {
    return this.calls.place({ body, headers: { 'Idempotency-Key': idempotencyKey } });
  }

  /** Steer a call; with `wait: 'finished'` the answer is the receipt: what was heard, word by word. */
  command(callId: string, body: Command, { wait, idempotencyKey }: CommandOptions = {}): Promise<CallsControlResponse> {
    const headers = { 'Idempotency-Key': idempotencyKey };
    return this.calls.control({ path: { call_id: callId }, query: { wait }, headers, body });
  }

  /** The call once it has this status or is over; without a status, once it is over. */
  async waitFor(callId: string, status?: string, { withinMs = 60_000 } = {}): Promise<CallsGetResponse> {
    const deadline = Date.now() + withinMs;
    for (;;) {
      const call = await this.calls.get({ path: { call_id: callId } });
      if (call.ended_at !== null || call.status === status) return call;
      if (Date.now() > deadline) throw new Error(`${callId} is ${call.status} after ${withinMs} ms`);
      await sleep(WAIT_POLL_MS);
    }
  }

  /** Every event of a call from its first to its last, as they come. */
  async *follow(callId: string, { after = 0 } = {}): AsyncGenerator<CallsListEventsResponse['events'][number], void, undefined> {
    for (;;) {
      const query = { after, limit: EVENTS_AT_ONCE };
      const page = await this.calls.listEvents({ path: { call_id: callId }, query });
      for (const event of page.events) {
        after = event.sequence;
        yield event;
      }
      if (page.events.length === 0) {
        if (page.complete) return;
        await sleep(FOLLOW_POLL_MS);
      }
    }
  }
}

/** Every item of a list that comes in pages: `each((page) => trunkline.calls.list({ query: page }), 'calls')`. */
export async function* each<Name extends string, Item>(
  list: (page: { limit: number; offset: number }) => PromiseLike<Page<Name, Item>>,
  name: Name,
): AsyncGenerator<Item, void, undefined> {
  for (let offset = 0; ; ) {
    const page = await list({ limit: ITEMS_AT_ONCE, offset });
    const items: Item[] = page[name];
    yield* items;
    offset += items.length;
    if (items.length === 0 || offset >= page.pagination.total) return;
  }
}
