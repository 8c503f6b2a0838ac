// Memory for what a transaction writes, used again after it. A large buffer that is dropped has mostly outlived a collection of the young
// generation, and V8 marks its whole heap for every 64 MB of such buffers: with fresh ones that was a sixth of the pipeline's CPU time.
// W1 Memory is handed out again only when its last user has released it; what is never released is the collector's.
// W2 It is bounded: more than KEPT_BYTES_MAX is not kept.

/** Smaller ones are cheap, and die young. */
const POOLED_BYTES_MIN = 1 << 14;
const POOLED_BYTES_MAX = 1 << 23;
const KEPT_BYTES_MAX = 32 << 20;

export class WriteBuffers {
  /** Free memory by its size, a power of two. */
  private readonly free = new Map<number, ArrayBuffer[]>();
  private kept = 0;

  /** `bytes` bytes of whatever content. */
  take(bytes: number): Buffer {
    if (bytes < POOLED_BYTES_MIN || bytes > POOLED_BYTES_MAX) return Buffer.allocUnsafeSlow(bytes);
    const size = 2 ** Math.ceil(Math.log2(bytes));
    const memory = this.free.get(size)?.pop();
    if (memory !== undefined) this.kept -= size;
    return Buffer.from(memory ?? new ArrayBuffer(size), 0, bytes);
  }

  /** What `take` gave: nobody reads it any more. */
  release({ buffer }: Buffer): void {
    const size = buffer.byteLength;
    const pooled = size >= POOLED_BYTES_MIN && size <= POOLED_BYTES_MAX && (size & (size - 1)) === 0;
    if (!pooled || this.kept + size > KEPT_BYTES_MAX) return;
    const alike = this.free.get(size);
    if (alike === undefined) this.free.set(size, [buffer as ArrayBuffer]);
    else alike.push(buffer as ArrayBuffer);
    this.kept += size;
  }
}
