// Partition state of the graph stage: the definition set in force in each workspace.
import { Reader, type Writer } from '@tessera/codec';
import type { PartitionCodec } from '@tessera/runtime';

const FORM = 1;

export interface SetInForce {
  readonly set: number;
  readonly hash: string;
}

/** By workspace. */
export type GraphState = Map<string, SetInForce>;

export function graphStateCodec(writer: Writer): PartitionCodec<GraphState> {
  return { create: () => new Map(), encode: (state) => encode(writer, state), decode };
}

function encode(writer: Writer, state: GraphState): Uint8Array {
  writer.byte(FORM);
  writer.uint(state.size);
  for (const workspace of [...state.keys()].sort()) {
    const { set, hash } = state.get(workspace) as SetInForce;
    writer.string(workspace);
    writer.uint(set);
    writer.string(hash);
  }
  return writer.take();
}

function decode(bytes: Uint8Array): GraphState {
  const reader = new Reader(bytes);
  const form = reader.byte();
  if (form !== FORM) throw new RangeError(`graph partition of form ${String(form)}; this release reads ${String(FORM)}`);
  const state: GraphState = new Map();
  for (let left = reader.uint(); left > 0; left--) state.set(reader.string(), { set: reader.uint(), hash: reader.string() });
  return state;
}
