// A series as bytes: entries as deltas of their times, lifetime values by slot. Windows are derived when it is attached.
import type { Reader, Writer } from '@tessera/codec';
import { readAccumulator, writeAccumulator } from './accumulator-codec.js';
import type { Accumulator } from './accumulator.js';
import { readCell, writeCell } from './cell.js';
import { firstLive, type Series } from './series.js';

export function writeSeries(writer: Writer, series: Series): void {
  const { times, ids, weights, columns, lifetime } = series;
  const first = firstLive(series);
  const weighted = weights.some((weight, i) => weight > 1 && i >= first);
  writer.uint(times.length - first);
  writer.uint(columns.length);
  writer.bool(ids.length > first);
  writer.bool(weighted);
  let before = 0;
  for (let i = first; i < times.length; i++) {
    writer.int((times[i] as number) - before);
    before = times[i] as number;
    if (ids.length > 0) writer.string(ids[i] as string);
    if (weighted) writer.uint(weights[i] as number);
    for (const column of columns) writeCell(writer, column[i]);
  }
  const slots = [...lifetime.keys()].sort();
  writer.uint(slots.length);
  for (const id of slots) {
    writer.string(id);
    writeAccumulator(writer, lifetime.get(id) as Accumulator);
  }
}

export function readSeries(reader: Reader): Series {
  const length = reader.uint();
  const width = reader.uint();
  const [withIds, weighted] = [reader.bool(), reader.bool()];
  const series: Series = {
    times: [],
    ids: [],
    weights: [],
    columns: Array.from({ length: width }, () => []),
    tiledUntilMs: -Infinity,
    lifetime: new Map(),
    windows: undefined,
  };
  let before = 0;
  for (let i = 0; i < length; i++) {
    before += reader.int();
    series.times.push(before);
    if (withIds) series.ids.push(reader.string());
    if (weighted) series.weights.push(reader.uint());
    if (weighted && series.weights[i] !== 1) series.tiledUntilMs = before;
    for (const column of series.columns) column.push(readCell(reader));
  }
  for (let left = reader.uint(); left > 0; left--) series.lifetime.set(reader.string(), readAccumulator(reader));
  return series;
}
