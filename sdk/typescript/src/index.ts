/** The typed client of Trunkline's API. It needs `fetch` and nothing else: Node 18 and later, browsers, workers. */

export * from './errors.js';
export type * from './generated/types.gen.js';
export { each, Trunkline } from './trunkline.js';
export type { Command, CommandOptions, Settings, Wait } from './trunkline.js';
