/**
 * What can go wrong with WebGPU, told apart so that a caller can go on elsewhere.
 *
 * @module
 */

/** That there is no WebGPU here, or no adapter that it could use. */
export class WebgpuUnavailable extends Error {
  /** Its name. */
  override readonly name = "WebgpuUnavailable";
  /** Why. */
  readonly why: string;

  /**
   * Says why.
   *
   * @param why Why.
   * @param options Its cause.
   */
  constructor(why: string, options?: ErrorOptions) {
    super(`Cannot run on the device "webgpu": ${why}. Take the device "wasm", or "auto"`, options);
    this.why = why;
  }
}

/** Why work on a GPU came to nothing. */
export type FailureReason =
  /** The device was lost: a driver's reset, a longer sleep, or `destroy()`. */
  | "lost"
  /** It has no memory left. */
  | "out-of-memory"
  /** It does not take the shader or what was asked of it. */
  | "refused";

/**
 * That a device was lost or refused its work. Nothing that it was given has changed: the state before the
 * run is as it was, and can be run elsewhere.
 */
export class DeviceLost extends Error {
  /** Its name. */
  override readonly name = "DeviceLost";
  /** What happened. */
  readonly reason: FailureReason;
  /** The same in words, with what the device says of it. */
  readonly why: string;

  /**
   * Says what happened.
   *
   * @param reason What happened.
   * @param detail What the device says of it.
   * @param options Its cause.
   */
  constructor(reason: FailureReason, detail: string, options?: ErrorOptions) {
    const happened = {
      lost: "the GPU device was lost",
      "out-of-memory": "the GPU has no memory left for it",
      refused: "the GPU device refused its work",
    }[reason];
    super(
      `Cannot go on with the device "webgpu": ${happened} (${detail}). Run it again from the last ` +
        'state, or on the device "wasm"',
      options,
    );
    this.reason = reason;
    this.why = `${happened} (${detail})`;
  }
}
