/** The few names of the contract that both shells use. */
export { CHANGED, calls } from '../migration-core/contract/contract.ts';
export type { EventName, Method, NumberedEvent } from '../migration-core/contract/contract.ts';
export type { CallError, CallResult } from '../migration-core/contract/call.ts';
export { dispatch, errorOf, type Handlers } from '../migration-core/contract/dispatch.ts';
