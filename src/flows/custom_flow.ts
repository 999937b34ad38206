/**
 * Flows that users write in the array language, for one point.
 *
 * @module
 */
import { chooseDevice, type DeviceName } from "../device/choose.ts";
import type { MapRunner } from "../device/device.ts";
import { expectOptions } from "../tensor/expect_options.ts";
import type { Key } from "../tensor/random.ts";
import { fromArray, type Tensor, type TensorLike, words } from "../tensor/tensor.ts";
import { leaves, type Tree } from "../tensor/tree.ts";
import { valueText } from "../tensor/value_text.ts";
import {
  type CustomPrograms,
  customPrograms,
  expectInverse,
  type Passed,
} from "./custom_programs.ts";
import { updatesBy } from "./custom_training.ts";
import type { Flow, FlowState } from "./flow.ts";
import {
  parameterCount,
  parametersOf,
  type ParameterTensors,
  parameterTensors,
  parameterText,
  type ParameterTree,
  weightsOf,
} from "./parameter_tree.ts";
import { identityWhitening, whiteningOf } from "./whitening.ts";

/** A flow as a user writes it. Points are whitened before `forward` and after `inverse`. */
export interface CustomFlowOptions<P extends ParameterTree> {
  /** Its name: tells it from others in errors and in bytes. */
  readonly name: string;
  /**
   * The first parameters, in the same form for every key: numbers, arrays of numbers and tensors, in
   * records and lists. They are trained and kept in single precision.
   */
  readonly init: (dimension: number, key: Key) => P;
  /** From a white point x [d] to the base z [d], with ln |det ∂z/∂x|. */
  readonly forward: (parameters: ParameterTensors<P>, x: Tensor) => Passed;
  /**
   * Its exact inverse, from z to x; with ln |det ∂x/∂z| where that is cheaper than `forward`, which gives
   * it otherwise. Without it the flow can be trained and evaluated, but not drawn from.
   */
  readonly inverse?: (
    parameters: ParameterTensors<P>,
    z: Tensor,
  ) => { readonly value: TensorLike; readonly logDeterminant?: TensorLike };
  /** What else tells flows of this name apart, as `{ layers: 3 }`: plain data, kept in bytes; none by default. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Where it runs; `"wasm"` by default. */
  readonly device?: DeviceName;
  /** How many workers share the rows at most; one for each core by default. No bit depends on it. */
  readonly workers?: number;
}

const FUNCTIONS = ["init", "forward", "inverse"] as const;
const OPTIONS = ["name", ...FUNCTIONS, "options", "device", "workers"];

function checkDefinition(given: CustomFlowOptions<ParameterTree>): void {
  expectOptions(given, OPTIONS, "make a flow");
  const { name, options } = given;
  if (typeof name !== "string" || name === "") {
    throw new TypeError(
      `Cannot make a flow with \`name\` ${valueText(name)}: give it a name, as "sinh-arcsinh"`,
    );
  }
  for (const part of FUNCTIONS) {
    if (typeof given[part] === "function" || part === "inverse" && given[part] === undefined) {
      continue;
    }
    throw new TypeError(
      `Cannot make the flow ${name} with \`${part}\` ${valueText(given[part])}: give a function`,
    );
  }
  if (options !== undefined && (typeof options !== "object" || options === null)) {
    throw new TypeError(
      `Cannot make the flow ${name} with \`options\` ${valueText(options)}: give a record, as ` +
        "{ layers: 3 }",
    );
  }
}

function refusePeriodic(name: string, periodic: readonly boolean[]): void {
  if (!periodic.includes(true)) return;
  throw new RangeError(
    `Cannot make the flow ${name} with periodic coordinates: it knows none; use splineFlow() or ` +
      "affineFlow() for them",
  );
}

/** A flow for points of one dimension. */
interface Made {
  readonly form: Tree;
  readonly count: number;
  readonly programs: CustomPrograms;
}

/**
 * A kind of flow from functions of one point in the array language. They are traced, differentiated
 * and compiled as log densities are; rows are shared among workers. As with the other flows, points are
 * whitened with their full covariance, whose determinant is part of the density, the base is the
 * standard normal distribution, and training is by Adam. Densities are computed in double precision.
 *
 * `forward` must map ℝᵈ onto ℝᵈ one to one, with the determinant that it gives, and `inverse` back:
 * {@linkcode checkFlow} tries it, and `sample` does so after each run of up to 100 coordinates, with a
 * warning: what is not so makes draws of the target wrong.
 *
 * @typeParam P The parameters.
 * @param definition Its name and its functions.
 * @returns The kind of flow: `sample` takes it as `flow`. Its states cannot have periodic coordinates.
 * @throws {TypeError} If the definition lacks something; where the flow is first used, if parameters are
 * no numbers, or a function gives something of another shape.
 *
 * Source: Papamakarios et al., "Normalizing flows for probabilistic modeling and inference", JMLR 2021.
 *
 * @example A density with skewed coordinates
 * ```ts
 * import { checkFlow, customFlow, key, zeros } from "@tributary/tributary";
 * import assert from "node:assert/strict";
 *
 * // z = x·e^a + b, coordinate by coordinate
 * const diagonal = customFlow({
 *   name: "diagonal",
 *   init: (dimension) => ({ a: zeros([dimension]), b: zeros([dimension]) }),
 *   forward: ({ a, b }, x) => ({ value: x.mul(a.exp()).add(b), logDeterminant: a.sum() }),
 *   inverse: ({ a, b }, z) => ({ value: z.sub(b).div(a.exp()) }),
 * });
 * const { faults } = await checkFlow(diagonal, diagonal.init(3, [1, 2]), key(1));
 * assert.deepEqual(faults, []);
 * ```
 */
export function customFlow<P extends ParameterTree>(definition: CustomFlowOptions<P>): Flow {
  checkDefinition(definition as unknown as CustomFlowOptions<ParameterTree>);
  const { name, init, forward, inverse, options = {}, workers } = definition;
  const device = chooseDevice(definition.device, { workers, precision: "f64" });
  const first = (dimension: number, key: Tensor): Tree =>
    parameterTensors(name, init(dimension, key as Key));
  const made = new Map<number, Made>();
  const madeFor = (dimension: number): Made => {
    const known = made.get(dimension);
    if (known !== undefined) return known;
    const form = first(dimension, words([0, 0]));
    // The parameters that the user's functions get have the form that `init` gave.
    const given = (parameters: Tree) => parameters as ParameterTensors<P>;
    const directions = {
      name,
      forward: (parameters: Tree, x: Tensor) => forward(given(parameters), x),
      inverse: inverse && ((parameters: Tree, z: Tensor) => inverse(given(parameters), z)),
    };
    const programs = customPrograms(directions, form, dimension, device);
    const one = { form, count: parameterCount(form), programs };
    made.set(dimension, one);
    return one;
  };
  /** A program on arrays over rows; its results for each. */
  const run = async (
    program: keyof CustomPrograms,
    { dimension: d, weights, mean, cholesky }: FlowState,
    own: readonly Tensor[],
  ): Promise<Float64Array[]> => {
    const { form, count, programs } = madeFor(d);
    if (weights.length !== count) {
      throw new TypeError(
        `Cannot use a state of ${weights.length} weights: the flow ${name} has ${count}; use the ` +
          "definition that the state was made with",
      );
    }
    const runner: MapRunner = programs[program];
    // A device refuses to run nothing.
    if (own[0].size === 0) return [0, 1, 2].map(() => new Float64Array(0));
    const results = await runner.run(own, [
      fromArray({ dtype: "f64", shape: [d], data: mean }),
      fromArray({ dtype: "f64", shape: [d, d], data: cholesky }),
      ...leaves(parametersOf(form, weights)).map(({ value }) => value),
    ]);
    return results.map(({ data }) => data as Float64Array);
  };
  const runPoints = async (
    program: keyof CustomPrograms,
    state: FlowState,
    data: Float64Array,
  ): Promise<Float64Array[]> => {
    const { dimension: d } = state;
    if (data.length % d !== 0) {
      throw new TypeError(
        `Cannot send ${data.length} numbers through a flow: expected ${d} for each point`,
      );
    }
    return await run(program, state, [
      fromArray({ dtype: "f64", shape: [data.length / d, d], data }),
    ]);
  };
  const updates = updatesBy((state, chunks) => run("slopes", state, chunks));
  return {
    name,
    options,
    check(dimension, periodic = []) {
      refusePeriodic(name, periodic);
      expectInverse(name, inverse);
      const { programs } = madeFor(dimension);
      // Reading them traces them.
      void [programs.forward, programs.inverse];
    },
    init(dimension, key, periodic = new Array<boolean>(dimension).fill(false)) {
      if (!(Number.isInteger(dimension) && dimension >= 1)) {
        throw new RangeError(
          `Cannot make a flow with \`dimension\` ${dimension}: expected a whole number from 1`,
        );
      }
      refusePeriodic(name, periodic);
      const { form } = madeFor(dimension);
      const parameters = first(dimension, words(key));
      const [now, before] = [parameters, form].map(parameterText);
      if (now !== before) {
        throw new TypeError(
          `Cannot make the flow ${name}: \`init\` gives the parameters ${now}, and with another key ` +
            `${before}; their form may depend on the dimension alone`,
        );
      }
      const weights = weightsOf(parameters);
      return {
        dimension,
        periodic,
        masks: [],
        rotations: [],
        weights,
        firstMoment: new Float32Array(weights.length),
        secondMoment: new Float32Array(weights.length),
        updates: 0,
        ...identityWhitening(dimension),
      };
    },
    whiten: (state, data) => ({ ...state, ...whiteningOf(data, state.dimension) }),
    async forward(state, position) {
      const [value, logDeterminant] = await runPoints("forward", state, position);
      return { value, logDeterminant };
    },
    async inverse(state, base) {
      const [value, logDeterminant] = await runPoints("inverse", state, base);
      return { value, logDeterminant };
    },
    normals: ({ dimension }) => dimension,
    // In double precision whatever is asked for: nothing would be faster.
    async sample(state, base) {
      const [position, , logDensity] = await runPoints("inverse", state, base);
      return { position, logDensity };
    },
    logDensity: async (state, position) => (await runPoints("logDensity", state, position))[0],
    async scores(state, position) {
      const [logDensity, score] = await runPoints("scores", state, position);
      return { score, logDensity };
    },
    updates,
    async update(state, data, how) {
      const rows = Uint32Array.from({ length: data.length / state.dimension }, (_, i) => i);
      const after = await updates(state, data, [{ rows, ...how }]);
      return { state: after.state, loss: after.losses[0] };
    },
  };
}
