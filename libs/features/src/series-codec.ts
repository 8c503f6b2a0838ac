// A series as bytes: entries as deltas of their times, lifetime values by slot. Windows are derived when it is attached.
import type { Reader, Writer } from '@tessera/codec';
import { readAccumulator, writeAccumulator } from './accumulator-codec.js';
import type { Accumulator } from './accumulator.js';
import { readCell, writeCell } from './cell.js';
import { firstLive, NO_ENTRIES, NO_LIFETIME, type Series } from './series.js';

export function writeSeries(writer: Writer, series: Series): void {
  const { times, ids, weights, columns, lifetime } = series;
  const first = firstLive(series);
  const weighted = weights.length > 0 && weights.some((weight, i) => weight > 1 && i >= first);
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
  writer.uint(lifetime.size);
  if (lifetime.size === 0) return;
  for (const id of [...lifetime.keys()].sort()) {
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
    ids: withIds ? [] : NO_ENTRIES,
    weights: weighted ? [] : NO_ENTRIES,
    columns: width > 0 ? Array.from({ length: width }, () => []) : NO_ENTRIES,
    tiledUntilMs: -Infinity,
    lifetime: NO_LIFETIME,
    windows: undefined,
    dueMs: Infinity,
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
  let left = reader.uint();
  if (left > 0) {
    const lifetime = new Map<string, Accumulator>();
    for (; left > 0; left--) lifetime.set(reader.string(), readAccumulator(reader));
    series.lifetime = lifetime;
  }
  return series;
}
