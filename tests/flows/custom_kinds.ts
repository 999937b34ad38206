/** Flows as users write them, and states away from the first one. */
import { customFlow, type CustomFlowOptions } from "../../src/flows/custom_flow.ts";
import type { Flow, FlowState } from "../../src/flows/flow.ts";
import type { ParameterTree } from "../../src/flows/parameter_tree.ts";
import { normal } from "../../src/tensor/random.ts";
import { concat, stack, where, zeros } from "../../src/tensor/operations.ts";
import { type Tensor, tensor } from "../../src/tensor/tensor.ts";
import { correlated, perturbed } from "./reference.ts";

function asinh(x: Tensor): Tensor {
  const size = x.abs();
  const value = size.add(x.square().div(x.square().add(1).sqrt().add(1))).log1p();
  return where(x.less(0), value.neg(), value);
}

function sinh(x: Tensor): Tensor {
  return x.exp().sub(x.neg().exp()).mul(0.5);
}

function logCosh(x: Tensor): Tensor {
  return x.abs().add(x.abs().mul(-2).exp().log1p()).sub(Math.LN2);
}

/** Jones & Pewsey 2009: z = sinh(δ·asinh(x) − ε), coordinate by coordinate. */
export const sinhArcsinh: CustomFlowOptions<{ skew: Tensor; tail: Tensor }> = {
  name: "sinh-arcsinh",
  init: (dimension) => ({ tail: zeros([dimension]), skew: zeros([dimension]) }),
  forward: ({ skew, tail }, x) => {
    const inner = asinh(x).mul(tail.exp()).sub(skew);
    const each = tail.add(logCosh(inner)).sub(x.square().log1p().mul(0.5));
    return { value: sinh(inner), logDeterminant: each.sum() };
  },
  inverse: ({ skew, tail }, z) => ({ value: sinh(asinh(z).add(skew).div(tail.exp())) }),
};

/** z = a·x + b·x³, coordinate by coordinate: two modes where a is small. */
export const cubic: CustomFlowOptions<{ slope: Tensor; bend: Tensor }> = {
  name: "cubic",
  init: (dimension) => ({ slope: zeros([dimension]), bend: zeros([dimension]).sub(3) }),
  forward: ({ slope, bend }, x) => {
    const [a, b] = [slope.exp(), bend.exp()];
    return {
      value: x.mul(a.add(b.mul(x.square()))),
      logDeterminant: a.add(b.mul(3).mul(x.square())).log().sum(),
    };
  },
  inverse: ({ slope, bend }, z) => {
    // Cardano's formula for x³ + px = q, p > 0.
    const p = slope.sub(bend).exp();
    const unit = p.div(3).sqrt();
    const value = sinh(asinh(z.div(bend.exp()).div(2).div(p.div(3)).div(unit)).div(3)).mul(unit);
    return { value: value.mul(2) };
  },
};

/** zᵢ = xᵢ·e^sᵢ + tᵢ, s and t bounded functions of the coordinates before; parameters in a list. */
export const triangular: CustomFlowOptions<
  { layers: { shift: Tensor; scale: Tensor }[]; gain: number }
> = {
  name: "triangular",
  init: (dimension, key) => ({
    gain: 0.3,
    layers: [0, 1].map(() => ({
      shift: normal(key, [dimension, dimension]).mul(0.1),
      scale: zeros([dimension, dimension]),
    })),
  }),
  forward: ({ layers, gain }, x) => {
    let value = x;
    let logDeterminant = tensor(0);
    for (const layer of layers) {
      const parts = coefficients(layer, gain, value);
      value = value.mul(parts.log.exp()).add(parts.shift);
      logDeterminant = logDeterminant.add(parts.log.sum());
    }
    return { value, logDeterminant };
  },
  inverse: ({ layers, gain }, z) => {
    let value = z;
    let logDeterminant = tensor(0);
    for (const layer of layers.toReversed()) {
      const [d] = z.shape;
      const found: Tensor[] = [];
      for (let i = 0; i < d; i++) {
        const known = found.length === 0 ? [] : [stack(found)];
        const x = concat([...known, zeros([d - i])]);
        const { log, shift } = coefficients(layer, gain, x);
        found.push(value.at(i).sub(shift.at(i)).div(log.at(i).exp()));
        logDeterminant = logDeterminant.sub(log.at(i));
      }
      value = stack(found);
    }
    return { value, logDeterminant };
  },
};

function coefficients(
  { shift, scale }: { readonly shift: Tensor; readonly scale: Tensor },
  gain: Tensor,
  x: Tensor,
): { readonly log: Tensor; readonly shift: Tensor } {
  const [d] = x.shape;
  const before = tensor(
    Array.from({ length: d }, (_, i) => Array.from({ length: d }, (_, j) => j < i ? 1 : 0)),
  );
  return {
    log: scale.mul(before).dot(x.tanh()).tanh().add(gain),
    shift: shift.mul(before).dot(x),
  };
}

/** How rows are shared out. */
export type Where = Pick<CustomFlowOptions<ParameterTree>, "device" | "workers">;

/** All of them, made for a device. */
export function customKinds(where: Where = {}): readonly Flow[] {
  return [
    customFlow({ ...sinhArcsinh, ...where }),
    customFlow({ ...cubic, ...where }),
    customFlow({ ...triangular, ...where }),
  ];
}

/** A flow away from its first state, whitened by strongly correlated points. */
export function customState(flow: Flow, dimension: number, by = 0.2): FlowState {
  const white = flow.whiten(
    flow.init(dimension, [dimension, 1]),
    correlated([dimension, 2], 500, dimension),
  );
  return perturbed(white, [dimension, 3], by);
}
