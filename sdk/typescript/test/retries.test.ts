/** What the client does with answers that are none, against a scripted `fetch`: the same rules as the Python client's. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  BadRequest,
  Conflict,
  each,
  Forbidden,
  NotFound,
  NotReached,
  PaymentRequired,
  ServerFailed,
  TooManyRequests,
  Trunkline,
  TrunklineError,
  Unauthorized,
} from '@trunkline/sdk';

type Came = Response | Error | 'silence';

const GONE = () => new TypeError('fetch failed');

function json(status: number, body: unknown = {}, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json', ...headers } });
}

/** A client whose server answers from a script; pauses are noted, not taken. */
function scripted(...script: Came[]) {
  const asked: { method: string; url: string; key: string | null; authorization: string | null; body: string }[] = [];
  const pauses: number[] = [];
  const trunkline = new Trunkline(
    {
      apiKey: 'tl_live_x',
      baseUrl: 'http://here/api/v1/',
      timeoutMs: 50,
      fetch: async (request) => {
        const { method, url, headers } = request;
        const key = headers.get('Idempotency-Key');
        asked.push({ method, url, key, authorization: headers.get('Authorization'), body: await request.text() });
        const came = script.shift();
        if (came === undefined) throw new Error('the script is over');
        if (came instanceof Error) throw came;
        return came === 'silence' ? silence(request.signal) : came;
      },
    },
    { chance: () => 0.5, sleep: async (ms) => void pauses.push(ms) },
  );
  return { trunkline, asked, pauses, left: script };
}

/** No answer until whoever asked gives up. */
function silence(signal: AbortSignal): Promise<Response> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
}

const PLACE = { destination: '+15005550001', assistant_id: 'asst_1' };
const SAY = { type: 'say', content: 'Hello.' } as const;

test('a request goes where it should, as whom it should', async () => {
  const { trunkline, asked } = scripted(json(200, { id: 'call_1' }));
  assert.equal((await trunkline.calls.get({ path: { call_id: '../x' } })).id, 'call_1');
  const [only] = asked;
  assert.equal(only?.url, 'http://here/api/v1/calls/..%2Fx');
  assert.equal(only?.authorization, 'Bearer tl_live_x');
  assert.equal(only?.key, null);
});

test('what may have got lost is sent again, twice', async () => {
  for (const lost of [() => GONE(), () => json(500), () => json(503), () => json(429), () => 'silence' as const]) {
    const again = scripted(lost(), lost(), json(200, { id: 'call_1' }));
    await again.trunkline.calls.get({ path: { call_id: 'call_1' } });
    assert.deepEqual(again.pauses, [500, 1000]);
    const given = scripted(lost(), lost(), lost());
    await assert.rejects(async () => given.trunkline.calls.get({ path: { call_id: 'call_1' } }), TrunklineError);
    assert.equal(given.asked.length, 3);
  }
});

test('a POST has one key on all its repeats, and another has another', async () => {
  const { trunkline, asked } = scripted(GONE(), json(503), json(201, {}), json(200, {}));
  await trunkline.place(PLACE);
  await trunkline.command('call_1', SAY);
  const keys = asked.map(({ key }) => key);
  assert.match(keys[0] ?? '', /^[\x20-\x7e]{16,255}$/);
  assert.deepEqual(keys.slice(0, 3), [keys[0], keys[0], keys[0]]);
  assert.notEqual(keys[3], keys[0]);
  assert.deepEqual(asked.slice(0, 3).map(({ body }) => JSON.parse(body)), [PLACE, PLACE, PLACE]);
});

test('a key of the caller is kept', async () => {
  const { trunkline, asked } = scripted(json(201), json(200));
  await trunkline.place(PLACE, 'order-17');
  await trunkline.command('call_1', SAY, { wait: 'finished', idempotencyKey: 'order-18' });
  assert.deepEqual(asked.map(({ key }) => key), ['order-17', 'order-18']);
  assert.equal(asked[1]?.url, 'http://here/api/v1/calls/call_1/control?wait=finished');
});

test('the API says how long to wait, up to half a minute', async () => {
  const patient = scripted(json(503, {}, { 'Retry-After': '7' }), json(429, {}, { 'Retry-After': '30' }), json(200));
  await patient.trunkline.calls.get({ path: { call_id: 'call_1' } });
  assert.deepEqual(patient.pauses, [7000, 30_000]);
  const impatient = scripted(json(429, {}, { 'Retry-After': '31' }));
  await assert.rejects(
    async () => impatient.trunkline.calls.get({ path: { call_id: 'call_1' } }),
    (error) => error instanceof TooManyRequests && error.retryAfter === 31,
  );
});

test('an answer is an answer, and each error has its class', async () => {
  const kinds = [
    [400, BadRequest], [401, Unauthorized], [402, PaymentRequired], [403, Forbidden], [404, NotFound], [409, Conflict],
    [413, TrunklineError],
  ] as const;
  for (const [status, kind] of kinds) {
    const body = { error: 'No', message: 'Not so', details: ['destination: is required'], code: 'some_code' };
    const { trunkline, asked } = scripted(json(status, body));
    await assert.rejects(
      async () => trunkline.place(PLACE),
      (error) => {
        assert.ok(error instanceof TrunklineError);
        assert.equal(error.constructor, kind);
        assert.deepEqual([error.status, error.code, error.phrase], [status, 'some_code', 'No']);
        assert.deepEqual(error.details, ['destination: is required']);
        assert.equal(error.message, 'Not so: destination: is required');
        return true;
      },
    );
    assert.equal(asked.length, 1);
  }
});

test('what is no problem of ours is an error all the same', async () => {
  const html = () => new Response('<html>', { status: 502, headers: { 'Content-Type': 'text/html' } });
  const { trunkline } = scripted(html(), html(), html());
  await assert.rejects(
    async () => trunkline.calls.list(),
    (error) => error instanceof ServerFailed && error.message === 'HTTP 502' && error.code === '',
  );
});

test('whoever is not reached is named', async () => {
  const { trunkline } = scripted(GONE(), 'silence', 'silence');
  await assert.rejects(
    async () => trunkline.calls.list(),
    (error) => error instanceof NotReached && error.message === 'cannot reach http://here: no answer within 50 ms',
  );
});

test('who has asked may think better of it', async () => {
  const { trunkline, asked } = scripted('silence');
  const asking = new AbortController();
  const listed = trunkline.calls.list({ signal: asking.signal });
  setTimeout(() => asking.abort(new Error('enough')), 5);
  await assert.rejects(async () => listed, /enough/);
  assert.equal(asked.length, 1);
});

test('a call is waited for until it has the status or is over', async () => {
  const call = (status: string, ended_at: string | null = null) => json(200, { id: 'call_1', status, ended_at });
  const answered = scripted(call('dialing'), call('in-progress'));
  assert.equal((await answered.trunkline.waitFor('call_1', 'in-progress')).status, 'in-progress');
  const failed = scripted(call('failed', '2026-01-01T00:00:00.000Z'));
  assert.equal((await failed.trunkline.waitFor('call_1', 'in-progress')).status, 'failed');
});

test('a call is followed to its last event', async () => {
  const [first, last] = [1, 2].map((sequence) => ({ sequence, at_ms: 0, kind: 'floor', data: {} }));
  const pages = [[first], [], [last], []].map((events, at) => json(200, { events, last_sequence: 2, complete: at > 1 }));
  const { trunkline, asked } = scripted(...pages);
  const seen: number[] = [];
  for await (const event of trunkline.follow('call_1')) seen.push(event.sequence);
  assert.deepEqual(seen, [1, 2]);
  assert.deepEqual(asked.map(({ url }) => new URL(url).searchParams.get('after')), ['0', '1', '1', '2']);
});

test('every item of every page is given', async () => {
  const page = (ids: string[], offset: number) =>
    json(200, { calls: ids.map((id) => ({ id })), pagination: { total: 3, limit: 100, offset } });
  const { trunkline, asked } = scripted(page(['a', 'b'], 0), page(['c'], 2));
  const seen: string[] = [];
  for await (const call of each((page) => trunkline.calls.list({ query: page }), 'calls')) seen.push(call.id);
  assert.deepEqual(seen, ['a', 'b', 'c']);
  assert.deepEqual(asked.map(({ url }) => new URL(url).searchParams.get('offset')), ['0', '2']);
});
