/** One sandbox call from its placing to its end, as a program of a client's does it. Prints what it saw as one JSON object. */

import { BadRequest, each, NotFound, Trunkline, TrunklineError, type PlaceBody } from '@trunkline/sdk';

const { TRUNKLINE_URL: baseUrl, TRUNKLINE_KEY: apiKey } = process.env;
if (baseUrl === undefined || apiKey === undefined) throw new Error('TRUNKLINE_URL and TRUNKLINE_KEY say where and who');

const trunkline = new Trunkline({ apiKey, baseUrl });
const place: PlaceBody = {
  destination: '+15005550008',
  assistant: {
    first_message: 'Hi.',
    stt_config: { provider: 'sandbox', model: 'modem', language: 'en' },
    llm_config: { provider: 'sandbox', model: 'rules', rules: [] },
    tts_config: { provider: 'sandbox', voice_id: 'modem' },
  },
  metadata: { order: 17 },
};

const placed = await trunkline.place(place, 'the-order-17');
const again = await trunkline.place(place, 'the-order-17');
const callId = placed.call_id;
const call = await trunkline.waitFor(callId, 'in-progress');

const said = await trunkline.command(callId, { type: 'say', content: 'Your parcel arrives.' }, { wait: 'finished' });
const { command } = await trunkline.calls.getCommand({ path: { call_id: callId, command_id: said.command_id } });
const ended = await trunkline.command(callId, { type: 'end-call', message: 'Goodbye.' }, { wait: 'finished' });

const kinds: string[] = [];
for await (const event of trunkline.follow(callId)) kinds.push(event.kind);
const over = await trunkline.waitFor(callId);
const listed: string[] = [];
for await (const one of each((page) => trunkline.calls.list({ query: page }), 'calls')) listed.push(one.id);

console.log(
  JSON.stringify({
    placed: callId,
    again: again.call_id,
    while: call.status,
    metadata: call.metadata,
    said,
    command,
    ended,
    over: over.status,
    kinds,
    listed,
    unknown: await refusal(trunkline.calls.get({ path: { call_id: 'call_nobody' } }), NotFound),
    invalid: await refusal(trunkline.place({ ...place, ring_timeout_seconds: 1 }), BadRequest),
  }),
);

async function refusal(asked: PromiseLike<unknown>, kind: typeof TrunklineError) {
  try {
    await asked;
  } catch (error) {
    if (error instanceof kind) return { status: error.status, code: error.code, details: error.details };
    throw error;
  }
  throw new Error('this was not refused');
}
