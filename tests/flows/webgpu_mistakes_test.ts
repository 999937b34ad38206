/** Mistakes in the shaders of training are noticed by the tests of slopes and updates. */
import assert from "node:assert/strict";
import { type Kind, KINDS } from "./kinds.ts";
import { onAdapter, withDevice } from "./webgpu_device.ts";
import {
  batchesOfAll,
  broken,
  data,
  slopeErrors,
  small,
  TOLERANCE,
  trained,
  update,
  updateErrors,
} from "./webgpu_updates.ts";

/** Mistakes in the shaders that show in the slopes of a kind of flow. */
const SLOPE_MUTANTS: readonly { name: string; kind: Kind; from: string; to: string }[] = [
  {
    name: "a row left out of each group",
    kind: small,
    from: "var row = first;",
    to: "var row = first + 1u;",
  },
  { name: "only the last group", kind: small, from: "sum += parts[g", to: "sum = parts[g" },
  {
    name: "a row for two",
    kind: small,
    from: "pass_of.first + id.x",
    to: "pass_of.first + id.x / 2u",
  },
  { name: "no row weights", kind: small, from: "row.weight * pass_of.share", to: "pass_of.share" },
  {
    name: "no slope of ln |det|",
    kind: small,
    from: "maps_backward(layer, -weight)",
    to: "maps_backward(layer, 0.0)",
  },
  { name: "no slope through the conditioner", kind: small, from: "x[coordinate] += by;", to: "" },
  {
    name: "the rotation the wrong way back",
    kind: small,
    from: "    rotate_back(l - 1u);\n  }\n  return weight",
    to: "    rotate(l - 1u);\n  }\n  return weight",
  },
  { name: "tanh without its slope", kind: small, from: "by - by * after * after", to: "by" },
  {
    name: "shares as if they were free",
    kind: small,
    from: "-= mean * raw[first + k]",
    to: "-= 0.0",
  },
  { name: "softplus without its slope", kind: small, from: "by_left * bin.left.y", to: "by_left" },
  {
    name: "an affine scale without its bound",
    kind: KINDS[3],
    from: "by_s - by_s * (s / BOUND) * (s / BOUND)",
    to: "by_s",
  },
  { name: "no slope in the turn", kind: KINDS[5], from: "by_raw[TURN_AT] = by_x;", to: "" },
  {
    name: "the sine's slope for the cosine's",
    kind: KINDS[6],
    from: "cosine_here * by_sine - sine_here * by",
    to: "cosine_here * by - sine_here * by_sine",
  },
  {
    name: "a normal slope in a heavy tail",
    kind: KINDS[2],
    from: "2.0 * power / (degrees * over)",
    to: "1.0",
  },
  {
    name: "circles in the base's slope",
    kind: KINDS[7],
    from: "energy.slope * weight, 0.0, is_periodic(i)",
    to: "energy.slope * weight, 0.0, false",
  },
];

/** A mistake, and whether it was made. */
function mistake(
  from: string,
  to: string,
): { readonly changed: (text: string) => string; count: number } {
  const made = {
    count: 0,
    changed(text: string): string {
      if (text.includes(from)) made.count++;
      return text.replace(from, to);
    },
  };
  return made;
}

for (const { name, kind, from, to } of SLOPE_MUTANTS) {
  Deno.test({
    name: `shaders of training with a mistake are caught: ${name}`,
    ...onAdapter,
    fn: () =>
      withDevice(async (device) => {
        const made = mistake(from, to);
        const errors = await slopeErrors(device, kind, 5, made);
        assert.ok(made.count > 0);
        assert.ok(errors.some((error) => !(error < 10 * TOLERANCE)), `${errors}`);
      }),
  });
}

/** Mistakes in the shaders that show in updates. */
const UPDATE_MUTANTS: readonly { name: string; from: string; to: string }[] = [
  { name: "no clipping", from: "norm > pass_of.clip", to: "false" },
  {
    name: "no correction of the first moment",
    from: "pass_of.rate * correction.x",
    to: "pass_of.rate",
  },
  {
    name: "no correction of the second moment",
    from: "progress.share = correction.y",
    to: "progress.share = 1.0",
  },
  { name: "no decay", from: "weight * pass_of.shrink", to: "weight" },
  { name: "the last weights for their mean", from: "pass_of.update > 0u", to: "false" },
  { name: "slopes added to those before", from: "pass_of.begins == 0u) { sum", to: "true) { sum" },
];

for (const { name, from, to } of UPDATE_MUTANTS) {
  Deno.test({
    name: `shaders of Adam with a mistake are caught: ${name}`,
    ...onAdapter,
    fn: () =>
      withDevice(async (device) => {
        const made = mistake(from, to);
        const errors = await updateErrors(device, batchesOfAll, made);
        assert.ok(made.count > 0);
        assert.ok(errors.some((error) => !(error < 1e-3)), `${errors}`);
      }),
  });
}

Deno.test({
  name: "shaders that forget the passes before are caught by their bits",
  ...onAdapter,
  fn: () =>
    withDevice(async (device) => {
      const made = mistake("pass_of.begins == 0u) { sum", "false) { sum");
      const start = { state: trained(), data, batches: batchesOfAll };
      const whole = await update(device, small, start);
      const split = await update(device, small, start, { ...made, rowsAtOnce: 64 });
      assert.ok(made.count > 0);
      assert.notDeepEqual(split.state.weights, whole.state.weights);
    }),
});

Deno.test({
  name: "shaders that update by slopes that are no numbers are caught",
  ...onAdapter,
  fn: () =>
    withDevice(async (device) => {
      // Finite in 32 bits, so that only the bits of what is computed from it say that it is too much.
      const made = mistake("let sound = ", "let sound = true || ");
      const { whole, rest } = await broken(device, 1e30, made);
      assert.ok(made.count > 0);
      assert.notDeepEqual(whole.state, rest.state);
    }),
});
