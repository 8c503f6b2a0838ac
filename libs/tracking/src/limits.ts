// Bounds of one tracking request, as Segment states them, and two of our own (depth, keys) for what JSON leaves open.

export interface TrackingLimits {
  readonly eventBytesMax: number;
  readonly batchEventsMax: number;
  /** Nested objects and arrays of one event, itself included. */
  readonly depthMax: number;
  readonly keysMax: number;
  /** Events of one batch with the batch's context counted into each: 500 KB must not become 80 MB in the log. */
  readonly expandedBytesMax: number;
}

export const TRACKING_LIMITS: TrackingLimits = {
  eventBytesMax: 32 * 1024,
  batchEventsMax: 2_500,
  depthMax: 32,
  keysMax: 2_000,
  expandedBytesMax: 8 << 20,
};

/** Characters of an identifier or a message id: they become keys, and the key of an embedded store ends at 1,978 bytes. */
export const ID_LENGTH_MAX = 256;
